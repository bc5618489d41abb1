//! The pool, and the only way to write.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use migration::{Migrator, MigratorTrait, Standing};
use sea_orm::sqlx::Connection as _;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, TransactionTrait, sqlx,
};
use tokio::sync::Semaphore;

use super::changes::{Changes, Moment, Watcher, notify};
use super::handle::WriteTransaction;
use super::renewal::Renewal;
use super::snapshot::begun;
use super::transaction::Transaction;
use super::trouble::Trouble;
use super::{Handle, Result, StoreError, connections};
use crate::domain::change::CommunityChange;
use crate::domain::identifier::CommunityKey;

/// Called with the SQL of every statement that a request sends, but for BEGIN and COMMIT.
pub type OnStatement = Arc<dyn Fn(&str) + Send + Sync>;

/// How often a write is tried again when writers got into each other's way.
const WRITE_ATTEMPTS: u32 = 8;

/// Lets one process migrate at a time, for as long as it takes. The number is this program's alone: `recreg` and one.
const MIGRATION_TURN: &str =
    "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(x'7265637265670001'::bigint)";

/// The tables that an import fills.
const SURVEY: &str = "ANALYZE community, member, delivery_point, asset, asset_measure, holding, search_text";

/// Copies what no reader needs in the log any more, and keeps nobody waiting.
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// How the database is reached.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// Most connections of the pool; as many as suit the database when absent.
    pub max_connections: Option<u32>,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How long SQLite waits for another process that writes.
    pub busy_timeout: Duration,
    /// How long a statement may take on PostgreSQL; any time when absent. What moves whole communities says so,
    /// and has the time of its request.
    pub statement_timeout: Option<Duration>,
    /// How long a statement of an import may take on PostgreSQL; as long as any other when absent.
    pub transfer_timeout: Option<Duration>,
    /// Sees the SQL of every statement.
    pub on_statement: Option<OnStatement>,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            max_connections: None,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(10),
            statement_timeout: None,
            transfer_timeout: None,
            on_statement: None,
        }
    }
}

/// What a connection to SQLite keeps of the file's pages, in KiB as the pragma has it. The system keeps them as well. All that a
/// connection keeps is void when another one has written, which the trail does several times a second: with ten times as much of
/// a file of 5 GB, batches of lookups were a quarter slower.
const PAGES_KEPT: &str = "-500";

/// Rows that SQLite reads before somebody takes them.
const ROWS_AHEAD: usize = 1_000;

/// How long a connection may be unused before it is asked whether it is still there.
const FRESH: Duration = Duration::from_secs(1);

/// The connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    /// Those that are open.
    pub open: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// Most that there may be.
    pub most: u32,
}

/// The database.
#[derive(Clone)]
pub struct Store {
    pool: DatabaseConnection,
    /// The same pool for what no request waits for.
    background: DatabaseConnection,
    /// Those who write at the same time. The others queue here, in order.
    writers: Arc<Semaphore>,
    /// The same of what no request waits for.
    background_writers: Arc<Semaphore>,
    changes: Arc<Changes>,
    /// The keys of requests that are being answered in this process.
    claimed: Arc<Mutex<HashSet<String>>>,
    renewal: Renewal,
    /// Whether the tables are being surveyed.
    surveying: Arc<AtomicBool>,
    transfer_timeout: Option<Duration>,
    /// Sees the SQL of the statements of writes. Those outside of them show it to the pool.
    on_statement: Option<OnStatement>,
}

