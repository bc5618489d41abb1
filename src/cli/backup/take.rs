//! `rec-registry backup take`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use indicatif::HumanBytes;
use jiff::Timestamp;
use serde_json::json;

use super::{Programs, postgres, sqlite};
use crate::cli::output::{say, write_json};
use crate::cli::progress::Progress;
use crate::cli::target::Database;

/// Copy the whole database into a file, while servers run.
///
/// The file is written beside itself, checked and renamed, so that a backup that fails leaves the last one as it was; its
/// owner alone can read it.
#[derive(Debug, clap::Args)]
pub(super) struct Take {
    /// The file to write.
    #[arg(value_name = "FILE", required_unless_present = "into", conflicts_with = "into")]
    file: Option<PathBuf>,
    /// Write a file into this folder, named by the time: registry-20260131T081500Z.db, or .dump of PostgreSQL.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Keep the newest of the files named so, this many of them, and remove older ones when the new one is there.
    #[arg(long, value_name = "N", requires = "into", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// As JSON instead of a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    programs: Programs,
    #[command(flatten)]
    database: Database,
}

/// What files begin with that are named by the time, and how the time is written: names are in the order of time.
const PREFIX: &str = "registry-";
const TIME: &str = "%Y%m%dT%H%M%SZ";

impl Take {
    /// Writes the backup.
    ///
    /// # Errors
    /// When the database cannot be read, or the file cannot be written.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let url = self.database.url();
        let source = url.file();
        if source.is_none() && url.expose().starts_with("sqlite:") {
            bail!("a database in memory cannot be copied");
        }
        let end = if source.is_some() { ".db" } else { ".dump" };
        let file = self.destination(end)?;
        let progress = Progress::of_bytes("copying");
        let bytes = match &source {
            Some(database) => sqlite::take(database, &file, &progress).await?,
            None => postgres::take(&self.programs, url, &file, &progress).await?,
        };
        drop(progress);
        let removed = match (&self.into, self.keep) {
            (Some(folder), Some(keep)) => prune(folder, end, keep as usize)?,
            _ => Vec::new(),
        };
        if self.json {
            let removed: Vec<_> = removed.iter().map(|path| path.display().to_string()).collect();
            write_json(&json!({"file": file.display().to_string(), "bytes": bytes, "removed": removed}))?;
        } else {
            say!("{}: {}, checked", file.display(), HumanBytes(bytes));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn destination(&self, end: &str) -> anyhow::Result<PathBuf> {
        match (&self.file, &self.into) {
            (Some(file), _) => Ok(file.clone()),
            (None, Some(folder)) => {
                fs::create_dir_all(folder)
                    .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
                Ok(folder.join(format!("{PREFIX}{}{end}", Timestamp::now().strftime(TIME))))
            }
            (None, None) => bail!("name a file, or a folder with --into"),
        }
    }
}

/// Removes all but the newest files that are named by the time.
fn prune(folder: &Path, end: &str, keep: usize) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("the folder {} cannot be read", folder.display());
    let mut named = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| is_named_by_time(name, end)) {
            named.push(path);
        }
    }
    named.sort();
    named.truncate(named.len().saturating_sub(keep));
    for path in &named {
        fs::remove_file(path).with_context(|| format!("{} cannot be removed", path.display()))?;
    }
    Ok(named)
}

fn is_named_by_time(name: &str, end: &str) -> bool {
    let time = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(end));
    time.is_some_and(|time| time.len() == 16 && jiff::civil::DateTime::strptime(TIME, time).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay_and_what_is_named_otherwise_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let others =
            ["registry-20260131T081500Z.dump", "registry-old.db", "registry-20261331T081500Z.db", "x.db"];
        let named =
            ["registry-20251231T081500Z.db", "registry-20260131T081459Z.db", "registry-20260131T081500Z.db"];
        for name in others.iter().chain(&named) {
            fs::write(folder.path().join(name), "").expect("a file");
        }
        let removed = prune(folder.path(), ".db", 2).expect("a folder that can be read");
        assert_eq!(removed, [folder.path().join(named[0])]);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), others.len() + 2);
        assert!(prune(folder.path(), ".db", 5).expect("a folder that can be read").is_empty());
    }
}
