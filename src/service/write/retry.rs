//! A request that may be asked again: its answer is kept in the transaction of its effect.

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Edit, Step, Write};
use crate::domain::code::Code;
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::retry::{Answer, KEPT_MICROS, RequestKey};
use crate::domain::timestamp::Timestamp;
use crate::service::Result;
use crate::store::kept_answers;

/// What it takes to answer a request once, however often it is asked.
pub struct Once<T> {
    /// Under which key, and for which request.
    pub key: RequestKey,
    /// What the answer to the caller is.
    pub answer: fn(&T) -> Answer,
}

/// What became of a request that may be asked again.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It was done now.
    Done(T),
    /// It was done before, and answered so.
    Repeated(Answer),
}

/// Done under a key, it may be about one member.
pub(super) trait About {
    /// The member it is about.
    fn member_id(&self) -> Option<Uuid>;
}

impl Write<'_> {
    /// Does `work` on the community, alone, for a caller who may do all of this there, unless it was done
    /// before under the same key.
    pub(super) async fn run_once<'r, T: About + Send>(
        self,
        needs: &[Operation],
        once: Option<&Once<T>>,
        work: impl Fn(Edit) -> BoxFuture<'r, Step<(Edit, T)>> + Send + Sync,
    ) -> Result<Outcome<T>> {
        self.noted(async {
            self.authorise(needs)?;
            let outcome = answered(self, once, work).await?;
            if matches!(outcome, Outcome::Repeated(_)) {
                self.ctx.trail().note_count(self.name, self.community, 0);
            }
            Ok(outcome)
        })
        .await
    }
}

async fn answered<'r, T: About + Send>(
    write: Write<'_>,
    once: Option<&Once<T>>,
    work: impl Fn(Edit) -> BoxFuture<'r, Step<(Edit, T)>> + Send + Sync,
) -> Result<Outcome<T>> {
    let store = write.ctx.store();
    let _claim = match once {
        Some(once) => Some(store.claim(&once.key.id).ok_or_else(in_use)?),
        None => None,
    };
    let (now, work) = (write.ctx.now(), &work);
    let done = store.write(|handle| async move {
        if let Some(once) = once {
            if !kept_answers::claim(&handle, &once.key).await? {
                return Err(in_use().into());
            }
            if let Some(kept) = kept_answers::find(&handle, &once.key, now).await? {
                if kept.request == once.key.request {
                    return Ok(Outcome::Repeated(kept.answer));
                }
                let detail = "The Idempotency-Key came with another request before".to_owned();
                return Err(Error::Unprocessable { code: Code::IdempotencyKeyReused, detail }.into());
            }
        }
        let (edit, done) = work(write.open(handle).await?).await?;
        if let Some(once) = once {
            let about = (edit.community.id, done.member_id());
            let until = Timestamp::from_micros(now.as_micros() + KEPT_MICROS);
            kept_answers::keep(&edit.handle, &once.key, &(once.answer)(&done), about, (now, until)).await?;
        }
        Step::Ok(Outcome::Done(done))
    });
    Ok(done.await?)
}

fn in_use() -> Error {
    Error::conflict(
        Code::IdempotencyKeyInUse,
        "A request with this Idempotency-Key is being answered; ask again in a moment",
    )
}
