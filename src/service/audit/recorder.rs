//! Writes down what requests looked at, many requests at a time, while nobody waits for it; and deletes
//! what is old.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::domain::audit::Deed;
use crate::domain::error::Error;
use crate::domain::timestamp::Timestamp;
use crate::service::Result;
use crate::store::{Store, StoreError, audit};

/// Requests that may wait to be recorded: some 20 MB. Who comes then waits.
const WAITING_REQUESTS: usize = 65_536;

/// How long entries are gathered before they are written.
const GATHER_FOR: Duration = Duration::from_millis(100);

/// How many entries are gathered at most.
const GATHER_ENTRIES: usize = 500;

/// How long to wait before a write that failed is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// How often what is old is deleted, and how much of it in one transaction.
const CLEAR_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
const CLEAR_ENTRIES: u64 = 5_000;

enum Message {
    Deeds(Vec<Deed>),
    /// Everything before this is to be written, and then to be told so.
    Flush(oneshot::Sender<()>),
}

/// Records in the background. Clones are the same recorder.
#[derive(Clone)]
pub struct Recorder {
    sender: mpsc::Sender<Message>,
    stop: CancellationToken,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
    _clearer: Arc<AbortOnDropHandle<()>>,
}

/// Room for one message.
pub(super) struct Place(mpsc::OwnedPermit<Message>);

impl Place {
    /// Fills it.
    pub(super) fn take(self, deeds: Vec<Deed>) {
        self.0.send(Message::Deeds(deeds));
    }
}

impl Recorder {
    /// Starts to record, and to delete what is older than `retention`.
    pub(in crate::service) fn start(store: Store, retention: Duration) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_REQUESTS);
        let stop = CancellationToken::new();
        let writer = tokio::spawn(write_all(store.clone(), receiver, stop.clone()));
        let clearer = AbortOnDropHandle::new(tokio::spawn(clear(store, retention)));
        Self { sender, stop, writer: Arc::new(Mutex::new(Some(writer))), _clearer: Arc::new(clearer) }
    }

    /// Room for what a request will have looked at; waits for it.
    ///
    /// # Errors
    /// When nothing is recorded any more.
    pub(super) async fn reserve(&self) -> Result<Place> {
        self.sender.clone().reserve_owned().await.map(Place).map_err(|_| Error::Unavailable {
            public: "The service is stopping; try again",
            internal: "nothing is recorded any more".to_owned(),
        })
    }

    /// Waits until everything that was sent is written.
    pub(in crate::service) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).await.is_ok() {
            // It fails when the writer has ended, and then there is nothing to wait for.
            _ = written.await;
        }
    }

    /// Writes what is left, and takes nothing more.
    pub(in crate::service) async fn stop(&self) {
        self.stop.cancel();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the audit trail was not written to its end");
        }
    }
}

async fn write_all(store: Store, mut receiver: mpsc::Receiver<Message>, stop: CancellationToken) {
    let mut batch = Vec::new();
    let mut told = Vec::new();
    loop {
        let first = tokio::select! {
            message = receiver.recv() => message,
            () = stop.cancelled(), if !receiver.is_closed() => {
                receiver.close();
                continue;
            }
        };
        let Some(first) = first else { return };
        let until = tokio::time::Instant::now() + GATHER_FOR;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Deeds(deeds) => batch.extend(deeds),
                Message::Flush(done) => told.push(done),
            }
            if batch.len() >= GATHER_ENTRIES || !told.is_empty() {
                break;
            }
            next = tokio::select! {
                message = receiver.recv() => message,
                () = tokio::time::sleep_until(until) => None,
                () = stop.cancelled(), if !receiver.is_closed() => None,
            };
        }
        write(&store, &mut batch, &stop).await;
        told.drain(..).for_each(|done| _ = done.send(()));
    }
}

/// Writes a batch; again and again while the database does not take it, but once only when the process is
/// about to end.
async fn write(store: &Store, batch: &mut Vec<Deed>, stop: &CancellationToken) {
    while !batch.is_empty() {
        let deeds: &[Deed] = batch;
        let written: std::result::Result<(), StoreError> = store
            .write(|handle| -> BoxFuture<'_, _> {
                Box::pin(async move { audit::append(&handle, deeds).await.map(drop) })
            })
            .await;
        match written {
            Ok(()) => batch.clear(),
            Err(error) if stop.is_cancelled() => {
                tracing::error!(%error, entries = batch.len(), "entries of the audit trail are lost");
                batch.clear();
            }
            Err(error) => {
                tracing::error!(%error, entries = batch.len(), "the audit trail cannot be written; trying again");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }
}

/// Deletes what is old, a batch at a time, every day. Several processes may do so at once.
async fn clear(store: Store, retention: Duration) {
    let retention = i64::try_from(retention.as_micros()).unwrap_or(i64::MAX);
    let mut days = tokio::time::interval(CLEAR_EVERY);
    loop {
        days.tick().await;
        let oldest = Timestamp::from_micros(Timestamp::now().as_micros().saturating_sub(retention));
        if let Err(error) = clear_before(&store, oldest).await {
            tracing::warn!(%error, "old entries of the audit trail were not deleted");
        }
    }
}

async fn clear_before(store: &Store, time: Timestamp) -> std::result::Result<(), StoreError> {
    loop {
        let deleted: u64 = store
            .write(|handle| -> BoxFuture<'_, std::result::Result<u64, StoreError>> {
                Box::pin(async move { audit::delete_before(&handle, time, CLEAR_ENTRIES).await })
            })
            .await?;
        if deleted < CLEAR_ENTRIES {
            return Ok(());
        }
    }
}
