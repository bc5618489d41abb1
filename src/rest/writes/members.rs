//! Members come, change, leave and are erased.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::identifier::{CommunityKey, MemberKey};
use crate::domain::precondition::Versioned as _;
use crate::domain::retry::Answer;
use crate::http::{AppState, Problem};
use crate::rest::answer::{Tagged, answered, kept};
use crate::rest::extract::{IfMatch, JsonBody, KnownCaller, Parameters, Retry};
use crate::rest::openapi::tag;
use crate::rest::views::member::MemberDetail;
use crate::rest::views::problem::{Forbidden, NotWritten};
use crate::rest::views::write::{MemberRemoved, bodies};
use crate::service::write::member::{self, Part, WrittenMember};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_member))
        .routes(routes!(patch_member, delete_member))
        .routes(routes!(patch_member_profile))
        .routes(routes!(put_member_name))
        .routes(routes!(put_member_role))
        .routes(routes!(put_member_area))
        .routes(routes!(change_member_status))
}

fn detail(written: WrittenMember) -> Tagged<MemberDetail> {
    let WrittenMember { member, delivery_points } = written;
    Tagged::of(member, |member| MemberDetail::of(member, delivery_points))
}

fn answer(status: StatusCode, written: &WrittenMember) -> Answer {
    let WrittenMember { member, delivery_points } = written.clone();
    kept(status, Some(member.entity_tag()), &MemberDetail::of(member, delivery_points))
}

fn created(written: &WrittenMember) -> Answer {
    answer(StatusCode::CREATED, written)
}

fn changed(written: &WrittenMember) -> Answer {
    answer(StatusCode::OK, written)
}

/// Create a member
///
/// With its delivery points and assets. Grant `rec-registry.members.write`.
#[utoipa::path(
    post, path = "/admin/communities/{community_key}/members", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = r"^[!-~]([ -~]*[!-~])?$", description = "A retry with the same key within 24 hours gets the first answer"),
    ),
    request_body = bodies::MemberCreate,
    responses((status = 201, description = "The member", body = MemberDetail), Forbidden, NotWritten),
)]
async fn create_member(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    retry: Retry,
    body: JsonBody,
) -> Result<Response, Problem> {
    let community: CommunityKey = parameters.read(|given| given.segment("community_key"))?;
    let once = retry.once(&ctx, &body, created)?;
    let outcome = member::create(&ctx, &community, &body.node()?, once.as_ref()).await?;
    Ok(answered(outcome, created))
}

