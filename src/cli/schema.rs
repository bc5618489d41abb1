//! `rec-registry schema`: the GraphQL contract.

use std::process::ExitCode;

use super::output;
use crate::graphql;

/// Print the GraphQL schema in the schema definition language.
#[derive(Debug, clap::Args)]
pub struct Schema {}

impl Schema {
    /// Prints the schema.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        output::write(&graphql::sdl())?;
        Ok(ExitCode::SUCCESS)
    }
}
