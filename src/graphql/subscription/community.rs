//! Changes of communities.

use std::sync::PoisonError;

use async_graphql::{Context, Result};
use futures_util::stream::{self, Stream};

use super::Occasion;
use crate::domain::identifier::CommunityKey;
use crate::graphql::scope::Scope;
use crate::graphql::types::CommunityChange;
use crate::service::change;

/// What is told as it happens.
pub struct Subscription;

/// What is told as it happens, over the WebSocket at `/graphql/ws`.
#[async_graphql::Subscription]
impl Subscription {
    /// Tells of every change of the communities that the caller may see, by grant `rec-registry.read` or
    /// as an active member, or of one of them. A community that is not there, and one that the caller may
    /// not see, are silent alike.
    async fn community_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the only community to tell of; not stated: of all.")]
        community_key: Option<String>,
    ) -> Result<impl Stream<Item = CommunityChange>> {
        let change = match &**Occasion::of(context)? {
            Occasion::Beginning(place) => {
                let key = community_key.map(CommunityKey::from);
                let watch = change::watch(Scope::of(context)?.ctx(), key).await?;
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(watch);
                None
            }
            Occasion::Change(change) => Some(CommunityChange(change.clone())),
        };
        Ok(stream::iter(change))
    }
}
