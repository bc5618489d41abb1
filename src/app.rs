//! The whole program behind one router, and how it is served and stopped.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::graphql;
use crate::http;
pub use crate::http::AppState;
use crate::rest;

/// How long running requests may take to finish when the process is told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// What the router is made with, beside the state.
#[derive(Debug, Clone, Default)]
pub struct RouterOptions {
    /// Origins whose pages may ask from a browser.
    pub cors_origins: Vec<String>,
    /// The public half of the development key, to be shown at `/.well-known/jwks.json`.
    pub dev_jwks: Option<Value>,
    /// What GraphQL shows of itself, and which operations it runs.
    pub graphql: graphql::Options,
}

/// Every route of the program within its layers.
pub fn router(state: &AppState, options: RouterOptions) -> http::Service {
    let mut routes = Router::new().merge(rest::router()).merge(graphql::router(state, options.graphql));
    if let Some(jwks) = options.dev_jwks {
        routes = routes.route("/.well-known/jwks.json", get(async || Json(jwks)));
    }
    http::with_layers(routes, state, &options.cors_origins)
}

/// Listens on an address.
///
/// # Errors
/// When the address is taken or is none of this machine's.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Serves until the process is told to stop (SIGTERM, SIGINT), then finishes what runs and closes the
/// database.
///
/// # Errors
/// When signals cannot be heard, or the database cannot be closed.
pub async fn serve(listener: TcpListener, router: http::Service, state: AppState) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, mut stopping) = watch::channel(());
    let told = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new requests, {} s for those that run", GRACE.as_secs());
        drop(stop);
    };
    let told = tokio::spawn(told);
    let mut also_stopping = stopping.clone();
    let sockets = state.sockets.clone();
    let server = http::serve(listener, router, &state.limits, async move {
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
        } => tracing::warn!("some requests did not finish in time"),
    }
    told.abort();
    match tokio::time::timeout(GRACE, state.registry.clone().close()).await {
        Ok(closed) => closed.map_err(|error| anyhow::anyhow!("cannot close the database: {error:?}")),
        Err(_) => anyhow::bail!("the database did not close in time"),
    }
}
