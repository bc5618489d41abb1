//! Members with everything they have, as bundles tell them. Only what bundles say is read, cell by cell: an export is made
//! of little else.

use std::collections::HashMap;

use entity::{asset, delivery_point, member};
use sea_orm::sea_query::{Expr, ExprTrait, Order, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};
use uuid::Uuid;

use super::asset_cells;
use super::cells::{self, Cell, Cells};
use super::{Handle, Result, set};
use crate::domain::asset::AssetContent;
use crate::domain::columns::Columns;
use crate::domain::community::Community;
use crate::domain::delivery_point::DeliveryPointContent;
use crate::domain::identifier::MemberKey;
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
        let mut assets = self.assets.by_member(asset_cells::content)?;
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
    let backend = handle.get_database_backend();
    let mut select = of_community(backend, community);
    if let Some(key) = after {
        select.and_where(Expr::col(member::Column::Key).gt(key.as_str()));
    }
    let rows = handle.query_all(&select.limit(limit).take()).await?;
    let content = |row: &QueryResult| Ok((row.try_get_by_index(0)?, cells::read(row, member)?));
    let members = rows.iter().map(content).collect::<Result<Vec<_>>>()?;
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
        let is_one = |column| set::is_one_of_ids(backend, column, &ids);
        (is_one(Expr::col(delivery_point::Column::MemberId)), is_one(Expr::col(asset::Column::MemberId)))
    };
    let points = Of::read(handle, &points(backend, of_points), point).await?;
    let assets = Of::read(handle, &assets(backend, of_assets), asset_cells::content).await?;
    Ok(Rows { members, points, assets })
}

/// The members of a community by key.
fn of_community(backend: DbBackend, community: Uuid) -> SelectStatement {
    use Cell::{Optional, Text};
    use member::Column;
    let cells = [
        Text(Column::Key),
        Text(Column::UserId),
        Optional(Column::Did),
        Text(Column::Name),
        Optional(Column::MemberType),
        Text(Column::Role),
        Text(Column::Area),
        Text(Column::Status),
        Text(Column::Extra),
    ];
    cells::select(backend, Column::Id, &cells)
        .from(member::Entity)
        .and_where(Expr::col(Column::CommunityId).eq(community))
        .order_by(Column::Key, Order::Asc)
        .take()
}

fn member(cells: &mut Cells<'_>) -> Result<MemberContent> {
    Ok(MemberContent {
        key: cells.text()?,
        user_id: cells.text()?,
        did: cells.optional()?,
        name: cells.text()?,
        member_type: cells.optional()?,
        role: cells.word()?,
        area: cells.text()?,
        status: cells.word()?,
        extra: cells.document()?,
    })
}

fn points(backend: DbBackend, which: SimpleExpr) -> SelectStatement {
    use Cell::{Flag, Optional, Text};
    use delivery_point::Column;
    let cells = [
        Text(Column::Code),
        Text(Column::PointType),
        Optional(Column::Description),
        Optional(Column::Address),
        Optional(Column::Tariff),
        Flag(Column::Active),
        Text(Column::Extra),
    ];
    cells::select(backend, Column::MemberId, &cells).from(delivery_point::Entity).and_where(which).take()
}

fn point(cells: &mut Cells<'_>) -> Result<DeliveryPointContent> {
    Ok(DeliveryPointContent {
        code: cells.text()?,
        point_type: cells.text()?,
        description: cells.optional()?,
        address: cells.optional()?,
        tariff: cells.optional()?,
        active: cells.flag()?,
        extra: cells.document()?,
    })
}

fn assets(backend: DbBackend, which: SimpleExpr) -> SelectStatement {
    let member_id = (asset::Entity, asset::Column::MemberId);
    cells::select(backend, member_id, &asset_cells::of_content(Columns::all()))
        .from(asset::Entity)
        .and_where(which)
        .take()
}

impl<C: Send> Of<C> {
    /// Reads it. A row of SQLite has a copy of each value, which is slow to give back on another thread: it is taken apart while SQLite
    /// looks for the next one. One of PostgreSQL is a piece of what came over the wire: it is kept, for PostgreSQL is waited for.
    async fn read(
        handle: &Handle,
        select: &SelectStatement,
        content: fn(&mut Cells<'_>) -> Result<C>,
    ) -> Result<Self> {
        if handle.get_database_backend() != DbBackend::Sqlite {
            return Ok(Self::Rows(handle.query_all(select).await?));
        }
        let mut found = HashMap::new();
        handle.each_row(select, |row| put(&mut found, row, content)).await?;
        Ok(Self::Members(found))
    }

    fn by_member(self, content: fn(&mut Cells<'_>) -> Result<C>) -> Result<HashMap<Uuid, Vec<C>>> {
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
    content: fn(&mut Cells<'_>) -> Result<C>,
) -> Result<()> {
    found.entry(row.try_get_by_index(0)?).or_default().push(cells::read(row, content)?);
    Ok(())
}
