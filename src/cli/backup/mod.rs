//! `rec-registry backup`: everything that a database holds, into a file and out of it.

mod postgres;
mod restore;
mod sqlite;
mod take;
mod whole_file;

use std::path::PathBuf;
use std::process::ExitCode;

/// Copy the whole database into a file, while servers run; or make it what such a file says.
///
/// A backup holds all of it: communities, their past, the audit trail and its keys. Of SQLite it is a database in one
/// file, of PostgreSQL an archive of pg_dump.
#[derive(Debug, clap::Args)]
pub struct Backup {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Take(take::Take),
    Restore(restore::Restore),
}

/// Where the programs of PostgreSQL are.
#[derive(Debug, clap::Args)]
struct Programs {
    /// The folder of pg_dump and pg_restore, when they are not found by themselves. They must not be older than the
    /// server.
    #[arg(long, env = "REC_REGISTRY_PG_BIN", value_name = "DIR")]
    pg_bin: Option<PathBuf>,
}

impl Backup {
    /// Does what the subcommand says.
    ///
    /// # Errors
    /// When the database or the file cannot be had.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Take(take) => take.run().await,
            Command::Restore(restore) => restore.run().await,
        }
    }
}
