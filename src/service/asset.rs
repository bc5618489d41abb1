//! Assets, meters among them.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Ctx, ListArgs, Result, community};
use crate::domain::asset::Asset;
use crate::domain::closed_set::MemberStatus;
use crate::domain::code::Code;
use crate::domain::error::Error;
use crate::domain::filter::{AssetField, CommunityField, Filter, MemberField, TextTest, WordTest};
use crate::domain::grant::{Operation, Reach};
use crate::domain::grid::AreaSet;
use crate::domain::identifier::{AssetKey, CommunityKey, SensorId};
use crate::domain::page::Page;
use crate::store::{Among, assets};

/// One page of the assets of a community, or of every community that the caller may see. Needs the
/// grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, or a failure of the database.
pub async fn list(
    ctx: &Ctx,
    within: Option<&CommunityKey>,
    args: &ListArgs<AssetField>,
) -> Result<Page<Asset>> {
    ctx.audited("asset.list", within, async {
        let reach = ctx.authorise(Operation::Read)?;
        match within {
            Some(key) => {
                let community = community::reached(ctx, &reach, key).await?;
                Ok(assets::list(ctx.read().await?, Among::Community(community.id), args).await?)
            }
            None => Ok(assets::list(&ctx.read_once().await?, Among::Scope(&reach), args).await?),
        }
    })
    .await
}

/// How many assets fulfil a filter. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, or a failure of the database.
pub async fn count(ctx: &Ctx, within: Option<&CommunityKey>, filter: &Filter<AssetField>) -> Result<u64> {
    let reach = ctx.authorise(Operation::Read)?;
    match within {
        Some(key) => {
            let community = community::reached(ctx, &reach, key).await?;
            Ok(assets::count(ctx.read().await?, Among::Community(community.id), filter).await?)
        }
        None => Ok(assets::count(&ctx.read_once().await?, Among::Scope(&reach), filter).await?),
    }
}

/// The asset of a community with a key. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, not found, or a failure of the database.
pub async fn get(ctx: &Ctx, within: &CommunityKey, key: &AssetKey) -> Result<Asset> {
    ctx.audited("asset.get", Some(within), async {
        let reach = ctx.authorise(Operation::Read)?;
        let community = community::reached(ctx, &reach, within).await?;
        assets::by_key(ctx.read().await?, community.id, key).await?.ok_or_else(not_found)
    })
    .await
}

/// The asset of a community on a sensor: that of the active holder where there is one, else the one
/// there is. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, not found, or a failure of the database.
pub async fn get_by_sensor_id(ctx: &Ctx, within: &CommunityKey, sensor: &SensorId) -> Result<Asset> {
    ctx.audited("asset.get", Some(within), async {
        let reach = ctx.authorise(Operation::Read)?;
        let community = community::reached(ctx, &reach, within).await?;
        let found = assets::by_sensor_id(ctx.read().await?, community.id, sensor).await?;
        found.into_iter().next().ok_or_else(not_found)
    })
    .await
}

/// The assets with these ids; those that the caller may not see are left out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn by_ids(ctx: &Ctx, ids: &[Uuid]) -> Result<HashMap<Uuid, Asset>> {
    ctx.audited_edge("asset.edge", async {
        ctx.principal()?;
        let mut found = assets::by_ids(ctx.read().await?, ids).await?;
        found.retain(|_, asset| sees(ctx, asset));
        Ok(found)
    })
    .await
}

/// The assets with these keys, each in its community; those that the caller may not see are left out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn by_keys(ctx: &Ctx, keys: &[(Uuid, AssetKey)]) -> Result<HashMap<(Uuid, AssetKey), Asset>> {
    ctx.audited_edge("asset.edge", async {
        ctx.principal()?;
        let mut found = assets::by_keys(ctx.read().await?, keys).await?;
        found.retain(|_, asset| sees(ctx, asset));
        Ok(found)
    })
    .await
}

/// The same page of assets under each of many communities. Needs the grant `read`; the caller has made
/// sure that it reaches them.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn pages_of_communities(
    ctx: &Ctx,
    communities: &[Uuid],
    args: &ListArgs<AssetField>,
) -> Result<HashMap<Uuid, Page<Asset>>> {
    ctx.audited_edge("asset.edge", async {
        ctx.authorise(Operation::Read)?;
        Ok(assets::pages_of_communities(ctx.read().await?, communities, args).await?)
    })
    .await
}

/// How many assets of each of many communities fulfil a filter; see [`pages_of_communities`].
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn counts_of_communities(
    ctx: &Ctx,
    communities: &[Uuid],
    filter: &Filter<AssetField>,
) -> Result<HashMap<Uuid, u64>> {
    ctx.authorise(Operation::Read)?;
    Ok(assets::counts_of_communities(ctx.read().await?, communities, filter).await?)
}

