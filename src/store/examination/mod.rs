//! What an operator wants to know of a database before trusting it: asked on connections of its own, and nothing of
//! it is changed, not even made. SQLite itself may leave an empty log beside a database that nobody has open.

mod postgres;
mod sqlite;

pub use postgres::{Hearing, PostgresState, postgres};
pub(super) use sqlite::open_to_read;
pub use sqlite::{SqliteState, sqlite};

use std::time::Duration;

use migration::Standing;
use sea_orm::sqlx;
use uuid::Uuid;

use crate::domain::timestamp::Timestamp;

/// How long a database may take to let somebody in.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which migrations are applied, the last one last.
const APPLIED: &str = "SELECT version FROM seaql_migrations ORDER BY version";

/// The oldest batch of the audit trail: the ids are in the order of time.
const OLDEST_AUDIT: &str = "SELECT id FROM audit_batch ORDER BY id LIMIT 1";

/// A database that does not answer, and what was said instead. Its operator reads it, nobody else: it may name hosts
/// and users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct NoAnswer {
    /// What the database, or whatever stands before it, said.
    pub said: String,
    /// SQLSTATE of PostgreSQL, or the result code of SQLite.
    pub code: Option<String>,
}

impl NoAnswer {
    /// Whether it is a file of SQLite that was a database once.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        const CORRUPT: u32 = 11;
        // The lower byte is the kind, what is above it the place.
        let code = self.code.as_ref().and_then(|code| code.parse::<u32>().ok());
        code.is_some_and(|code| code & 0xff == CORRUPT)
    }

    fn in_time() -> Self {
        Self { said: format!("no answer within {} s", PATIENCE.as_secs()), code: None }
    }
}

impl From<sqlx::Error> for NoAnswer {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
        Self { said: error.to_string(), code }
    }
}

/// Where the schema of a database stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaState {
    /// How many migrations of this program are applied.
    pub applied: usize,
    /// How many are not.
    pub pending: usize,
    /// Migrations that are applied and that this program does not know: a newer one has been there.
    pub newer: Vec<String>,
}

impl SchemaState {
    fn of(stored: Vec<String>) -> Self {
        let standing = Standing::after(stored);
        Self { applied: standing.applied(), pending: standing.pending(), newer: standing.newer }
    }

    /// Whether this program can read what is stored.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.pending == 0
    }
}

/// When a batch of the audit trail was begun: its id begins with the time.
fn begun_at(batch: Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = batch.get_timestamp()?.to_unix();
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
    Some(Timestamp::from_micros(micros + i64::from(nanos / 1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::first_id;

    #[test]
    fn migrations_are_applied_pending_or_of_another_program() {
        let all: Vec<String> = Standing::after([]).known.into_iter().map(|(name, _)| name).collect();
        let state = SchemaState::of(all[..2].iter().cloned().chain(["m2099_later".to_owned()]).collect());
        assert_eq!((state.applied, state.pending), (2, all.len() - 2));
        assert_eq!(state.newer, ["m2099_later"]);
        assert!(!state.is_current() && SchemaState::of(all).is_current());
    }

    #[test]
    fn a_batch_tells_its_time_to_the_millisecond() {
        let at = Timestamp::parse("2026-01-31T08:15:00.250Z").expect("a time");
        assert_eq!(begun_at(first_id(at)), Some(at));
    }
}
