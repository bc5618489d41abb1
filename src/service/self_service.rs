//! What callers may see of themselves, with any valid token and nothing more.

use super::{Ctx, Result, asset, community};
use crate::domain::asset::Asset;
use crate::domain::closed_set::AssetType;
use crate::domain::code::Code;
use crate::domain::community::Community;
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::error::Error;
use crate::domain::grant::Reach;
use crate::domain::identifier::{AssetKey, CommunityKey};
use crate::domain::member::Member;
use crate::store::{assets, communities, delivery_points, members};

/// The caller's active memberships, by community key.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn memberships(ctx: &Ctx) -> Result<Vec<Member>> {
    let Some(username) = &ctx.principal()?.username else { return Ok(Vec::new()) };
    Ok(members::active_by_user_ids(ctx.read().await?, &Reach::Everything, &[username.as_str()]).await?)
}

/// The caller's only active membership, or the one in the community named.
///
/// # Errors
/// Unauthenticated, no such membership, several and none named, or a failure of the database.
pub async fn membership(ctx: &Ctx, within: Option<&CommunityKey>) -> Result<Member> {
    let mut own = memberships(ctx).await?;
    if let Some(key) = within {
        own.retain(|member| member.community.key == *key);
    }
    if own.len() > 1 {
        return Err(Error::conflict(
            Code::AmbiguousMember,
            "You are an active member of several communities: name one with `community`",
        ));
    }
    own.pop().ok_or_else(|| Error::Denied {
        code: Code::NotAMember,
        detail: match within {
            None => "You are not an active member of any community",
            Some(_) => "You are not an active member of this community",
        }
        .to_owned(),
    })
}

/// The public part of the community of one of the caller's own memberships.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn own_community(ctx: &Ctx, own: &Member) -> Result<Community> {
    let found = communities::by_ids(ctx.read().await?, &[own.community.id]).await?;
    found.into_values().next().ok_or_else(community::not_found)
}

/// The delivery points of one of the caller's own memberships, by code.
///
/// # Errors
/// A failure of the database.
pub async fn own_delivery_points(ctx: &Ctx, own: &Member) -> Result<Vec<DeliveryPoint>> {
    let mut found = delivery_points::of_members(ctx.read().await?, &[own.id]).await?;
    Ok(found.remove(&own.id).unwrap_or_default())
}

/// The assets of one of the caller's own memberships, by key.
///
/// # Errors
/// A failure of the database.
pub async fn own_assets(ctx: &Ctx, own: &Member, asset_type: Option<AssetType>) -> Result<Vec<Asset>> {
    Ok(assets::of_member(ctx.read().await?, own.id, asset_type).await?)
}

/// How many assets of each kind one of the caller's own memberships has.
///
/// # Errors
/// A failure of the database.
pub async fn own_asset_counts(ctx: &Ctx, own: &Member) -> Result<Vec<(AssetType, u64)>> {
    Ok(assets::counts_by_type(ctx.read().await?, own.id).await?)
}

/// How many delivery points one of the caller's own memberships has.
///
/// # Errors
/// A failure of the database.
pub async fn own_delivery_point_count(ctx: &Ctx, own: &Member) -> Result<u64> {
    let counts = members::delivery_point_counts(ctx.read().await?, &[own.id]).await?;
    Ok(counts.get(&own.id).copied().unwrap_or(0))
}

/// The asset with a key of one of the caller's own memberships. Somebody else's and none at all answer
/// the same.
///
/// # Errors
/// Not found, or a failure of the database.
pub async fn own_asset(ctx: &Ctx, own: &Member, key: &AssetKey) -> Result<Asset> {
    let found = assets::by_key(ctx.read().await?, own.community.id, key).await?;
    found.filter(|asset| asset.owner.id == own.id).ok_or_else(asset::not_found)
}
