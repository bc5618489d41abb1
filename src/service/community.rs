//! Communities.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Ctx, ListArgs, Result, self_service};
use crate::domain::code::Code;
use crate::domain::community::{Community, CommunityRef};
use crate::domain::error::Error;
use crate::domain::filter::{CommunityField, Filter};
use crate::domain::grant::{Operation, Reach};
use crate::domain::identifier::CommunityKey;
use crate::domain::page::Page;
use crate::store::communities;

/// One page of the communities that the caller may see. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn list(ctx: &Ctx, args: &ListArgs<CommunityField>) -> Result<Page<Community>> {
    let reach = ctx.authorise(Operation::Read)?;
    Ok(communities::list(&ctx.read_once().await?, &reach, args).await?)
}

/// How many communities that the caller may see fulfil a filter. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn count(ctx: &Ctx, filter: &Filter<CommunityField>) -> Result<u64> {
    let reach = ctx.authorise(Operation::Read)?;
    Ok(communities::count(&ctx.read_once().await?, &reach, filter).await?)
}

/// The community of a key. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, not found, or a failure of the database.
pub async fn get(ctx: &Ctx, key: &CommunityKey) -> Result<Community> {
    let reach = ctx.authorise(Operation::Read)?;
    communities::by_key(&ctx.read_once().await?, &reach, key).await?.ok_or_else(not_found)
}

/// The community of a key, as far as the caller may know of it: with the grant `read`, or because the
/// caller is an active member of it, who may see its public part.
///
/// # Errors
/// Unauthenticated, or a failure of the database; forbidden without any grant `read`, whether or not
/// somebody else's community exists.
pub async fn visible(ctx: &Ctx, key: &CommunityKey) -> Result<Option<Community>> {
    ctx.principal()?;
    if let Ok(reach) = ctx.authorise(Operation::Read)
        && reach.includes(key)
    {
        return Ok(communities::by_key(ctx.read().await?, &reach, key).await?);
    }
    let own = self_service::memberships(ctx).await?;
    match own.iter().find(|member| member.community.key == *key) {
        Some(member) => Ok(by_ids(ctx, &[member.community.id]).await?.remove(&member.community.id)),
        None => ctx.authorise(Operation::Read).map(|_| None),
    }
}

/// The communities with these ids, for edges that lead from what the caller sees to the public part of
/// the community it belongs to.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn by_ids(ctx: &Ctx, ids: &[Uuid]) -> Result<HashMap<Uuid, Community>> {
    ctx.principal()?;
    Ok(communities::by_ids(ctx.read().await?, ids).await?)
}

/// The communities with these ids that the caller may know of, for ids that a caller gives.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn visible_by_ids(ctx: &Ctx, ids: &[Uuid]) -> Result<HashMap<Uuid, Community>> {
    let mut found = by_ids(ctx, ids).await?;
    let own = self_service::memberships(ctx).await?;
    found.retain(|id, community| {
        ctx.sees_community(&community.content.key) || own.iter().any(|member| member.community.id == *id)
    });
    Ok(found)
}

/// The name tag of a community that a grant reaches.
pub(super) async fn reached(ctx: &Ctx, reach: &Reach, key: &CommunityKey) -> Result<CommunityRef> {
    communities::tag(ctx.read().await?, reach, key).await?.ok_or_else(not_found)
}

pub(super) fn not_found() -> Error {
    Error::not_found(Code::CommunityNotFound, "There is no such community")
}
