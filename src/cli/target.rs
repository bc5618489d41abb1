//! Where a command works: straight in a database, or through a running server.

use std::fs::File;

use anyhow::Context as _;

use super::lock;
use super::progress::Progress;
use super::remote::{Remote, Server};
use crate::auth::Principal;
use crate::config::{DatabaseArgs, DatabaseUrl, HttpLimits};
use crate::service::{Ctx, DatabaseSettings, Registry};

/// Where a command works.
pub enum Target {
    /// Straight in a database.
    Database(Local),
    /// Through a running server.
    Server(Server),
}

impl Target {
    /// The server if one is named, else the database, to be read.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn to_read(remote: &Remote, database: &Database) -> anyhow::Result<Self> {
        let _progress = Progress::of("connecting");
        Ok(match remote.sign_in().await? {
            Some(server) => Self::Server(server),
            None => Self::Database(database.open_to_read().await?),
        })
    }

    /// The server if one is named, else the database, to be written to.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn to_write(remote: &Remote, database: &Database) -> anyhow::Result<Self> {
        let _progress = Progress::of("connecting");
        Ok(match remote.sign_in().await? {
            Some(server) => Self::Server(server),
            None => Self::Database(database.open_to_write().await?),
        })
    }
}

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

    /// Most connections to it, when that is set.
    #[must_use]
    pub fn max_connections(&self) -> Option<u32> {
        self.args.pool.database_max_connections
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
