//! Delivery points.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Ctx, ListArgs, Result, community, member};
use crate::domain::code::Code;
use crate::domain::delivery_point::{DeliveryPoint, DuplicateDeliveryPoint};
use crate::domain::error::Error;
use crate::domain::filter::{DeliveryPointField, Filter};
use crate::domain::grant::Operation;
use crate::domain::identifier::{CommunityKey, DeliveryPointCode, MemberKey};
use crate::domain::page::Page;
use crate::store::{Among, delivery_points, duplicates as duplicates_of};

/// One page of the delivery points of a community, or of every community that the caller may see, by
/// code, then by member. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, or a failure of the database.
pub async fn list(
    ctx: &Ctx,
    within: Option<&CommunityKey>,
    args: &ListArgs<DeliveryPointField>,
) -> Result<Page<DeliveryPoint>> {
    ctx.audited("delivery_point.list", within, async {
        let reach = ctx.authorise(Operation::Read)?;
        match within {
            Some(key) => {
                let community = community::reached(ctx, &reach, key).await?;
                Ok(delivery_points::list(ctx.read().await?, Among::Community(community.id), args).await?)
            }
            None => Ok(delivery_points::list(&ctx.read_once().await?, Among::Scope(&reach), args).await?),
        }
    })
    .await
}

/// How many delivery points fulfil a filter. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, or a failure of the database.
pub async fn count(
    ctx: &Ctx,
    within: Option<&CommunityKey>,
    filter: &Filter<DeliveryPointField>,
) -> Result<u64> {
    let reach = ctx.authorise(Operation::Read)?;
    match within {
        Some(key) => {
            let community = community::reached(ctx, &reach, key).await?;
            Ok(delivery_points::count(ctx.read().await?, Among::Community(community.id), filter).await?)
        }
        None => Ok(delivery_points::count(&ctx.read_once().await?, Among::Scope(&reach), filter).await?),
    }
}

/// The delivery point of a community with a code: that of the active holder where there is one, else
/// the one there is. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, not found, or a failure of the database.
pub async fn get_by_code(
    ctx: &Ctx,
    within: &CommunityKey,
    code: &DeliveryPointCode,
) -> Result<DeliveryPoint> {
    ctx.audited("delivery_point.get", Some(within), async {
        let reach = ctx.authorise(Operation::Read)?;
        let community = community::reached(ctx, &reach, within).await?;
        let found = delivery_points::by_code(ctx.read().await?, community.id, code).await?;
        found.into_iter().next().ok_or_else(not_found)
    })
    .await
}

/// The delivery points of a member, by code. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such member, or a failure of the database.
pub async fn of_member(ctx: &Ctx, within: &CommunityKey, key: &MemberKey) -> Result<Vec<DeliveryPoint>> {
    let member = member::get(ctx, within, key).await?;
    Ok(of_members(ctx, &[member.id]).await?.remove(&member.id).unwrap_or_default())
}

/// The codes that several members of a community name, each with its holders. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, or a failure of the database.
pub async fn duplicates(ctx: &Ctx, within: &CommunityKey) -> Result<Vec<DuplicateDeliveryPoint>> {
    ctx.audited("delivery_point.duplicates", Some(within), async {
        let reach = ctx.authorise(Operation::Read)?;
        let community = community::reached(ctx, &reach, within).await?;
        Ok(duplicates_of::of_community(ctx.read().await?, &reach, community.id).await?)
    })
    .await
}

/// The delivery points with these ids; those that the caller may not see are left out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn by_ids(ctx: &Ctx, ids: &[Uuid]) -> Result<HashMap<Uuid, DeliveryPoint>> {
    ctx.audited_edge("delivery_point.edge", async {
        ctx.principal()?;
        let mut found = delivery_points::by_ids(ctx.read().await?, ids).await?;
        found.retain(|_, point| sees(ctx, point));
        Ok(found)
    })
    .await
}

/// The same page of delivery points under each of many communities. Needs the grant `read`; the caller
/// has made sure that it reaches them.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn pages_of_communities(
    ctx: &Ctx,
    communities: &[Uuid],
    args: &ListArgs<DeliveryPointField>,
) -> Result<HashMap<Uuid, Page<DeliveryPoint>>> {
    ctx.audited_edge("delivery_point.edge", async {
        ctx.authorise(Operation::Read)?;
        Ok(delivery_points::pages_of_communities(ctx.read().await?, communities, args).await?)
    })
    .await
}

/// How many delivery points of each of many communities fulfil a filter; see [`pages_of_communities`].
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn counts_of_communities(
    ctx: &Ctx,
    communities: &[Uuid],
    filter: &Filter<DeliveryPointField>,
) -> Result<HashMap<Uuid, u64>> {
    ctx.authorise(Operation::Read)?;
    Ok(delivery_points::counts_of_communities(ctx.read().await?, communities, filter).await?)
}

/// The delivery points of each of these members, by code; those that the caller may not see are left
/// out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn of_members(ctx: &Ctx, members: &[Uuid]) -> Result<HashMap<Uuid, Vec<DeliveryPoint>>> {
    ctx.audited_edge("delivery_point.edge", async {
        ctx.principal()?;
        let mut found = delivery_points::of_members(ctx.read().await?, members).await?;
        found.values_mut().for_each(|points| points.retain(|point| sees(ctx, point)));
        Ok(found)
    })
    .await
}

/// The delivery points of these codes, each in its community, a code given folded; those that the
/// caller may not see are left out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn by_codes(
    ctx: &Ctx,
    codes: &[(Uuid, String)],
) -> Result<HashMap<(Uuid, String), Vec<DeliveryPoint>>> {
    ctx.audited_edge("delivery_point.edge", async {
        ctx.principal()?;
        let mut found = delivery_points::by_codes(ctx.read().await?, codes).await?;
        found.values_mut().for_each(|points| points.retain(|point| sees(ctx, point)));
        Ok(found)
    })
    .await
}

fn sees(ctx: &Ctx, point: &DeliveryPoint) -> bool {
    ctx.sees_member(&point.community.key, &point.member)
}

pub(super) fn not_found() -> Error {
    Error::not_found(Code::DeliveryPointNotFound, "There is no such delivery point")
}
