//! A member of a community.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::area::Area;
use super::asset::{Asset, assets_page};
use super::community::Community;
use super::delivery_point::DeliveryPoint;
use crate::domain::cursor::ListKind;
use crate::domain::error::Error;
use crate::domain::filter::MemberField;
use crate::domain::member;
use crate::domain::order::Order;
use crate::graphql::connection::{Connection, Deferred, MemberConnection, PageArgs};
use crate::graphql::enums::{MemberRole, MemberStatus};
use crate::graphql::filter::{AssetFilter, MemberFilter, domain_filter};
use crate::graphql::id::GlobalId;
use crate::graphql::loaders::{
    CommunityById, DeliveryPointsOfMember, ListedUnder, MembersParent, OfMember, StatsUnder,
};
use crate::graphql::order::{AssetOrder, MemberOrder};
use crate::graphql::scalar::{DateTime, Json};
use crate::graphql::scope::Scope;
use crate::service::ListArgs;

/// A member of a community.
pub struct Member(pub Arc<member::Member>);

/// A member of a community: a person or a body that draws or feeds energy.
#[Object]
impl Member {
    /// Opaque, global, stable across re-imports.
    async fn id(&self) -> ID {
        GlobalId::Member(self.0.id).into()
    }

    /// Unique in the community.
    async fn key(&self) -> &str {
        self.0.content.key.as_str()
    }

    /// The identity provider's user name, unique in the community.
    async fn user_id(&self) -> &str {
        self.0.content.user_id.as_str()
    }

    /// The decentralized identifier, unique in the registry.
    async fn did(&self) -> Option<&str> {
        self.0.content.did.as_ref().map(|did| did.as_str())
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.content.name
    }

    /// A schema.org CURIE, e.g. `schema:Person`.
    #[graphql(name = "type")]
    async fn member_type(&self) -> Option<&str> {
        self.0.content.member_type.as_deref()
    }

    /// What it is in the community.
    async fn role(&self) -> MemberRole {
        self.0.content.role.into()
    }

    /// Where the membership stands.
    async fn status(&self) -> MemberStatus {
        self.0.content.status.into()
    }

    /// The key of the area it sits in.
    async fn area_key(&self) -> &str {
        &self.0.content.area
    }

    /// The area it sits in.
    async fn area(&self, context: &Context<'_>) -> Result<Option<Area>> {
        let community = Scope::of(context)?.load(CommunityById(self.0.community.id)).await?;
        Ok(community.and_then(|community| {
            let at = community.areas().position(&self.0.content.area)?;
            Some(Area::new(community, at))
        }))
    }

    /// The community it belongs to.
    async fn community(&self, context: &Context<'_>) -> Result<Community> {
        Ok(Community::load(context, self.0.community.id).await?)
    }

    /// Where it is connected to the grid, by code.
    async fn delivery_points(&self, context: &Context<'_>) -> Result<Vec<DeliveryPoint>> {
        let points = Scope::of(context)?.load(DeliveryPointsOfMember(self.0.id)).await?;
        Ok(points.iter().flat_map(|points| points.iter().cloned()).map(DeliveryPoint::from).collect())
    }

    /// What it owns.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the schema")]
    async fn assets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which assets.")] filter: Option<AssetFilter>,
        #[graphql(desc = "How they are sorted; by key when it is not said.")] order_by: Option<AssetOrder>,
    ) -> Result<Connection<Asset>> {
        let page = PageArgs { first, after, last, before };
        let filter = domain_filter(filter)?;
        Ok(assets_page(Scope::of(context)?, OfMember(self.0.id), page, filter, order_by, Asset::from).await?)
    }

    /// Every other key that was given.
    async fn extra(&self) -> Json {
        (&self.0.content.extra).into()
    }

    /// Grows by one with each change of the member or of one of its delivery points.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was first stored.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When its content last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// What page of which members is asked for.
pub fn member_args(
    page: PageArgs,
    filter: Option<MemberFilter>,
    order: Option<MemberOrder>,
) -> Result<ListArgs<MemberField>, Error> {
    let order = order.map(Order::from).unwrap_or_default();
    Ok(ListArgs { filter: domain_filter(filter)?, order, page: page.request(ListKind::Members, order)? })
}

/// The members under a parent.
pub async fn members_page<P: MembersParent>(
    scope: &Arc<Scope>,
    parent: P,
    page: PageArgs,
    filter: Option<MemberFilter>,
    order: Option<MemberOrder>,
) -> Result<MemberConnection, Error>
where
    MemberField: ListedUnder<P, Row = member::Member>,
{
    let args = member_args(page, filter, order)?;
    let key = StatsUnder { parent: parent.clone(), filter: Arc::new(args.filter.clone()) };
    let (page, count) = scope.page_under(parent, args).await?;
    scope.remember_members(&page).await;
    let scope = Arc::clone(scope);
    let stats: Deferred<_> = Box::new(move || {
        let (scope, key) = (Arc::clone(&scope), key.clone());
        Box::pin(async move { Ok(scope.load(key).await?.unwrap_or_default()) })
    });
    Ok(MemberConnection::new(page, count, stats))
}
