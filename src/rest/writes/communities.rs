//! What a community says of itself: its documents, areas, operators and grid; and its end.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::identifier::CommunityKey;
use crate::domain::precondition::Versioned as _;
use crate::domain::retry::Answer;
use crate::http::{AppState, Problem};
use crate::rest::answer::{Tagged, answered, kept};
use crate::rest::extract::{IfMatch, JsonBody, KnownCaller, Parameters, Retry};
use crate::rest::openapi::tag;
use crate::rest::views::community::CommunityDetail;
use crate::rest::views::problem::{Forbidden, NotWritten};
use crate::rest::views::write::{AreaRenamed, CommunityRemoved, bodies};
use crate::service::write::area::RenamedArea;
use crate::service::write::{area, community, operator, topology_node};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(patch_community, delete_community))
        .routes(routes!(put_operator, delete_operator))
        .routes(routes!(put_area, delete_area))
        .routes(routes!(rename_area))
        .routes(routes!(put_topology_node, delete_topology_node))
}

fn renamed(renamed: &RenamedArea) -> Answer {
    let tag = renamed.community.entity_tag();
    kept(StatusCode::OK, Some(tag), &AreaRenamed::from(renamed.clone()))
}

/// Change a community
///
/// What is absent or null stays as it is; a document that is given is replaced, `extra` is merged one level deep. Grant
/// `rec-registry.community.write`.
#[utoipa::path(
    patch, path = "/admin/communities/{community_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the community as it was read"),
    ),
    request_body = bodies::CommunityPatch,
    responses((status = 200, description = "The community as it is now", body = CommunityDetail), Forbidden, NotWritten),
)]
async fn patch_community(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<CommunityDetail>, Problem> {
    let key: CommunityKey = parameters.read(|given| given.segment("community_key"))?;
    let written = community::update(&ctx, &key, &body.node()?, &seen).await?;
    Ok(Tagged::of(written, CommunityDetail::from))
}

/// Delete a community
///
/// With everything in it. Grant `rec-registry.community.delete`.
#[utoipa::path(
    delete, path = "/admin/communities/{community_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("dry_run" = Option<bool>, Query, description = "Only say what would be deleted"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the community as it was read"),
    ),
    responses((status = 200, description = "What was deleted, or would be", body = CommunityRemoved), Forbidden, NotWritten),
)]
async fn delete_community(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
) -> Result<Json<CommunityRemoved>, Problem> {
    let (key, dry_run): (CommunityKey, _) = parameters
        .read(|given| (given.segment("community_key"), given.boolean("dry_run").unwrap_or(false)))?;
    let deleted = community::remove(&ctx, &key, dry_run, &seen).await?;
    Ok(Json(CommunityRemoved::of(key, deleted)))
}

/// Put an operator
///
/// Adds it, or replaces the one with that key whole, and keeps the others. Grant `rec-registry.community.write`.
#[utoipa::path(
    put, path = "/admin/communities/{community_key}/operators/{operator_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("operator_key" = String, Path, min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$", description = "The key of the operator", example = "dso"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the community as it was read"),
    ),
    request_body = bodies::OperatorPut,
    responses((status = 200, description = "The community as it is now", body = CommunityDetail), Forbidden, NotWritten),
)]
async fn put_operator(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<CommunityDetail>, Problem> {
    let (community, key): (CommunityKey, String) =
        parameters.read(|given| (given.segment("community_key"), given.segment("operator_key")))?;
    let written = operator::put(&ctx, &community, &key, &body.node()?, &seen).await?;
    Ok(Tagged::of(written, CommunityDetail::from))
}

/// Delete an operator
///
/// Grid nodes that name it go on naming it. Grant `rec-registry.community.write`.
#[utoipa::path(
    delete, path = "/admin/communities/{community_key}/operators/{operator_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("operator_key" = String, Path, description = "The key of the operator", example = "dso"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the community as it was read"),
    ),
    responses((status = 200, description = "The community as it is now", body = CommunityDetail), Forbidden, NotWritten),
)]
async fn delete_operator(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
) -> Result<Tagged<CommunityDetail>, Problem> {
    let (community, key): (CommunityKey, String) =
        parameters.read(|given| (given.segment("community_key"), given.segment("operator_key")))?;
    let written = operator::remove(&ctx, &community, &key, &seen).await?;
    Ok(Tagged::of(written, CommunityDetail::from))
}

