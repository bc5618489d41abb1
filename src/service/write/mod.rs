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
use super::{Ctx, Result, community as communities_service};
use crate::domain::community::{Community, CommunityContent};
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::identifier::{CommunityKey, MemberKey};
use crate::domain::precondition::{Seen, Versioned};
use crate::domain::timestamp::Timestamp;
use crate::store::plan::{MemberEdit, Plan, StoredMember};
use crate::store::{Handle, communities};

pub use retry::{Once, Outcome};

/// What a step of a write gives: a value, or why the write is not done.
type Step<T> = std::result::Result<T, Failure>;

/// A write on its way: the community is locked until it is done.
struct Edit {
    handle: Handle,
    community: Community,
    now: Timestamp,
}

/// Refuses callers who may not do all of this in a community; one out of reach does not exist for them.
fn authorise(ctx: &Ctx, operations: &[Operation], community: &CommunityKey) -> Result<()> {
    let reaches = operations.iter().map(|&operation| ctx.authorise(operation));
    let reaches = reaches.collect::<Result<Vec<_>>>()?;
    let is_reached = reaches.iter().all(|reach| reach.includes(community));
    if is_reached { Ok(()) } else { Err(communities_service::not_found()) }
}

/// Does `work` on a community, alone. It may be done more than once, when other writers are in the way.
async fn in_community<'w, T>(
    ctx: &Ctx,
    key: &CommunityKey,
    work: impl Fn(Edit) -> BoxFuture<'w, Step<T>> + Send + Sync,
) -> Result<T> {
    let (now, work) = (ctx.now(), &work);
    let done = ctx.store().write(|handle| async move { work(Edit::open(handle, key, now).await?).await });
    Ok(done.await?)
}

impl Edit {
    async fn open(handle: Handle, key: &CommunityKey, now: Timestamp) -> Step<Self> {
        let community = communities::locked(&handle, key).await?;
        let community = community.ok_or_else(communities_service::not_found)?;
        Ok(Self { handle, community, now })
    }

    /// A member of the community, with everything it has.
    async fn member(&self, key: &MemberKey) -> Step<StoredMember> {
        let member = StoredMember::by_key(&self.handle, self.community.id, key).await?;
        Ok(member.ok_or_else(super::member::not_found)?)
    }

    /// Writes what a member should be.
    async fn save_member(&self, edit: MemberEdit) -> Step<()> {
        self.save(&self.community.content, &[edit]).await
    }

    /// Writes what the community's own documents should be.
    async fn save_content(&self, content: &CommunityContent) -> Step<Community> {
        self.save(content, &[]).await?;
        self.reread().await
    }

    /// The community as it is now.
    async fn reread(&self) -> Step<Community> {
        let found = communities::by_ids(&self.handle, &[self.community.id]).await?.remove(&self.community.id);
        Ok(found.ok_or_else(|| Error::internal("a community that was written is not there"))?)
    }

    async fn save(&self, content: &CommunityContent, members: &[MemberEdit]) -> Step<()> {
        for edit in members {
            claims::check(self, edit).await?;
        }
        let plan = Plan::edit(&self.community, content, members, self.now);
        plan.clear(&self.handle).await?;
        Ok(plan.fill(&self.handle).await?)
    }
}

/// Refuses a writer who has seen something else than what is there.
fn unless_changed<V: Versioned>(seen: &Seen, current: Option<&V>) -> Result<()> {
    if seen.is(current) {
        return Ok(());
    }
    Err(Error::Changed("It is not what you have seen any more: read it again".to_owned()))
}
