//! What a backup needs of the databases. PostgreSQL has programs of its own to write and read one.

use std::path::Path;
use std::str::FromStr as _;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _, Executor as _};

use super::examination::{NoAnswer, open_to_read};

/// Writes what a SQLite database holds at this moment into a file that is not there yet. Whoever reads or writes the
/// database meanwhile is not held up.
///
/// # Errors
/// When the database cannot be read, or the copy cannot be written; then half a copy may be left.
pub async fn copy_sqlite(database: &Path, into: &Path) -> Result<(), NoAnswer> {
    let mut connection = open_to_read(database).await?;
    let path = into
        .to_str()
        .ok_or_else(|| NoAnswer { said: "the path of the copy is no UTF-8".to_owned(), code: None })?;
    sqlx::query("VACUUM INTO ?").bind(path).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Lets PostgreSQL see how much stands in its tables, which were just filled.
///
/// # Errors
/// When the database does not answer.
pub async fn survey_postgres(url: &str) -> Result<(), NoAnswer> {
    let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
    let mut connection = options.connect().await?;
    // A warning for each table of the server itself, which its superuser alone may survey, is of no use to anybody.
    connection.execute("SET client_min_messages = error").await?;
    connection.execute("ANALYZE").await?;
    Ok(connection.close().await?)
}