/// Put an area
///
/// Adds it, or replaces the one with that key whole, and keeps the others. It needs a boundary when every area that there
/// is has one. Grant `rec-registry.community.write`.
#[utoipa::path(
    put, path = "/admin/communities/{community_key}/areas/{area_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("area_key" = String, Path, min_length = 1, max_length = 128, pattern = r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description = "The key of the area", example = "north"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the community as it was read"),
    ),
    request_body = bodies::AreaPut,
    responses((status = 200, description = "The community as it is now", body = CommunityDetail), Forbidden, NotWritten),
)]
async fn put_area(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<CommunityDetail>, Problem> {
    let (community, key): (CommunityKey, String) =
        parameters.read(|given| (given.segment("community_key"), given.segment("area_key")))?;
    let written = area::put(&ctx, &community, &key, &body.node()?, &seen).await?;
    Ok(Tagged::of(written, CommunityDetail::from))
}

/// Delete an area
///
/// Refused while members sit in it: `area_in_use`. Grant `rec-registry.community.write`.
#[utoipa::path(
    delete, path = "/admin/communities/{community_key}/areas/{area_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("area_key" = String, Path, description = "The key of the area", example = "north"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the community as it was read"),
    ),
    responses((status = 200, description = "The community as it is now", body = CommunityDetail), Forbidden, NotWritten),
)]
async fn delete_area(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
) -> Result<Tagged<CommunityDetail>, Problem> {
    let (community, key): (CommunityKey, String) =
        parameters.read(|given| (given.segment("community_key"), given.segment("area_key")))?;
    let written = area::remove(&ctx, &community, &key, &seen).await?;
    Ok(Tagged::of(written, CommunityDetail::from))
}

/// Put a grid node
///
/// Adds it, or replaces the one with that id whole, and keeps the others. Grant `rec-registry.community.write`.
#[utoipa::path(
    put, path = "/admin/communities/{community_key}/topology/{node_id}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("node_id" = String, Path, min_length = 1, max_length = 128, pattern = r"\S", description = "The id of the node", example = "AC001E00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the community as it was read"),
    ),
    request_body = bodies::TopologyNodePut,
    responses((status = 200, description = "The community as it is now", body = CommunityDetail), Forbidden, NotWritten),
)]
async fn put_topology_node(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<CommunityDetail>, Problem> {
    let (community, key): (CommunityKey, String) =
        parameters.read(|given| (given.segment("community_key"), given.segment("node_id")))?;
    let written = topology_node::put(&ctx, &community, &key, &body.node()?, &seen).await?;
    Ok(Tagged::of(written, CommunityDetail::from))
}

/// Delete a grid node
///
/// Refused while an area or another node names it, or nodes stand below it: `topology_node_in_use`. Grant
/// `rec-registry.community.write`.
#[utoipa::path(
    delete, path = "/admin/communities/{community_key}/topology/{node_id}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("node_id" = String, Path, description = "The id of the node", example = "AC001E00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the community as it was read"),
    ),
    responses((status = 200, description = "The community as it is now", body = CommunityDetail), Forbidden, NotWritten),
)]
async fn delete_topology_node(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
) -> Result<Tagged<CommunityDetail>, Problem> {
    let (community, key): (CommunityKey, String) =
        parameters.read(|given| (given.segment("community_key"), given.segment("node_id")))?;
    let written = topology_node::remove(&ctx, &community, &key, &seen).await?;
    Ok(Tagged::of(written, CommunityDetail::from))
}

/// Rename an area
///
/// Its members move along, in one transaction. Grant `rec-registry.community.write`.
#[utoipa::path(
    post, path = "/admin/communities/{community_key}/areas/{area_key}/rename", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("area_key" = String, Path, description = "The key of the area", example = "north"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the community as it was read"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = r"^[!-~]([ -~]*[!-~])?$", description = "A retry with the same key within 24 hours gets the first answer"),
    ),
    request_body = bodies::AreaRename,
    responses((status = 200, description = "What moved", body = AreaRenamed), Forbidden, NotWritten),
)]
async fn rename_area(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    retry: Retry,
    body: JsonBody,
) -> Result<Response, Problem> {
    let (community, key): (CommunityKey, String) =
        parameters.read(|given| (given.segment("community_key"), given.segment("area_key")))?;
    let once = retry.once(&ctx, &body, renamed)?;
    let outcome = area::rename(&ctx, &community, &key, &body.node()?, &seen, once.as_ref()).await?;
    Ok(answered(outcome, renamed))
}
