//! What members own.

use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::identifier::{AssetKey, CommunityKey, MemberKey};
use crate::http::{AppState, Problem};
use crate::rest::answer::Tagged;
use crate::rest::extract::{Given, IfMatch, JsonBody, KnownCaller, Parameters};
use crate::rest::openapi::tag;
use crate::rest::views::asset::AssetDetail;
use crate::rest::views::problem::{Forbidden, NotWritten};
use crate::rest::views::write::bodies;
use crate::service::write::asset;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(put_asset, delete_asset))
}

fn place(given: &mut Given) -> (CommunityKey, MemberKey, AssetKey) {
    (given.segment("community_key"), given.segment("member_key"), given.segment("asset_key"))
}

/// Put an asset of a member
///
/// Adds it, or replaces the member's asset with that key whole, and keeps the others. Grant `rec-registry.assets.write`.
#[utoipa::path(
    put, path = "/admin/communities/{community_key}/members/{member_key}/assets/{asset_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("asset_key" = String, Path, min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$", description = "The key of the asset", example = "m-au-00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the asset as it was read"),
    ),
    request_body = bodies::AssetPut,
    responses((status = 200, description = "The asset", body = AssetDetail), Forbidden, NotWritten),
)]
async fn put_asset(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    body: JsonBody,
) -> Result<Tagged<AssetDetail>, Problem> {
    let (community, owner, key) = parameters.read(place)?;
    let written = asset::put(&ctx, &community, &owner, &key, &body.node()?, &seen).await?;
    Ok(Tagged::of(written, AssetDetail::from))
}

/// Delete an asset of a member
///
/// For good; its sensor may be given to somebody else. Grant `rec-registry.assets.write`.
#[utoipa::path(
    delete, path = "/admin/communities/{community_key}/members/{member_key}/assets/{asset_key}", tag = tag::WRITES,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("member_key" = String, Path, description = "The key of the member", example = "au-00001"),
        ("asset_key" = String, Path, description = "The key of the asset", example = "m-au-00001"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the asset as it was read"),
    ),
    responses((status = 204, description = "It is gone"), Forbidden, NotWritten),
)]
async fn delete_asset(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    let (community, owner, key) = parameters.read(place)?;
    asset::remove(&ctx, &community, &owner, &key, &seen).await?;
    Ok(StatusCode::NO_CONTENT)
}
