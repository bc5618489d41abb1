//! What a subscriber is told.

use async_graphql::{Context, ID, Object, Result};

use super::community::Community;
use crate::domain::change;
use crate::graphql::enums::CommunityChangeKind;
use crate::graphql::id::GlobalId;
use crate::graphql::loaders::VisibleCommunityById;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;

/// A change of a community.
pub struct CommunityChange(pub change::CommunityChange);

/// Something of a community changed: the community itself, or any member, delivery point or asset of it.
/// Several changes of one community that a subscriber has not been told of yet are told as one, the newest.
#[Object]
impl CommunityChange {
    /// What happened to the community.
    async fn kind(&self) -> CommunityChangeKind {
        self.0.kind.into()
    }

    /// The id of the community, for what a client has stored under it.
    async fn community_id(&self) -> ID {
        GlobalId::Community(self.0.id).into()
    }

    /// The key of the community.
    async fn community_key(&self) -> &str {
        self.0.key.as_str()
    }

    /// The community as it is when this is sent; null when it is gone.
    async fn community(&self, context: &Context<'_>) -> Result<Option<Community>> {
        let community = Scope::of(context)?.load(VisibleCommunityById(self.0.id)).await?;
        Ok(community.map(Community))
    }

    /// The revision of the community after the change, from 1 on; of one that is gone, the last it had.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }
}
