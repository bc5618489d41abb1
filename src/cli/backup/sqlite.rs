//! A backup of SQLite: a database in one file.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use super::whole_file::{WholeFile, with_end};
use crate::cli::progress::Progress;
use crate::service::deployment::{SqliteState, copy_sqlite, sqlite};

/// What SQLite keeps beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// What a database that was replaced is called.
const REPLACED: &str = ".replaced";

/// Copies a database that others may have open into a file, and looks at the copy.
pub(super) async fn take(database: &Path, into: &Path, progress: &Progress) -> anyhow::Result<u64> {
    ensure!(database.exists(), "there is no database at {}", database.display());
    ensure!(!is_of(database, into), "{} is the database itself: name another file", into.display());
    let file = WholeFile::begin(into)?;
    file.watched(progress, copy_sqlite(database, file.path()))
        .await
        .with_context(|| format!("{} cannot be copied", database.display()))?;
    progress.now("checking the copy");
    sound(file.path()).await?;
    file.finish()
}

/// Makes a database what a backup says; what it was is kept beside it. The caller holds its lock.
pub(super) async fn restore(
    backup: &Path,
    database: &Path,
    replaces: bool,
    progress: &Progress,
) -> anyhow::Result<SqliteState> {
    ensure!(
        replaces || !database.exists(),
        "there is a database at {} already: say --replace, and it is kept beside the new one",
        database.display()
    );
    // A copy of it would lack what is in the log alone.
    let log = with_end(backup, BESIDE[0]);
    ensure!(
        log.metadata().map_or(0, |log| log.len()) == 0,
        "{} has a log beside it, as a database that is open: copy it with rec-registry backup take first",
        backup.display()
    );
    let file = WholeFile::begin(database)?;
    let copied = file.watched(progress, tokio::fs::copy(backup, file.path())).await;
    copied.with_context(|| format!("{} cannot be copied", backup.display()))?;
    keep_closed(file.path())?;
    progress.now("checking the backup");
    let state = sound(file.path()).await;
    // Looking at a database leaves these beside it when it was in WAL mode.
    for path in BESIDE.map(|end| with_end(file.path(), end)) {
        let _ = fs::remove_file(path);
    }
    let state = state?;
    set_aside(database)?;
    file.finish()?;
    Ok(state)
}

/// Whether a file is a database or one of those that belong to it.
fn is_of(database: &Path, file: &Path) -> bool {
    let Ok(file) = fs::canonicalize(file) else { return false };
    [database.to_path_buf()]
        .into_iter()
        .chain(BESIDE.map(|end| with_end(database, end)))
        .chain([with_end(database, ".lock")])
        .any(|own| fs::canonicalize(own).is_ok_and(|own| own == file))
}

/// A copy takes the permissions of the original; this one is for its owner alone.
fn keep_closed(file: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Renames what is there. The database goes first: SQLite does not read a log without one.
fn set_aside(database: &Path) -> anyhow::Result<()> {
    let aside = with_end(database, REPLACED);
    let is_there = database.exists();
    if is_there {
        fs::rename(database, &aside)
            .with_context(|| format!("{} cannot be set aside", database.display()))?;
    }
    for end in BESIDE {
        let (from, to) = (with_end(database, end), with_end(&aside, end));
        let moved = match (is_there, from.exists()) {
            (true, true) => fs::rename(&from, &to),
            // Of what was set aside before: no part of what is set aside now.
            (true, false) => remove_if_there(&to),
            // A log without its database must not be taken for one of the new database.
            (false, _) => remove_if_there(&from),
        };
        moved.with_context(|| format!("{} cannot be set aside", from.display()))?;
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What a copy is like, when it can be served from.
async fn sound(copy: &Path) -> anyhow::Result<SqliteState> {
    let state = sqlite(copy, false).await.context("the backup cannot be read")?;
    if let Some(first) = state.damage.first() {
        bail!("the backup is damaged: {first}");
    }
    ensure!(state.schema.applied > 0, "the backup is of no database of this program");
    Ok(state)
}
