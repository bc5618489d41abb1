//! What every handler may ask for.

use std::ops::Deref;
use std::sync::Arc;

use super::sockets::Sockets;
use crate::auth::Verifier;
use crate::config::HttpLimits;
use crate::service::Registry;

/// What every handler may ask for. To clone it costs next to nothing: every layer does so for every request.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// What a state holds.
pub struct Parts {
    /// The registry.
    pub registry: Registry,
    /// Verifies bearer tokens.
    pub verifier: Verifier,
    /// What a request may take.
    pub limits: Arc<HttpLimits>,
    /// The connections that outlive their request.
    pub sockets: Sockets,
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
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
        let registry = registry.limited(&limits.rates.settings(), limits.places());
        let sockets = Sockets::default();
        let open = sockets.clone();
        registry.metrics().tell("websockets_open", "WebSockets that are open", move || open.count() as f64);
        Self(Arc::new(Parts { registry, verifier, limits: Arc::new(limits), sockets }))
    }
}
