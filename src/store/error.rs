//! The one place that understands the database's errors.

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

use super::trouble::Trouble;
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
    /// Something befell the database.
    #[error("the database is not available: {1}")]
    Unavailable(Trouble, String),
    /// Anything else.
    #[error("{0}")]
    Database(String),
}

/// SQLSTATE of PostgreSQL for a serialization failure and for a deadlock; result code of SQLite for a snapshot
/// that is too old to be written from.
const CONTENDED: &[&str] = &["40001", "40P01", "517"];

/// Whether the text of an error may quote what was to be stored, which is not for the log: PostgreSQL's may,
/// but for those about the schema. SQLite's codes are shorter, and its texts name columns alone.
fn may_hold_values(code: &str) -> bool {
    const SQLSTATE_CHARS: usize = 5;
    code.len() == SQLSTATE_CHARS && !code.starts_with("42")
}

impl StoreError {
    /// The database does not answer.
    pub fn silent(why: impl Into<String>) -> Self {
        Self::Unavailable(Trouble::Silent, why.into())
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
            return Self::Taken;
        }
        let of_sqlx = match &error {
            DbErr::Conn(RuntimeErr::SqlxError(sqlx))
            | DbErr::Exec(RuntimeErr::SqlxError(sqlx))
            | DbErr::Query(RuntimeErr::SqlxError(sqlx)) => Some(sqlx.as_ref()),
            _ => None,
        };
        let database = of_sqlx.and_then(sqlx::Error::as_database_error);
        let code = database.and_then(|database| database.code()).unwrap_or_default();
        if CONTENDED.contains(&code.as_ref()) {
            return Self::Contended;
        }
        let text = match database {
            Some(database) if may_hold_values(&code) => format!(
                "a statement failed with SQLSTATE {code}, table {:?}, constraint {:?}",
                database.table(),
                database.constraint()
            ),
            _ => error.to_string(),
        };
        match of_sqlx.and_then(Trouble::of) {
            Some(trouble) => Self::Unavailable(trouble, text),
            None if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) => {
                Self::Unavailable(Trouble::Silent, text)
            }
            None => Self::Database(text),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let internal = error.to_string();
        match error {
            StoreError::Taken | StoreError::Contended => {
                Self::Unavailable { public: "Other writers were in the way; try again", internal }
            }
            StoreError::Unavailable(trouble, _) => Self::Unavailable { public: trouble.public(), internal },
            StoreError::Database(internal) => Self::Internal { internal },
        }
    }
}
