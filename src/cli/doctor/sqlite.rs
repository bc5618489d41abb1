//! A SQLite database: its file, and what SQLite says of it.

use std::path::Path;

use super::diagnosis::Diagnosis;
use super::file;
use crate::cli::lock;
use crate::config::DatabaseUrl;
use crate::service::deployment::{self, SqliteState};

const MIB: u64 = 1024 * 1024;

/// Empty pages that are worth a word, in bytes, when they are half of the file.
const MUCH_ROOM: u64 = 64 * MIB;

/// Looks at the database in a file; nothing when it cannot be looked at, or is not there.
pub(super) async fn examine(
    url: &DatabaseUrl,
    file: &Path,
    is_thorough: bool,
    found: &mut Diagnosis,
) -> Option<SqliteState> {
    if !file.exists() {
        found.error(
            "database",
            format!("there is no database at {}", file.display()),
            "rec-registry migrate up makes it, and serve does; if there should be one, see DATABASE_URL",
        );
        return None;
    }
    file::examine(file, found);
    match lock::is_held(url) {
        Ok(true) => found.ok("lock", "a server has the database open: go through it with --api to write"),
        Ok(false) => found.ok("lock", "no server has the database open"),
        Err(error) => found.warning(
            "lock",
            format!("the lock file beside the database cannot be had: {error:#}"),
            "let it belong to whom the database belongs to",
        ),
    }
    let state = match deployment::sqlite(file, is_thorough).await {
        Ok(state) => state,
        Err(error) if error.is_damage() => {
            damaged(file, &error.said, found);
            return None;
        }
        Err(error) => {
            found.unknown(
                "database",
                format!("{} cannot be read: {error}", file.display()),
                "is it a database, and may this user read it? Run the doctor as the user of the service; if the file \
                 was written over, restore a backup: rec-registry backup restore",
            );
            return None;
        }
    };
    let SqliteState { version, journal_mode, damage, dangling_rows, bytes, free_bytes, .. } = &state;
    if !damage.is_empty() {
        damaged(file, &damage.join("; "), found);
        return None;
    }
    found.ok("database", format!("SQLite {version} at {}, {} MiB", file.display(), bytes.div_ceil(MIB)));
    if *dangling_rows > 0 {
        found.error(
            "integrity",
            format!(
                "{dangling_rows} rows refer to rows that are not there: something wrote past this program"
            ),
            "restore a backup, or import the communities again",
        );
    } else {
        found.ok("integrity", "SQLite finds no damage");
    }
    if journal_mode == "wal" {
        found.ok("wal", "it is in WAL mode: nobody who reads waits for a writer");
    } else {
        found.note(
            "wal",
            format!("its journal is in the mode {journal_mode}"),
            "start serve once: it brings it into WAL mode",
        );
    }
    if *free_bytes > MUCH_ROOM && free_bytes * 2 > *bytes {
        found.note(
            "room",
            format!("{} of {} MiB are empty", free_bytes / MIB, bytes / MIB),
            "it is used again; to give it back, stop the server and write a backup over the database",
        );
    }
    Some(state)
}

fn damaged(file: &Path, said: &str, found: &mut Diagnosis) {
    found.unknown(
        "integrity",
        format!("{} is damaged: {said}", file.display()),
        "stop the server, keep a copy of the file, and restore a backup: rec-registry backup restore --replace",
    );
}
