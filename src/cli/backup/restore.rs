//! `rec-registry backup restore`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{Programs, postgres, sqlite};
use crate::cli::output::{say, write_json};
use crate::cli::progress::Progress;
use crate::cli::target::Database;

/// Make the database what a backup says.
///
/// No server may have it open. A SQLite database that is there is kept beside the new one, with .replaced at the end of
/// its name; into PostgreSQL everything goes in one transaction.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace what is in the database already.
    #[arg(long)]
    replace: bool,
    /// As JSON instead of a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    programs: Programs,
    #[command(flatten)]
    database: Database,
}

/// What the files of both databases begin with.
const SQLITE: &[u8] = b"SQLite format 3\0";
const POSTGRES: &[u8] = b"PGDMP";

impl Restore {
    /// Restores it.
    ///
    /// # Errors
    /// When the backup or the database cannot be had, or something is in the database already.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { file, replace, json, programs, database } = self;
        let url = database.url();
        let begin = beginning(&file)?;
        let progress = Progress::of_bytes("copying");
        let schema = match url.file() {
            Some(into) if begin.starts_with(SQLITE) => {
                let _lock = database.lock()?;
                sqlite::restore(&file, &into, replace, &progress).await?.schema
            }
            None if begin.starts_with(POSTGRES) => {
                postgres::restore(&programs, url, &file, replace, &progress).await?.schema
            }
            _ if begin.starts_with(SQLITE) || begin.starts_with(POSTGRES) => bail!(
                "the backup is of the other kind of database than {url}: between both, communities go by export and import"
            ),
            _ => bail!("{} is no backup", file.display()),
        };
        drop(progress);
        if json {
            write_json(&json!({
                "file": file.display().to_string(),
                "pending_migrations": schema.pending,
                "newer_migrations": schema.newer,
            }))?;
            return Ok(ExitCode::SUCCESS);
        }
        let further = match (schema.pending, schema.newer.is_empty()) {
            (0, true) => String::new(),
            (pending, true) => format!(", before {pending} migrations that serve applies"),
            (_, false) => ", and of a newer program: serve with that one".to_owned(),
        };
        say!("{url} is what {} says{further}", file.display());
        Ok(ExitCode::SUCCESS)
    }
}

fn beginning(file: &Path) -> anyhow::Result<Vec<u8>> {
    let unreadable = || format!("cannot read {}", file.display());
    let mut begin = Vec::new();
    let length = SQLITE.len() as u64;
    File::open(file)
        .with_context(unreadable)?
        .take(length)
        .read_to_end(&mut begin)
        .with_context(unreadable)?;
    Ok(begin)
}
