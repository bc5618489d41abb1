//! Connections: how they are taken, how long a request's head may take and how large it may be.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::coop::consume_budget;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::layers::Service;
use super::places::NoRoom;
use super::room::{Guest, Room};
use crate::config::HttpLimits;

/// Most bytes of the head of a request: its method, path, query and headers.
const MAX_HEAD_BYTES: usize = 256 * 1024;

/// Most headers of a request.
const MAX_HEADERS: usize = 100;

/// How long who is turned away may take for everything.
const AT_THE_DOOR: Duration = Duration::from_secs(1);

/// Takes connections until told to stop, then waits until those that are open have finished what runs. A
/// connection whose next request does not say all of its head within `head_timeout` is closed. Beyond
/// `max_connections`, or what the system gives files for, who comes has the place of somebody who asks nothing at the moment, or
/// may ask one thing: how the process is. Whatever else is asked then is refused.
pub async fn serve(
    mut listener: TcpListener,
    router: Service,
    limits: &HttpLimits,
    stop: impl Future<Output = ()>,
) {
    let (connections, stopping) = (TaskTracker::new(), CancellationToken::new());
    let room = Arc::new(Room::new(limits.max_connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    tokio::pin!(stop);
    loop {
        let taken = async {
            let at_the_door = room.door().await;
            // Waits a moment where a connection cannot be taken, as when there are too many open files.
            let (stream, peer) = Listener::accept(&mut listener).await;
            (at_the_door, stream, peer)
        };
        let (at_the_door, stream, peer) = tokio::select! {
            taken = taken => taken,
            () = &mut stop => break,
        };
        let host = Host {
            http: http.clone(),
            router: router.clone(),
            room: Arc::clone(&room),
            stopping: stopping.clone(),
        };
        connections.spawn(async move {
            if let Some(_place) = host.room.place().await {
                drop(at_the_door);
                host.serve(stream, peer).await;
            } else {
                _ = timeout(AT_THE_DOOR, host.turn_away(stream, peer)).await;
                drop(at_the_door);
            }
        });
    }
    drop(listener);
    stopping.cancel();
    connections.close();
    connections.wait().await;
}

/// What a connection is served with.
struct Host {
    http: http1::Builder,
    router: Service,
    room: Arc<Room>,
    /// The process stops: what runs is answered, and nothing more.
    stopping: CancellationToken,
}

impl Host {
    async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        let guest = Arc::new(Guest::new(self.room.now()));
        let (room, asking, router) = (Arc::clone(&self.room), Arc::clone(&guest), self.router);
        let answer = service_fn(move |request: Request<Incoming>| {
            asking.asks();
            let (room, guest) = (Arc::clone(&room), Arc::clone(&asking));
            let answering = router.answer(request, Some(peer));
            async move {
                // What is told from memory waits for nothing: without this, whoever asks again and again would keep a thread.
                consume_budget().await;
                let Ok(mut response) = answering.await;
                let is_answer = response.status() != StatusCode::SERVICE_UNAVAILABLE;
                if is_answer && response.status() != StatusCode::SWITCHING_PROTOCOLS && room.is_last() {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                guest.is_answered(room.now());
                Ok::<Response, Infallible>(response)
            }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), answer).with_upgrades();
        tokio::pin!(connection);
        // What fails here is the other end's: it went away, or spoke no HTTP.
        tokio::select! {
            _ = &mut connection => return,
            () = self.stopping.cancelled() => {}
            () = self.room.wants(&guest) => if !guest.has_asked() { return },
        }
        connection.as_mut().graceful_shutdown();
        _ = connection.await;
    }

    /// Answers the one request of somebody for whom there is no room.
    async fn turn_away(mut self, stream: TcpStream, peer: SocketAddr) {
        let router = self.router;
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(NoRoom);
            router.answer(request, Some(peer))
        });
        _ = self.http.keep_alive(false).serve_connection(TokioIo::new(stream), answer).await;
    }
}
