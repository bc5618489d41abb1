//! The one place that understands the database's errors.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

use crate::domain::error::Error;

/// Why a statement was not done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique index refused a row: another writer was first.
    #[error("a unique index refused a row")]
    Taken,
    /// Two transactions got into each other's way; the same again may succeed.
    #[error("two transactions got into each other's way")]
    Contended,
    /// The database could not be asked in time, or at all.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Anything else.
    #[error("{0}")]
    Database(String),
}

/// SQLSTATE of PostgreSQL for a serialization failure and for a deadlock; result code of SQLite for a
/// database that stays locked, plain and for a snapshot that is too old to be written from.
const CONTENDED: &[&str] = &["40001", "40P01", "5", "517"];

/// Whether the text of an error may quote what was to be stored, which is not for the log: PostgreSQL's may,
/// but for those about the schema. SQLite's codes are shorter, and its texts name columns alone.
fn may_hold_values(code: &str) -> bool {
    const SQLSTATE_CHARS: usize = 5;
    code.len() == SQLSTATE_CHARS && !code.starts_with("42")
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
            return Self::Taken;
        }
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(sqlx)) | DbErr::Query(RuntimeErr::SqlxError(sqlx)) => {
                match sqlx.as_database_error().and_then(|database| database.code()) {
                    Some(code) if CONTENDED.contains(&code.as_ref()) => Self::Contended,
                    Some(code) if may_hold_values(&code) => {
                        let (table, constraint) = sqlx
                            .as_database_error()
                            .map(|database| (database.table(), database.constraint()))
                            .unwrap_or_default();
                        Self::Database(format!(
                            "a statement failed with SQLSTATE {code}, table {table:?}, constraint {constraint:?}"
                        ))
                    }
                    _ => Self::Database(error.to_string()),
                }
            }
            _ => Self::Database(error.to_string()),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken | StoreError::Contended => Self::Unavailable {
                public: "Other writers were in the way; try again",
                internal: error.to_string(),
            },
            StoreError::Unavailable(internal) => {
                Self::Unavailable { public: "The database does not answer; try again", internal }
            }
            StoreError::Database(internal) => Self::Internal { internal },
        }
    }
}
