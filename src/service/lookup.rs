//! Finding by an identifier that another service holds, across communities. Only active members hold
//! anything, so that somebody who left is not found. Needs the grant `lookup`; each identifier counts
//! for how often the caller may look something up.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::memory::{FirstOnSensor, Gathering, OnSensor, Spell};
use super::{Ctx, Result};
use crate::domain::asset::Asset;
use crate::domain::code::Code;
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::error::Error;
use crate::domain::grant::{Operation, Reach};
use crate::domain::identifier::{CommunityKey, DeliveryPointCode, Did, SensorId, UserId};
use crate::domain::member::Member;
use crate::store::{assets, delivery_points, members};

/// Most ids of one batch.
pub const MAX_LOOKUP_IDS: usize = 500;

/// The active member with a user id.
///
/// # Errors
/// Unauthenticated, forbidden, several active members, or a failure of the database.
pub async fn member_by_user_id(
    ctx: &Ctx,
    user_id: &UserId,
    within: Option<&CommunityKey>,
) -> Result<Option<Member>> {
    ctx.audited("lookup.member_by_user_id", within, async {
        let Some(reach) = reach(ctx, within)? else { return Ok(None) };
        let found = members::active_by_user_ids(ctx.read().await?, &reach, &[user_id.as_str()]).await?;
        only(found, Code::AmbiguousMember, "Several active members have this user id")
    })
    .await
}

/// The active member with a DID.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn member_by_did(ctx: &Ctx, did: &Did) -> Result<Option<Member>> {
    ctx.audited("lookup.member_by_did", None, async {
        let reach = ctx.authorise_lookup(1)?;
        Ok(members::active_by_dids(&ctx.read_once().await?, &reach, &[did.as_str()]).await?.pop())
    })
    .await
}

/// The asset of the active holder of a sensor; the first by key when the holder has several on it.
///
/// # Errors
/// Unauthenticated, forbidden, several holders, or a failure of the database.
pub async fn asset_by_sensor_id(
    ctx: &Ctx,
    sensor: &SensorId,
    within: Option<&CommunityKey>,
) -> Result<Option<Asset>> {
    ctx.audited("lookup.asset_by_sensor_id", within, async {
        let Some(reach) = reach(ctx, within)? else { return Ok(None) };
        Ok(assets_of_holder(ctx, &reach, sensor).await?.into_iter().next())
    })
    .await
}

/// The same asset as a text. It is remembered, so that `spell` must be the same each time, and as that of a batch.
///
/// # Errors
/// See [`asset_by_sensor_id`].
pub async fn text_by_sensor_id(ctx: &Ctx, sensor: &SensorId, spell: Spell) -> Result<Option<FirstOnSensor>> {
    ctx.audited("lookup.asset_by_sensor_id", None, async {
        let reach = ctx.authorise_lookup(1)?;
        let memory = ctx.sensors();
        if let Some(known) = memory.as_ref().and_then(|memory| memory.get(sensor.as_str(), &reach)) {
            return Ok(Some(FirstOnSensor(known)));
        }
        let mut on_sensors = Gathering::of(spell);
        assets_of_holder(ctx, &reach, sensor).await?.into_iter().for_each(|asset| on_sensors.add(asset));
        let found = on_sensors.take(sensor.as_str());
        if let (Some(memory), Some(found)) = (&memory, &found) {
            memory.keep(sensor.as_str(), found);
        }
        Ok(found.map(FirstOnSensor))
    })
    .await
}

/// The assets of the one active holder of a sensor, by key.
async fn assets_of_holder(ctx: &Ctx, reach: &Reach, sensor: &SensorId) -> Result<Vec<Asset>> {
    let found = assets_on(ctx, reach, &[sensor.as_str()]).await?;
    let owners: HashSet<Uuid> = found.iter().map(|asset| asset.owner.id).collect();
    match owners.len() {
        0 | 1 => Ok(found),
        _ => Err(Error::conflict(Code::AmbiguousSensor, "Several active members hold this sensor")),
    }
}

