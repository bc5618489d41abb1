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
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::coop::consume_budget;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::layers::Service;
use super::places::NoRoom;
use super::room::{Entered, Leave, Room};
use super::turns::{InTurn, Turns};
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
/// may ask one thing: how the process is. Whatever else is asked then is refused. A client that takes nothing of its answer for
/// `send_timeout` is let go of. `is_crowded` tells whether requests wait for a place. Dropped before it is done, this ends all
/// connections, whatever is under way.
pub async fn serve(
    mut listener: TcpListener,
    router: Service,
    limits: &HttpLimits,
    is_crowded: impl Fn() -> bool,
    stop: impl Future<Output = ()>,
) {
    let connections = TaskTracker::new();
    let room = Arc::new(Room::new(limits.max_connections, limits.head_timeout, limits.send_timeout));
    let _over = room.over_when_dropped();
    let turns = Arc::new(Turns::new());
    let mut http = http1::Builder::new();
    // The room sees to it for all connections at once.
    http.header_read_timeout(None).max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD_BYTES);
    let serving = async {
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
            let host = Host { http: http.clone(), router: router.clone(), turns: Arc::clone(&turns) };
            let room = Arc::clone(&room);
            connections.spawn(async move {
                if let Some(_place) = room.place().await {
                    drop(at_the_door);
                    host.serve(stream, peer, &room.enter()).await;
                } else {
                    _ = timeout(AT_THE_DOOR, host.turn_away(stream, peer)).await;
                    drop(at_the_door);
                }
            });
        }
        drop(listener);
        room.close();
        connections.close();
        connections.wait().await;
    };
    tokio::select! {
        () = serving => {}
        () = room.watch() => {}
        () = turns.keep_on(is_crowded) => {}
    }
}

/// What a connection is served with.
struct Host {
    http: http1::Builder,
    router: Service,
    turns: Arc<Turns>,
}

impl Host {
    async fn serve(self, stream: TcpStream, peer: SocketAddr, place: &Entered) {
        let (router, asking) = (self.router, Arc::clone(place.guest()));
        let answer = service_fn(move |request: Request<Incoming>| {
            asking.asks();
            let guest = Arc::clone(&asking);
            let answering = router.answer(request, Some(peer));
            async move {
                // What is told from memory waits for nothing: without this, whoever asks again and again would keep a thread.
                consume_budget().await;
                let Ok(mut response) = answering.await;
                let status = response.status();
                let may_be_last =
                    status != StatusCode::SERVICE_UNAVAILABLE && status != StatusCode::SWITCHING_PROTOCOLS;
                if guest.is_answered(may_be_last) {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<Response, Infallible>(response)
            }
        });
        let stream = InTurn::new(stream, Arc::clone(place.guest()), self.turns);
        let connection = self.http.serve_connection(TokioIo::new(stream), answer).with_upgrades();
        tokio::pin!(connection);
        loop {
            // What fails here is the other end's: it went away, or spoke no HTTP.
            let why = tokio::select! {
                biased;
                _ = &mut connection => return,
                why = place.leaves() => why,
            };
            if why == Leave::AtOnce || (why == Leave::Idle && !place.guest().has_asked()) {
                return;
            }
            // Behind the answer that is under way, if one is.
            connection.as_mut().graceful_shutdown();
        }
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
