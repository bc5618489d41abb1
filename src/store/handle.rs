//! Where statements go: to the pool, or into the transaction that a request reads from.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement,
};

/// Where statements go. Cheap to clone.
#[derive(Clone)]
pub enum Handle {
    /// Each statement for itself.
    Pool(DatabaseConnection),
    /// All in one transaction.
    Transaction(Arc<DatabaseTransaction>),
}

macro_rules! delegate {
    ($handle:expr, $connection:ident => $call:expr) => {
        match $handle {
            Handle::Pool($connection) => $call,
            Handle::Transaction($connection) => $call,
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
