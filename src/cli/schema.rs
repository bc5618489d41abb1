//! `rec-registry schema`: the GraphQL contract, and what a bundle may look like.

use std::process::ExitCode;

use super::output;
use crate::{bundle, graphql};

/// Print the GraphQL schema in the schema definition language.
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// Print the JSON Schema of a bundle instead, as `GET /schemas/community/v0.7` gives it.
    #[arg(long)]
    bundle: bool,
}

impl Schema {
    /// Prints the schema.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if self.bundle {
            output::write(&format!("{:#}\n", bundle::json_schema()))?;
        } else {
            output::write(&graphql::sdl())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
