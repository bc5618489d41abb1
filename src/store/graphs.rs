//! Members with everything they have, as bundles tell them. Only what bundles say is read, column by column: an export is made
//! of little else.

use std::collections::HashMap;

use entity::{asset, delivery_point, member};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};
use uuid::Uuid;

use super::record::word;
use super::{Handle, Result, StoreError, set};
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
    let rows = some(handle, community.id, None, u64::from(u32::MAX)).await?;
    Ok(CommunityGraph { community: community.content.clone(), members: rows.into_graphs()? })
}

/// Members, and what they have, which may have to be taken apart still. That needs no database any more.
pub struct Rows {
    members: Vec<(Uuid, MemberContent)>,
    points: Of<DeliveryPointContent>,
    assets: Of<AssetContent>,
}

/// What members have.
enum Of<C> {
    /// By the id of the member.
    Members(HashMap<Uuid, Vec<C>>),
    /// As the database gave it.
    Rows(Vec<QueryResult>),
}

impl Rows {
    /// How many members.
    #[must_use]
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// The key of the last member.
    #[must_use]
    pub fn last(&self) -> Option<&MemberKey> {
        self.members.last().map(|(_, content)| &content.key)
    }

    /// The members with everything they have.
    ///
    /// # Errors
    /// When a row says something that this program never wrote.
    pub fn into_graphs(self) -> Result<Vec<MemberGraph>> {
        let mut points = self.points.by_member(point)?;
        let mut assets = self.assets.by_member(asset)?;
        let graph = |(id, content): (Uuid, MemberContent)| {
            let mut delivery_points = points.remove(&id).unwrap_or_default();
            delivery_points.sort_by(|a, b| a.code.cmp(&b.code));
            let mut assets = assets.remove(&id).unwrap_or_default();
            assets.sort_by(|a, b| (a.asset_type, &a.key).cmp(&(b.asset_type, &b.key)));
            MemberGraph { content, delivery_points, assets }
        };
        Ok(self.members.into_iter().map(graph).collect())
    }
}

/// At most so many members of a community with everything they have, by key; those behind a key.
///
/// # Errors
/// When the database fails.
pub async fn some(handle: &Handle, community: Uuid, after: Option<&MemberKey>, limit: u64) -> Result<Rows> {
    let mut select = of_community(community);
    if let Some(key) = after {
        select.and_where(Expr::col(member::Column::Key).gt(key.as_str()));
    }
    let rows = handle.query_all(&select.limit(limit).take()).await?;
    let members = rows.iter().map(member).collect::<Result<Vec<_>>>()?;
    if members.is_empty() {
        return Ok(Rows { members, points: Of::Rows(Vec::new()), assets: Of::Rows(Vec::new()) });
    }
    let are_all = after.is_none() && (members.len() as u64) < limit;
    let (of_points, of_assets) = if are_all {
        // What a community has stands together, which is faster read than found for each member.
        let community = |column: SimpleExpr| column.eq(community);
        (
            community(Expr::col(delivery_point::Column::CommunityId)),
            community(Expr::col(asset::Column::CommunityId)),
        )
    } else {
        let ids: Vec<Uuid> = members.iter().map(|(id, _)| *id).collect();
        let is_one = |column| set::is_one_of_ids(handle.get_database_backend(), column, &ids);
        (is_one(Expr::col(delivery_point::Column::MemberId)), is_one(Expr::col(asset::Column::MemberId)))
    };
    let points = Of::read(handle, &points(of_points), point).await?;
    let assets = Of::read(handle, &assets(of_assets), asset).await?;
    Ok(Rows { members, points, assets })
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

fn member(row: &QueryResult) -> Result<(Uuid, MemberContent)> {
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
    Ok((row.try_get_by_index(0)?, content))
}

fn points(which: SimpleExpr) -> SelectStatement {
    use delivery_point::Column;
    Query::select()
        .columns([Column::MemberId, Column::Code, Column::PointType, Column::Description])
        .columns([Column::Address, Column::Tariff, Column::Active, Column::Extra])
        .from(delivery_point::Entity)
        .and_where(which)
        .take()
}

fn point(row: &QueryResult) -> Result<DeliveryPointContent> {
    Ok(DeliveryPointContent {
        code: row.try_get_by_index::<String>(1)?.into(),
        point_type: row.try_get_by_index(2)?,
        description: row.try_get_by_index(3)?,
        address: row.try_get_by_index(4)?,
        tariff: row.try_get_by_index(5)?,
        active: row.try_get_by_index(6)?,
        extra: Document::from_stored(row.try_get_by_index(7)?),
    })
}

fn assets(which: SimpleExpr) -> SelectStatement {
    use asset::Column;
    Query::select()
        .columns([Column::MemberId, Column::Key, Column::AssetType, Column::Name, Column::SensorId])
        .columns([Column::Properties, Column::Device, Column::Relationships, Column::Extra])
        .from(asset::Entity)
        .and_where(which)
        .take()
}

fn asset(row: &QueryResult) -> Result<AssetContent> {
    let sensor: Option<String> = row.try_get_by_index(4)?;
    let document = |at| Ok::<_, StoreError>(Document::from_stored(row.try_get_by_index(at)?));
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
}

impl<C: Send> Of<C> {
    /// Reads it. A row of SQLite has a copy of each value, which is slow to give back on another thread: it is taken apart while SQLite
    /// looks for the next one. One of PostgreSQL is a piece of what came over the wire: it is kept, for PostgreSQL is waited for.
    async fn read(
        handle: &Handle,
        select: &SelectStatement,
        content: fn(&QueryResult) -> Result<C>,
    ) -> Result<Self> {
        if handle.get_database_backend() != DbBackend::Sqlite {
            return Ok(Self::Rows(handle.query_all(select).await?));
        }
        let mut found = HashMap::new();
        handle.each_row(select, |row| put(&mut found, row, content)).await?;
        Ok(Self::Members(found))
    }

    fn by_member(self, content: fn(&QueryResult) -> Result<C>) -> Result<HashMap<Uuid, Vec<C>>> {
        let rows = match self {
            Self::Members(found) => return Ok(found),
            Self::Rows(rows) => rows,
        };
        let mut found = HashMap::new();
        rows.iter().try_for_each(|row| put(&mut found, row, content))?;
        Ok(found)
    }
}

/// Puts what a row says with the member whose id is in its first column.
fn put<C>(
    found: &mut HashMap<Uuid, Vec<C>>,
    row: &QueryResult,
    content: fn(&QueryResult) -> Result<C>,
) -> Result<()> {
    found.entry(row.try_get_by_index(0)?).or_default().push(content(row)?);
    Ok(())
}
