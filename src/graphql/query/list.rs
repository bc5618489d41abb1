//! Lists across communities. They need the grant `rec-registry.read`.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use futures_util::TryFutureExt as _;

use crate::domain::cursor::ListKind;
use crate::domain::order::Order;
use crate::graphql::connection::{Connection, MemberConnection, PageArgs};
use crate::graphql::filter::{
    AssetFilter, CommunityFilter, DeliveryPointFilter, MemberFilter, domain_filter,
};
use crate::graphql::order::{AssetOrder, CommunityOrder, MemberOrder};
use crate::graphql::scope::{Scope, deferring};
use crate::graphql::types::{Asset, Community, DeliveryPoint};
use crate::graphql::types::{asset_args, delivery_point_args, member_args};
use crate::service::{ListArgs, asset, community, delivery_point, member, stats};

/// Lists across communities.
#[derive(Default)]
pub struct Lists;

#[Object]
impl Lists {
    /// The communities that the caller may see. Needs the grant `rec-registry.read`.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the schema")]
    async fn communities(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which communities.")] filter: Option<CommunityFilter>,
        #[graphql(desc = "How they are sorted; by key when it is not said.")] order_by: Option<
            CommunityOrder,
        >,
    ) -> Result<Option<Connection<Community>>> {
        let scope = Scope::of(context)?;
        let order = order_by.map(Order::from).unwrap_or_default();
        let page = PageArgs { first, after, last, before }.request(ListKind::Communities, order)?;
        let args = ListArgs { filter: domain_filter(filter)?, order, page };
        let page = community::list(scope.ctx(), &args).await?;
        let page = scope.remember_communities(page).await;
        let count = deferring!(scope, args.filter, |ctx, filter| community::count(ctx, filter));
        Ok(Some(Connection::new(page, Community, count)))
    }

    /// The members of every community that the caller may see. Needs the grant `rec-registry.read`.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the schema")]
    async fn members(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which members.")] filter: Option<MemberFilter>,
        #[graphql(desc = "How they are sorted; by key when it is not said.")] order_by: Option<MemberOrder>,
    ) -> Result<Option<MemberConnection>> {
        let scope = Scope::of(context)?;
        let args = member_args(PageArgs { first, after, last, before }, filter, order_by)?;
        let page = member::list(scope.ctx(), None, &args).await?.map(Arc::new);
        scope.remember_members(&page).await;
        let filter = args.filter.clone();
        let count = deferring!(scope, args.filter, |ctx, filter| member::count(ctx, None, filter));
        let numbers =
            deferring!(scope, filter, |ctx, filter| stats::of_members(ctx, None, filter).map_ok(Arc::new));
        Ok(Some(MemberConnection::new(page, count, numbers)))
    }

    /// The assets of every community that the caller may see. Needs the grant `rec-registry.read`.
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
    ) -> Result<Option<Connection<Asset>>> {
        let scope = Scope::of(context)?;
        let page = PageArgs { first, after, last, before };
        let args = asset_args(page, domain_filter(filter)?, order_by)?;
        let page = asset::list(scope.ctx(), None, &args).await?;
        let count = deferring!(scope, args.filter, |ctx, filter| asset::count(ctx, None, filter));
        Ok(Some(Connection::new(page, Asset::from, count)))
    }

    /// The delivery points of every community that the caller may see, by code. Needs the grant
    /// `rec-registry.read`.
    async fn delivery_points(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which delivery points.")] filter: Option<DeliveryPointFilter>,
    ) -> Result<Option<Connection<DeliveryPoint>>> {
        let scope = Scope::of(context)?;
        let args = delivery_point_args(PageArgs { first, after, last, before }, filter)?;
        let page = delivery_point::list(scope.ctx(), None, &args).await?;
        let count = deferring!(scope, args.filter, |ctx, filter| delivery_point::count(ctx, None, filter));
        Ok(Some(Connection::new(page, DeliveryPoint::from, count)))
    }
}
