//! What every handler may ask for.

use std::sync::Arc;

use axum::extract::FromRef;

use crate::auth::Verifier;
use crate::config::HttpLimits;
use crate::service::Registry;

/// What every handler may ask for, as a whole or one by one. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The registry.
    pub registry: Registry,
    /// Verifies bearer tokens.
    pub verifier: Verifier,
    /// What a request may take.
    pub limits: Arc<HttpLimits>,
}

impl AppState {
    /// The state with the contract's limits.
    #[must_use]
    pub fn new(registry: Registry, verifier: Verifier) -> Self {
        Self { registry, verifier, limits: Arc::default() }
    }
}