/// The same page of the assets of members in each of many sets of areas; see [`pages_of_communities`].
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn pages_of_areas(
    ctx: &Ctx,
    areas: &[AreaSet],
    args: &ListArgs<AssetField>,
) -> Result<HashMap<AreaSet, Page<Asset>>> {
    ctx.audited_edge("asset.edge", async {
        ctx.authorise(Operation::Read)?;
        Ok(assets::pages_of_areas(ctx.read().await?, areas, args).await?)
    })
    .await
}

/// How many assets of members in each of many sets of areas fulfil a filter; see
/// [`pages_of_communities`].
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn counts_of_areas(
    ctx: &Ctx,
    areas: &[AreaSet],
    filter: &Filter<AssetField>,
) -> Result<HashMap<AreaSet, u64>> {
    ctx.authorise(Operation::Read)?;
    Ok(assets::counts_of_areas(ctx.read().await?, areas, filter).await?)
}

/// The same page of assets under each of many members, as far as the caller may see them.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn pages_of_members(
    ctx: &Ctx,
    members: &[Uuid],
    args: &ListArgs<AssetField>,
) -> Result<HashMap<Uuid, Page<Asset>>> {
    ctx.audited_edge("asset.edge", async {
        ctx.principal()?;
        let args = ListArgs { filter: visible(ctx, &args.filter), ..args.clone() };
        Ok(assets::pages_of_members(ctx.read().await?, members, &args).await?)
    })
    .await
}

/// The assets of each of these members, by key; those that the caller may not see are left out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn of_members(ctx: &Ctx, members: &[Uuid]) -> Result<HashMap<Uuid, Vec<Asset>>> {
    ctx.audited_edge("asset.edge", async {
        ctx.principal()?;
        let mut found = assets::of_members(ctx.read().await?, members).await?;
        found.values_mut().for_each(|assets| assets.retain(|asset| sees(ctx, asset)));
        Ok(found)
    })
    .await
}

/// How many assets of each of many members fulfil a filter; see [`pages_of_members`].
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn counts_of_members(
    ctx: &Ctx,
    members: &[Uuid],
    filter: &Filter<AssetField>,
) -> Result<HashMap<Uuid, u64>> {
    ctx.principal()?;
    Ok(assets::counts_of_members(ctx.read().await?, members, &visible(ctx, filter)).await?)
}

/// The assets that measure each of these assets, by key; those that the caller may not see are left out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn measured_by(
    ctx: &Ctx,
    keys: &[(Uuid, AssetKey)],
) -> Result<HashMap<(Uuid, AssetKey), Vec<Asset>>> {
    ctx.audited_edge("asset.edge", async {
        ctx.principal()?;
        let mut found = assets::measured_by(ctx.read().await?, keys).await?;
        found.values_mut().for_each(|assets| assets.retain(|asset| sees(ctx, asset)));
        Ok(found)
    })
    .await
}

/// The meters that name each of these delivery points of their own members, by key. A point is named by
/// its member and its folded code. Those that the caller may not see are left out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn meters_of_points(
    ctx: &Ctx,
    points: &[(Uuid, String)],
) -> Result<HashMap<(Uuid, String), Vec<Asset>>> {
    ctx.audited_edge("asset.edge", async {
        ctx.principal()?;
        let mut found = assets::meters_of_points(ctx.read().await?, points).await?;
        found.values_mut().for_each(|assets| assets.retain(|asset| sees(ctx, asset)));
        Ok(found)
    })
    .await
}

/// A filter that leaves out what the caller may not see.
fn visible(ctx: &Ctx, filter: &Filter<AssetField>) -> Filter<AssetField> {
    let mut reasons = Vec::new();
    match ctx.authorise(Operation::Read) {
        Ok(Reach::Everything) => return filter.clone(),
        Ok(Reach::Communities(keys)) => {
            let keys = keys.into_iter().map(CommunityKey::into_string).collect();
            let reached = Filter::Field(CommunityField::Key(TextTest::OneOf(keys)));
            reasons.push(Filter::Field(AssetField::Community(Box::new(reached))));
        }
        Err(_) => {}
    }
    if let Some(username) = ctx.principal().ok().and_then(|principal| principal.username.as_ref()) {
        let own = Filter::All(vec![
            Filter::Field(MemberField::UserId(TextTest::Is(username.as_str().to_owned()))),
            Filter::Field(MemberField::Status(WordTest::OneOf(vec![MemberStatus::Active]))),
        ]);
        reasons.push(Filter::Field(AssetField::Owner(Box::new(own))));
    }
    filter.clone().and(Filter::Any(reasons))
}

fn sees(ctx: &Ctx, asset: &Asset) -> bool {
    ctx.sees_member(&asset.community.key, &asset.owner)
}

pub(super) fn not_found() -> Error {
    Error::not_found(Code::AssetNotFound, "There is no such asset")
}
