//! `rec-registry token`: a token for a registry that is tried out.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::output::{say, write_json};
use crate::auth::{DevKey, TokenRequest};
use crate::config::duration;

/// Print a token signed with the development key, alone on standard output.
#[derive(Debug, clap::Args)]
pub struct Token {
    /// The directory of `rec-registry dev`.
    #[arg(long, env = "REC_REGISTRY_DATA_DIR", default_value = "./data", value_name = "DIR")]
    data_dir: PathBuf,
    /// The user's name, which a member carries as `user_id`.
    #[arg(long, value_name = "NAME")]
    user: String,
    /// The scopes, separated by spaces: `rec-registry.read rec-registry.lookup:aurora`.
    #[arg(long, default_value = "", value_name = "SCOPES")]
    scope: String,
    /// For how long the token is good: `90s`, `15m`, `1h30m`.
    #[arg(long, default_value = "1h", value_parser = duration, value_name = "DURATION")]
    ttl: Duration,
    /// As JSON, in the words of a token endpoint.
    #[arg(long)]
    json: bool,
}

impl Token {
    /// Prints the token.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let key = DevKey::load_or_create(&self.data_dir)?;
        let request = TokenRequest { user: self.user, scope: self.scope, ttl: self.ttl };
        let token = key.sign(&request)?;
        if self.json {
            write_json(&json!({
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": request.ttl.as_secs(),
                "scope": request.scope,
            }))?;
        } else {
            say!("{token}");
        }
        Ok(ExitCode::SUCCESS)
    }
}