/// The delivery point of the active holder of a code.
///
/// # Errors
/// Unauthenticated, forbidden, several holders, or a failure of the database.
pub async fn delivery_point_by_code(
    ctx: &Ctx,
    code: &DeliveryPointCode,
    within: Option<&CommunityKey>,
) -> Result<Option<DeliveryPoint>> {
    ctx.audited("lookup.delivery_point_by_code", within, async {
        let Some(reach) = reach(ctx, within)? else { return Ok(None) };
        let found = delivery_points::active_by_code(&ctx.read_once().await?, &reach, code).await?;
        only(found, Code::AmbiguousDeliveryPoint, "Several active members hold this delivery point")
    })
    .await
}

/// The assets of the active holders of sensors, in the order of the request. A sensor that nobody holds
/// adds nothing, one that is named again adds nothing more.
///
/// # Errors
/// Unauthenticated, forbidden, too many ids, or a failure of the database.
pub async fn assets_by_sensor_ids(ctx: &Ctx, ids: &[String]) -> Result<Vec<Asset>> {
    ctx.audited("lookup.assets_by_sensor_ids", None, async {
        let (reach, sensors) = sensors_asked(ctx, ids)?;
        let found = assets_on(ctx, &reach, &sensors).await?;
        Ok(in_order(&sensors, found, |asset| asset.content.sensor_id.as_ref().map_or("", SensorId::as_str)))
    })
    .await
}

/// The same assets as texts, by sensor. They are remembered, so that `spell` must be the same each time.
///
/// # Errors
/// See [`assets_by_sensor_ids`].
pub async fn texts_by_sensor_ids(ctx: &Ctx, ids: &[String], spell: Spell) -> Result<Vec<Arc<OnSensor>>> {
    ctx.audited("lookup.assets_by_sensor_ids", None, async {
        let (reach, sensors) = sensors_asked(ctx, ids)?;
        let memory = ctx.sensors();
        let remembered = |sensor: &&str| memory.as_ref()?.get(sensor, &reach);
        let mut known: Vec<Option<Arc<OnSensor>>> = sensors.iter().map(remembered).collect();
        let unknown = sensors.iter().zip(&known).filter(|(_, known)| known.is_none());
        let missing: Vec<&str> = unknown.map(|(sensor, _)| *sensor).collect();
        let mut found = texts_on(ctx, &reach, &missing, spell).await?;
        if let Some(memory) = &memory
            && (1..sensors.len()).contains(&missing.len())
            && !memory.is_current()
        {
            // Something changed meanwhile: all of it is read at once, as it was at one moment.
            known.fill(None);
            found = texts_on(ctx, &reach, &sensors, spell).await?;
        }
        let mut read = |sensor: &str| {
            let on_sensor = found.take(sensor)?;
            if let Some(memory) = &memory {
                memory.keep(sensor, &on_sensor);
            }
            Some(on_sensor)
        };
        let of = |(sensor, known): (&str, Option<_>)| known.or_else(|| read(sensor));
        Ok(sensors.into_iter().zip(known).filter_map(of).collect())
    })
    .await
}

/// How far a batch of sensors may be looked up, and the sensors, each once.
fn sensors_asked<'i>(ctx: &Ctx, ids: &'i [String]) -> Result<(Reach, Vec<&'i str>)> {
    let reach = ctx.authorise_lookup(ids.len())?;
    Ok((reach, distinct(batch("sensor_ids", ids)?.into_iter().filter_map(SensorId::trimmed))))
}

async fn assets_on(ctx: &Ctx, reach: &Reach, sensors: &[&str]) -> Result<Vec<Asset>> {
    if sensors.is_empty() {
        return Ok(Vec::new());
    }
    Ok(assets::active_by_sensor_ids(&ctx.read_once().await?, reach, sensors).await?)
}

