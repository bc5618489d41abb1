//! Connections: how they are taken, how long a request's head may take and how large it may be.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::descriptors::room_for;
use super::layers::Service;
use crate::config::HttpLimits;

/// Most bytes of the head of a request: its method, path, query and headers.
const MAX_HEAD_BYTES: usize = 256 * 1024;

/// How long somebody waits for the place of one connection before the next one is asked for its own.
const PACE: Duration = Duration::from_millis(10);

/// Most headers of a request.
const MAX_HEADERS: usize = 100;

/// Takes connections until told to stop, then waits until those that are open have finished what runs. A
/// connection whose next request does not say all of its head within `head_timeout` is closed. Beyond
/// `max_connections`, or what the system gives files for, nobody is taken, and the system's queue holds who asks,
/// until a connection is closed; those over which nothing is asked at the moment are, so that who asks has a turn.
pub async fn serve(
    mut listener: TcpListener,
    router: Service,
    limits: &HttpLimits,
    stop: impl Future<Output = ()>,
) {
    let (connections, stopping) = (TaskTracker::new(), CancellationToken::new());
    let places = Arc::new(Semaphore::new(room_for(limits.max_connections)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    let crowded = Arc::new(Notify::new());
    tokio::pin!(stop);
    loop {
        let taken = async {
            // Waits a moment where a connection cannot be taken, as when there are too many open files.
            let (stream, peer) = Listener::accept(&mut listener).await;
            (place_among(&places, &crowded).await, stream, peer)
        };
        let (place, stream, peer) = tokio::select! {
            taken = taken => taken,
            () = &mut stop => break,
        };
        let ends = Ends { stopping: stopping.clone(), crowded: Arc::clone(&crowded) };
        let connection = connection(http.clone(), stream, peer, router.clone(), ends);
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

/// A place for a connection. While there is none, one open connection after the other is asked for its own.
async fn place_among(places: &Arc<Semaphore>, crowded: &Notify) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    loop {
        crowded.notify_one();
        if let Ok(place) = timeout(PACE, Arc::clone(places).acquire_owned()).await {
            return place.ok();
        }
    }
}

/// Why a connection is to be closed when what runs on it is answered.
struct Ends {
    /// The process stops.
    stopping: CancellationToken,
    /// Somebody waits for a place.
    crowded: Arc<Notify>,
}

async fn connection(http: http1::Builder, stream: TcpStream, peer: SocketAddr, router: Service, ends: Ends) {
    let first = Arc::new(Notify::new());
    let has_asked = Arc::clone(&first);
    let answer = service_fn(move |request: Request<Incoming>| {
        has_asked.notify_one();
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
        () = ends.stopping.cancelled() => {}
        // Whoever has not asked yet is not sent away for those who came later.
        () = async { first.notified().await; ends.crowded.notified().await } => {}
    }
    connection.as_mut().graceful_shutdown();
    _ = connection.await;
}
