//! The members of a community. Needs the grant `read`.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Tagged;
use super::extract::{KnownCaller, Parameters};
use super::list::{PageParams, list_args};
use super::openapi::tag;
use super::views::delivery_point::{DeliveryPoints, views};
use super::views::member::{MemberDetail, MemberListItem};
use super::views::page::Page;
use super::views::problem::{Forbidden, Invalid, NotFound};
use super::views::words::{RoleWord, StatusWord};
use crate::domain::cursor::ListKind;
use crate::domain::filter::{MemberField, TextTest, WordTest};
use crate::domain::identifier::{CommunityKey, MemberKey, UserId};
use crate::domain::member::Member;
use crate::http::{AppState, Problem};
use crate::service::{Ctx, Result as ServiceResult, delivery_point, member};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_members))
        .routes(routes!(get_member))
        .routes(routes!(get_member_by_user_id))
        .routes(routes!(list_delivery_points_of_member))
}

/// List the members of a community
///
/// By key. An area that does not exist has no members.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/members", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("role" = inline(Option<RoleWord>), Query, description = "Only members with this role"),
        ("status" = inline(Option<StatusWord>), Query, description = "Only members with this status"),
        ("area" = Option<String>, Query, description = "Only members of the area with this key", example = "north"),
        PageParams,
    ),
    responses((status = 200, description = "One page", body = Page<MemberListItem>), Forbidden, NotFound, Invalid),
)]
async fn list_members(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<Page<MemberListItem>>, Problem> {
    let (community, args) = parameters.read(|given| {
        let conditions = [
            given.word("role").map(|role| MemberField::Role(WordTest::OneOf(vec![role]))),
            given.word("status").map(|status| MemberField::Status(WordTest::OneOf(vec![status]))),
            given.text("area").map(|area| MemberField::Area(TextTest::Is(area))),
        ];
        let community: CommunityKey = given.segment("community_key");
        (community, list_args(given, ListKind::Members, conditions))
    })?;
    let page = member::list(&ctx, Some(&community), &args).await?;
    let ids: Vec<_> = page.rows.iter().map(|row| row.value.id).collect();
    let counts = member::delivery_point_counts(&ctx, &ids).await?;
    Ok(Json(Page::of(page, |member| {
        let count = counts.get(&member.id).copied().unwrap_or(0);
        MemberListItem::of(member, count)
    })))
}

/// Get a member
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/members/{member_key}", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
    ),
    responses((status = 200, description = "The member", body = MemberDetail), Forbidden, NotFound, Invalid),
)]
async fn get_member(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Tagged<MemberDetail>, Problem> {
    let (community, key): (CommunityKey, MemberKey) =
        parameters.read(|given| (given.segment("community_key"), given.segment("member_key")))?;
    let member = member::get(&ctx, &community, &key).await?;
    Ok(detail(&ctx, member).await?)
}

/// Find a member by user id
///
/// Whatever the status of the member. The id is the whole rest of the path, slashes raw or escaped.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/members/by-user-id/{*user_id}", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("user_id" = String, Path, description = "The user id of the member", example = "alice"),
    ),
    responses((status = 200, description = "The member", body = MemberDetail), Forbidden, NotFound, Invalid),
)]
async fn get_member_by_user_id(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Tagged<MemberDetail>, Problem> {
    let (community, user_id): (CommunityKey, UserId) =
        parameters.read(|given| (given.segment("community_key"), given.segment("user_id")))?;
    let member = member::get_by_user_id(&ctx, &community, &user_id).await?;
    Ok(detail(&ctx, member).await?)
}

/// List the delivery points of a member
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/members/{member_key}/delivery-points", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
    ),
    responses((status = 200, description = "The delivery points, by id", body = DeliveryPoints), Forbidden, NotFound, Invalid),
)]
async fn list_delivery_points_of_member(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<DeliveryPoints>, Problem> {
    let (community, key): (CommunityKey, MemberKey) =
        parameters.read(|given| (given.segment("community_key"), given.segment("member_key")))?;
    let points = delivery_point::of_member(&ctx, &community, &key).await?;
    Ok(Json(DeliveryPoints { delivery_points: views(points) }))
}

async fn detail(ctx: &Ctx, member: Member) -> ServiceResult<Tagged<MemberDetail>> {
    let mut points = delivery_point::of_members(ctx, &[member.id]).await?;
    let points = points.remove(&member.id).unwrap_or_default();
    Ok(Tagged::of(member, |member| MemberDetail::of(member, points)))
}
