//! How many connections there are, and how many of them write at the same time.

use std::thread::available_parallelism;

use sea_orm::DbBackend;

/// Connections unless the settings say how many; some are held for as long as somebody reads an export. Each of SQLite's
/// keeps pages of its own, and more of them than processors are no faster. PostgreSQL, beside it on two processors,
/// answers a sixth more over 8 than over 16.
const FEWEST_OF_SQLITE: u32 = 6;
const FEWEST_OF_POSTGRES: u32 = 8;
const OF_POSTGRES_A_PROCESSOR: u32 = 4;
const MOST: u32 = 16;

/// How many connections suit a database.
pub(super) fn of(url: &str) -> u32 {
    let processors = available_parallelism().map_or(1, |processors| processors.get());
    let processors = u32::try_from(processors).unwrap_or(u32::MAX);
    if url.starts_with("sqlite:") {
        processors.clamp(FEWEST_OF_SQLITE, MOST)
    } else {
        processors.saturating_mul(OF_POSTGRES_A_PROCESSOR).clamp(FEWEST_OF_POSTGRES, MOST)
    }
}

/// How many of the connections write at the same time. SQLite has one writer, and who waited here gets on in order, instead of
/// polling the file's lock. On PostgreSQL who waits for somebody else's lock holds a connection meanwhile: half of them are
/// left to those who read.
pub(super) fn writers(backend: DbBackend, connections: u32) -> usize {
    match backend {
        DbBackend::Sqlite => 1,
        _ => usize::try_from(connections / 2).unwrap_or(1).max(1),
    }
}
