//! Writes down what requests looked at, many requests at a time, while nobody waits for it; and deletes
//! what is old.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::look::{Look, Noted};
use crate::auth::Principal;
use crate::domain::error::Error;
use crate::domain::timestamp::Timestamp;
use crate::service::Result;
use crate::store::{Store, StoreError, audit};

/// Entries that may wait to be recorded: some 12 MB. Who comes then waits. With half as many, who looked up batches waited longer when
/// SQLite copied its log, and the most memory was the same.
const WAITING_ENTRIES: usize = 32_768;

/// How long entries are gathered before they are written, unless there are enough for a batch.
const GATHER_FOR: Duration = Duration::from_millis(500);
const ENOUGH_ENTRIES: usize = audit::MAX_ENTRIES;

/// Requests that are enough for a batch as well: each may be about a person of its own, who has a pseudonym, a key and a mark, where
/// its entries for many communities are a few bytes each.
const ENOUGH_REQUESTS: usize = audit::MAX_ENTRIES / 2;

/// How long to wait before a write that failed is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a write may take over a network, behind which nobody may answer any more. It is tried again over another connection.
const LONGEST_WRITE: Duration = Duration::from_secs(20);

/// How long a process that stops waits for requests that are not over, at most this often.
const LAST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSES: usize = 200;

/// How often what is old is deleted, and how much of it in one transaction: others who write wait for that long.
const CLEAR_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
const CLEAR_ENTRIES: u64 = 20_000;

/// How long to wait before that is tried again when it failed.
const CLEAR_AGAIN: Duration = Duration::from_secs(10);

/// What waits to be written. A request puts its look there and goes on: the writer is woken by the first of a
/// batch, and when there is enough, for waking it each time would cost a request more than all the rest.
struct Waiting {
    requests: Mutex<Requests>,
    room: Arc<Semaphore>,
    first: Notify,
    enough: Notify,
}

/// Requests that wait, and how many entries they make.
#[derive(Default)]
struct Requests {
    noted: Vec<(Noted, OwnedSemaphorePermit)>,
    entries: usize,
}

