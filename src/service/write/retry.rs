//! A request that may be asked again: its answer is kept in the transaction of its effect.

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Edit, Step};
use crate::domain::code::Code;
use crate::domain::error::Error;
use crate::domain::identifier::CommunityKey;
use crate::domain::retry::{Answer, KEPT_MICROS, RequestKey};
use crate::domain::timestamp::Timestamp;
use crate::service::{Ctx, Result};
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

/// Does `work` on a community, alone, unless it was done before under the same key.
pub(super) async fn in_community<'w, T: About + Send>(
    ctx: &Ctx,
    key: &CommunityKey,
    once: Option<&Once<T>>,
    work: impl Fn(Edit) -> BoxFuture<'w, Step<(Edit, T)>> + Send + Sync,
) -> Result<Outcome<T>> {
    let _claim = match once {
        Some(once) => Some(ctx.store().claim(&once.key.id).ok_or_else(in_use)?),
        None => None,
    };
    let (now, work) = (ctx.now(), &work);
    let done = ctx.store().write(|handle| async move {
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
        let (edit, done) = work(Edit::open(handle, key, now).await?).await?;
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
