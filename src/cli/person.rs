//! `rec-registry person`: what is stored on somebody, and its removal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use futures_util::StreamExt as _;
use serde_json::json;

use super::export::write_file;
use super::output::{say, write_json};
use super::progress::Progress;
use super::target::{Database, told};
use crate::domain::identifier::UserId;
use crate::service::person;

/// Give out or remove everything that is stored on a person.
#[derive(Debug, clap::Args)]
pub struct Person {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Export(Export),
    Erase(Erase),
}

/// Write everything that is stored on a person as JSON: memberships of every status with their delivery
/// points and assets, and what the audit trail says of the person.
#[derive(Debug, clap::Args)]
struct Export {
    /// The identity provider's user name.
    #[arg(long, value_name = "NAME")]
    user: String,
    /// The file to write; standard output when none is named.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

/// Remove a person from every community, with delivery points and assets, and from the audit trail, whose
/// entries stay and name nobody.
#[derive(Debug, clap::Args)]
struct Erase {
    /// The identity provider's user name.
    #[arg(long, value_name = "NAME")]
    user: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// How many rows were removed as JSON, on standard output.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

impl Person {
    /// Does what the subcommand says.
    ///
    /// # Errors
    /// When the database or the file cannot be had, or nobody confirms.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Export(export) => export.run().await,
            Command::Erase(erase) => erase.run().await,
        }
    }
}

impl Export {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let progress = Progress::of("collecting");
        let local = self.database.open_to_read().await?;
        let text = person::export(&local.context(), &UserId::from(self.user)).await.map_err(told)?;
        drop(progress);
        match &self.output {
            Some(file) => {
                let text = text.into_string().into();
                write_file(file, futures_util::stream::once(async { Ok(text) }).boxed()).await?;
            }
            None => say!("{}", text.as_str()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Erase {
    async fn run(self) -> anyhow::Result<ExitCode> {
        if !self.yes && !confirmed()? {
            bail!("nothing was removed");
        }
        let progress = Progress::of("removing");
        let local = self.database.open_to_write().await?;
        let removed = person::erase(&local.context(), &UserId::from(self.user)).await.map_err(told)?;
        drop(progress);
        if self.json {
            write_json(&json!({"removed": removed}))?;
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!("removed {removed} members, delivery points and assets");
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks at the terminal; there must be somebody to answer.
fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nobody is there to confirm it: say --yes");
    }
    eprint!("Remove everything that is stored on this person? It cannot be taken back. [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
