//! Members with everything they have, as bundles tell them. Only what bundles say is read, column by column: an export is made
//! of little else.

use std::collections::HashMap;

use entity::{asset, delivery_point, member};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use super::record::word;
use super::{Handle, Result, set};
use crate::domain::asset::AssetContent;
use crate::domain::community::Community;
use crate::domain::delivery_point::DeliveryPointContent;
use crate::domain::document::Document;
use crate::domain::identifier::{MemberKey, SensorId};
use crate::domain::import::{CommunityGraph, MemberGraph};
use crate::domain::member::MemberContent;

/// A community with everything in it, its members by key.
///
/// # Errors
/// When the database fails.
pub async fn whole(handle: &Handle, community: &Community) -> Result<CommunityGraph> {
    let members = members(handle, of_community(community.id).take()).await?;
    let points = points(handle, Expr::col(delivery_point::Column::CommunityId).eq(community.id)).await?;
    let assets = assets(handle, Expr::col(asset::Column::CommunityId).eq(community.id)).await?;
    Ok(CommunityGraph { community: community.content.clone(), members: joined(members, points, assets) })
}

/// At most so many members of a community with everything they have, by key; those behind a key.
///
/// # Errors
/// When the database fails.
pub async fn some(
    handle: &Handle,
    community: Uuid,
    after: Option<&MemberKey>,
    limit: u64,
) -> Result<Vec<MemberGraph>> {
    let mut select = of_community(community);
    if let Some(key) = after {
        select.and_where(Expr::col(member::Column::Key).gt(key.as_str()));
    }
    let members = members(handle, select.limit(limit).take()).await?;
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = members.iter().map(|(id, _)| *id).collect();
    let is_one = |column| set::is_one_of_ids(handle.get_database_backend(), column, &ids);
    let points = points(handle, is_one(Expr::col(delivery_point::Column::MemberId))).await?;
    let assets = assets(handle, is_one(Expr::col(asset::Column::MemberId))).await?;
    Ok(joined(members, points, assets))
}

type OfMembers<C> = HashMap<Uuid, Vec<C>>;

fn joined(
    members: Vec<(Uuid, MemberContent)>,
    mut points: OfMembers<DeliveryPointContent>,
    mut assets: OfMembers<AssetContent>,
) -> Vec<MemberGraph> {
    let graph = |(id, content): (Uuid, MemberContent)| {
        let mut delivery_points = points.remove(&id).unwrap_or_default();
        delivery_points.sort_by(|a, b| a.code.cmp(&b.code));
        let mut assets = assets.remove(&id).unwrap_or_default();
        assets.sort_by(|a, b| (a.asset_type, &a.key).cmp(&(b.asset_type, &b.key)));
        MemberGraph { content, delivery_points, assets }
    };
    members.into_iter().map(graph).collect()
}

/// The members of a community by key.
fn of_community(community: Uuid) -> SelectStatement {
    use member::Column;
    Query::select()
        .columns([Column::Id, Column::Key, Column::UserId, Column::Did, Column::Name, Column::MemberType])
        .columns([Column::Role, Column::Area, Column::Status, Column::Extra])
        .from(member::Entity)
        .and_where(Expr::col(Column::CommunityId).eq(community))
        .order_by(Column::Key, Order::Asc)
        .take()
}

async fn members(handle: &Handle, select: SelectStatement) -> Result<Vec<(Uuid, MemberContent)>> {
    let mut found = Vec::new();
    handle
        .each_row(&select, |row| {
            let content = MemberContent {
                key: row.try_get_by_index::<String>(1)?.into(),
                user_id: row.try_get_by_index::<String>(2)?.into(),
                did: row.try_get_by_index::<Option<String>>(3)?.map(Into::into),
                name: row.try_get_by_index(4)?,
                member_type: row.try_get_by_index(5)?,
                role: word(&row.try_get_by_index::<String>(6)?)?,
                area: row.try_get_by_index(7)?,
                status: word(&row.try_get_by_index::<String>(8)?)?,
                extra: Document::from_stored(row.try_get_by_index(9)?),
            };
            found.push((row.try_get_by_index(0)?, content));
            Ok(())
        })
        .await?;
    Ok(found)
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
    by_member(handle, &select, content).await
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
    by_member(handle, &select, content).await
}

/// Contents by the id of the member, which is the first column.
async fn by_member<C: Send>(
    handle: &Handle,
    select: &SelectStatement,
    mut content: impl FnMut(&QueryResult) -> Result<C> + Send,
) -> Result<OfMembers<C>> {
    let mut found: OfMembers<C> = HashMap::new();
    handle
        .each_row(select, |row| {
            found.entry(row.try_get_by_index(0)?).or_default().push(content(row)?);
            Ok(())
        })
        .await?;
    Ok(found)
}
