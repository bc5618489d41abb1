//! Queries that start from a global id or a key.

use async_graphql::{Context, ID, Object, Result};

use crate::domain::error::Error;
use crate::domain::identifier::CommunityKey;
use crate::graphql::id::GlobalId;
use crate::graphql::loaders::{AssetById, DeliveryPointById, MemberById, VisibleCommunityById};
use crate::graphql::scope::Scope;
use crate::graphql::types::{Asset, Community, DeliveryPoint, Member, Node};
use crate::service::community;

/// Most ids of one `nodes`.
const MAX_IDS: usize = 500;

/// Queries that start from a global id or a key.
#[derive(Default)]
pub struct ById;

#[Object]
impl ById {
    /// Whatever has this id; null when nothing has it, or nothing that the caller may see.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "An id that this registry gave out.")] id: ID,
    ) -> Result<Option<Node>> {
        Ok(find(Scope::of(context)?, GlobalId::parse(&id)?).await?)
    }

    /// Whatever has these ids, in their order; null for those that `node` answers null for.
    async fn nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most 500 ids that this registry gave out.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MAX_IDS {
            return Err(
                Error::invalid("ids", &["ids"], format!("At most {MAX_IDS} ids at once"), None).into()
            );
        }
        let scope = Scope::of(context)?;
        let ids = ids.iter().map(GlobalId::parse).collect::<Result<Vec<_>, _>>()?;
        Ok(futures_util::future::try_join_all(ids.into_iter().map(|id| find(scope, id))).await?)
    }

    /// The community with this key; null when there is none that the caller may see.
    async fn community(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the community.")] key: String,
    ) -> Result<Option<Community>> {
        let scope = Scope::of(context)?;
        match community::visible(scope.ctx(), &CommunityKey::from(key)).await? {
            Some(community) => Ok(Some(Community(scope.remember_community(community).await))),
            None => Ok(None),
        }
    }
}

async fn find(scope: &Scope, id: GlobalId) -> Result<Option<Node>, Error> {
    scope.ctx().principal()?;
    Ok(match id {
        GlobalId::Community(id) => {
            scope.load(VisibleCommunityById(id)).await?.map(|found| Node::Community(Community(found)))
        }
        GlobalId::Member(id) => scope.load(MemberById(id)).await?.map(|found| Node::Member(Member(found))),
        GlobalId::Asset(id) => scope.load(AssetById(id)).await?.map(|found| Node::Asset(Asset::from(found))),
        GlobalId::DeliveryPoint(id) => {
            scope.load(DeliveryPointById(id)).await?.map(|found| Node::DeliveryPoint(DeliveryPoint(found)))
        }
    })
}
