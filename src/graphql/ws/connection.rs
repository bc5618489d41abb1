//! One socket from its first message to its end. Everything of it runs in one task, one message at a time:
//! while the client does not read what it was sent, nothing more is read from it or made for it.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::ServerError;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_stream::{StreamExt as _, StreamMap};

use super::close::Close;
use super::message::{ClientMessage, ServerMessage};
use super::operation::{Operation, Output};
use super::session::Session;
use crate::auth::Verifier;
use crate::config::HttpLimits;
use crate::domain::error::AuthenticationFailure;
use crate::graphql::door::Door;
use crate::graphql::error::{code, request_error, server_error};
use crate::graphql::limits::check_variables_text;
use crate::graphql::request::{Parameters, Prepared};
use crate::graphql::subscription::Subscriber as _;
use crate::http::{AppState, ClientAddress, Open, RequestId};
use crate::service::Registry;

/// How deep the variables of an operation stand in a payload: in the payload, as its variables.
const AROUND_VARIABLES: usize = 2;

/// A socket whose other end speaks the protocol.
pub struct Connection {
    socket: WebSocket,
    door: Door,
    verifier: Verifier,
    limits: Arc<HttpLimits>,
    registry: Registry,
    request_id: RequestId,
    address: ClientAddress,
    /// By the id that the client gave them.
    operations: StreamMap<String, Operation>,
    /// Whether anything came since it was last asked.
    heard: bool,
}

/// How a socket ends: with a word, or without one when the other end is gone.
type End = Option<Close>;

enum Event {
    Received(Received),
    Output(String, Output),
    Ping,
}

enum Received {
    Text(Utf8Bytes),
    /// A ping or pong of the WebSocket itself, which the library answers.
    Sign,
}

impl Connection {
    /// A connection that is not acknowledged yet.
    pub fn new(
        socket: WebSocket,
        door: Door,
        state: &AppState,
        request_id: RequestId,
        address: ClientAddress,
    ) -> Self {
        let (registry, verifier) = (state.registry.clone(), state.verifier.clone());
        let limits = Arc::clone(&state.limits);
        let operations = StreamMap::new();
        Self { socket, door, verifier, limits, registry, request_id, address, operations, heard: true }
    }

    /// Speaks with the other end until either has had enough.
    pub async fn serve(mut self, open: &Open) {
        let end = match self.begin(open).await {
            Ok(session) => self.converse(Arc::new(session), open).await,
            Err(end) => end,
        };
        // What still runs has nobody to tell.
        self.operations.clear();
        match end {
            Some(close) => {
                tracing::info!(code = close.code(), "closed");
                close.send(&mut self.socket).await;
            }
            None => tracing::info!("the other end closed"),
        }
    }

    /// Waits for the client to say who it is.
    async fn begin(&mut self, open: &Open) -> Result<Session, End> {
        let limit = self.limits.socket_init_timeout;
        let session = tokio::select! {
            begun = timeout(limit, self.init()) => begun.map_err(|_| Close::INIT_TIMEOUT)??,
            () = open.stopping() => return Err(Close::GOING_AWAY.into()),
        };
        self.say(&ServerMessage::ConnectionAck).await?;
        Ok(session)
    }

    async fn init(&mut self) -> Result<Session, End> {
        loop {
            let Received::Text(text) = receive(&mut self.socket).await? else { continue };
            match ClientMessage::read(&text)? {
                ClientMessage::ConnectionInit(payload) => {
                    let (verifier, request_id) = (self.verifier.clone(), self.request_id.clone());
                    return Ok(Session::begin(payload, verifier, request_id).await?);
                }
                ClientMessage::Subscribe(..) => return Err(Close::UNAUTHORIZED.into()),
                ClientMessage::Ping => self.say(&ServerMessage::Pong).await?,
                ClientMessage::Complete(_) | ClientMessage::Pong => {}
            }
        }
    }

    async fn converse(&mut self, session: Arc<Session>, open: &Open) -> End {
        let expired = sleep(session.time_left());
        tokio::pin!(expired);
        let interval = self.limits.socket_ping_interval;
        let mut pings = interval_at(Instant::now() + interval, interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let finishing = self.operations.values().any(|operation| !operation.lasts());
            let event = tokio::select! {
                received = receive(&mut self.socket) => match received {
                    Ok(received) => Event::Received(received),
                    Err(end) => return end,
                },
                Some((id, output)) = self.operations.next() => Event::Output(id, output),
                _ = pings.tick() => Event::Ping,
                () = &mut expired => return Some(Close::forbidden(AuthenticationFailure::Expired)),
                () = open.stopping(), if !finishing => return Some(Close::GOING_AWAY),
            };
            if let Err(end) = self.handle(event, &session).await {
                return end;
            }
        }
    }

