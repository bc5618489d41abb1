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

/// How many connections to PostgreSQL a process has unless the settings say.
#[must_use]
pub fn of_postgres() -> u32 {
    of("postgres:")
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

/// How many requests are worth being answered at a time. More of them would wait for each other, and what they have in hand would not
/// stay in the processor's cache: with 128, a lookup on SQLite cost up to a half more. SQLite works on the threads of this process, and
/// has a next request at hand with two for each connection. PostgreSQL is woken up for what comes, and had a crowd of lookups at
/// half of its best rate with two, on the same processor.
const REQUESTS_A_CONNECTION_TO_SQLITE: usize = 2;
const REQUESTS_A_CONNECTION_TO_POSTGRES: usize = 3;

/// How many requests suit so many connections, or the processors where those are more.
pub(super) fn requests(backend: DbBackend, connections: u32) -> usize {
    let processors = available_parallelism().map_or(1, |processors| processors.get());
    let each = match backend {
        DbBackend::Sqlite => REQUESTS_A_CONNECTION_TO_SQLITE,
        _ => REQUESTS_A_CONNECTION_TO_POSTGRES,
    };
    processors.max(usize::try_from(connections).unwrap_or(usize::MAX)).saturating_mul(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_two_or_three_requests_for_each_connection() {
        assert_eq!(requests(DbBackend::Sqlite, 1_000), 2_000);
        assert_eq!(requests(DbBackend::Postgres, 1_000), 3_000);
        assert!(requests(DbBackend::Sqlite, 1) >= 2);
    }
}
