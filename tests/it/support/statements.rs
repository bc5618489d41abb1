//! What is sent to the database, statement by statement.

use std::sync::{Arc, Mutex, PoisonError};

use rec_registry::service::{DatabaseSettings, OnStatement};

/// The SQL of the statements that were sent, without BEGIN and COMMIT. Clones see the same.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// Settings of a database whose statements are seen here.
    pub fn watched(&self) -> DatabaseSettings {
        let seen = Arc::clone(&self.0);
        let on_statement: OnStatement =
            Arc::new(move |sql| seen.lock().unwrap_or_else(PoisonError::into_inner).push(sql.to_owned()));
        DatabaseSettings { on_statement: Some(on_statement), ..DatabaseSettings::default() }
    }

    /// The statements since this was last asked.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
