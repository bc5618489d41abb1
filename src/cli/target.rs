//! Where a command works: straight in a database, or through a running server.

use std::fs::File;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::lock;
use crate::auth::Principal;
use crate::config::{DatabaseArgs, DatabaseUrl, HttpLimits, InFile, Secret};
use crate::service::{Ctx, DatabaseSettings, Registry};

/// The database of a command.
#[derive(Debug, Clone, clap::Args)]
pub struct Database {
    #[command(flatten)]
    args: DatabaseArgs,
}

impl From<DatabaseArgs> for Database {
    fn from(args: DatabaseArgs) -> Self {
        Self { args }
    }
}

impl Database {
    /// Opens the database to read from it.
    ///
    /// # Errors
    /// When it cannot be opened, or its schema is older than this program.
    pub async fn open_to_read(&self) -> anyhow::Result<Local> {
        let registry = self.connect().await?;
        registry.ready().await.map_err(told)?;
        Ok(Local { registry, _lock: None })
    }

    /// Opens the database to write to it, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened, or a server has it open.
    pub async fn open_to_write(&self) -> anyhow::Result<Local> {
        let lock = self.lock()?;
        let registry = self.connect().await?;
        registry.migrate().await.map_err(told)?;
        Ok(Local { registry, _lock: lock })
    }

    /// Where it is, to be shown.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        self.args.url()
    }

    /// Keeps others from writing to it past this process.
    ///
    /// # Errors
    /// When somebody else does so already.
    pub fn lock(&self) -> anyhow::Result<Option<File>> {
        lock::hold(self.url())
    }

    /// Opens it, whatever its schema.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn connect(&self) -> anyhow::Result<Registry> {
        self.connect_with(DatabaseSettings::default()).await
    }

    /// Opens it for a server, whose requests are over after a time: so are their statements.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn connect_to_serve(&self, limits: &HttpLimits) -> anyhow::Result<Registry> {
        self.connect_with(DatabaseSettings {
            statement_timeout: Some(limits.request_timeout),
            transfer_timeout: Some(limits.transfer_timeout),
            ..DatabaseSettings::default()
        })
        .await
    }

    async fn connect_with(&self, settings: DatabaseSettings) -> anyhow::Result<Registry> {
        let pool = &self.args.pool;
        let settings = DatabaseSettings {
            max_connections: pool.database_max_connections,
            acquire_timeout: pool.database_acquire_timeout,
            ..settings
        };
        Registry::connect(self.url().expose(), &settings)
            .await
            .map_err(told)
            .with_context(|| format!("cannot open the database {} (see --database-url)", self.url()))
    }
}

/// A database opened by the operator of this machine, who may do everything.
pub struct Local {
    registry: Registry,
    _lock: Option<File>,
}

impl Local {
    /// The context of one command.
    #[must_use]
    pub fn context(&self) -> Ctx {
        self.registry.context(Ok(Principal::local_operator()))
    }
}

/// An error of the services as the operator of this machine may read it: in full.
pub fn told(error: crate::domain::error::Error) -> anyhow::Error {
    match error.internal_text() {
        Some(internal) => anyhow::anyhow!("{}: {internal}", error.public()),
        None => anyhow::anyhow!("{}", error.public()),
    }
}

/// A running server, and how to be somebody there.
#[derive(Debug, Clone, clap::Args)]
pub struct Remote {
    /// Go through the server at this address instead of straight to the database.
    #[arg(long, value_name = "URL")]
    pub api: Option<String>,
    /// The bearer token for the server.
    #[arg(long, env = "REC_REGISTRY_TOKEN", hide_env_values = true, requires = "api", value_name = "TOKEN")]
    token: Option<Secret>,
    /// The file that holds the bearer token, instead of the token itself.
    #[arg(
        long,
        env = "REC_REGISTRY_TOKEN_FILE",
        hide_env_values = true,
        requires = "api",
        conflicts_with = "token",
        value_name = "FILE"
    )]
    token_file: Option<InFile<Secret>>,
    /// The client that asks the identity provider for a token, instead of --token.
    #[arg(long, env = "REC_REGISTRY_CLIENT_ID", requires_all = ["secret_of_client", "auth_url"], value_name = "ID")]
    client_id: Option<String>,
    /// The secret of that client.
    #[arg(
        long,
        env = "REC_REGISTRY_CLIENT_SECRET",
        hide_env_values = true,
        group = "secret_of_client",
        value_name = "SECRET"
    )]
    client_secret: Option<Secret>,
    /// The file that holds the secret of that client, instead of the secret itself.
    #[arg(
        long,
        env = "REC_REGISTRY_CLIENT_SECRET_FILE",
        hide_env_values = true,
        group = "secret_of_client",
        conflicts_with = "client_secret",
        value_name = "FILE"
    )]
    client_secret_file: Option<InFile<Secret>>,
    /// The token endpoint of the identity provider.
    #[arg(long, env = "REC_REGISTRY_AUTH_URL", value_name = "URL")]
    auth_url: Option<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
}

impl Remote {
    /// A request to the server, with the token.
    ///
    /// # Errors
    /// When there is no token, or none can be had.
    pub async fn request(
        &self,
        api: &str,
        method: reqwest::Method,
        path: &str,
    ) -> anyhow::Result<reqwest::RequestBuilder> {
        let client = reqwest::Client::builder().build()?;
        let token = self.token(&client).await?;
        let url = format!("{}{path}", api.trim_end_matches('/'));
        Ok(client.request(method, url).bearer_auth(token))
    }

    async fn token(&self, client: &reqwest::Client) -> anyhow::Result<String> {
        fn either<'s>(itself: &'s Option<Secret>, file: &'s Option<InFile<Secret>>) -> Option<&'s str> {
            itself.as_ref().or(file.as_ref().map(|InFile(secret)| secret)).map(Secret::expose)
        }
        if let Some(token) = either(&self.token, &self.token_file) {
            return Ok(token.to_owned());
        }
        let secret = either(&self.client_secret, &self.client_secret_file);
        let (Some(id), Some(secret), Some(url)) = (&self.client_id, secret, &self.auth_url) else {
            bail!("--api needs --token, or --client-id, --client-secret and --auth-url")
        };
        let answer = client
            .post(url)
            .basic_auth(id, Some(secret))
            .form(&[("grant_type", "client_credentials")])
            .send()
            .await
            .context("the identity provider does not answer")?
            .error_for_status()
            .context("the identity provider gives no token")?
            .json::<TokenAnswer>()
            .await
            .context("the identity provider's answer has no access_token")?;
        Ok(answer.access_token)
    }
}
