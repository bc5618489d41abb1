//! What a request reads: the registry as it was at one moment. And how a transaction is begun that whoever waits for it may leave.

use std::sync::{Arc, PoisonError, RwLock};

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use tokio::sync::OnceCell;
use tracing::Instrument as _;

/// The registry as it was at one moment: when it was looked at first since it was let go of last.
pub struct Snapshot {
    pool: DatabaseConnection,
    seen: RwLock<Seen>,
}

type Seen = Arc<OnceCell<Arc<DatabaseTransaction>>>;

impl Snapshot {
    /// Nothing is looked at yet.
    pub(super) fn of(pool: DatabaseConnection) -> Self {
        Self { pool, seen: RwLock::default() }
    }

    /// Which database it is of.
    pub(super) fn backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    /// The transaction that sees it, begun if it is not.
    pub(super) async fn transaction(&self) -> Result<Arc<DatabaseTransaction>, DbErr> {
        let seen = Arc::clone(&self.seen.read().unwrap_or_else(PoisonError::into_inner));
        let begin = async || begun_to_read(self.pool.clone()).await.map(Arc::new);
        seen.get_or_try_init(begin).await.cloned()
    }

    /// Forgets what was seen, and gives the connection back when nobody reads over it any more.
    pub(super) fn let_go(&self) {
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Seen::default();
    }
}

/// Waits until a transaction is begun. Whoever waits for it may go, and it is begun to its end and taken back: broken off behind
/// `BEGIN`, its connection would stay in a transaction on PostgreSQL that the layer below knows nothing of, and
/// whoever had the connection next would be in it.
pub(super) async fn begun<T, E>(
    begin: impl Future<Output = std::result::Result<T, E>> + Send + 'static,
) -> std::result::Result<T, E>
where
    T: Send + 'static,
    E: From<DbErr> + Send + 'static,
{
    let begun = tokio::spawn(begin.in_current_span()).await;
    begun.map_err(|error| DbErr::Custom(format!("a transaction was not begun: {error}")))?
}

/// A transaction that reads, and sees one snapshot from its first statement on.
async fn begun_to_read(pool: DatabaseConnection) -> std::result::Result<DatabaseTransaction, DbErr> {
    let options = match pool.get_database_backend() {
        DbBackend::Sqlite => TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
            ..TransactionOptions::default()
        },
        _ => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        },
    };
    begun(async move { pool.begin_with_options(options).await }).await
}
