//! What changed, told to whoever watches. Writes announce it ([`Handle::changed`](super::Handle::changed));
//! it is told when they are committed and not before.
//!
//! On SQLite every write is made by this process, and what it announced goes straight into the log. On
//! PostgreSQL the writer notifies in its transaction, and the listener of every process, its own
//! included, writes it into the log of that process.

mod listener;
mod log;
mod notice;
mod standing;

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{DatabaseConnection, DbBackend};
use tokio::sync::{OnceCell, watch};
use tokio_util::task::AbortOnDropHandle;

pub use self::log::Lagged;
use self::log::Log;
pub(super) use self::notice::notify;
pub use self::standing::Moment;
use self::standing::Standing;
use super::Result;
use crate::domain::change::CommunityChange;
use crate::domain::identifier::CommunityKey;

/// The changes of a database, as far as this process hears of them.
#[derive(Default)]
pub(super) struct Changes {
    feed: Arc<Feed>,
    standing: Arc<Standing>,
    /// Listens to other processes, from the first watcher on; never on SQLite.
    listener: OnceCell<AbortOnDropHandle<()>>,
}

impl Changes {
    /// Adds what a write of this process announced, once it is committed.
    pub(super) fn committed(&self, changes: Vec<CommunityChange>) {
        self.feed.add(changes);
    }

    /// These communities changed by a write of this process, or may have.
    pub(super) fn touched(&self, changes: &[CommunityChange]) {
        self.standing.changed(changes.iter().map(|change| &change.key));
    }

    /// Hears from now on of every change, in this process and in every other.
    ///
    /// # Errors
    /// When the database cannot be listened to.
    pub(super) async fn hear(&self, pool: &DatabaseConnection) -> Result<()> {
        match pool.get_database_backend() {
            DbBackend::Postgres => self.listen(pool).await,
            // Every write is one of this process.
            _ => {
                self.standing.begin();
                Ok(())
            }
        }
    }

    /// The present; none while changes may be missed.
    pub(super) fn now(&self) -> Option<Moment> {
        self.standing.now()
    }

    /// Whether what began to be read at a moment is true still, of one community or of all.
    pub(super) fn holds(&self, since: Moment, of: Option<&CommunityKey>) -> bool {
        self.standing.holds(since, of)
    }

    /// What changes from now on, in this process and in every other.
    ///
    /// # Errors
    /// When the database cannot be listened to.
    pub(super) async fn watch(&self, pool: &DatabaseConnection) -> Result<Watcher> {
        if pool.get_database_backend() == DbBackend::Postgres {
            self.listen(pool).await?;
        }
        Ok(Watcher::from_now(Arc::clone(&self.feed)))
    }

    async fn listen(&self, pool: &DatabaseConnection) -> Result<()> {
        let start = || listener::start(pool.clone(), Arc::clone(&self.feed), Arc::clone(&self.standing));
        self.listener.get_or_try_init(start).await?;
        Ok(())
    }
}

/// The log, and the news that something was added.
#[derive(Default)]
struct Feed {
    log: Mutex<Log>,
    newest: watch::Sender<u64>,
}

impl Feed {
    fn add(&self, changes: Vec<CommunityChange>) {
        if changes.is_empty() {
            return;
        }
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            log.add(change);
        }
        self.newest.send_replace(log.newest());
    }
}

/// A place in the log: what stands behind it is still to be told. It holds no change itself, so that who
/// is slow costs no memory, and hears of each community's newest change alone.
pub struct Watcher {
    feed: Arc<Feed>,
    newest: watch::Receiver<u64>,
    told: u64,
}

impl Watcher {
    fn from_now(feed: Arc<Feed>) -> Self {
        let mut newest = feed.newest.subscribe();
        let told = *newest.borrow_and_update();
        Self { feed, newest, told }
    }

    /// The next change; waits for it. May be given up while it waits.
    ///
    /// # Errors
    /// When more communities changed in the meantime than the log remembers.
    pub async fn next(&mut self) -> std::result::Result<CommunityChange, Lagged> {
        loop {
            let found = self.feed.log.lock().unwrap_or_else(PoisonError::into_inner).after(self.told)?;
            if let Some((number, change)) = found {
                self.told = number;
                return Ok(change);
            }
            // Fails only when the feed is gone, which this watcher holds.
            _ = self.newest.changed().await;
        }
    }
}
