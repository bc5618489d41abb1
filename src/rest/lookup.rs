//! Finding by an identifier that another service holds, across communities. Only active members hold
//! anything. Needs the grant `lookup`.

use axum::Json;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{add_text, json_text, list_of_texts};
use super::extract::{IdList, JsonBody, KnownCaller, Parameters};
use super::history::holder_at;
use super::openapi::tag;
use super::views::history::TimeText;
use super::views::lookup::{
    CommunityOfMember, DeliveryPointAnswer, DidsRequest, GlobalAsset, GlobalMember, SensorAnswer,
    SensorIdsRequest, UserIdsRequest,
};
use super::views::problem::{Forbidden, Invalid, NoHolder, NotRead};
use crate::domain::asset::Asset;
use crate::domain::code::Code;
use crate::domain::delivery_point::HoldingKind;
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::identifier::{DeliveryPointCode, SensorId, UserId};
use crate::domain::member::Member;
use crate::http::{AppState, Problem};
use crate::service::{Ctx, Result as ServiceResult, lookup};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(lookup_community_by_user_id))
        .routes(routes!(lookup_community_by_sensor_id))
        .routes(routes!(lookup_community_by_delivery_point))
        .routes(routes!(lookup_member_by_user_id))
        .routes(routes!(lookup_asset_by_sensor_id))
        .routes(routes!(lookup_assets_by_sensor_ids))
        .routes(routes!(lookup_assets_by_user_ids))
        .routes(routes!(lookup_members_by_dids))
}

/// What a lookup answers that found nobody.
pub(super) fn nobody(code: Code) -> Error {
    let what = match code {
        Code::AssetNotFound => "asset",
        Code::DeliveryPointNotFound => "delivery point",
        _ => "member",
    };
    Error::not_found(code, format!("There is no such {what}"))
}

/// Which community is a user in?
#[utoipa::path(
    get, path = "/admin/lookup/community-by-user-id/{*user_id}", tag = tag::LOOKUP,
    params(("user_id" = String, Path, description = "The user id; the whole rest of the path", example = "alice")),
    responses((status = 200, description = "The community and the active member", body = CommunityOfMember), Forbidden, NoHolder, Invalid),
)]
async fn lookup_community_by_user_id(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<CommunityOfMember>, Problem> {
    Ok(Json(member_of(&ctx, parameters).await?.into()))
}

/// Which community is a sensor in?
#[utoipa::path(
    get, path = "/admin/lookup/community-by-sensor-id/{*sensor_id}", tag = tag::LOOKUP,
    params(
        ("sensor_id" = String, Path, description = "The sensor id, compared trimmed; the whole rest of the path", example = "SEN-1"),
        ("at" = inline(Option<TimeText>), Query, description = "Who held it then: RFC 3339", example = "2026-01-31T08:15:00Z"),
    ),
    responses((status = 200, description = "The community, the active member and the asset; with `at` the holder then", body = SensorAnswer), Forbidden, NoHolder, Invalid),
)]
async fn lookup_community_by_sensor_id(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<SensorAnswer>, Problem> {
    let (id, at): (String, _) = parameters.read(|given| (given.segment("sensor_id"), given.instant("at")))?;
    Ok(Json(match at {
        Some(at) => SensorAnswer::Then(holder_at(&ctx, HoldingKind::Sensor, &id, at).await?),
        None => SensorAnswer::Now(asset_on(&ctx, &id).await?.into()),
    }))
}

/// Which community is a delivery point in?
#[utoipa::path(
    get, path = "/admin/lookup/community-by-delivery-point/{*dp_id}", tag = tag::LOOKUP,
    params(
        ("dp_id" = String, Path, description = "The id of the delivery point, compared trimmed and ignoring case; the whole rest of the path", example = "IT001E00001234"),
        ("at" = inline(Option<TimeText>), Query, description = "Who held it then: RFC 3339", example = "2026-01-31T08:15:00Z"),
    ),
    responses((status = 200, description = "The community, the active member and the delivery point; with `at` the holder then", body = DeliveryPointAnswer), Forbidden, NoHolder, Invalid),
)]
async fn lookup_community_by_delivery_point(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<DeliveryPointAnswer>, Problem> {
    let (id, at): (String, _) = parameters.read(|given| (given.segment("dp_id"), given.instant("at")))?;
    if let Some(at) = at {
        let then = holder_at(&ctx, HoldingKind::DeliveryPoint, &id, at).await?;
        return Ok(Json(DeliveryPointAnswer::Then(then)));
    }
    let found = lookup::delivery_point_by_code(&ctx, &DeliveryPointCode::from(id), None).await?;
    let found = found.ok_or_else(|| nobody(Code::DeliveryPointNotFound))?;
    Ok(Json(DeliveryPointAnswer::Now(found.into())))
}

/// Who has a user id?
#[utoipa::path(
    get, path = "/admin/lookup/member-by-user-id/{*user_id}", tag = tag::LOOKUP,
    params(("user_id" = String, Path, description = "The user id; the whole rest of the path", example = "alice")),
    responses((status = 200, description = "The active member", body = GlobalMember), Forbidden, NoHolder, Invalid),
)]
async fn lookup_member_by_user_id(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<GlobalMember>, Problem> {
    let member = member_of(&ctx, parameters).await?;
    let mut points = lookup::delivery_points_of(&ctx, &[member.id]).await?;
    let points = points.remove(&member.id).unwrap_or_default();
    Ok(Json(GlobalMember::of(member, points)))
}

/// Which asset is on a sensor?
#[utoipa::path(
    get, path = "/admin/lookup/asset-by-sensor-id/{*sensor_id}", tag = tag::LOOKUP,
    params(("sensor_id" = String, Path, description = "The sensor id, compared trimmed; the whole rest of the path", example = "SEN-1")),
    responses((status = 200, description = "The asset of the active member who holds the sensor", body = GlobalAsset), Forbidden, NoHolder, Invalid),
)]
async fn lookup_asset_by_sensor_id(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let sensor: String = parameters.read(|given| given.segment("sensor_id"))?;
    let found = match sensor_asked(&ctx, &sensor)? {
        Some(sensor) => lookup::text_by_sensor_id(&ctx, &sensor, spell).await?,
        None => None,
    };
    let found = found.ok_or_else(|| nobody(Code::AssetNotFound))?;
    Ok(json_text(found.text().to_vec()))
}

