//! The lock file beside a SQLite database: whoever serves holds it, and an import past the server is
//! refused, since the server would not know of it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::config::DatabaseUrl;

/// Takes the lock of a database for as long as the file stays open; none for databases that need none.
///
/// # Errors
/// When somebody else holds it, or the file cannot be made.
pub fn hold(database_url: &DatabaseUrl) -> anyhow::Result<Option<File>> {
    let Some(database) = database_url.file() else { return Ok(None) };
    if let Some(directory) = database.parent() {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot make the data directory {}", directory.display()))?;
    }
    let path = beside(database);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open the lock file {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            bail!("another rec-registry has this database open: talk to it with --api URL, or stop it first")
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// Whether somebody holds the lock of a database. Nothing is made.
///
/// # Errors
/// When the lock file is there and cannot be opened.
pub fn is_held(database_url: &DatabaseUrl) -> anyhow::Result<bool> {
    let Some(database) = database_url.file() else { return Ok(false) };
    let path = beside(database);
    if !path.exists() {
        return Ok(false);
    }
    let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// The lock file of a database.
fn beside(database: PathBuf) -> PathBuf {
    let mut path = database.into_os_string();
    path.push(".lock");
    PathBuf::from(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_lets_go() {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite_file(&directory.path().join("made").join("registry.db"));
        let first = hold(&url).unwrap();
        assert!(first.is_some());
        assert!(hold(&url).unwrap_err().to_string().contains("--api"));
        assert!(is_held(&url).unwrap());
        drop(first);
        assert!(!is_held(&url).unwrap());
        assert!(hold(&url).unwrap().is_some());
    }

    #[test]
    fn only_database_files_are_locked() {
        assert!(hold(&"postgres://localhost/registry".parse().unwrap()).unwrap().is_none());
        assert!(hold(&"sqlite::memory:".parse().unwrap()).unwrap().is_none());
    }
}