/// Change a member
///
/// What is absent or null stays as it is; `extra` is merged one level deep. Grant `rec-registry.members.write`.
#[utoipa::path(
    patch, path = "/admin/communities/{community_key}/members/{member_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the member as it was read"),
    ),
    request_body = bodies::MemberPatch,
    responses((status = 200, description = "The member", body = MemberDetail), Forbidden, NotWritten),
)]
async fn patch_member(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<MemberDetail>, Problem> {
    let (community, key): (CommunityKey, MemberKey) =
        parameters.read(|given| (given.segment("community_key"), given.segment("member_key")))?;
    let written = member::update(&ctx, &community, &key, Part::Everything, &body.node()?, &seen).await?;
    Ok(detail(written))
}

/// Change a member's role and area
///
/// One of them at least, each with its own grant: `rec-registry.members.role.write`, `rec-registry.members.area.write`;
/// `rec-registry.members.profile.write` is both.
#[utoipa::path(
    patch, path = "/admin/communities/{community_key}/members/{member_key}/profile", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the member as it was read"),
    ),
    request_body = bodies::MemberProfilePatch,
    responses((status = 200, description = "The member", body = MemberDetail), Forbidden, NotWritten),
)]
async fn patch_member_profile(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<MemberDetail>, Problem> {
    let (community, key): (CommunityKey, MemberKey) =
        parameters.read(|given| (given.segment("community_key"), given.segment("member_key")))?;
    let written = member::update(&ctx, &community, &key, Part::Profile, &body.node()?, &seen).await?;
    Ok(detail(written))
}

/// Set a member's name
///
/// Grant `rec-registry.members.name.write`.
#[utoipa::path(
    put, path = "/admin/communities/{community_key}/members/{member_key}/name", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the member as it was read"),
    ),
    request_body = bodies::MemberNamePut,
    responses((status = 200, description = "The member", body = MemberDetail), Forbidden, NotWritten),
)]
async fn put_member_name(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<MemberDetail>, Problem> {
    let (community, key): (CommunityKey, MemberKey) =
        parameters.read(|given| (given.segment("community_key"), given.segment("member_key")))?;
    let written = member::update(&ctx, &community, &key, Part::Name, &body.node()?, &seen).await?;
    Ok(detail(written))
}

/// Set a member's role
///
/// Grant `rec-registry.members.role.write`.
#[utoipa::path(
    put, path = "/admin/communities/{community_key}/members/{member_key}/role", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the member as it was read"),
    ),
    request_body = bodies::MemberRolePut,
    responses((status = 200, description = "The member", body = MemberDetail), Forbidden, NotWritten),
)]
async fn put_member_role(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<MemberDetail>, Problem> {
    let (community, key): (CommunityKey, MemberKey) =
        parameters.read(|given| (given.segment("community_key"), given.segment("member_key")))?;
    let written = member::update(&ctx, &community, &key, Part::Role, &body.node()?, &seen).await?;
    Ok(detail(written))
}

/// Set a member's area
///
/// Grant `rec-registry.members.area.write`.
#[utoipa::path(
    put, path = "/admin/communities/{community_key}/members/{member_key}/area", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the member as it was read"),
    ),
    request_body = bodies::MemberAreaPut,
    responses((status = 200, description = "The member", body = MemberDetail), Forbidden, NotWritten),
)]
async fn put_member_area(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<MemberDetail>, Problem> {
    let (community, key): (CommunityKey, MemberKey) =
        parameters.read(|given| (given.segment("community_key"), given.segment("member_key")))?;
    let written = member::update(&ctx, &community, &key, Part::Area, &body.node()?, &seen).await?;
    Ok(detail(written))
}

/// Change the status of a member
///
/// Becoming active, the member takes hold of its sensors and delivery points again: 409 when somebody else has one by now.
/// Grant `rec-registry.members.write`.
#[utoipa::path(
    post, path = "/admin/communities/{community_key}/members/{member_key}/status", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the member as it was read"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = r"^[!-~]([ -~]*[!-~])?$", description = "A retry with the same key within 24 hours gets the first answer"),
    ),
    request_body = bodies::MemberStatusChange,
    responses((status = 200, description = "The member", body = MemberDetail), Forbidden, NotWritten),
)]
async fn change_member_status(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    retry: Retry,
    body: JsonBody,
) -> Result<Response, Problem> {
    let (community, key): (CommunityKey, MemberKey) =
        parameters.read(|given| (given.segment("community_key"), given.segment("member_key")))?;
    let once = retry.once(&ctx, &body, changed)?;
    let outcome = member::set_status(&ctx, &community, &key, &body.node()?, &seen, once.as_ref()).await?;
    Ok(answered(outcome, changed))
}

/// Deactivate or erase a member
///
/// Deactivated, the member stays and holds nothing any more; grant `rec-registry.members.write`. With `purge` it is erased
/// with its points and assets; grant `rec-registry.members.purge`.
#[utoipa::path(
    delete, path = "/admin/communities/{community_key}/members/{member_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("purge" = Option<bool>, Query, description = "Erase the member for good"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the member as it was read"),
    ),
    responses((status = 200, description = "What became of the member", body = MemberRemoved), Forbidden, NotWritten),
)]
async fn delete_member(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
) -> Result<Json<MemberRemoved>, Problem> {
    let (community, key, purge): (CommunityKey, MemberKey, _) = parameters.read(|given| {
        let purge = given.boolean("purge").unwrap_or(false);
        (given.segment("community_key"), given.segment("member_key"), purge)
    })?;
    let removed = member::remove(&ctx, &community, &key, purge, &seen).await?;
    Ok(Json(MemberRemoved::of(community, key, &removed)))
}