async fn texts_on(ctx: &Ctx, reach: &Reach, sensors: &[&str], spell: Spell) -> Result<Gathering> {
    let mut found = Gathering::of(spell);
    if !sensors.is_empty() {
        let handle = ctx.read_once().await?;
        assets::each_active_by_sensor_ids(&handle, reach, sensors, |asset| found.add(asset)).await?;
    }
    Ok(found)
}

/// The assets of active members with these user ids, in the order of the request, those of one member
/// by key.
///
/// # Errors
/// Unauthenticated, forbidden, too many ids, or a failure of the database.
pub async fn assets_by_user_ids(ctx: &Ctx, ids: &[String]) -> Result<Vec<Asset>> {
    ctx.audited("lookup.assets_by_user_ids", None, async {
        let reach = ctx.authorise_lookup(ids.len())?;
        let user_ids = distinct(batch("user_ids", ids)?.into_iter());
        if user_ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = assets::active_by_user_ids(&ctx.read_once().await?, &reach, &user_ids).await?;
        Ok(in_order(&user_ids, found, |asset| asset.owner.user_id.as_str()))
    })
    .await
}

/// The active members with these DIDs, in the order of the request.
///
/// # Errors
/// Unauthenticated, forbidden, too many ids, or a failure of the database.
pub async fn members_by_dids(ctx: &Ctx, ids: &[String]) -> Result<Vec<Member>> {
    ctx.audited("lookup.members_by_dids", None, async {
        let reach = ctx.authorise_lookup(ids.len())?;
        let dids = distinct(batch("dids", ids)?.into_iter());
        if dids.is_empty() {
            return Ok(Vec::new());
        }
        let found = members::active_by_dids(ctx.read().await?, &reach, &dids).await?;
        Ok(in_order(&dids, found, |member| member.content.did.as_ref().map_or("", Did::as_str)))
    })
    .await
}

/// The delivery points of members that a lookup found, by code. Members out of the grant's reach have none.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn delivery_points_of(ctx: &Ctx, members: &[Uuid]) -> Result<HashMap<Uuid, Vec<DeliveryPoint>>> {
    ctx.audited_edge("delivery_point.edge", async {
        let reach = ctx.authorise(Operation::Lookup)?;
        if members.is_empty() {
            return Ok(HashMap::new());
        }
        let mut found = delivery_points::of_members(ctx.read().await?, members).await?;
        found.values_mut().for_each(|points| points.retain(|point| reach.includes(&point.community.key)));
        Ok(found)
    })
    .await
}

/// How far the grant reaches, within a community where one is named; none where it does not reach there.
fn reach(ctx: &Ctx, within: Option<&CommunityKey>) -> Result<Option<Reach>> {
    let reach = ctx.authorise_lookup(1)?;
    Ok(match within {
        None => Some(reach),
        Some(key) => reach.includes(key).then(|| Reach::Communities([key.clone()].into())),
    })
}

fn only<T>(mut found: Vec<T>, code: Code, detail: &str) -> Result<Option<T>> {
    if found.len() > 1 {
        return Err(Error::conflict(code, detail));
    }
    Ok(found.pop())
}

/// The ids of a batch, within its bound. An id that cannot be stored matches nothing.
fn batch<'a>(field: &str, ids: &'a [String]) -> Result<Vec<&'a str>> {
    if ids.len() > MAX_LOOKUP_IDS {
        let message = format!("At most {MAX_LOOKUP_IDS} ids in one request; {} were given", ids.len());
        return Err(Error::invalid("too_long", &["body", field], message, None));
    }
    Ok(ids.iter().map(String::as_str).filter(|id| !id.contains('\0')).collect())
}

fn distinct<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    ids.filter(|id| seen.insert(*id)).collect()
}

/// What was found, in the order of the ids asked for. The sort is stable, so that rows of one id keep
/// the order they came in.
fn in_order<T>(ids: &[&str], mut found: Vec<T>, id_of: impl Fn(&T) -> &str) -> Vec<T> {
    let rank: HashMap<&str, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    found.sort_by_cached_key(|row| rank.get(id_of(row)).copied().unwrap_or(usize::MAX));
    found
}
