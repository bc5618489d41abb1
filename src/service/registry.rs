//! The registry of a process: its database, from which a context is made for every request.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::error::Error;
use crate::metrics::Metrics;
use crate::store::{DatabaseSettings, OnStatement, PoolUse, Store};

use super::audit::{Recorder, Trail};
use super::memory::{Memory, Witness};
use super::{Caller, Ctx, PlaceSettings, Places, RateSettings, Rates, Result};

/// The registry. Cheap to clone; one per process.
#[derive(Clone)]
pub struct Registry {
    pub(super) store: Store,
    pub(super) rates: Arc<Rates>,
    pub(super) places: Arc<Places>,
    pub(super) metrics: Metrics,
    /// Records who looks at what; none where nobody but the operator of the machine does.
    pub(super) recorder: Option<Recorder>,
    /// Answers that are told again while they are true.
    pub(super) memory: Option<Arc<Memory>>,
}

/// How long the database may take to say whether it can serve: balancers ask every few seconds, and many give up after three.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Reads a figure of the pool.
type PoolFigure = fn(PoolUse) -> u32;

const POOL_FIGURES: [(&str, &str, PoolFigure); 3] = [
    ("database_connections", "Connections to the database", |pool| pool.open),
    ("database_connections_idle", "Connections to the database that nobody uses", |pool| pool.idle),
    ("database_connections_max", "Most connections to the database", |pool| pool.most),
];

impl Registry {
    /// Opens the database, without migrating it.
    ///
    /// # Errors
    /// When the URL is wrong or the database does not answer.
    pub async fn connect(url: &str, settings: &DatabaseSettings) -> Result<Self> {
        let metrics = Metrics::default();
        let (counted, told) = (metrics.clone(), settings.on_statement.clone());
        let on_statement: OnStatement = Arc::new(move |sql| {
            counted.sent_statement();
            if let Some(told) = &told {
                told(sql);
            }
        });
        let settings = DatabaseSettings { on_statement: Some(on_statement), ..settings.clone() };
        let store = Store::connect(url, &settings).await?;
        for (name, help, figure) in POOL_FIGURES {
            let store = store.clone();
            metrics.tell(name, help, move || f64::from(figure(store.pool_use())));
        }
        let places = Places::new(PlaceSettings::default(), store.suitable_requests(), metrics.clone());
        Ok(Self {
            store,
            rates: Arc::default(),
            places: places.into(),
            metrics,
            recorder: None,
            memory: None,
        })
    }

    /// The same registry, asked no more often than this, and doing no more than this at the same time.
    #[must_use]
    pub fn limited(self, rates: &RateSettings, places: PlaceSettings) -> Self {
        let places = Places::new(places, self.store.suitable_requests(), self.metrics.clone()).into();
        Self { rates: Rates::new(rates).into(), places, ..self }
    }

    /// How much is done at the same time.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// What is counted of this process.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Who asked how often.
    #[must_use]
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// Applies the migrations that are pending.
    ///
    /// # Errors
    /// When one cannot be applied.
    pub async fn migrate(&self) -> Result<()> {
        Ok(self.store.migrate_up().await?)
    }

    /// Takes the last migrations back, and with them what is stored.
    ///
    /// # Errors
    /// When one cannot be taken back.
    pub async fn migrate_down(&self, steps: u32) -> Result<()> {
        Ok(self.store.migrate_down(steps).await?)
    }

    /// The names of the migrations in order, each with whether it is applied.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn migrations(&self) -> Result<Vec<(String, bool)>> {
        Ok(self.store.standing().await?.known)
    }

    /// The names of migrations that a newer program has applied.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newer_migrations(&self) -> Result<Vec<String>> {
        Ok(self.store.standing().await?.newer)
    }

    /// Whether requests can be served: the database answers and its schema is at least what this
    /// program needs. It may be more: while processes are replaced one by one, a newer one has brought it further.
    ///
    /// # Errors
    /// When not, saying what is missing.
    pub async fn ready(&self) -> Result<()> {
        let pending = self.store.standing_within(READY_WITHIN).await?.pending();
        if pending > 0 {
            return Err(Error::Unavailable {
                public: "The database schema is older than this program: run the migrations",
                internal: format!("{pending} migrations are pending"),
            });
        }
        Ok(())
    }

    /// The same registry, which records from now on who looks at what, and deletes what it recorded when it
    /// is older than this. Must be called within a runtime, which does both in the background.
    #[must_use]
    pub fn recording(self, retention: Duration) -> Self {
        let recorder = Recorder::start(self.store.in_background(), retention);
        let waiting = recorder.clone();
        self.metrics.tell(
            "audit_entries_waiting",
            "Entries that are not on the audit trail yet",
            move || waiting.waiting() as f64,
        );
        Self { recorder: Some(recorder), ..self }
    }

    /// The same registry, which remembers answers of so many bytes for as long as they are true; zero: none.
    ///
    /// # Errors
    /// When the database cannot be listened to.
    pub async fn remembering(self, bytes: u64) -> Result<Self> {
        if bytes == 0 {
            return Ok(self);
        }
        self.store.hear().await?;
        let memory = Arc::new(Memory::of_bytes(bytes));
        let remembered = Arc::clone(&memory);
        self.metrics.tell("memory_bytes", "What is remembered of answers", move || remembered.bytes() as f64);
        Ok(Self { memory: Some(memory), ..self })
    }

    /// The context of one request.
    #[must_use]
    pub fn context(&self, caller: Caller) -> Ctx {
        self.context_of_request(caller, None, None)
    }

    /// The context of a request that has an id, and perhaps a witness of what is looked at.
    #[must_use]
    pub fn context_of_request(
        &self,
        caller: Caller,
        request_id: Option<&str>,
        witness: Option<Witness>,
    ) -> Ctx {
        let (recorder, id) = (self.recorder.clone(), request_id.map(str::to_owned));
        let trail = Trail::new(caller.as_ref().ok().cloned(), recorder, id).witnessed(witness);
        Ctx::new(self, caller, trail)
    }

    /// Waits until what requests that are over looked at is written down.
    pub async fn flush(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.flush().await;
        }
    }

    /// Entries of the audit trail that are not written down yet.
    #[must_use]
    pub fn unrecorded(&self) -> usize {
        self.recorder.as_ref().map_or(0, Recorder::waiting)
    }

    /// Writes down what is still to be recorded and closes the database, waiting for what runs.
    ///
    /// # Errors
    /// When it cannot be closed.
    pub async fn close(self) -> Result<()> {
        if let Some(recorder) = &self.recorder {
            recorder.stop().await;
        }
        Ok(self.store.close().await?)
    }
}
