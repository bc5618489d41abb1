//! The transaction of a write, on a connection of SeaORM's pool and without SeaORM in between. SeaORM copies whatever a statement
//! binds before it hands it on, which held up large imports for a quarter of the time that their rows took, and it has no way
//! to PostgreSQL's `COPY`. Statements are built by it all the same, and rows are read by it.

use futures_util::TryStreamExt as _;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor as _, Postgres, Sqlite};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex, MutexGuard};

use super::connection::OnStatement;
use super::{Result as StoreResult, StoreError};

/// Writers into SQLite wait for each other from the beginning, not when they have read already.
const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";

/// Writers lock the communities they change before they look at anything, and see what is committed by then; a snapshot taken
/// before the lock would have to be thrown away for every writer that was waited for. What reaches beyond a community is
/// decided by unique indexes.
const BEGIN_POSTGRES: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// The transaction of a write. Taken back when it is dropped.
pub(super) struct Transaction {
    of: Of,
    on_statement: Option<OnStatement>,
}

enum Of {
    Sqlite(Mutex<sqlx::Transaction<'static, Sqlite>>),
    Postgres(Mutex<Session>),
}

/// A connection to PostgreSQL that is in a transaction. It is closed when it is dropped there: where a `COPY` was broken off the
/// layer below would take the answer to it for that to its `ROLLBACK`, and each from then on for another's.
pub(super) struct Session {
    pub(super) connection: PoolConnection<Postgres>,
    is_over: bool,
}

impl Session {
    async fn begin(pool: &sqlx::PgPool) -> Result<Self, sqlx::Error> {
        let mut session = Self { connection: pool.acquire().await?, is_over: false };
        session.connection.execute(BEGIN_POSTGRES).await?;
        Ok(session)
    }

    async fn end(mut self, how: &'static str) -> Result<(), sqlx::Error> {
        self.connection.execute(how).await?;
        self.is_over = true;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.close_on_drop();
        }
    }
}

/// The connection of a transaction, for as long as a statement runs.
pub(super) enum Connection<'t> {
    Sqlite(MutexGuard<'t, sqlx::Transaction<'static, Sqlite>>),
    Postgres(MutexGuard<'t, Session>),
}

/// Does something with the connection, whichever database it is to.
macro_rules! on {
    ($transaction:expr, $connection:ident => $call:expr) => {
        match $transaction.connection().await {
            Connection::Sqlite(mut held) => {
                let $connection = &mut **held;
                $call
            }
            Connection::Postgres(mut held) => {
                let $connection = &mut *held.connection;
                $call
            }
        }
    };
}

/// A statement with what it binds, which is moved.
macro_rules! query {
    ($statement:expr) => {
        sqlx::query_with(
            AssertSqlSafe($statement.sql),
            SqlxValues($statement.values.unwrap_or_else(|| sea_orm::Values(Vec::new()))),
        )
    };
}

impl Transaction {
    /// Begins one.
    ///
    /// # Errors
    /// When there is no connection.
    pub(super) async fn begin(
        pool: &DatabaseConnection,
        on_statement: Option<OnStatement>,
    ) -> StoreResult<Self> {
        let of = match pool.get_database_backend() {
            DbBackend::Sqlite => {
                let begun = pool.get_sqlite_connection_pool().begin_with(BEGIN_SQLITE).await;
                Of::Sqlite(Mutex::new(begun.map_err(not_connected)?))
            }
            _ => {
                let begun = Session::begin(pool.get_postgres_connection_pool()).await;
                Of::Postgres(Mutex::new(begun.map_err(not_connected)?))
            }
        };
        Ok(Self { of, on_statement })
    }

    /// Commits.
    ///
    /// # Errors
    /// When the database fails; it may be committed all the same.
    pub(super) async fn commit(self) -> StoreResult<()> {
        let committed = match self.of {
            Of::Sqlite(transaction) => transaction.into_inner().commit().await,
            Of::Postgres(session) => session.into_inner().end("COMMIT").await,
        };
        Ok(committed.map_err(failed)?)
    }

    /// Takes it back.
    ///
    /// # Errors
    /// When the database fails; it is taken back all the same.
    pub(super) async fn rollback(self) -> StoreResult<()> {
        let rolled_back = match self.of {
            Of::Sqlite(transaction) => transaction.into_inner().rollback().await,
            Of::Postgres(session) => session.into_inner().end("ROLLBACK").await,
        };
        Ok(rolled_back.map_err(failed)?)
    }

    /// The connection, when no other statement of the transaction runs.
    pub(super) async fn connection(&self) -> Connection<'_> {
        match &self.of {
            Of::Sqlite(transaction) => Connection::Sqlite(transaction.lock().await),
            Of::Postgres(session) => Connection::Postgres(session.lock().await),
        }
    }

    /// Says that a statement is sent.
    pub(super) fn sends(&self, sql: &str) {
        if let Some(on_statement) = &self.on_statement {
            on_statement(sql);
        }
    }

    /// Hands on the rows of a statement one by one.
    ///
    /// # Errors
    /// When the database fails, or what they are handed to.
    pub(super) async fn each_row(
        &self,
        statement: Statement,
        take: &mut (impl FnMut(&QueryResult) -> StoreResult<()> + Send),
    ) -> StoreResult<()> {
        self.sends(&statement.sql);
        on!(self, connection => {
            let mut rows = query!(statement).fetch(connection);
            while let Some(row) = rows.try_next().await.map_err(failed)? {
                take(&row.into())?;
            }
            Ok(())
        })
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        match self.of {
            Of::Sqlite(_) => DbBackend::Sqlite,
            Of::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.sends(&statement.sql);
        on!(self, connection => query!(statement).execute(connection).await.map(Into::into).map_err(failed))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = AssertSqlSafe(sql.to_owned());
        on!(self, connection => connection.execute(sql).await.map(Into::into).map_err(failed))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.sends(&statement.sql);
        on!(self, connection => {
            let row = query!(statement).fetch_optional(connection).await.map_err(failed)?;
            Ok(row.map(Into::into))
        })
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.sends(&statement.sql);
        on!(self, connection => {
            let rows = query!(statement).fetch_all(connection).await.map_err(failed)?;
            Ok(rows.into_iter().map(Into::into).collect())
        })
    }
}

/// A statement that failed.
pub(super) fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

/// A connection that was not to be had.
fn not_connected(error: sqlx::Error) -> StoreError {
    DbErr::Conn(RuntimeErr::SqlxError(error.into())).into()
}