/// A key that nobody else in this process has until this is dropped.
pub struct Claim {
    claimed: Arc<Mutex<HashSet<String>>>,
    key: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Store {
    /// Opens the pool.
    ///
    /// # Errors
    /// When the URL is wrong or the database does not answer.
    pub async fn connect(url: &str, settings: &DatabaseSettings) -> Result<Self> {
        let mut options = ConnectOptions::new(url);
        let busy_timeout = settings.busy_timeout;
        let most = settings.max_connections.unwrap_or_else(|| connections::of(url));
        let renewal = Renewal::default();
        let (of_sqlite, of_postgres) = (renewal.clone(), renewal.clone());
        options
            .max_connections(most)
            .acquire_timeout(settings.acquire_timeout)
            .test_before_acquire_if_idle_for(FRESH)
            .set_application_name(env!("CARGO_PKG_NAME"))
            .sqlx_logging(false)
            // SQLite ends a transaction by itself when its disk is full, and the connection does not notice: it would
            // put the next one inside of what is over.
            .map_sqlx_sqlite_before_acquire(move |connection, known| {
                let is_good = !connection.is_in_transaction() && of_sqlite.admits(known.age);
                Box::pin(async move { Ok(is_good) })
            })
            .map_sqlx_postgres_before_acquire(move |_, known| {
                let is_good = of_postgres.admits(known.age);
                Box::pin(async move { Ok(is_good) })
            })
            .map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .pragma("journal_mode", "WAL")
                    .pragma("synchronous", "NORMAL")
                    // In pages of 4 KiB: an import is not held up by copying it out of the log at once.
                    .pragma("wal_autocheckpoint", "20000")
                    .pragma("temp_store", "MEMORY")
                    .pragma("cache_size", PAGES_KEPT)
                    .foreign_keys(true)
                    // Whoever reads thousands of them is not woken up for every few.
                    .row_buffer_size(ROWS_AHEAD)
                    .busy_timeout(busy_timeout)
            });
        if let Some(limit) = settings.statement_timeout {
            options.statement_timeout(limit);
        }
        let mut pool = Database::connect(options).await?;
        let background = pool.clone();
        let writers = Arc::new(Semaphore::new(connections::writers(pool.get_database_backend(), most)));
        let background_writers = match pool.get_database_backend() {
            DbBackend::Sqlite => Arc::clone(&writers),
            _ => Arc::new(Semaphore::new(1)),
        };
        if let Some(on_statement) = settings.on_statement.clone() {
            pool.set_metric_callback(move |info| on_statement(&info.statement.sql));
        }
        Ok(Self {
            pool,
            background,
            writers,
            background_writers,
            changes: Arc::default(),
            claimed: Arc::default(),
            renewal,
            surveying: Arc::default(),
            transfer_timeout: settings.transfer_timeout,
            on_statement: settings.on_statement.clone(),
        })
    }

    /// The same database for work that no request waits for.
    #[must_use]
    pub fn in_background(&self) -> Self {
        let writers = Arc::clone(&self.background_writers);
        Self { pool: self.background.clone(), writers, on_statement: None, ..self.clone() }
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    /// Whether it may be cut off without a word.
    #[must_use]
    pub fn is_over_a_network(&self) -> bool {
        self.backend() != DbBackend::Sqlite
    }

    /// How much of the pool is in use.
    #[must_use]
    pub fn pool_use(&self) -> PoolUse {
        fn of<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> PoolUse {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            PoolUse { open: pool.size(), idle, most: pool.options().get_max_connections() }
        }
        match self.backend() {
            DbBackend::Sqlite => of(self.pool.get_sqlite_connection_pool()),
            _ => of(self.pool.get_postgres_connection_pool()),
        }
    }

    /// How many requests are worth being answered at the same time.
    #[must_use]
    pub fn suitable_requests(&self) -> usize {
        connections::requests(self.backend(), self.pool_use().most)
    }

    /// Statements outside a transaction, each seeing what is committed when it runs.
    #[must_use]
    pub fn direct(&self) -> Handle {
        Handle::pool(self.pool.clone())
    }

    /// A read-only snapshot: every statement sees the registry as it was at the first one.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn snapshot(&self) -> Result<Handle> {
        let snapshot = Handle::snapshot(self.pool.clone());
        snapshot.begin().await?;
        Ok(snapshot)
    }

    /// Does `work` in one transaction, which is committed when it succeeds and leaves nothing behind
    /// when it does not. Work that met another writer is done again, and once more when its connection can only read.
    ///
    /// # Errors
    /// Those of the work; when the work could not be committed.
    pub async fn write<T, E, W>(&self, mut work: impl FnMut(Handle) -> W) -> std::result::Result<T, E>
    where
        W: Future<Output = std::result::Result<T, E>>,
        E: From<StoreError> + WriteConflict,
    {
        // It is never closed.
        let _turn = self.writers.acquire().await;
        let (mut attempt, mut is_renewed) = (1, false);
        loop {
            match self.write_once(&mut work).await {
                Err(error) if attempt < WRITE_ATTEMPTS && error.is_write_conflict() => attempt += 1,
                Err(error) if !is_renewed && error.can_only_read() => {
                    self.renewal.begin();
                    is_renewed = true;
                }
                outcome => return outcome,
            }
        }
    }

    async fn write_once<T, E, W>(&self, work: &mut impl FnMut(Handle) -> W) -> std::result::Result<T, E>
    where
        W: Future<Output = std::result::Result<T, E>>,
        E: From<StoreError>,
    {
        let (pool, on_statement) = (self.pool.clone(), self.on_statement.clone());
        let transaction = begun(async move { Transaction::begin(&pool, on_statement).await }).await?;
        let write = Arc::new(WriteTransaction::new(transaction, self.transfer_timeout, self.renewal.clone()));
        let outcome = work(Handle::write(Arc::clone(&write))).await;
        let (transaction, changes) = Arc::into_inner(write)
            .ok_or_else(|| StoreError::Database("a handle outlived its write transaction".to_owned()))?
            .into_parts();
        match outcome {
            Ok(value) => {
                self.commit(transaction, changes).await?;
                Ok(value)
            }
            Err(error) => {
                // What went wrong may have ended the transaction, or the connection with it: that is what counts.
                if let Err(error) = transaction.rollback().await {
                    tracing::debug!(%error, "a transaction was over before it was taken back");
                }
                Err(error)
            }
        }
    }

    /// Commits, and says that what was announced has changed. Whoever waits for it may go: it is done to its end,
    /// for what is committed must be known, and whether it was.
    async fn commit(&self, transaction: Transaction, changes: Vec<CommunityChange>) -> Result<()> {
        if changes.is_empty() {
            return transaction.commit().await;
        }
        let store = self.clone();
        let committing = tokio::spawn(async move {
            let is_told_by_database = store.backend() != DbBackend::Sqlite;
            if is_told_by_database {
                notify(&transaction, &changes).await?;
            }
            let committed = transaction.commit().await;
            // Also when it failed: then nobody knows whether it did.
            store.changes.touched(&changes);
            committed?;
            if !is_told_by_database {
                store.changes.committed(changes);
            }
            Ok(())
        });
        committing.await.map_err(|error| StoreError::Database(format!("a commit was broken off: {error}")))?
    }

    /// Tidies up behind a large import, in the background. PostgreSQL looks at how much stands in its tables by now: it
    /// would do so by itself a minute or more later, and until then read whole tables to find a row. SQLite copies
    /// its log into the file.
    pub fn survey(&self) {
        if self.surveying.swap(true, Ordering::AcqRel) {
            return;
        }
        let statement = match self.backend() {
            DbBackend::Sqlite => CHECKPOINT,
            _ => SURVEY,
        };
        let store = self.clone();
        tokio::spawn(async move {
            let surveyed = store.background.execute_unprepared(statement).await;
            store.surveying.store(false, Ordering::Release);
            if let Err(error) = surveyed {
                tracing::warn!(%error, "the tables were not surveyed");
            }
        });
    }

    /// Keeps a key for the caller alone; none when somebody else in this process has it.
    #[must_use]
    pub fn claim(&self, key: &str) -> Option<Claim> {
        let is_new = self.claimed.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned());
        is_new.then(|| Claim { claimed: Arc::clone(&self.claimed), key: key.to_owned() })
    }

    /// Hears from now on of every change, whichever process makes it.
    ///
    /// # Errors
    /// When the database cannot be listened to.
    pub async fn hear(&self) -> Result<()> {
        self.changes.hear(&self.pool).await
    }

    /// The present, which what is read from now on is at least as new as; none while changes may be missed.
    #[must_use]
    pub fn now(&self) -> Option<Moment> {
        self.changes.now()
    }

    /// Whether what began to be read at a moment is true still, of one community or of all.
    #[must_use]
    pub fn holds(&self, since: Moment, of: Option<&CommunityKey>) -> bool {
        self.changes.holds(since, of)
    }

    /// What changes from now on, whichever process changes it.
    ///
    /// # Errors
    /// When the database cannot be listened to.
    pub async fn watch(&self) -> Result<Watcher> {
        self.changes.watch(&self.pool).await
    }

    /// Applies the migrations that are pending. Of several processes that come at the same time to one PostgreSQL
    /// database one applies them, and the others wait and find nothing to do.
    ///
    /// A schema that a newer program has brought further is left as it is, when it has all that this one needs.
    ///
    /// # Errors
    /// When one cannot be applied.
    pub async fn migrate_up(&self) -> Result<()> {
        if self.backend() == DbBackend::Sqlite {
            if is_to_migrate(&Standing::of(&self.pool).await?)? {
                Migrator::up(&self.pool, None).await?;
            }
            return Ok(());
        }
        let turn = self.pool.begin().await?;
        turn.execute_unprepared(MIGRATION_TURN).await?;
        if is_to_migrate(&Standing::of(&turn).await?)? {
            Migrator::up(&turn, None).await?;
        }
        Ok(turn.commit().await?)
    }

    /// Takes the last migrations back.
    ///
    /// # Errors
    /// When one cannot be taken back, or a newer program applied others.
    pub async fn migrate_down(&self, steps: u32) -> Result<()> {
        of_this_program(&Standing::of(&self.pool).await?)?;
        Ok(Migrator::down(&self.pool, Some(steps)).await?)
    }

    /// Which migrations are applied.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standing(&self) -> Result<Standing> {
        Ok(Standing::of(&self.pool).await?)
    }

    /// The same for whoever does not wait until a database comes back, as requests do.
    ///
    /// # Errors
    /// When the database does not answer within the limit.
    pub async fn standing_within(&self, limit: Duration) -> Result<Standing> {
        let told = tokio::time::timeout(limit, self.standing()).await;
        told.unwrap_or_else(|_| Err(StoreError::silent(format!("it said nothing within {limit:?}"))))
    }

    /// Closes the pool, waiting for what runs.
    ///
    /// # Errors
    /// When the pool cannot be closed.
    pub async fn close(self) -> Result<()> {
        Ok(self.pool.close().await?)
    }
}

/// Whether migrations are to be applied.
///
/// # Errors
/// When a newer program applied others without them: nobody can say whether they fit together.
fn is_to_migrate(standing: &Standing) -> Result<bool> {
    if standing.pending() == 0 {
        return Ok(false);
    }
    of_this_program(standing).map(|()| true)
}

/// Refuses to change a schema that a newer program has brought further.
fn of_this_program(standing: &Standing) -> Result<()> {
    if standing.newer.is_empty() {
        return Ok(());
    }
    let names = standing.newer.join(", ");
    Err(StoreError::Database(format!(
        "a newer program applied migrations that this one does not know: {names}"
    )))
}

/// Whether an error says that the same work may succeed when it is done again.
pub trait WriteConflict {
    /// Whether two writers met.
    fn is_write_conflict(&self) -> bool;

    /// Whether nothing can be written over the connection.
    fn can_only_read(&self) -> bool;
}

impl WriteConflict for StoreError {
    fn is_write_conflict(&self) -> bool {
        matches!(self, Self::Contended | Self::Taken)
    }

    fn can_only_read(&self) -> bool {
        matches!(self, Self::Unavailable(Trouble::ReadOnly, _))
    }
}
