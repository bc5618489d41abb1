//! Members with everything they have, as bundles tell them. Of points and assets only what is said of them is read, column by
//! column: an export is made of little else.

use std::collections::HashMap;

use entity::{asset, delivery_point, member};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use super::record::word;
use super::table;
use super::{Handle, Result, set};
use crate::domain::asset::AssetContent;
use crate::domain::community::Community;
use crate::domain::delivery_point::DeliveryPointContent;
use crate::domain::document::Document;
use crate::domain::identifier::SensorId;
use crate::domain::import::{CommunityGraph, MemberGraph};
use crate::domain::member::Member;

/// A community with everything in it, its members by key.
///
/// # Errors
/// When the database fails.
pub async fn whole(handle: &Handle, community: &Community) -> Result<CommunityGraph> {
    let mut select = table::rows::<Member>(handle);
    select.and_where(table::column::<Member>(member::Column::CommunityId).eq(community.id));
    let mut members = table::all::<Member>(handle, &select).await?;
    members.sort_by(|a, b| a.content.key.cmp(&b.content.key));
    let points = points(handle, Expr::col(delivery_point::Column::CommunityId).eq(community.id)).await?;
    let assets = assets(handle, Expr::col(asset::Column::CommunityId).eq(community.id)).await?;
    Ok(CommunityGraph { community: community.content.clone(), members: joined(members, points, assets) })
}

/// Members with everything they have, in the same order.
///
/// # Errors
/// When the database fails.
pub async fn of_members(handle: &Handle, members: Vec<Member>) -> Result<Vec<MemberGraph>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = members.iter().map(|member| member.id).collect();
    let is_one = |column| set::is_one_of_ids(handle.get_database_backend(), column, &ids);
    let points = points(handle, is_one(Expr::col(delivery_point::Column::MemberId))).await?;
    let assets = assets(handle, is_one(Expr::col(asset::Column::MemberId))).await?;
    Ok(joined(members, points, assets))
}

type OfMembers<C> = HashMap<Uuid, Vec<C>>;

fn joined(
    members: Vec<Member>,
    mut points: OfMembers<DeliveryPointContent>,
    mut assets: OfMembers<AssetContent>,
) -> Vec<MemberGraph> {
    let graph = |member: Member| {
        let mut delivery_points = points.remove(&member.id).unwrap_or_default();
        delivery_points.sort_by(|a, b| a.code.cmp(&b.code));
        let mut assets = assets.remove(&member.id).unwrap_or_default();
        assets.sort_by(|a, b| (a.asset_type, &a.key).cmp(&(b.asset_type, &b.key)));
        MemberGraph { content: member.content, delivery_points, assets }
    };
    members.into_iter().map(graph).collect()
}

async fn points(handle: &Handle, which: SimpleExpr) -> Result<OfMembers<DeliveryPointContent>> {
    use delivery_point::Column;
    let select = Query::select()
        .columns([Column::MemberId, Column::Code, Column::PointType, Column::Description])
        .columns([Column::Address, Column::Tariff, Column::Active, Column::Extra])
        .from(delivery_point::Entity)
        .and_where(which)
        .take();
    let content = |row: &QueryResult| {
        Ok(DeliveryPointContent {
            code: row.try_get_by_index::<String>(1)?.into(),
            point_type: row.try_get_by_index(2)?,
            description: row.try_get_by_index(3)?,
            address: row.try_get_by_index(4)?,
            tariff: row.try_get_by_index(5)?,
            active: row.try_get_by_index(6)?,
            extra: Document::from_stored(row.try_get_by_index(7)?),
        })
    };
    by_member(&handle.query_all(&select).await?, content)
}

async fn assets(handle: &Handle, which: SimpleExpr) -> Result<OfMembers<AssetContent>> {
    use asset::Column;
    let select = Query::select()
        .columns([Column::MemberId, Column::Key, Column::AssetType, Column::Name, Column::SensorId])
        .columns([Column::Properties, Column::Device, Column::Relationships, Column::Extra])
        .from(asset::Entity)
        .and_where(which)
        .take();
    let content = |row: &QueryResult| {
        let sensor: Option<String> = row.try_get_by_index(4)?;
        let document = |at| Ok::<_, super::StoreError>(Document::from_stored(row.try_get_by_index(at)?));
        Ok(AssetContent {
            key: row.try_get_by_index::<String>(1)?.into(),
            asset_type: word(&row.try_get_by_index::<String>(2)?)?,
            name: row.try_get_by_index(3)?,
            sensor_id: sensor.as_deref().and_then(SensorId::new),
            properties: document(5)?,
            device: document(6)?,
            relationships: document(7)?,
            extra: document(8)?,
        })
    };
    by_member(&handle.query_all(&select).await?, content)
}

/// Contents by the id of the member, which is the first column.
fn by_member<C>(rows: &[QueryResult], content: impl Fn(&QueryResult) -> Result<C>) -> Result<OfMembers<C>> {
    let mut found: OfMembers<C> = HashMap::new();
    for row in rows {
        found.entry(row.try_get_by_index(0)?).or_default().push(content(row)?);
    }
    Ok(found)
}
