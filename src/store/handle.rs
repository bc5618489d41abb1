//! Where statements go: to the pool, into the transaction that a request reads from, or into the one
//! that writes. And which columns they read there.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, TryStreamExt};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::renewal::Renewal;
use super::snapshot::Snapshot;
use super::transaction::Transaction;
use super::{Result as StoreResult, StoreError};
use crate::domain::change::CommunityChange;
use crate::domain::columns::Columns;

/// Where statements go, and what they read. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    route: Route,
    columns: Columns,
}

#[derive(Clone)]
enum Route {
    /// Each statement for itself.
    Pool(DatabaseConnection),
    /// All in one snapshot.
    Snapshot(Arc<Snapshot>),
    /// All in the transaction of one write.
    Write(Arc<WriteTransaction>),
}

/// A write on its way, and what it announced.
pub struct WriteTransaction {
    transaction: Transaction,
    changes: Mutex<Vec<CommunityChange>>,
    transfer_timeout: Option<Duration>,
    renewal: Renewal,
}

impl WriteTransaction {
    /// A write that has announced nothing yet.
    pub(super) fn new(
        transaction: Transaction,
        transfer_timeout: Option<Duration>,
        renewal: Renewal,
    ) -> Self {
        Self { transaction, changes: Mutex::default(), transfer_timeout, renewal }
    }

    /// The transaction, and what was announced in it.
    pub(super) fn into_parts(self) -> (Transaction, Vec<CommunityChange>) {
        (self.transaction, self.changes.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Handle {
    /// Each statement for itself.
    pub(super) fn pool(pool: DatabaseConnection) -> Self {
        Self { route: Route::Pool(pool), columns: Columns::all() }
    }

    /// All in one snapshot, of the moment of the first of them.
    pub(super) fn snapshot(pool: DatabaseConnection) -> Self {
        Self { route: Route::Snapshot(Arc::new(Snapshot::of(pool))), columns: Columns::all() }
    }

    /// All in the transaction of one write.
    pub(super) fn write(write: Arc<WriteTransaction>) -> Self {
        Self { route: Route::Write(write), columns: Columns::all() }
    }

    /// The same way, on which statements read these columns of free data only: in place of the others rows
    /// have empty mappings.
    #[must_use]
    pub fn reading(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }

    /// The columns of free data that statements read.
    #[must_use]
    pub fn columns(&self) -> Columns {
        self.columns
    }

    /// Lets the snapshot go that statements go to, and its connection with it. The next one sees what is committed by then.
    pub fn let_go(&self) {
        if let Route::Snapshot(snapshot) = &self.route {
            snapshot.let_go();
        }
    }

    /// Begins the snapshot, unless it has begun.
    ///
    /// # Errors
    /// When there is no connection.
    pub(super) async fn begin(&self) -> StoreResult<()> {
        if let Route::Snapshot(snapshot) = &self.route {
            snapshot.transaction().await?;
        }
        Ok(())
    }

    /// Lets the statements of a write that moves whole communities take the time that such a write has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_time(&self) -> StoreResult<()> {
        if let Route::Write(write) = &self.route
            && let Some(limit) = write.transfer_timeout
            && self.get_database_backend() == DbBackend::Postgres
        {
            let milliseconds = limit.as_millis();
            self.execute_unprepared(&format!("SET LOCAL statement_timeout = {milliseconds}")).await?;
        }
        Ok(())
    }

    /// Nobody uses the connection of a write again, nor any other that is open now: it may be set as suits this write.
    pub(super) fn use_up_connection(&self) {
        if let Route::Write(write) = &self.route {
            write.renewal.begin();
        }
    }

    /// The transaction of the write that statements go into.
    ///
    /// # Errors
    /// When this is no write.
    pub(super) fn transaction(&self) -> StoreResult<&Transaction> {
        match &self.route {
            Route::Write(write) => Ok(&write.transaction),
            Route::Pool(_) | Route::Snapshot(_) => {
                Err(StoreError::Database("rows were to go in outside of a write".to_owned()))
            }
        }
    }

    /// Announces that something of a community changed. Everybody who watches is told when the write is
    /// committed; nobody when it is not. To be called once a community and write, with its revision
    /// raised.
    ///
    /// # Errors
    /// When this is no write.
    pub fn changed(&self, change: CommunityChange) -> StoreResult<()> {
        let Route::Write(write) = &self.route else {
            return Err(StoreError::Database("a change was announced outside of a write".to_owned()));
        };
        write.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        Ok(())
    }
}

macro_rules! delegate {
    ($handle:expr, $connection:ident => $call:expr) => {
        match &$handle.route {
            Route::Pool($connection) => $call,
            Route::Snapshot(snapshot) => {
                let $connection = snapshot.transaction().await?;
                $call
            }
            Route::Write(write) => {
                let $connection = &write.transaction;
                $call
            }
        }
    };
}

impl Handle {
    /// Hands on the rows of a select one by one, while the database looks for the next ones.
    ///
    /// # Errors
    /// When the database fails, or what they are handed to.
    pub(super) async fn each_row(
        &self,
        select: &SelectStatement,
        mut take: impl FnMut(&QueryResult) -> StoreResult<()> + Send,
    ) -> StoreResult<()> {
        // Both traits of a connection have a `get_database_backend`.
        use sea_orm::StreamTrait as _;
        let statement = self.get_database_backend().build(select);
        match &self.route {
            Route::Pool(pool) => each_of(pool.stream_raw(statement).await?, take).await,
            Route::Snapshot(snapshot) => {
                let transaction = snapshot.transaction().await?;
                each_of(transaction.stream_raw(statement).await?, take).await
            }
            Route::Write(write) => write.transaction.each_row(statement, &mut take).await,
        }
    }
}

async fn each_of(
    mut rows: impl Stream<Item = Result<QueryResult, DbErr>> + Unpin,
    mut take: impl FnMut(&QueryResult) -> StoreResult<()>,
) -> StoreResult<()> {
    while let Some(row) = rows.try_next().await? {
        take(&row)?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl ConnectionTrait for Handle {
    fn get_database_backend(&self) -> DbBackend {
        match &self.route {
            Route::Pool(pool) => pool.get_database_backend(),
            Route::Snapshot(snapshot) => snapshot.backend(),
            Route::Write(write) => write.transaction.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        delegate!(self, connection => connection.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        delegate!(self, connection => connection.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        delegate!(self, connection => connection.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        delegate!(self, connection => connection.query_all_raw(statement).await)
    }
}
