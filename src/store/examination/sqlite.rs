//! A SQLite database in a file.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _};
use uuid::Uuid;

use super::{APPLIED, NoAnswer, OLDEST_AUDIT, SchemaState, begun_at};
use crate::domain::timestamp::Timestamp;

/// How long to wait for somebody who writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What a SQLite database is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteState {
    /// The version of SQLite in this program.
    pub version: String,
    /// `wal`, or what it is instead.
    pub journal_mode: String,
    /// What is wrong with the file, as SQLite says it; nothing when it is sound.
    pub damage: Vec<String>,
    /// How many rows refer to rows that are not there.
    pub dangling_rows: usize,
    /// How large it is.
    pub bytes: u64,
    /// How much of that is empty.
    pub free_bytes: u64,
    /// Where the schema stands.
    pub schema: SchemaState,
    /// When the oldest entries of the audit trail were written; none when there are none.
    pub oldest_audit_at: Option<Timestamp>,
}

/// Looks at the database in a file, page by page and row by row; thoroughly: at every entry of every index as well, which
/// takes several times as long.
///
/// # Errors
/// When it cannot be opened or read at all.
pub async fn sqlite(file: &Path, is_thorough: bool) -> Result<SqliteState, NoAnswer> {
    let mut connection = open_to_read(file).await?;
    let c = &mut connection;
    let version = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *c).await?;
    let journal_mode = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *c).await?;
    let check = if is_thorough { "PRAGMA integrity_check(10)" } else { "PRAGMA quick_check(10)" };
    // A file that is damaged in its first pages cannot even be checked.
    let damage: Vec<String> = match sqlx::query_scalar(check).fetch_all(&mut *c).await {
        Ok(lines) => lines.into_iter().filter(|line| line != "ok").collect(),
        Err(error) => vec![error.to_string()],
    };
    let mut state = SqliteState {
        version,
        journal_mode,
        damage,
        dangling_rows: 0,
        bytes: 0,
        free_bytes: 0,
        schema: SchemaState::default(),
        oldest_audit_at: None,
    };
    if state.damage.is_empty() {
        let page: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut *c).await?;
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *c).await?;
        let free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(&mut *c).await?;
        state.bytes = (page * pages).unsigned_abs();
        state.free_bytes = (page * free).unsigned_abs();
        state.dangling_rows = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *c).await?.len();
        state.schema = schema(c).await?;
        if state.schema.is_current() {
            let oldest: Option<Uuid> = sqlx::query_scalar(OLDEST_AUDIT).fetch_optional(&mut *c).await?;
            state.oldest_audit_at = oldest.and_then(begun_at);
        }
    }
    connection.close().await?;
    Ok(state)
}

async fn schema(connection: &mut SqliteConnection) -> Result<SchemaState, NoAnswer> {
    let table = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'";
    let tables: i64 = sqlx::query_scalar(table).fetch_one(&mut *connection).await?;
    let stored =
        if tables == 0 { Vec::new() } else { sqlx::query_scalar(APPLIED).fetch_all(connection).await? };
    Ok(SchemaState::of(stored))
}

/// Opens the database in a file to read it. It is not made when it is not there.
///
/// # Errors
/// When it cannot be opened.
pub(in crate::store) async fn open_to_read(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
        .connect()
        .await
}
