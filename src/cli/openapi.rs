//! `rec-registry openapi`: the REST contract.

use std::process::ExitCode;

use crate::rest;

/// Print the OpenAPI document of the REST routes.
#[derive(Debug, clap::Args)]
pub struct OpenApi {}

impl OpenApi {
    /// Prints the document.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which would be a fault of this program.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        println!("{}", rest::openapi().to_pretty_json()?);
        Ok(ExitCode::SUCCESS)
    }
}
