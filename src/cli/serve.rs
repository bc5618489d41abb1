//! `rec-registry serve`: the registry in production.

use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::target::{Database, told};
use crate::app::{self, AppState, Listeners, RouterOptions, Started, Traces};
use crate::auth::{Issuer, Verifier, check_cryptography};
use crate::config::{AuditArgs, AuthArgs, HttpArgs, closed};
use crate::graphql;

/// Serve the registry.
///
/// Refuses to start when it could be open: without an issuer and an audience of tokens, with the development
/// key where other machines reach it, on a database whose password everybody knows, or with a password on the
/// command line.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Leave the schema of the database as it is.
    #[arg(long, env = "REC_REGISTRY_NO_MIGRATE")]
    no_migrate: bool,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    auth: AuthArgs,
    #[command(flatten)]
    audit: AuditArgs,
    #[command(flatten)]
    http: HttpArgs,
}

impl Serve {
    /// Serves until told to stop.
    ///
    /// # Errors
    /// When the registry could be open, the database or the address cannot be had, or serving fails.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        app::run(self.start()).await?;
        Ok(ExitCode::SUCCESS)
    }

    async fn start(self) -> anyhow::Result<Started> {
        let Self { no_migrate, database, auth, audit, http } = self;
        let words: Vec<String> =
            std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        let rules = match closed(&auth, http.listen, database.url(), &words) {
            Ok(rules) => rules,
            Err(reasons) => {
                bail!("refusing to start, since the registry could be open\n{}", listed(&reasons))
            }
        };
        check_cryptography()?;
        let graphql = graphql::Options::read(&http.graphql, &http.limits.graphql).await?;
        let traces = Traces::of_environment()?;
        let lock = database.lock()?;
        let registry = database.connect_to_serve(&http.limits).await?;
        if !no_migrate {
            registry.migrate().await.map_err(told).context("cannot bring the schema up")?;
        }
        let registry = registry.recording(audit.audit_retention);
        let registry = registry.remembering(http.limits.memory_bytes()).await.map_err(told)?;
        let issuer = Issuer::new(&rules.issuer, auth.auth_jwks_url.as_deref())?;
        let verifier = Verifier::with_issuer(rules, issuer);
        let listeners = Listeners::bind(&http)?;
        let state = AppState::with_limits(registry, verifier, http.limits);
        let options = RouterOptions {
            cors_origins: http.cors_origins,
            dev_jwks: None,
            graphql,
            traces: traces.clone(),
        };
        tracing::info!(address = %listeners.address()?, database = %database.url(), "serving");
        Ok(Started { listeners, router: app::router(&state, options), state, traces, lock })
    }
}

fn listed(reasons: &[String]) -> String {
    reasons.iter().map(|reason| format!("  - {reason}")).collect::<Vec<_>>().join("\n")
}
