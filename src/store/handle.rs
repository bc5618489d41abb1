//! Where statements go: to the pool, into the transaction that a request reads from, or into the one
//! that writes.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement,
};

use super::{Result as StoreResult, StoreError};
use crate::domain::change::CommunityChange;

/// Where statements go. Cheap to clone.
#[derive(Clone)]
pub enum Handle {
    /// Each statement for itself.
    Pool(DatabaseConnection),
    /// All in one transaction.
    Transaction(Arc<DatabaseTransaction>),
    /// All in the transaction of one write.
    Write(Arc<WriteTransaction>),
}

/// A write on its way, and what it announced.
pub struct WriteTransaction {
    pub(super) transaction: DatabaseTransaction,
    changes: Mutex<Vec<CommunityChange>>,
}

impl WriteTransaction {
    /// A write that has announced nothing yet.
    pub(super) fn new(transaction: DatabaseTransaction) -> Self {
        Self { transaction, changes: Mutex::default() }
    }

    /// The transaction, and what was announced in it.
    pub(super) fn into_parts(self) -> (DatabaseTransaction, Vec<CommunityChange>) {
        (self.transaction, self.changes.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Handle {
    /// Announces that something of a community changed. Everybody who watches is told when the write is
    /// committed; nobody when it is not. To be called once a community and write, with its revision
    /// raised.
    ///
    /// # Errors
    /// When this is no write.
    pub fn changed(&self, change: CommunityChange) -> StoreResult<()> {
        let Self::Write(write) = self else {
            return Err(StoreError::Database("a change was announced outside of a write".to_owned()));
        };
        write.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        Ok(())
    }
}

macro_rules! delegate {
    ($handle:expr, $connection:ident => $call:expr) => {
        match $handle {
            Handle::Pool($connection) => $call,
            Handle::Transaction($connection) => $call,
            Handle::Write(write) => {
                let $connection = &write.transaction;
                $call
            }
        }
    };
}

#[async_trait::async_trait]
impl ConnectionTrait for Handle {
    fn get_database_backend(&self) -> DbBackend {
        delegate!(self, connection => connection.get_database_backend())
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
