//! Connections: how they are taken, how long a request's head may take and how large it may be.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::layers::Service;
use crate::config::HttpLimits;

/// Most bytes of the head of a request: its method, path, query and headers.
const MAX_HEAD_BYTES: usize = 256 * 1024;

/// Most headers of a request.
const MAX_HEADERS: usize = 100;

/// Takes connections until told to stop, then waits until those that are open have finished what runs. A
/// connection whose next request does not say all of its head within `head_timeout` is closed. Beyond
/// `max_connections` nobody is taken, and the system's queue holds who asks, until a connection is closed.
pub async fn serve(
    mut listener: TcpListener,
    router: Service,
    limits: &HttpLimits,
    stop: impl Future<Output = ()>,
) {
    let (connections, stopping) = (TaskTracker::new(), CancellationToken::new());
    let places = Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    tokio::pin!(stop);
    loop {
        // Waits a moment where a connection cannot be taken, as when there are too many open files.
        let taken = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, Listener::accept(&mut listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            taken = taken => taken,
            () = &mut stop => break,
        };
        let connection = connection(http.clone(), stream, peer, router.clone(), stopping.clone());
        connections.spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    stopping.cancel();
    connections.close();
    connections.wait().await;
}

async fn connection(
    http: http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    router: Service,
    stopping: CancellationToken,
) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move {
            Ok::<Response, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {}))
        }
    });
    let connection = http.serve_connection(TokioIo::new(stream), answer).with_upgrades();
    tokio::pin!(connection);
    // What fails here is the other end's: it went away, or spoke no HTTP.
    tokio::select! {
        _ = &mut connection => return,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    _ = connection.await;
}
