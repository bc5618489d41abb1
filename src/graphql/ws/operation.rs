//! One operation on a socket, and what comes out of it.

use std::future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};

use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::session::Session;
use crate::domain::error::{AuthenticationFailure, Error};
use crate::graphql::door::{Answer, Asker, Door};
use crate::graphql::error::server_error;
use crate::graphql::request::Prepared;
use crate::graphql::subscription::{Subscriber as _, Told, tell};

/// What comes out of an operation.
#[derive(Debug)]
pub enum Output {
    /// An answer.
    Next(Answer),
    /// It was not run, or cannot go on. Nothing comes behind it.
    Failed(Vec<ServerError>),
    /// There is no further answer.
    Complete,
    /// The client's token is no longer taken.
    Unauthenticated(AuthenticationFailure),
}

/// An operation, which is broken off when it is dropped.
pub struct Operation {
    outputs: BoxStream<'static, Output>,
    lasts: bool,
}

impl Operation {
    /// Runs an operation.
    pub fn new(door: Door, prepared: Prepared, session: Arc<Session>) -> Self {
        let lasts = prepared.operation_type() == Some(OperationType::Subscription);
        let end = stream::once(future::ready(Output::Complete));
        let outputs = if lasts {
            tell(door, prepared, session).map(Output::from).chain(end).boxed()
        } else {
            // In a task of its own: while the socket waits for a client that does not read, it goes on and ends in time.
            let answer = tokio::spawn(answer(door.clone(), prepared, session).in_current_span());
            let answer = AbortOnDropHandle::new(answer);
            let told = async move {
                let broken = |error| Error::internal(format!("an operation broke off: {error}"));
                answer
                    .await
                    .unwrap_or_else(|error| Output::Failed(door.refused(server_error(broken(error))).errors))
            };
            stream::once(told).chain(end).boxed()
        };
        Self { outputs, lasts }
    }

    /// Whether it goes on until somebody ends it.
    pub fn lasts(&self) -> bool {
        self.lasts
    }
}

impl Stream for Operation {
    type Item = Output;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Output>> {
        self.outputs.poll_next_unpin(context)
    }
}

impl From<Told> for Output {
    fn from(told: Told) -> Self {
        match told {
            Told::Answer(answer) => Self::Next(answer),
            Told::Failed(errors) => Self::Failed(errors),
            Told::Unauthenticated(failure) => Self::Unauthenticated(failure),
        }
    }
}

async fn answer(door: Door, prepared: Prepared, session: Arc<Session>) -> Output {
    let caller = match session.caller().await {
        Ok(principal) => Ok(principal),
        Err(failure) => return Output::Unauthenticated(failure),
    };
    let answer = match door.admit(&caller).await {
        Ok(place) => door.run(prepared, Asker::new(caller, session.request_id()), place).await,
        Err(error) => door.refused(error),
    };
    match answer.data {
        None => Output::Failed(answer.errors),
        Some(_) => Output::Next(answer),
    }
}
