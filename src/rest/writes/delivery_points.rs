//! Where members are connected to the grid.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::identifier::{CommunityKey, DeliveryPointCode, MemberKey};
use crate::http::{AppState, Problem};
use crate::rest::extract::{Given, IfMatch, JsonBody, KnownCaller, Parameters};
use crate::rest::openapi::tag;
use crate::rest::views::delivery_point::{DeliveryPoints, views};
use crate::rest::views::problem::{Forbidden, NotWritten};
use crate::rest::views::write::bodies;
use crate::service::write::delivery_point;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(put_delivery_point, delete_delivery_point))
}

fn point(given: &mut Given) -> (CommunityKey, MemberKey, DeliveryPointCode) {
    (given.segment("community_key"), given.segment("member_key"), given.segment("dp_id"))
}

/// Put a delivery point of a member
///
/// Adds it, or replaces the one with that id, and keeps the others. Grant `rec-registry.members.delivery_points.write`.
#[utoipa::path(
    put, path = "/admin/communities/{community_key}/members/{member_key}/delivery-points/{dp_id}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("dp_id" = String, Path, min_length = 1, max_length = 128, pattern = r"\S", description = "The id of the delivery point", example = "IT001E00001234"),
        ("replaces" = Option<String>, Query, description = "The id of another point of the member, which gives way to this one; the meters that named it name this one", example = "IT001E00001233"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the member as it was read"),
    ),
    request_body = bodies::DeliveryPointPut,
    responses((status = 200, description = "The delivery points of the member, by id", body = DeliveryPoints), Forbidden, NotWritten),
)]
async fn put_delivery_point(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Json<DeliveryPoints>, Problem> {
    let ((community, key, code), replaces) = parameters.read(|given| {
        let replaces = given.text("replaces").map(DeliveryPointCode::from);
        (point(given), replaces)
    })?;
    let (body, replaces) = (body.node()?, replaces.as_ref());
    let written = delivery_point::put(&ctx, &community, &key, &code, &body, replaces, &seen).await?;
    Ok(Json(DeliveryPoints { delivery_points: views(written.delivery_points) }))
}

/// Delete a delivery point of a member
///
/// Refused while a meter of the member names it: `delivery_point_linked`. Grant
/// `rec-registry.members.delivery_points.write`.
#[utoipa::path(
    delete, path = "/admin/communities/{community_key}/members/{member_key}/delivery-points/{dp_id}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("dp_id" = String, Path, description = "The id of the delivery point", example = "IT001E00001234"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the member as it was read"),
    ),
    responses((status = 200, description = "The delivery points of the member, by id", body = DeliveryPoints), Forbidden, NotWritten),
)]
async fn delete_delivery_point(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
) -> Result<Json<DeliveryPoints>, Problem> {
    let (community, key, code) = parameters.read(point)?;
    let written = delivery_point::remove(&ctx, &community, &key, &code, &seen).await?;
    Ok(Json(DeliveryPoints { delivery_points: views(written.delivery_points) }))
}
