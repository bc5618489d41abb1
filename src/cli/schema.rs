//! `rec-registry schema`: the GraphQL contract.

use std::process::ExitCode;

use crate::graphql;

/// Print the GraphQL schema in the schema definition language.
#[derive(Debug, clap::Args)]
pub struct Schema {}

impl Schema {
    /// Prints the schema.
    #[must_use]
    pub fn run(self) -> ExitCode {
        print!("{}", graphql::sdl());
        ExitCode::SUCCESS
    }
}
