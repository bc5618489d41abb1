//! Changes, told as they happen to those who may see what changed.

use std::collections::HashSet;

use uuid::Uuid;

use super::{Ctx, Result, self_service};
use crate::domain::change::CommunityChange;
use crate::domain::closed_set::ChangeKind;
use crate::domain::error::Error;
use crate::domain::grant::{Operation, Reach};
use crate::domain::identifier::CommunityKey;
use crate::store::{Lagged, Watcher};

/// Somebody who waits for changes.
pub struct Watch {
    /// The only community of interest, if there is only one.
    within: Option<CommunityKey>,
    watcher: Watcher,
    /// The communities of the caller's memberships, when they were last looked at.
    own: HashSet<Uuid>,
}

/// Waits for changes of one community, or of all that the caller may see: with the grant `read`, or as an
/// active member. A community within reach need not exist yet; one that is not within reach is silent
/// like one that does not exist.
///
/// # Errors
/// Unauthenticated; forbidden without any grant `read` to those who are no member; a failure of the
/// database.
pub async fn watch(ctx: &Ctx, within: Option<CommunityKey>) -> Result<Watch> {
    ctx.principal()?;
    let reach = ctx.authorise(Operation::Read);
    // Before the memberships are looked at, so that nothing falls in between.
    let watcher = ctx.store().watch().await?;
    if let Ok(Reach::Everything) = reach {
        return Ok(Watch { within, watcher, own: HashSet::new() });
    }
    let own = self_service::memberships(ctx).await?;
    let is_own = own.iter().any(|member| within.as_ref().is_none_or(|key| *key == member.community.key));
    if !is_own {
        reach?;
    }
    Ok(Watch { within, watcher, own: own.iter().map(|member| member.community.id).collect() })
}

impl Watch {
    /// The next change of what is watched; waits for it. May be given up while it waits. Whether the
    /// caller may hear of it is for [`Watch::may_tell`] to say.
    ///
    /// # Errors
    /// When so much changed in the meantime that something was missed.
    pub async fn next(&mut self) -> Result<CommunityChange> {
        loop {
            let change = self.watcher.next().await.map_err(|Lagged| Error::Unavailable {
                public: "Something was missed: subscribe again, then read again",
                internal: "more communities changed than are remembered".to_owned(),
            })?;
            if self.within.as_ref().is_none_or(|key| *key == change.key) {
                return Ok(change);
            }
        }
    }

    /// Whether the caller, as things are now, may hear of a change.
    ///
    /// # Errors
    /// Unauthenticated, or a failure of the database.
    pub async fn may_tell(&mut self, ctx: &Ctx, change: &CommunityChange) -> Result<bool> {
        if ctx.sees_community(&change.key) {
            return Ok(true);
        }
        let was_own = self.own.contains(&change.id);
        let own = self_service::memberships(ctx).await?;
        self.own = own.iter().map(|member| member.community.id).collect();
        // Of a community that is gone nobody is a member any more.
        Ok(self.own.contains(&change.id) || (was_own && change.kind == ChangeKind::Removed))
    }
}
