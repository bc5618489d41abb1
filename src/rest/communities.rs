//! Communities and their grids. Needs the grant `read`.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Tagged;
use super::extract::{KnownCaller, Parameters};
use super::list::{PageParams, list_args};
use super::openapi::tag;
use super::views::community::{CommunityDetail, CommunityListItem, Topology};
use super::views::page::Page;
use super::views::problem::{Forbidden, Invalid, NotFound};
use super::views::stats::CommunityStats;
use crate::domain::cursor::ListKind;
use crate::domain::filter::{CommunityField, Filter, TextTest};
use crate::http::{AppState, Problem};
use crate::service::{community, stats};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_communities))
        .routes(routes!(get_community))
        .routes(routes!(get_topology))
        .routes(routes!(get_stats))
}

/// List communities
///
/// By key; only those that the grant reaches.
#[utoipa::path(
    get, path = "/admin/communities", tag = tag::BROWSING,
    params(("key" = Option<String>, Query, description = "Only the community of this key", example = "aurora"), PageParams),
    responses((status = 200, description = "One page", body = Page<CommunityListItem>), Forbidden, Invalid),
)]
async fn list_communities(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<Page<CommunityListItem>>, Problem> {
    let args = parameters.read(|given| {
        let key = given.text("key").map(|key| CommunityField::Key(TextTest::Is(key)));
        list_args(given, ListKind::Communities, [key])
    })?;
    Ok(Json(Page::of(community::list(&ctx, &args).await?, CommunityListItem::from)))
}

/// Get a community
#[utoipa::path(
    get, path = "/admin/communities/{community_key}", tag = tag::BROWSING,
    params(("community_key" = String, Path, description = "The key of the community", example = "aurora")),
    responses((status = 200, description = "The community", body = CommunityDetail), Forbidden, NotFound, Invalid),
)]
async fn get_community(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Tagged<CommunityDetail>, Problem> {
    let key = parameters.read(|given| given.segment("community_key"))?;
    Ok(Tagged::of(community::get(&ctx, &key).await?, CommunityDetail::from))
}

/// Get the grid of a community
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/topology", tag = tag::BROWSING,
    params(("community_key" = String, Path, description = "The key of the community", example = "aurora")),
    responses((status = 200, description = "The nodes of its grid", body = Topology), Forbidden, NotFound, Invalid),
)]
async fn get_topology(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<Topology>, Problem> {
    let key = parameters.read(|given| given.segment("community_key"))?;
    Ok(Json(community::get(&ctx, &key).await?.into()))
}

/// Get the numbers of a community
///
/// How many members there are and of which kind, what they own, and how much power stands behind it.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/stats", tag = tag::BROWSING,
    params(("community_key" = String, Path, description = "The key of the community", example = "aurora")),
    responses((status = 200, description = "The numbers of its members", body = CommunityStats), Forbidden, NotFound, Invalid),
)]
async fn get_stats(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<CommunityStats>, Problem> {
    let key = parameters.read(|given| given.segment("community_key"))?;
    let numbers = stats::of_members(&ctx, Some(&key), &Filter::everything()).await?;
    Ok(Json(CommunityStats::new(&key, &numbers)))
}
