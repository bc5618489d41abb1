//! Members.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Ctx, ListArgs, Result, community};
use crate::domain::code::Code;
use crate::domain::error::Error;
use crate::domain::filter::{Filter, MemberField};
use crate::domain::grant::Operation;
use crate::domain::grid::AreaSet;
use crate::domain::identifier::{CommunityKey, MemberKey, UserId};
use crate::domain::member::Member;
use crate::domain::page::Page;
use crate::store::{Among, members};

/// One page of the members of a community, or of every community that the caller may see. Needs the
/// grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, or a failure of the database.
pub async fn list(
    ctx: &Ctx,
    within: Option<&CommunityKey>,
    args: &ListArgs<MemberField>,
) -> Result<Page<Member>> {
    ctx.audited("member.list", within, async {
        let reach = ctx.authorise(Operation::Read)?;
        match within {
            Some(key) => {
                let community = community::reached(ctx, &reach, key).await?;
                Ok(members::list(ctx.read().await?, Among::Community(community.id), args).await?)
            }
            None => Ok(members::list(&ctx.read_once().await?, Among::Scope(&reach), args).await?),
        }
    })
    .await
}

/// How many members fulfil a filter. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, or a failure of the database.
pub async fn count(ctx: &Ctx, within: Option<&CommunityKey>, filter: &Filter<MemberField>) -> Result<u64> {
    let reach = ctx.authorise(Operation::Read)?;
    match within {
        Some(key) => {
            let community = community::reached(ctx, &reach, key).await?;
            Ok(members::count(ctx.read().await?, Among::Community(community.id), filter).await?)
        }
        None => Ok(members::count(&ctx.read_once().await?, Among::Scope(&reach), filter).await?),
    }
}

/// The member of a community with a key. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, not found, or a failure of the database.
pub async fn get(ctx: &Ctx, within: &CommunityKey, key: &MemberKey) -> Result<Member> {
    ctx.audited("member.get", Some(within), async {
        let reach = ctx.authorise(Operation::Read)?;
        let community = community::reached(ctx, &reach, within).await?;
        members::by_key(ctx.read().await?, community.id, key).await?.ok_or_else(not_found)
    })
    .await
}

/// The member of a community with a user id, whatever its status. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, not found, or a failure of the database.
pub async fn get_by_user_id(ctx: &Ctx, within: &CommunityKey, user_id: &UserId) -> Result<Member> {
    ctx.audited("member.get", Some(within), async {
        let reach = ctx.authorise(Operation::Read)?;
        let community = community::reached(ctx, &reach, within).await?;
        members::by_user_id(ctx.read().await?, community.id, user_id).await?.ok_or_else(not_found)
    })
    .await
}

/// How many delivery points each of these members has; members without any are left out. Needs the
/// grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn delivery_point_counts(ctx: &Ctx, ids: &[Uuid]) -> Result<HashMap<Uuid, u64>> {
    ctx.authorise(Operation::Read)?;
    Ok(members::delivery_point_counts(ctx.read().await?, ids).await?)
}

/// The members with these ids; those that the caller may not see are left out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn by_ids(ctx: &Ctx, ids: &[Uuid]) -> Result<HashMap<Uuid, Member>> {
    ctx.audited_edge("member.edge", async {
        ctx.principal()?;
        let mut found = members::by_ids(ctx.read().await?, ids).await?;
        found.retain(|_, member| ctx.sees_member(&member.community.key, &member.tag()));
        Ok(found)
    })
    .await
}

/// The members with these keys, each in its community; those that the caller may not see are left out.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn by_keys(ctx: &Ctx, keys: &[(Uuid, MemberKey)]) -> Result<HashMap<(Uuid, MemberKey), Member>> {
    ctx.audited_edge("member.edge", async {
        ctx.principal()?;
        let mut found = members::by_keys(ctx.read().await?, keys).await?;
        found.retain(|_, member| ctx.sees_member(&member.community.key, &member.tag()));
        Ok(found)
    })
    .await
}

/// The same page of members under each of many communities. Needs the grant `read`; the caller has made
/// sure that it reaches them.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn pages_of_communities(
    ctx: &Ctx,
    communities: &[Uuid],
    args: &ListArgs<MemberField>,
) -> Result<HashMap<Uuid, Page<Member>>> {
    ctx.audited_edge("member.edge", async {
        ctx.authorise(Operation::Read)?;
        Ok(members::pages_of_communities(ctx.read().await?, communities, args).await?)
    })
    .await
}

/// How many members of each of many communities fulfil a filter; see [`pages_of_communities`].
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn counts_of_communities(
    ctx: &Ctx,
    communities: &[Uuid],
    filter: &Filter<MemberField>,
) -> Result<HashMap<Uuid, u64>> {
    ctx.authorise(Operation::Read)?;
    Ok(members::counts_of_communities(ctx.read().await?, communities, filter).await?)
}

/// The same page of members in each of many sets of areas; see [`pages_of_communities`].
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn pages_of_areas(
    ctx: &Ctx,
    areas: &[AreaSet],
    args: &ListArgs<MemberField>,
) -> Result<HashMap<AreaSet, Page<Member>>> {
    ctx.audited_edge("member.edge", async {
        ctx.authorise(Operation::Read)?;
        Ok(members::pages_of_areas(ctx.read().await?, areas, args).await?)
    })
    .await
}

/// How many members in each of many sets of areas fulfil a filter; see [`pages_of_communities`].
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn counts_of_areas(
    ctx: &Ctx,
    areas: &[AreaSet],
    filter: &Filter<MemberField>,
) -> Result<HashMap<AreaSet, u64>> {
    ctx.authorise(Operation::Read)?;
    Ok(members::counts_of_areas(ctx.read().await?, areas, filter).await?)
}

pub(super) fn not_found() -> Error {
    Error::not_found(Code::MemberNotFound, "There is no such member")
}