impl Waiting {
    fn take(&self) -> Requests {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Records in the background. Clones are the same recorder.
#[derive(Clone)]
pub struct Recorder(Arc<Recording>);

struct Recording {
    waiting: Arc<Waiting>,
    /// Who wants to be told when everything so far is written.
    flushes: mpsc::Sender<oneshot::Sender<()>>,
    stop: CancellationToken,
    writer: Mutex<Option<JoinHandle<()>>>,
    _clearer: AbortOnDropHandle<()>,
}

/// Room for what one request looked at.
pub(in crate::service) struct Place {
    waiting: Arc<Waiting>,
    permit: OwnedSemaphorePermit,
}

impl Place {
    /// Fills it, unless nothing was looked at.
    pub(in crate::service) fn take(
        self,
        caller: Arc<Principal>,
        request_id: Option<String>,
        look: Arc<Look>,
    ) {
        if look.len() == 0 {
            return;
        }
        let Self { waiting, mut permit } = self;
        let entries = look.len();
        // Who comes next waits the sooner for it. That so many were to come was not known when this place was taken.
        let more = (entries - 1).min(waiting.room.available_permits());
        if let Ok(more) =
            Arc::clone(&waiting.room).try_acquire_many_owned(u32::try_from(more).unwrap_or(u32::MAX))
        {
            permit.merge(more);
        }
        let noted = Noted { caller, at: Timestamp::now(), request_id, look };
        let (before, requests) = {
            let mut requests = waiting.requests.lock().unwrap_or_else(PoisonError::into_inner);
            requests.noted.push((noted, permit));
            requests.entries += entries;
            (requests.entries - entries, requests.noted.len())
        };
        if before == 0 {
            waiting.first.notify_one();
        }
        let are_enough = before < ENOUGH_ENTRIES && before + entries >= ENOUGH_ENTRIES;
        if are_enough || requests == ENOUGH_REQUESTS {
            waiting.enough.notify_one();
        }
    }
}

impl Recorder {
    /// Starts to record, and to delete what is older than `retention`.
    pub(in crate::service) fn start(store: Store, retention: Duration) -> Self {
        let waiting = Arc::new(Waiting {
            requests: Mutex::default(),
            room: Arc::new(Semaphore::new(WAITING_ENTRIES)),
            first: Notify::new(),
            enough: Notify::new(),
        });
        let (flushes, asked) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let writer = tokio::spawn(write_all(store.clone(), Arc::clone(&waiting), asked, stop.clone()));
        let clearer = AbortOnDropHandle::new(tokio::spawn(clear(store, retention)));
        let writer = Mutex::new(Some(writer));
        Self(Arc::new(Recording { waiting, flushes, stop, writer, _clearer: clearer }))
    }

    /// Room for what a request will have looked at; waits for it.
    ///
    /// # Errors
    /// When nothing is recorded any more.
    pub(super) async fn reserve(&self) -> Result<Place> {
        let permit =
            Arc::clone(&self.0.waiting.room).acquire_owned().await.map_err(|_| Error::Unavailable {
                public: "The service is stopping; try again",
                internal: "nothing is recorded any more".to_owned(),
            })?;
        Ok(Place { waiting: Arc::clone(&self.0.waiting), permit })
    }

    /// Room for what a request will have looked at, if there is some now.
    pub(in crate::service) fn try_reserve(&self) -> Option<Place> {
        let permit = Arc::clone(&self.0.waiting.room).try_acquire_owned().ok()?;
        Some(Place { waiting: Arc::clone(&self.0.waiting), permit })
    }

    /// Entries that wait to be recorded.
    pub(in crate::service) fn waiting(&self) -> usize {
        WAITING_ENTRIES.saturating_sub(self.0.waiting.room.available_permits())
    }

    /// Waits until everything that is over is written.
    pub(in crate::service) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.0.flushes.send(done).await.is_ok() {
            // It fails when the writer has ended, and then there is nothing to wait for.
            _ = written.await;
        }
    }

    /// Writes what is left, and takes nothing more.
    pub(in crate::service) async fn stop(&self) {
        self.0.waiting.room.close();
        self.0.stop.cancel();
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the audit trail was not written to its end");
        }
    }
}

async fn write_all(
    store: Store,
    waiting: Arc<Waiting>,
    mut asked: mpsc::Receiver<oneshot::Sender<()>>,
    stop: CancellationToken,
) {
    let mut segments = Segments::default();
    while !stop.is_cancelled() {
        let mut told = tokio::select! {
            () = waiting.first.notified() => None,
            told = asked.recv() => told,
            () = stop.cancelled() => None,
        };
        if told.is_none() {
            told = tokio::select! {
                () = tokio::time::sleep(GATHER_FOR) => None,
                () = waiting.enough.notified() => None,
                told = asked.recv() => told,
                () = stop.cancelled() => None,
            };
        }
        let written = write_waiting(&store, &waiting, &stop).await;
        if let Some(told) = told {
            // Whoever asked may have gone.
            _ = told.send(());
        }
        segments.wrote(&store, written).await;
    }
    // Requests that looked at something give their place back when they are over.
    for _ in 0..LAST_PAUSES {
        write_waiting(&store, &waiting, &stop).await;
        if waiting.room.available_permits() == WAITING_ENTRIES {
            return;
        }
        tokio::time::sleep(LAST_PAUSE).await;
    }
}

