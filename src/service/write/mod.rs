//! Runtime writes: one change of one community in one transaction. Each takes what it changes apart into
//! the values that a bundle is made of, holds the changed ones to the rules of a bundle, and writes the
//! difference. Whatever a write does not name stays as it is.

pub mod area;
pub mod asset;
mod body;
mod claims;
pub mod community;
pub mod delivery_point;
pub mod member;
pub mod operator;
mod retry;
pub mod topology_node;

use futures_util::future::BoxFuture;

use super::failure::Failure;
use super::{Ctx, Result, community as communities_service, history};
use crate::domain::community::{Community, CommunityContent};
use crate::domain::difference::EntityChange;
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::identifier::{CommunityKey, MemberKey};
use crate::domain::precondition::{Seen, Versioned};
use crate::domain::timestamp::Timestamp;
use crate::store::plan::{self, MemberEdit, Plan, StoredMember};
use crate::store::{Handle, audit, communities};

pub use retry::{Once, Outcome};

/// What a step of a write gives: a value, or why the write is not done.
type Step<T> = std::result::Result<T, Failure>;

/// A write that somebody asks for, of one community.
#[derive(Clone, Copy)]
struct Write<'w> {
    ctx: &'w Ctx,
    /// What the audit trail calls it.
    name: &'static str,
    community: &'w CommunityKey,
}

/// A write on its way: the community is locked until it is done.
struct Edit {
    handle: Handle,
    community: Community,
    now: Timestamp,
    ctx: Ctx,
    name: &'static str,
}

impl<'w> Write<'w> {
    fn new(ctx: &'w Ctx, name: &'static str, community: &'w CommunityKey) -> Self {
        Self { ctx, name, community }
    }

    /// Does `work` on the community, alone, for a caller who may do all of this there. It may be done more than
    /// once, when other writers are in the way.
    async fn run<'r, T>(
        self,
        needs: &[Operation],
        work: impl Fn(Edit) -> BoxFuture<'r, Step<T>> + Send + Sync,
    ) -> Result<T> {
        self.noted(async {
            self.authorise(needs)?;
            let work = &work;
            let done = self.ctx.store().write(|handle| async move { work(self.open(handle).await?).await });
            Ok(done.await?)
        })
        .await
    }

    /// Refuses callers who may not do all of this in the community; one out of reach does not exist for them.
    fn authorise(&self, needs: &[Operation]) -> Result<()> {
        let reaches = needs.iter().map(|&operation| self.ctx.authorise(operation));
        let reaches = reaches.collect::<Result<Vec<_>>>()?;
        let is_reached = reaches.iter().all(|reach| reach.includes(self.community));
        if is_reached { Ok(()) } else { Err(communities_service::not_found()) }
    }

    /// Puts it on the trail why a write was not done. What was done stands there by the write's own
    /// transaction.
    async fn noted<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let trail = self.ctx.trail();
        trail.reserve().await?;
        let outcome = work.await;
        if let Err(error) = &outcome {
            trail.note_error(self.name, Some(self.community), error);
        }
        outcome
    }

    async fn open(&self, handle: Handle) -> Step<Edit> {
        let community = communities::locked(&handle, self.community).await?;
        let community = community.ok_or_else(communities_service::not_found)?;
        // After the lock, so that the times of revisions are in the order of their numbers.
        let now = self.ctx.now();
        Ok(Edit { handle, community, now, ctx: self.ctx.clone(), name: self.name })
    }
}

impl Edit {
    /// Puts the end of the community on the trail: how many rows went.
    async fn record_end(&self, rows: u64) -> Step<()> {
        let deed = self.ctx.trail().deed(self.name, Some(&self.community.content.key), rows, None);
        audit::append(&self.handle, deed.into_iter()).await?;
        Ok(())
    }

    /// A member of the community, with everything it has.
    async fn member(&self, key: &MemberKey) -> Step<StoredMember> {
        let member = StoredMember::by_key(&self.handle, self.community.id, key).await?;
        Ok(member.ok_or_else(super::member::not_found)?)
    }

    /// Writes what a member should be.
    async fn save_member(&self, edit: MemberEdit) -> Step<()> {
        self.save(&self.community.content, &[edit], Vec::new()).await
    }

    /// Writes what the community's own documents should be.
    async fn save_content(&self, content: &CommunityContent) -> Step<Community> {
        self.save_content_beside(content, Vec::new()).await
    }

    /// The same, beside members that the write changed already.
    async fn save_content_beside(
        &self,
        content: &CommunityContent,
        changed: Vec<EntityChange>,
    ) -> Step<Community> {
        self.save(content, &[], changed).await?;
        self.reread().await
    }

    /// The community as it is now.
    async fn reread(&self) -> Step<Community> {
        let found = communities::by_ids(&self.handle, &[self.community.id]).await?.remove(&self.community.id);
        Ok(found.ok_or_else(|| Error::internal("a community that was written is not there"))?)
    }

    async fn save(
        &self,
        content: &CommunityContent,
        members: &[MemberEdit],
        changed: Vec<EntityChange>,
    ) -> Step<()> {
        for edit in members {
            claims::check(self, edit).await?;
        }
        let mut plan = Plan::edit(&self.community, content, members, self.now);
        let rows = plan.rows() + changed.len() as u64;
        plan.difference.changes.extend(changed);
        plan::write(&self.handle, std::slice::from_ref(&plan)).await?;
        let about = match members {
            [only] => only.user_id(),
            _ => None,
        };
        let deed = self.ctx.trail().deed(self.name, Some(plan.community_key()), rows, about);
        history::record(&self.handle, deed.as_slice(), &[&plan]).await?;
        for edit in members {
            history::forget_erased(&self.handle, plan.community_id(), edit).await?;
        }
        Ok(())
    }
}

/// Refuses a writer who has seen something else than what is there.
fn unless_changed<V: Versioned>(seen: &Seen, current: Option<&V>) -> Result<()> {
    if seen.is(current) {
        return Ok(());
    }
    Err(Error::Changed("It is not what you have seen any more: read it again".to_owned()))
}
