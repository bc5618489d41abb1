//! The delivery points of a community. Needs the grant `read`.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{KnownCaller, Parameters};
use super::list::{PageParams, list_args};
use super::openapi::tag;
use super::views::delivery_point::{DeliveryPointDuplicates, DeliveryPointListItem, DeliveryPointWithMember};
use super::views::page::Page;
use super::views::problem::{Forbidden, Invalid, NotFound};
use crate::domain::cursor::ListKind;
use crate::domain::filter::{DeliveryPointField, TextTest};
use crate::domain::identifier::{CommunityKey, DeliveryPointCode};
use crate::http::{AppState, Problem};
use crate::service::delivery_point;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_delivery_points))
        .routes(routes!(get_delivery_point_by_id))
        .routes(routes!(list_duplicate_delivery_points))
}

/// List the delivery points of a community
///
/// By id, then by member; those of inactive members too.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/delivery-points", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("type" = Option<String>, Query, description = "Only delivery points of this type", example = "pod"),
        ("active" = Option<bool>, Query, description = "Only those in use, or only those that are not"),
        PageParams,
    ),
    responses((status = 200, description = "One page", body = Page<DeliveryPointListItem>), Forbidden, NotFound, Invalid),
)]
async fn list_delivery_points(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<Page<DeliveryPointListItem>>, Problem> {
    let (community, args) = parameters.read(|given| {
        let conditions = [
            given.text("type").map(|point_type| DeliveryPointField::PointType(TextTest::Is(point_type))),
            given.boolean("active").map(DeliveryPointField::Active),
        ];
        let community: CommunityKey = given.segment("community_key");
        (community, list_args(given, ListKind::DeliveryPoints, conditions))
    })?;
    let page = delivery_point::list(&ctx, Some(&community), &args).await?;
    Ok(Json(Page::of(page, DeliveryPointListItem::from)))
}

/// Find a delivery point by id
///
/// That of the active member who holds it, where there is one, else the one there is. The id is the
/// whole rest of the path, slashes raw or escaped; it compares trimmed and ignoring case.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/delivery-points/by-id/{*dp_id}", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("dp_id" = String, Path, description = "The id of the delivery point", example = "IT001E00001234"),
    ),
    responses((status = 200, description = "The delivery point and its member", body = DeliveryPointWithMember), Forbidden, NotFound, Invalid),
)]
async fn get_delivery_point_by_id(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<DeliveryPointWithMember>, Problem> {
    let (community, code): (CommunityKey, DeliveryPointCode) =
        parameters.read(|given| (given.segment("community_key"), given.segment("dp_id")))?;
    Ok(Json(delivery_point::get_by_code(&ctx, &community, &code).await?.into()))
}

/// List shared delivery points
///
/// The ids that several members of the community name, each with these members.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/delivery-points/duplicates", tag = tag::BROWSING,
    params(("community_key" = String, Path, description = "The key of the community", example = "aurora")),
    responses((status = 200, description = "The shared delivery points", body = DeliveryPointDuplicates), Forbidden, NotFound, Invalid),
)]
async fn list_duplicate_delivery_points(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<DeliveryPointDuplicates>, Problem> {
    let community: CommunityKey = parameters.read(|given| given.segment("community_key"))?;
    let duplicates = delivery_point::duplicates(&ctx, &community).await?;
    Ok(Json(DeliveryPointDuplicates::of(community, duplicates)))
}