    async fn handle(&mut self, event: Event, session: &Arc<Session>) -> Result<(), End> {
        match event {
            Event::Received(received) => {
                self.heard = true;
                match received {
                    Received::Text(text) => self.obey(ClientMessage::read(&text)?, session).await,
                    Received::Sign => Ok(()),
                }
            }
            Event::Output(id, output) => self.pass_on(&id, output).await,
            Event::Ping => {
                if !std::mem::take(&mut self.heard) {
                    return Err(Close::SILENT.into());
                }
                session.caller().await.map_err(Close::forbidden)?;
                self.send(Message::Ping(Bytes::new())).await
            }
        }
    }

    async fn obey(&mut self, message: ClientMessage<'_>, session: &Arc<Session>) -> Result<(), End> {
        match message {
            ClientMessage::ConnectionInit(_) => Err(Close::TOO_MANY_INITS.into()),
            ClientMessage::Subscribe(id, payload) => self.start(&id, payload, session).await,
            ClientMessage::Complete(id) => {
                self.operations.remove(&*id);
                Ok(())
            }
            ClientMessage::Ping => self.say(&ServerMessage::Pong).await,
            ClientMessage::Pong => Ok(()),
        }
    }

    async fn start(&mut self, id: &str, payload: &RawValue, session: &Arc<Session>) -> Result<(), End> {
        if self.operations.contains_key(id) {
            return Err(Close::subscriber_exists(id).into());
        }
        match self.prepare(payload) {
            Ok(prepared) => {
                let operation = Operation::new(self.door.clone(), prepared, Arc::clone(session));
                self.operations.insert(id.to_owned(), operation);
                Ok(())
            }
            Err(error) => self.say(&ServerMessage::Error { id, payload: &[error] }).await,
        }
    }

    fn prepare(&self, payload: &RawValue) -> Result<Prepared, ServerError> {
        self.registry.rates().count_address(self.address.0).map_err(server_error)?;
        let limits = &self.limits.graphql;
        if self.operations.len() >= limits.socket_operations {
            let message = format!("At most {} operations run on one socket", limits.socket_operations);
            return Err(request_error(code::BAD_USER_INPUT, message));
        }
        check_variables_text(payload.get(), AROUND_VARIABLES, limits)?;
        let parameters: Parameters<'_> = serde_json::from_str(payload.get()).map_err(|error| {
            request_error(code::BAD_USER_INPUT, format!("This is no GraphQL request: {error}"))
        })?;
        parameters.check()?;
        self.door.prepare_any(parameters)
    }

    async fn pass_on(&mut self, id: &str, output: Output) -> Result<(), End> {
        match output {
            Output::Next(answer) => self.say(&ServerMessage::Next { id, payload: &answer }).await,
            Output::Failed(errors) => {
                self.operations.remove(id);
                self.say(&ServerMessage::Error { id, payload: &errors }).await
            }
            Output::Complete => {
                self.operations.remove(id);
                self.say(&ServerMessage::Complete { id }).await
            }
            Output::Unauthenticated(failure) => Err(Close::forbidden(failure).into()),
        }
    }

    async fn say(&mut self, message: &ServerMessage<'_>) -> Result<(), End> {
        let text = serde_json::to_string(message).map_err(|_| None)?;
        self.send(Message::Text(text.into())).await
    }

    /// Sends, and gives up on a client that does not read.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        let patience: Duration = self.limits.socket_ping_interval;
        match timeout(patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(None),
        }
    }
}

/// What comes next. May be given up while it waits.
async fn receive(socket: &mut WebSocket) -> Result<Received, End> {
    match socket.recv().await {
        Some(Ok(Message::Text(text))) => Ok(Received::Text(text)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Received::Sign),
        Some(Ok(Message::Binary(_))) => Err(Close::bad_request("Messages are text").into()),
        Some(Err(_)) => Err(Close::BROKEN.into()),
        Some(Ok(Message::Close(_))) | None => Err(None),
    }
}
