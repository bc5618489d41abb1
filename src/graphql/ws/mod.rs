//! GraphQL over WebSockets: the protocol `graphql-transport-ws`, at `/graphql/ws`.
//!
//! The library speaks it too, but hands every text straight to its parser. Here an operation goes through
//! the same door as over HTTP: it is looked at first, held to the same limits, and answered in the same
//! shape.
//!
//! No page is kept out by its `Origin`: a socket carries no cookie, and nothing is answered before the
//! client has sent a token, which no page has of somebody else. That is what a check of the origin is for
//! where cookies tell who is asking.

mod close;
mod connection;
mod message;
mod operation;
mod session;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, any};
use tracing::Instrument as _;

use self::close::Close;
use self::connection::Connection;
use super::door::Door;
use crate::http::{AppState, ClientAddress, RequestId, problem};

/// Where sockets are opened.
pub const PATH: &str = "/graphql/ws";

/// The only protocol that is spoken.
const PROTOCOL: &str = "graphql-transport-ws";

/// The route of sockets.
pub fn route(door: Door) -> MethodRouter<AppState> {
    any(
        async move |State(state): State<AppState>,
                    Extension(id): Extension<RequestId>,
                    Extension(address): Extension<ClientAddress>,
                    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>| {
            open(door, state, id, address, upgrade)
        },
    )
}

fn open(
    door: Door,
    state: AppState,
    id: RequestId,
    address: ClientAddress,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return problem::answer(rejection.status(), "This route is for WebSockets"),
    };
    let graphql = &state.limits.graphql;
    let Some(open) = state.sockets.open(graphql.sockets) else {
        return problem::answer(StatusCode::SERVICE_UNAVAILABLE, "There are too many WebSockets; try again");
    };
    let span = tracing::info_span!("socket", id = id.as_str());
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(graphql.body_bytes)
        .max_frame_size(graphql.body_bytes)
        .on_upgrade(async move |mut socket: WebSocket| {
            let speaks = socket.protocol().is_some_and(|protocol| protocol == PROTOCOL);
            let session = async {
                if speaks {
                    Connection::new(socket, door, &state, id, address).serve(&open).await;
                } else {
                    Close::SUBPROTOCOL.send(&mut socket).await;
                }
            };
            tokio::select! {
                () = session.instrument(span) => {}
                () = open.over() => {}
            }
        })
}
