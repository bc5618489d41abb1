//! The assets of a community, meters among them. Needs the grant `read`.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Tagged;
use super::extract::{Given, KnownCaller, Parameters};
use super::list::{PageParams, list_args};
use super::lookup::nobody;
use super::openapi::tag;
use super::views::asset::{AssetDetail, AssetListItem, MeterListItem};
use super::views::page::Page;
use super::views::problem::{Forbidden, Invalid, NotFound};
use super::views::words::AssetTypeWord;
use crate::domain::closed_set::AssetType;
use crate::domain::code::Code;
use crate::domain::cursor::ListKind;
use crate::domain::filter::{AssetField, Filter, MemberField, TextTest, WordTest};
use crate::domain::identifier::{AssetKey, CommunityKey, SensorId};
use crate::http::{AppState, Problem};
use crate::service::{asset, community};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_assets))
        .routes(routes!(get_asset))
        .routes(routes!(get_asset_by_sensor_id))
        .routes(routes!(list_meters))
}

fn of_type(asset_type: AssetType) -> AssetField {
    AssetField::Type(WordTest::OneOf(vec![asset_type]))
}

/// Only what the member with the key in `owner` has.
fn owner(given: &mut Given) -> Option<AssetField> {
    let key = given.text("owner")?;
    Some(AssetField::Owner(Box::new(Filter::Field(MemberField::Key(TextTest::Is(key))))))
}

/// List the assets of a community
///
/// By key; those of inactive members too. A member that does not exist owns nothing.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/assets", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("asset_type" = inline(Option<AssetTypeWord>), Query, description = "Only assets of this kind"),
        ("owner" = Option<String>, Query, description = "Only assets of the member with this key", example = "au-00001"),
        PageParams,
    ),
    responses((status = 200, description = "One page", body = Page<AssetListItem>), Forbidden, NotFound, Invalid),
)]
async fn list_assets(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<Page<AssetListItem>>, Problem> {
    let (community, args) = parameters.read(|given| {
        let conditions = [given.word("asset_type").map(of_type), owner(given)];
        let community: CommunityKey = given.segment("community_key");
        (community, list_args(given, ListKind::Assets, conditions))
    })?;
    let page = asset::list(&ctx, Some(&community), &args).await?;
    Ok(Json(Page::of(page, AssetListItem::from)))
}

/// Get an asset
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/assets/{asset_key}", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("asset_key" = String, Path, description = "The key of the asset", example = "pv-au-00001"),
    ),
    responses((status = 200, description = "The asset", body = AssetDetail), Forbidden, NotFound, Invalid),
)]
async fn get_asset(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Tagged<AssetDetail>, Problem> {
    let (community, key): (CommunityKey, AssetKey) =
        parameters.read(|given| (given.segment("community_key"), given.segment("asset_key")))?;
    Ok(Tagged::of(asset::get(&ctx, &community, &key).await?, AssetDetail::from))
}

/// Find an asset by sensor id
///
/// That of the active member who holds the sensor, where there is one, else the one there is. The id is
/// the whole rest of the path, slashes raw or escaped; it compares trimmed.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/assets/by-sensor-id/{*sensor_id}", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("sensor_id" = String, Path, description = "The id of the sensor", example = "SEN-1"),
    ),
    responses((status = 200, description = "The asset", body = AssetDetail), Forbidden, NotFound, Invalid),
)]
async fn get_asset_by_sensor_id(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Tagged<AssetDetail>, Problem> {
    let (community, sensor): (CommunityKey, String) =
        parameters.read(|given| (given.segment("community_key"), given.segment("sensor_id")))?;
    let Some(sensor) = SensorId::new(&sensor) else {
        // A blank id is nobody's, of a community that the caller may see.
        community::get(&ctx, &community).await?;
        return Err(nobody(Code::AssetNotFound).into());
    };
    Ok(Tagged::of(asset::get_by_sensor_id(&ctx, &community, &sensor).await?, AssetDetail::from))
}

/// List the meters of a community
///
/// By key; those of inactive members too.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/meters", tag = tag::BROWSING,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("owner" = Option<String>, Query, description = "Only meters of the member with this key", example = "au-00001"),
        PageParams,
    ),
    responses((status = 200, description = "One page", body = Page<MeterListItem>), Forbidden, NotFound, Invalid),
)]
async fn list_meters(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<Page<MeterListItem>>, Problem> {
    let (community, args) = parameters.read(|given| {
        let conditions = [Some(of_type(AssetType::Meter)), owner(given)];
        let community: CommunityKey = given.segment("community_key");
        (community, list_args(given, ListKind::Assets, conditions))
    })?;
    let page = asset::list(&ctx, Some(&community), &args).await?;
    Ok(Json(Page::of(page, MeterListItem::from)))
}
