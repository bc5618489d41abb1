//! The registry of a process: its database, from which a context is made for every request.

use std::sync::Arc;

use crate::domain::error::Error;
use crate::store::{DatabaseSettings, Store};

use super::{Caller, Ctx, RateSettings, Rates, Result};

/// The registry. Cheap to clone; one per process.
#[derive(Clone)]
pub struct Registry {
    store: Store,
    rates: Arc<Rates>,
}

impl Registry {
    /// Opens the database, without migrating it.
    ///
    /// # Errors
    /// When the URL is wrong or the database does not answer.
    pub async fn connect(url: &str, settings: &DatabaseSettings) -> Result<Self> {
        Ok(Self { store: Store::connect(url, settings).await?, rates: Arc::default() })
    }

    /// The same registry, asked no more often than this.
    #[must_use]
    pub fn limited(self, settings: &RateSettings) -> Self {
        Self { rates: Rates::new(settings).into(), ..self }
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
        Ok(self.store.migrations().await?)
    }

    /// Whether requests can be served: the database answers and its schema is at least what this
    /// program needs.
    ///
    /// # Errors
    /// When not, saying what is missing.
    pub async fn ready(&self) -> Result<()> {
        let pending = self.migrations().await?.iter().filter(|(_, applied)| !applied).count();
        if pending > 0 {
            return Err(Error::Unavailable {
                public: "The database schema is older than this program: run the migrations",
                internal: format!("{pending} migrations are pending"),
            });
        }
        Ok(())
    }

    /// The context of one request.
    #[must_use]
    pub fn context(&self, caller: Caller) -> Ctx {
        Ctx::new(self.store.clone(), Arc::clone(&self.rates), caller)
    }

    /// Closes the database, waiting for what runs.
    ///
    /// # Errors
    /// When it cannot be closed.
    pub async fn close(self) -> Result<()> {
        Ok(self.store.close().await?)
    }
}
