//! One subscription from its beginning to its end.

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::types::Selection;
use futures_util::stream::{self, Stream};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::Occasion;
use crate::domain::error::{AuthenticationFailure, Error};
use crate::graphql::door::{Answer, Asker, Door};
use crate::graphql::error::{code, finish, request_error, server_error};
use crate::graphql::request::Prepared;
use crate::service::Caller;
use crate::service::change::Watch;

/// What comes out of a subscription. The last two end it.
#[derive(Debug)]
pub enum Told {
    /// The answer for one change.
    Answer(Answer),
    /// It did not begin, or cannot go on.
    Failed(Vec<ServerError>),
    /// The caller's token is no longer taken.
    Unauthenticated(AuthenticationFailure),
}

/// Whoever subscribes: asked anew for each change, because tokens expire and keys are taken back.
pub trait Subscriber: Send + Sync + 'static {
    /// Who it is, as its token says now.
    fn caller(&self) -> impl Future<Output = Caller> + Send;

    /// The id under which it is logged.
    fn request_id(&self) -> Option<String>;
}

/// What a subscription tells from now on.
pub fn tell<S: Subscriber>(
    door: Door,
    prepared: Prepared,
    subscriber: Arc<S>,
) -> impl Stream<Item = Told> + Send {
    let subscription = Subscription { door, prepared, subscriber, watch: None };
    stream::unfold(Some(subscription), async |subscription| {
        let mut subscription = subscription?;
        match subscription.next().await {
            Ok(answer) => Some((Told::Answer(answer), Some(subscription))),
            Err(end) => Some((end?, None)),
        }
    })
}

struct Subscription<S> {
    door: Door,
    prepared: Prepared,
    subscriber: Arc<S>,
    /// None before it began.
    watch: Option<Watch>,
}

impl<S: Subscriber> Subscription<S> {
    /// The answer for the next change, or how it ends; none when without a word.
    async fn next(&mut self) -> Result<Answer, Option<Told>> {
        let mut watch = match self.watch.take() {
            Some(watch) => watch,
            None => self.begin().await?,
        };
        loop {
            let change = watch.next().await.map_err(|error| self.failed(error))?;
            let caller = self.caller().await?;
            // What was read for this is let go of before the run reads: nobody who has a connection waits for another.
            let may_tell = {
                let ctx = self.door.registry().context(caller.clone());
                watch.may_tell(&ctx, &change).await.map_err(|error| self.failed(error))?
            };
            if may_tell {
                self.watch = Some(watch);
                return Ok(self.run(caller, Occasion::Change(change).into()).await);
            }
        }
    }

    async fn begin(&self) -> Result<Watch, Option<Told>> {
        self.check_root().map_err(|error| Told::Failed(vec![error]))?;
        let occasion = Arc::new(Occasion::beginning());
        let caller = self.caller().await?;
        self.door.count(&caller).map_err(|error| Told::Failed(vec![error]))?;
        let answer = self.run(caller, Arc::clone(&occasion)).await;
        if !answer.errors.is_empty() {
            return Err(Some(Told::Failed(answer.errors)));
        }
        // Nothing is waited for when a directive leaves the only field out.
        occasion.take_watch().ok_or(None)
    }

    async fn caller(&self) -> Result<Caller, Told> {
        match self.subscriber.caller().await {
            Ok(principal) => Ok(Ok(principal)),
            Err(failure) => Err(Told::Unauthenticated(failure)),
        }
    }

    /// Runs it in a task of its own, so that it goes on, and ends in time, while its client does not read.
    async fn run(&self, caller: Caller, occasion: Arc<Occasion>) -> Answer {
        let asker = Asker::new(caller, self.subscriber.request_id());
        let (door, prepared) = (self.door.clone(), self.prepared.clone());
        let run = async move { door.run_on(prepared, asker, Some(occasion)).await };
        let run = AbortOnDropHandle::new(tokio::spawn(run.in_current_span())).await;
        run.unwrap_or_else(|error| {
            self.door.refused(server_error(Error::internal(format!("a run broke off: {error}"))))
        })
    }

    /// One change, one answer: a subscription has one field, as the specification says.
    fn check_root(&self) -> Result<(), ServerError> {
        let items = self.prepared.operation().map(|operation| operation.selection_set.node.items.as_slice());
        match items {
            Some([selection]) if matches!(selection.node, Selection::Field(_)) => Ok(()),
            _ => Err(request_error(
                code::GRAPHQL_VALIDATION_FAILED,
                "A subscription selects one field, and not through a fragment",
            )),
        }
    }

    fn failed(&self, error: Error) -> Told {
        let mut errors = vec![server_error(error)];
        finish(&mut errors, 1, self.subscriber.request_id().as_deref());
        Told::Failed(errors)
    }
}
