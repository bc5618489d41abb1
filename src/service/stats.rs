//! The numbers of members. They need the grant `read`, like the members themselves.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Ctx, Result, community};
use crate::domain::filter::{Filter, MemberField};
use crate::domain::grant::Operation;
use crate::domain::grid::AreaSet;
use crate::domain::identifier::CommunityKey;
use crate::domain::stats::Stats;
use crate::store::{Among, stats};

/// The numbers of the members of a community, or of every community that the caller may see, that fulfil a
/// filter. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, or a failure of the database.
pub async fn of_members(
    ctx: &Ctx,
    within: Option<&CommunityKey>,
    filter: &Filter<MemberField>,
) -> Result<Stats> {
    let reach = ctx.authorise(Operation::Read)?;
    let handle = ctx.read().await?;
    Ok(match within {
        Some(key) => {
            let community = community::reached(ctx, &reach, key).await?;
            stats::of_list(handle, Among::Community(community.id), filter).await?
        }
        None => stats::of_list(handle, Among::Scope(&reach), filter).await?,
    })
}

/// The numbers of the members of each of many communities that fulfil a filter. Needs the grant `read`; the
/// caller has made sure that it reaches them.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn of_communities(
    ctx: &Ctx,
    communities: &[Uuid],
    filter: &Filter<MemberField>,
) -> Result<HashMap<Uuid, Stats>> {
    ctx.authorise(Operation::Read)?;
    Ok(stats::of_communities(ctx.read().await?, communities, filter).await?)
}

/// The numbers of the members in each of many sets of areas that fulfil a filter; see [`of_communities`].
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn of_areas(
    ctx: &Ctx,
    areas: &[AreaSet],
    filter: &Filter<MemberField>,
) -> Result<HashMap<AreaSet, Stats>> {
    ctx.authorise(Operation::Read)?;
    Ok(stats::of_areas(ctx.read().await?, areas, filter).await?)
}