/// What is remembered of an asset on a sensor.
fn spell(asset: Asset, text: &mut Vec<u8>) {
    add_text(&GlobalAsset::from(asset), text);
}

/// Which assets are on these sensors?
///
/// In the order of the request. An id that matches nothing adds no row, one that is repeated no second.
#[utoipa::path(
    post, path = "/admin/lookup/assets-by-sensor-ids", tag = tag::LOOKUP,
    request_body(content = SensorIdsRequest, description = "At most 500 sensor ids"),
    responses((status = 200, description = "The assets of active members", body = Vec<GlobalAsset>), Forbidden, Invalid, NotRead),
)]
async fn lookup_assets_by_sensor_ids(
    KnownCaller(ctx): KnownCaller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let IdList(ids) = IdList::read(&body, "sensor_ids")?;
    let found = lookup::texts_by_sensor_ids(&ctx, &ids, spell).await?;
    let texts: Vec<&[u8]> = found.iter().map(|on_sensor| on_sensor.text()).collect();
    Ok(list_of_texts(&texts))
}

/// Which assets do these users have?
///
/// In the order of the request, those of one user by key. An id that matches nothing adds no row, one
/// that is repeated no second.
#[utoipa::path(
    post, path = "/admin/lookup/assets-by-user-ids", tag = tag::LOOKUP,
    request_body(content = UserIdsRequest, description = "At most 500 user ids"),
    responses((status = 200, description = "The assets of active members", body = Vec<GlobalAsset>), Forbidden, Invalid, NotRead),
)]
async fn lookup_assets_by_user_ids(
    KnownCaller(ctx): KnownCaller,
    body: JsonBody,
) -> Result<Json<Vec<GlobalAsset>>, Problem> {
    let IdList(ids) = IdList::read(&body, "user_ids")?;
    let found = lookup::assets_by_user_ids(&ctx, &ids).await?;
    Ok(Json(found.into_iter().map(GlobalAsset::from).collect()))
}

/// Who has these DIDs?
///
/// In the order of the request. An id that matches nothing adds no row, one that is repeated no second.
#[utoipa::path(
    post, path = "/admin/lookup/members-by-dids", tag = tag::LOOKUP,
    request_body(content = DidsRequest, description = "At most 500 DIDs"),
    responses((status = 200, description = "The active members", body = Vec<GlobalMember>), Forbidden, Invalid, NotRead),
)]
async fn lookup_members_by_dids(
    KnownCaller(ctx): KnownCaller,
    body: JsonBody,
) -> Result<Json<Vec<GlobalMember>>, Problem> {
    let IdList(ids) = IdList::read(&body, "dids")?;
    let found = lookup::members_by_dids(&ctx, &ids).await?;
    let ids: Vec<_> = found.iter().map(|member| member.id).collect();
    let mut points = lookup::delivery_points_of(&ctx, &ids).await?;
    let view = |member: Member| {
        let points = points.remove(&member.id).unwrap_or_default();
        GlobalMember::of(member, points)
    };
    Ok(Json(found.into_iter().map(view).collect()))
}

async fn member_of(ctx: &Ctx, parameters: Parameters) -> ServiceResult<Member> {
    let user_id: UserId = parameters.read(|given| given.segment("user_id"))?;
    let found = lookup::member_by_user_id(ctx, &user_id, None).await?;
    found.ok_or_else(|| nobody(Code::MemberNotFound))
}

async fn asset_on(ctx: &Ctx, sensor: &str) -> ServiceResult<Asset> {
    let found = match sensor_asked(ctx, sensor)? {
        Some(sensor) => lookup::asset_by_sensor_id(ctx, &sensor, None).await?,
        None => None,
    };
    found.ok_or_else(|| nobody(Code::AssetNotFound))
}

/// The sensor that is asked for. A blank id is nobody's, for a caller who may ask.
fn sensor_asked(ctx: &Ctx, id: &str) -> ServiceResult<Option<SensorId>> {
    let sensor = SensorId::new(id);
    if sensor.is_none() {
        ctx.authorise(Operation::Lookup)?;
    }
    Ok(sensor)
}
