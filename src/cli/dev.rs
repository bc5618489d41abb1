//! `rec-registry dev`: the registry to be tried out on one's own machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;

use super::target::{Database, told};
use crate::app::{self, AppState, Listeners, RouterOptions, Started, Traces};
use crate::auth::{DevKey, Principal, TokenRequest};
use crate::config::{AuditArgs, DatabaseArgs, DatabaseUrl, HttpArgs, PoolArgs};
use crate::domain::filter::Filter;
use crate::domain::import::ImportOptions;
use crate::graphql;
use crate::service::import::{Format, import};
use crate::service::{Registry, community};

/// Try the registry out, on this machine only.
///
/// Keeps everything in a directory: a SQLite database with example communities, and a signing key of its own.
/// Prints where to look, tokens to use, and requests to try.
#[derive(Debug, clap::Args)]
pub struct Dev {
    /// The directory of the database and the signing key.
    #[arg(long, env = "REC_REGISTRY_DATA_DIR", default_value = "./data", value_name = "DIR")]
    data_dir: PathBuf,
    /// Another database than the one in the directory. Not taken from `DATABASE_URL`, which may be
    /// somebody's real one.
    #[arg(long, value_name = "URL")]
    database_url: Option<DatabaseUrl>,
    /// Leave an empty database empty.
    #[arg(long)]
    empty: bool,
    #[command(flatten)]
    pub(super) http: HttpArgs,
    #[command(flatten)]
    audit: AuditArgs,
    #[command(flatten)]
    pool: PoolArgs,
}

/// What an empty database is filled with.
const EXAMPLES: &[&str] =
    &[include_str!("../../examples/valle-chiara.yaml"), include_str!("../../examples/ribera-solar.yaml")];

/// A member of the examples.
const EXAMPLE_MEMBER: &str = "giulia.conti";

/// How long the printed tokens are good.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 60 * 60);

impl Dev {
    /// Serves until told to stop.
    ///
    /// # Errors
    /// When other machines could reach it, the directory, the database or the address cannot be had, or
    /// serving fails.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        ensure!(
            self.http.listen.ip().is_loopback(),
            "dev is for this machine alone and {} is not: listen on 127.0.0.1, or use serve",
            self.http.listen
        );
        app::run(self.start()).await?;
        Ok(ExitCode::SUCCESS)
    }

    async fn start(self) -> anyhow::Result<Started> {
        let key = DevKey::load_or_create(&self.data_dir)?;
        let file = || DatabaseUrl::sqlite_file(&self.data_dir.join("registry.db"));
        let url = self.database_url.unwrap_or_else(file);
        let database = Database::from(DatabaseArgs::of(url, self.pool));
        let traces = Traces::of_environment()?;
        let lock = database.lock()?;
        let registry = database.connect_to_serve(&self.http.limits).await?;
        registry.migrate().await.map_err(told).context("cannot bring the schema up")?;
        if !self.empty {
            fill_if_empty(&registry).await?;
        }
        let graphql = graphql::Options::read(&self.http.graphql, &self.http.limits.graphql).await?;
        let registry = registry.recording(self.audit.audit_retention);
        let registry = registry.remembering(self.http.limits.memory_bytes()).await.map_err(told)?;
        let listeners = Listeners::bind(&self.http)?;
        let state = AppState::with_limits(registry, key.verifier()?, self.http.limits);
        let options = RouterOptions {
            cors_origins: self.http.cors_origins,
            dev_jwks: Some(key.jwks()),
            graphql,
            traces: traces.clone(),
        };
        let router = app::router(&state, options);
        print!("{}", welcome(listeners.address()?, database.url(), &key)?);
        Ok(Started { listeners, router, state, traces, lock })
    }
}

/// Imports the examples into a registry without communities.
async fn fill_if_empty(registry: &Registry) -> anyhow::Result<()> {
    let operator = || registry.context(Ok(Principal::local_operator()));
    if community::count(&operator(), &Filter::everything()).await.map_err(told)? > 0 {
        return Ok(());
    }
    for example in EXAMPLES {
        let body = Bytes::from_static(example.as_bytes());
        import(&operator(), body, Format::Yaml, ImportOptions::default())
            .await
            .map_err(told)
            .context("cannot import the examples")?;
    }
    Ok(())
}

/// Where to look, tokens to use, requests to try.
fn welcome(address: SocketAddr, database_url: &DatabaseUrl, key: &DevKey) -> anyhow::Result<String> {
    let token = |user: &str, scope: &str| {
        key.sign(&TokenRequest { user: user.to_owned(), scope: scope.to_owned(), ttl: TOKEN_TTL })
    };
    let (admin, member) = (token("admin", "rec-registry.admin")?, token(EXAMPLE_MEMBER, "")?);
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!(
        r#"rec-registry {version}, to be tried out on this machine

  GraphQL playground   http://{address}/graphql
  REST documentation   http://{address}/docs
  Database             {database_url}

Tokens, good for a day (more: rec-registry token --help)

  administrator        {admin}
  member {EXAMPLE_MEMBER}  {member}

Three requests to try

  curl -s http://{address}/admin/communities -H 'Authorization: Bearer {admin}'

  curl -s http://{address}/graphql -H 'Authorization: Bearer {admin}' -H 'Content-Type: application/json' -d '{{"query": "{{ communities {{ nodes {{ name members(first: 3) {{ nodes {{ name role assets {{ nodes {{ type name }} }} }} }} }} }} }}"}}'

  curl -s http://{address}/user -H 'Authorization: Bearer {member}'

Ctrl-C stops it.
"#
    ))
}
