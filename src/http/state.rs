//! What every handler may ask for.

use std::sync::Arc;

use axum::extract::FromRef;

use super::sockets::Sockets;
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
    /// The connections that outlive their request.
    pub sockets: Sockets,
}

impl AppState {
    /// The state with the contract's limits.
    #[must_use]
    pub fn new(registry: Registry, verifier: Verifier) -> Self {
        Self::with_limits(registry, verifier, HttpLimits::default())
    }

    /// The state with other limits.
    #[must_use]
    pub fn with_limits(registry: Registry, verifier: Verifier, limits: HttpLimits) -> Self {
        let registry = registry.limited(&limits.rates.settings());
        Self { registry, verifier, limits: Arc::new(limits), sockets: Sockets::default() }
    }
}
