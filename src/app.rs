//! The whole program behind one router, and how it is served and stopped.

use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::http::{StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::config::HttpArgs;
use crate::graphql;
use crate::http;
pub use crate::http::{AppState, Traces, left_for_clients};
use crate::metrics::CONTENT_TYPE;
use crate::rest;

/// How long running requests may take to finish when the process is told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// How long the database may take to be closed behind that. Both together are less than what stops a process by force.
const CLOSING: Duration = Duration::from_secs(5);

/// What the router is made with, beside the state.
#[derive(Debug, Clone, Default)]
pub struct RouterOptions {
    /// Origins whose pages may ask from a browser.
    pub cors_origins: Vec<String>,
    /// The public half of the development key, to be shown at `/.well-known/jwks.json`.
    pub dev_jwks: Option<Value>,
    /// What GraphQL shows of itself, and which operations it runs.
    pub graphql: graphql::Options,
    /// Where spans go, if anywhere.
    pub traces: Option<Traces>,
}

/// Every route of the program within its layers.
pub fn router(state: &AppState, options: RouterOptions) -> http::Service {
    let mut routes = Router::new().merge(rest::router()).merge(graphql::router(state, options.graphql));
    if let Some(jwks) = options.dev_jwks {
        routes = routes.route("/.well-known/jwks.json", get(async || Json(jwks)));
    }
    http::with_layers(routes, state, &options.cors_origins, options.traces)
}

/// What is counted of the process, for Prometheus, at an address of its own: whoever reaches it needs no token.
pub fn metrics_router(state: &AppState) -> Router {
    let metrics = state.registry.metrics().clone();
    let text = async move || match metrics.text() {
        Ok(text) => Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text)),
        Err(error) => {
            tracing::error!(%error, "the figures cannot be written");
            Err(StatusCode::INTERNAL_SERVER_ERROR)
        }
    };
    Router::new().route("/metrics", get(text))
}

/// Where a process is reached.
pub struct Listeners {
    /// The doors.
    doors: TcpListener,
    /// What is counted, if anybody is to know.
    metrics: Option<TcpListener>,
}

impl Listeners {
    /// Listens on the addresses of the settings.
    ///
    /// # Errors
    /// When one is taken or none of this machine's.
    pub fn bind(args: &HttpArgs) -> anyhow::Result<Self> {
        let metrics = match args.metrics_listen {
            Some(address) => Some(listen(address)?),
            None => None,
        };
        Ok(Self { doors: listen(args.listen)?, metrics })
    }

    /// The address of the doors.
    ///
    /// # Errors
    /// When the system does not tell it.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.doors.local_addr()?)
    }
}

/// How many the system lets wait to be taken. Those beyond come again by themselves after a second; a longer queue would be of
/// those who have gone.
const BACKLOG: u32 = 128;

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listening = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A port is free again when who listened on it has ended.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listening().with_context(|| format!("cannot listen on {address}"))
}

/// What tells a process to stop: SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Hears them from now on. Until then they are nothing to a process that is the first of its container.
    ///
    /// # Errors
    /// When they cannot be heard.
    fn heard() -> anyhow::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Does something to its end, or until the process is told to stop: then there is nothing.
    async fn unless_told<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.told() => None,
        }
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A registry that is ready to be served.
pub struct Started {
    /// Where.
    pub listeners: Listeners,
    /// What.
    pub router: http::Service,
    /// What it is served from.
    pub state: AppState,
    /// Where its spans go, if anywhere.
    pub traces: Option<Traces>,
    /// Keeps other programs from writing past it, until all is over.
    pub lock: Option<File>,
}

/// Starts a registry and serves it until the process is told to stop, which it may be while it starts.
///
/// # Errors
/// When it cannot be started, signals cannot be heard, or the database cannot be closed.
pub async fn run(start: impl Future<Output = anyhow::Result<Started>>) -> anyhow::Result<()> {
    let mut signals = Signals::heard()?;
    let Some(started) = signals.unless_told(start).await else {
        tracing::info!("stopping before anything was served");
        return Ok(());
    };
    let Started { listeners, router, state, traces, lock: _lock } = started?;
    let served = serve(listeners, router, state, signals).await;
    if let Some(traces) = traces {
        traces.finish().await;
    }
    served
}

/// Serves until the process is told to stop, then finishes what runs and closes the
/// database. What still runs after a grace is broken off, and is there as a whole or not at all.
///
/// # Errors
/// When the database cannot be closed.
async fn serve(
    listeners: Listeners,
    router: http::Service,
    state: AppState,
    mut signals: Signals,
) -> anyhow::Result<()> {
    let Listeners { doors: listener, metrics } = listeners;
    let _metrics = metrics.map(|listener| {
        AbortOnDropHandle::new(tokio::spawn(axum::serve(listener, metrics_router(&state)).into_future()))
    });
    let (stop, mut stopping) = watch::channel(());
    let told = async move {
        signals.told().await;
        tracing::info!("stopping: no new requests, {} s for those that run", GRACE.as_secs());
        drop(stop);
    };
    let told = tokio::spawn(told);
    let mut also_stopping = stopping.clone();
    let sockets = state.sockets.clone();
    let is_crowded = || state.registry.places().are_waited_for();
    let server = http::serve(listener, router, &state.limits, is_crowded, async move {
        _ = stopping.changed().await;
        sockets.stop();
    });
    let finished = async {
        server.await;
        state.sockets.close().await;
    };
    tokio::select! {
        () = finished => {}
        () = async {
            _ = also_stopping.changed().await;
            tokio::time::sleep(GRACE).await;
        } => tracing::warn!("some requests did not finish in time and are broken off"),
    }
    state.sockets.end();
    told.abort();
    match tokio::time::timeout(CLOSING, state.registry.clone().close()).await {
        Ok(closed) => closed.map_err(|error| anyhow::anyhow!("cannot close the database: {error:?}")),
        Err(_) => anyhow::bail!(
            "the database did not close in time: {} entries of the audit trail may be lost",
            state.registry.unrecorded()
        ),
    }
}