/// Writes what waits, a batch at a time, and gives the places of each free; how many marks lead to it.
async fn write_waiting(store: &Store, waiting: &Waiting, stop: &CancellationToken) -> usize {
    let Requests { mut noted, .. } = waiting.take();
    noted.sort_by_key(|(noted, _)| noted.at);
    let (mut batch, mut in_batch, mut marks) = (Vec::new(), 0, 0);
    for (noted, place) in noted {
        let entries = noted.look.len();
        // What is more would be a batch of its own, with marks of its own.
        let is_full = in_batch + entries > audit::MAX_ENTRIES || batch.len() >= ENOUGH_REQUESTS;
        if in_batch > 0 && is_full {
            marks += write(store, &batch, stop).await;
            batch.clear();
            in_batch = 0;
        }
        in_batch += entries;
        batch.push((noted, place));
    }
    marks + write(store, &batch, stop).await
}

/// When to ask whether a segment of the trail is full: with the first marks of the process, and after every so many.
#[derive(Default)]
struct Segments {
    asked: bool,
    marks_since: usize,
}

impl Segments {
    async fn wrote(&mut self, store: &Store, marks: usize) {
        self.marks_since += marks;
        if self.asked && self.marks_since < audit::ASK_AFTER {
            return;
        }
        *self = Self { asked: true, marks_since: 0 };
        let begun: std::result::Result<(), StoreError> = store
            .write(|handle| -> BoxFuture<'_, _> {
                Box::pin(async move { audit::begin_if_full(&handle).await })
            })
            .await;
        if let Err(error) = begun {
            tracing::warn!(%error, "no segment of the audit trail was begun");
        }
    }
}

/// Writes a batch; again and again while the database does not take it, but once only when the process is
/// about to end. Gives how many marks lead to it.
async fn write(store: &Store, batch: &[(Noted, OwnedSemaphorePermit)], stop: &CancellationToken) -> usize {
    let deeds = batch.iter().flat_map(|(noted, _)| noted.deeds());
    while !batch.is_empty() {
        let written = store.write(|handle| -> BoxFuture<'_, std::result::Result<usize, StoreError>> {
            let deeds = deeds.clone();
            Box::pin(async move { Ok(audit::append(&handle, deeds).await?.marks) })
        });
        match within(store, written).await {
            Ok(marks) => return marks,
            Err(error) if stop.is_cancelled() => {
                tracing::error!(%error, entries = deeds.count(), "entries of the audit trail are lost");
                return 0;
            }
            Err(error) => {
                tracing::error!(%error, entries = deeds.clone().count(), "the audit trail cannot be written; trying again");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }
    0
}

/// What a write came to, unless nobody answered in time.
async fn within<T>(
    store: &Store,
    write: impl Future<Output = std::result::Result<T, StoreError>>,
) -> std::result::Result<T, StoreError> {
    // A file answers always, and who writes to it for long keeps everybody else waiting.
    let limit = if store.is_over_a_network() { LONGEST_WRITE } else { Duration::MAX };
    timeout(limit, write).await.unwrap_or_else(|_| Err(StoreError::silent("a write took too long")))
}

/// Deletes what is old, a part at a time, every day. Several processes may do so at once.
async fn clear(store: Store, retention: Duration) {
    let retention = i64::try_from(retention.as_micros()).unwrap_or(i64::MAX);
    let mut days = tokio::time::interval(CLEAR_EVERY);
    loop {
        days.tick().await;
        let oldest = Timestamp::from_micros(Timestamp::now().as_micros().saturating_sub(retention));
        // Nobody's name stays for another day because the database was away for a moment.
        while let Err(error) = clear_before(&store, oldest).await {
            tracing::warn!(%error, "old entries of the audit trail were not deleted; trying again");
            tokio::time::sleep(CLEAR_AGAIN).await;
        }
    }
}

async fn clear_before(store: &Store, time: Timestamp) -> std::result::Result<(), StoreError> {
    loop {
        let is_all: std::result::Result<bool, StoreError> = store
            .write(|handle| -> BoxFuture<'_, _> {
                Box::pin(async move { audit::delete_before(&handle, time, CLEAR_ENTRIES).await })
            })
            .await;
        if is_all? {
            return Ok(());
        }
    }
}
