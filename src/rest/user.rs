//! What callers may see of themselves, with any valid token.

use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Given, KnownCaller, Parameters};
use super::openapi::tag;
use super::views::problem::{Invalid, NoMembership, NotFound, Unauthenticated};
use super::views::user::{
    Me, Membership, MembershipTag, OwnAsset, OwnAssets, OwnCommunity, OwnDeliveryPoints, OwnMember, Profile,
};
use super::views::words::AssetTypeWord;
use crate::domain::error::Error;
use crate::domain::identifier::{AssetKey, CommunityKey};
use crate::http::{AppState, Problem};
use crate::service::{person, self_service};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_me))
        .routes(routes!(get_my_member))
        .routes(routes!(get_my_community))
        .routes(routes!(list_my_assets))
        .routes(routes!(get_my_asset))
        .routes(routes!(list_my_delivery_points))
        .routes(routes!(export_me))
}

/// Which of the caller's communities is meant; an empty parameter means none in particular.
fn community(given: &mut Given) -> Option<CommunityKey> {
    given.text("community").map(CommunityKey::from)
}

/// Who am I?
///
/// What the token says, and the active memberships. Always 200 for a valid token.
#[utoipa::path(
    get, path = "/user", tag = tag::USER,
    params(("community" = Option<String>, Query, description = "The key of the community whose `membership` is asked for", example = "aurora")),
    responses((status = 200, description = "The caller", body = Me), Unauthenticated, Invalid),
)]
async fn get_me(KnownCaller(ctx): KnownCaller, parameters: Parameters) -> Result<Json<Me>, Problem> {
    let community = parameters.read(community)?;
    let memberships = self_service::memberships(&ctx).await?;
    let membership = match self_service::membership(&ctx, community.as_ref()).await {
        Ok(member) => Some(Membership::of(
            &member,
            self_service::own_community(&ctx, &member).await?,
            self_service::own_delivery_point_count(&ctx, &member).await?,
            self_service::own_asset_counts(&ctx, &member).await?,
        )),
        Err(Error::Denied { .. } | Error::Conflict { .. }) => None,
        Err(other) => return Err(other.into()),
    };
    Ok(Json(Me {
        profile: Profile::from(ctx.principal()?),
        memberships: memberships.iter().map(MembershipTag::from).collect(),
        membership,
    }))
}

/// My membership
#[utoipa::path(
    get, path = "/user/member", tag = tag::USER,
    params(("community" = Option<String>, Query, description = "The key of one of the caller's communities", example = "aurora")),
    responses((status = 200, description = "The caller as a member", body = OwnMember), NoMembership, Invalid),
)]
async fn get_my_member(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<OwnMember>, Problem> {
    let community = parameters.read(community)?;
    let member = self_service::membership(&ctx, community.as_ref()).await?;
    let points = self_service::own_delivery_points(&ctx, &member).await?;
    Ok(Json(OwnMember::of(&member, points)))
}

/// My community
///
/// Its public part: no members.
#[utoipa::path(
    get, path = "/user/community", tag = tag::USER,
    params(("community" = Option<String>, Query, description = "The key of one of the caller's communities", example = "aurora")),
    responses((status = 200, description = "The caller's community", body = OwnCommunity), NoMembership, Invalid),
)]
async fn get_my_community(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<OwnCommunity>, Problem> {
    let community = parameters.read(community)?;
    let member = self_service::membership(&ctx, community.as_ref()).await?;
    let community = self_service::own_community(&ctx, &member).await?;
    Ok(Json(OwnCommunity::of(&member, community)))
}

/// My assets
#[utoipa::path(
    get, path = "/user/assets", tag = tag::USER,
    params(
        ("asset_type" = inline(Option<AssetTypeWord>), Query, description = "Only assets of this kind"),
        ("community" = Option<String>, Query, description = "The key of one of the caller's communities", example = "aurora"),
    ),
    responses((status = 200, description = "The caller's assets, by key", body = OwnAssets), NoMembership, Invalid),
)]
async fn list_my_assets(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<OwnAssets>, Problem> {
    let (community, asset_type) = parameters.read(|given| (community(given), given.word("asset_type")))?;
    let member = self_service::membership(&ctx, community.as_ref()).await?;
    let assets = self_service::own_assets(&ctx, &member, asset_type).await?;
    Ok(Json(assets.into()))
}

/// One of my assets
///
/// Somebody else's asset and none at all answer the same.
#[utoipa::path(
    get, path = "/user/assets/{asset_key}", tag = tag::USER,
    params(
        ("asset_key" = String, Path, description = "The key of the asset", example = "pv-au-00001"),
        ("community" = Option<String>, Query, description = "The key of one of the caller's communities", example = "aurora"),
    ),
    responses((status = 200, description = "The asset", body = OwnAsset), NoMembership, NotFound, Invalid),
)]
async fn get_my_asset(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<OwnAsset>, Problem> {
    let (key, community) =
        parameters.read(|given| (given.segment::<AssetKey>("asset_key"), community(given)))?;
    let member = self_service::membership(&ctx, community.as_ref()).await?;
    let asset = self_service::own_asset(&ctx, &member, &key).await?;
    Ok(Json(asset.into()))
}

/// My delivery points
#[utoipa::path(
    get, path = "/user/delivery-points", tag = tag::USER,
    params(("community" = Option<String>, Query, description = "The key of one of the caller's communities", example = "aurora")),
    responses((status = 200, description = "The caller's delivery points, by id", body = OwnDeliveryPoints), NoMembership, Invalid),
)]
async fn list_my_delivery_points(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<OwnDeliveryPoints>, Problem> {
    let community = parameters.read(community)?;
    let member = self_service::membership(&ctx, community.as_ref()).await?;
    let points = self_service::own_delivery_points(&ctx, &member).await?;
    Ok(Json(points.into()))
}

/// Everything that is stored on me
///
/// Memberships of every status with their delivery points and assets, and what the audit trail says: what I
/// did, and what others did that was about me alone. The same as `me { export }` of GraphQL.
#[utoipa::path(
    get, path = "/user/export", tag = tag::USER,
    responses((status = 200, description = "Everything that is stored on the caller", body = Object), Unauthenticated),
)]
async fn export_me(KnownCaller(ctx): KnownCaller) -> Result<impl IntoResponse, Problem> {
    let export = person::own_export(&ctx).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], export.into_string()))
}
