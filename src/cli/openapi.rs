//! `rec-registry openapi`: the REST contract.

use std::process::ExitCode;

use super::output;
use crate::rest;

/// Print the OpenAPI document of the REST routes.
#[derive(Debug, clap::Args)]
pub struct OpenApi {}

impl OpenApi {
    /// Prints the document.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        output::write(&(rest::openapi().to_pretty_json()? + "\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}
