//! Assets: lists, counts, lookups.

use std::collections::HashMap;

use asset::{Column, Entity};
use entity::{asset, asset_measure, community, member};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, EntityTrait, JoinType, Select};
use uuid::Uuid;

use super::cells::{self, Cells};
use super::keyset::Listed;
use super::record::AssetRecord;
use super::table::{self, Among, Table};
use super::{Handle, ListArgs, Result, Scope, asset_cells, scope, set};
use crate::domain::asset::Asset;
use crate::domain::closed_set::{AssetType, ClosedSet, MemberStatus};
use crate::domain::columns::Columns;
use crate::domain::cursor::{ListKind, SortValue};
use crate::domain::filter::{AssetField, Filter};
use crate::domain::grid::AreaSet;
use crate::domain::identifier::{AssetKey, MemberKey, SensorId};
use crate::domain::order::SortField;
use crate::domain::page::Page;

impl Listed for Asset {
    const LIST: ListKind = ListKind::Assets;

    fn place(&self, field: SortField) -> Vec<SortValue> {
        let key = SortValue::Text(self.content.key.to_string());
        match field {
            SortField::Key => vec![key],
            SortField::Name => vec![SortValue::Text(self.content.name.clone()), key],
            SortField::CreatedAt => vec![SortValue::Number(self.created_at.as_micros()), key],
            SortField::UpdatedAt => vec![SortValue::Number(self.updated_at.as_micros()), key],
        }
    }

    fn id(&self) -> Uuid {
        self.id
    }
}

impl Table for Asset {
    type Entity = Entity;
    type Record = AssetRecord;
    type Field = AssetField;

    /// A row says itself whose it is.
    fn joined() -> Select<Entity> {
        Entity::find()
    }

    fn join_member(select: &mut SelectStatement) {
        let is_owner = column(Column::MemberId).equals((member::Entity, member::Column::Id));
        select.join(JoinType::InnerJoin, member::Entity, is_owner);
    }

    fn community_id() -> Column {
        Column::CommunityId
    }

    fn sort_columns(field: SortField) -> Vec<Column> {
        match field {
            SortField::Key => vec![Column::Key],
            SortField::Name => vec![Column::Name, Column::Key],
            SortField::CreatedAt => vec![Column::CreatedAt, Column::Key],
            SortField::UpdatedAt => vec![Column::UpdatedAt, Column::Key],
        }
    }

    fn id_column() -> Column {
        Column::Id
    }

    fn free_columns() -> &'static [(Columns, Column)] {
        &[
            (Columns::ASSET_PROPERTIES, Column::Properties),
            (Columns::ASSET_DEVICE, Column::Device),
            (Columns::ASSET_RELATIONSHIPS, Column::Relationships),
            (Columns::ASSET_EXTRA, Column::Extra),
        ]
    }
}

fn column(column: Column) -> SimpleExpr {
    table::column::<Asset>(column)
}

/// One page of assets.
///
/// # Errors
/// When the database fails.
pub async fn list(handle: &Handle, among: Among<'_>, args: &ListArgs<AssetField>) -> Result<Page<Asset>> {
    table::list(handle, among, args).await
}

/// How many assets fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn count(handle: &Handle, among: Among<'_>, filter: &Filter<AssetField>) -> Result<u64> {
    table::count::<Asset>(handle, among, filter).await
}

/// The same page of assets under each of many communities.
///
/// # Errors
/// When the database fails.
pub async fn pages_of_communities(
    handle: &Handle,
    communities: &[Uuid],
    args: &ListArgs<AssetField>,
) -> Result<HashMap<Uuid, Page<Asset>>> {
    table::pages(handle, Column::CommunityId, communities, args).await
}

/// How many assets of each of many communities fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn counts_of_communities(
    handle: &Handle,
    communities: &[Uuid],
    filter: &Filter<AssetField>,
) -> Result<HashMap<Uuid, u64>> {
    table::counts::<Asset>(handle, Column::CommunityId, communities, filter).await
}

/// The same page of the assets of members in each of many sets of areas.
///
/// # Errors
/// When the database fails.
pub async fn pages_of_areas(
    handle: &Handle,
    areas: &[AreaSet],
    args: &ListArgs<AssetField>,
) -> Result<HashMap<AreaSet, Page<Asset>>> {
    table::pages_in_areas(handle, areas, args).await
}

/// How many assets of members in each of many sets of areas fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn counts_of_areas(
    handle: &Handle,
    areas: &[AreaSet],
    filter: &Filter<AssetField>,
) -> Result<HashMap<AreaSet, u64>> {
    table::counts_in_areas::<Asset>(handle, areas, filter).await
}

/// The same page of assets under each of many members.
///
/// # Errors
/// When the database fails.
pub async fn pages_of_members(
    handle: &Handle,
    members: &[Uuid],
    args: &ListArgs<AssetField>,
) -> Result<HashMap<Uuid, Page<Asset>>> {
    table::pages(handle, Column::MemberId, members, args).await
}

/// How many assets of each of many members fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn counts_of_members(
    handle: &Handle,
    members: &[Uuid],
    filter: &Filter<AssetField>,
) -> Result<HashMap<Uuid, u64>> {
    table::counts::<Asset>(handle, Column::MemberId, members, filter).await
}

/// The assets with these ids.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(handle: &Handle, ids: &[Uuid]) -> Result<HashMap<Uuid, Asset>> {
    table::by_ids(handle, ids).await
}

/// The assets with these keys, each in its community.
///
/// # Errors
/// When the database fails.
pub async fn by_keys(handle: &Handle, keys: &[(Uuid, AssetKey)]) -> Result<HashMap<(Uuid, AssetKey), Asset>> {
    let (ids, texts) = table::split(keys.iter().map(|(id, key)| (*id, key.as_str())));
    let backend = handle.get_database_backend();
    let mut select = table::rows::<Asset>(handle);
    select
        .and_where(set::is_one_of_ids(backend, column(Column::CommunityId), &ids))
        .and_where(set::is_one_of_texts(backend, column(Column::Key), &texts));
    let assets = table::all::<Asset>(handle, &select).await?;
    Ok(assets.into_iter().map(|asset| ((asset.community.id, asset.content.key.clone()), asset)).collect())
}

/// The asset of a community with a key.
///
/// # Errors
/// When the database fails.
pub async fn by_key(handle: &Handle, community: Uuid, key: &AssetKey) -> Result<Option<Asset>> {
    let mut select = table::rows::<Asset>(handle);
    select
        .and_where(column(Column::CommunityId).eq(community))
        .and_where(column(Column::Key).eq(key.as_str()));
    Ok(table::all(handle, &select).await?.pop())
}

/// The assets of a member, by key.
///
/// # Errors
/// When the database fails.
pub async fn of_member(handle: &Handle, member: Uuid, asset_type: Option<AssetType>) -> Result<Vec<Asset>> {
    let mut select = table::rows::<Asset>(handle);
    select.and_where(column(Column::MemberId).eq(member));
    if let Some(asset_type) = asset_type {
        select.and_where(column(Column::AssetType).eq(asset_type.as_str()));
    }
    Ok(sorted_by_key(table::all(handle, &select).await?))
}

/// The assets of each of these members, by key.
///
/// # Errors
/// When the database fails.
pub async fn of_members(handle: &Handle, members: &[Uuid]) -> Result<HashMap<Uuid, Vec<Asset>>> {
    let mut select = table::rows::<Asset>(handle);
    select.and_where(set::is_one_of_ids(handle.get_database_backend(), column(Column::MemberId), members));
    let mut found: HashMap<Uuid, Vec<Asset>> = HashMap::new();
    for asset in sorted_by_key(table::all::<Asset>(handle, &select).await?) {
        found.entry(asset.owner.id).or_default().push(asset);
    }
    Ok(found)
}

/// The assets of a community on a sensor: those of the active holder first, then by key.
///
/// # Errors
/// When the database fails.
pub async fn by_sensor_id(handle: &Handle, community: Uuid, sensor: &SensorId) -> Result<Vec<Asset>> {
    let mut select = table::rows::<Asset>(handle);
    select
        .and_where(column(Column::CommunityId).eq(community))
        .and_where(column(Column::SensorId).eq(sensor.as_str()));
    let mut assets = sorted_by_key(table::all::<Asset>(handle, &select).await?);
    assets.sort_by_key(|asset| asset.owner.status != MemberStatus::Active);
    Ok(assets)
}

/// The assets on one of these sensors whose owners are active, by key.
///
/// # Errors
/// When the database fails.
pub async fn active_by_sensor_ids(handle: &Handle, scope: &Scope, sensors: &[&str]) -> Result<Vec<Asset>> {
    let mut found = Vec::new();
    each_active_by_sensor_ids(handle, scope, sensors, |asset| found.push(asset)).await?;
    Ok(sorted_by_key(found))
}

/// Shows each of these assets as soon as it is read, in any order.
///
/// # Errors
/// When the database fails.
pub async fn each_active_by_sensor_ids(
    handle: &Handle,
    scope: &Scope,
    sensors: &[&str],
    see: impl FnMut(Asset),
) -> Result<()> {
    let mut select = every(handle);
    select.and_where(match sensors {
        [only] => column(Column::SensorId).eq(*only),
        many => set::is_one_of_texts(handle.get_database_backend(), column(Column::SensorId), many),
    });
    each_active(handle, scope, select, see).await
}

/// The assets of active members with one of these user ids, by key.
///
/// # Errors
/// When the database fails.
pub async fn active_by_user_ids(handle: &Handle, scope: &Scope, user_ids: &[&str]) -> Result<Vec<Asset>> {
    // Assets are found by their owners, not by what they say of them.
    let user_id = Expr::col((member::Entity, member::Column::UserId));
    let mut select = every(handle);
    Asset::join_member(&mut select);
    select.and_where(set::is_one_of_texts(handle.get_database_backend(), user_id, user_ids));
    let mut found = Vec::new();
    each_active(handle, scope, select, |asset| found.push(asset)).await?;
    Ok(sorted_by_key(found))
}

/// The assets of lookups, cell by cell: a batch of them is hundreds of rows.
fn every(handle: &Handle) -> SelectStatement {
    let cells = asset_cells::of_whole(handle.columns());
    cells::select_all(handle.get_database_backend(), &cells).from(Entity).take()
}

/// Shows each of those whose owners are active.
async fn each_active(
    handle: &Handle,
    scope: &Scope,
    mut select: SelectStatement,
    mut see: impl FnMut(Asset),
) -> Result<()> {
    select.and_where(column(Column::OwnerStatus).eq(MemberStatus::Active.as_str()));
    if let Some(condition) =
        scope::includes(handle.get_database_backend(), scope, (Entity, Column::CommunityId))
    {
        select.and_where(condition);
    }
    let read = |cells: &mut Cells<'_>| {
        see(asset_cells::whole(cells)?);
        Ok(())
    };
    cells::read_each(handle, &select, read).await
}

/// The assets that measure each of these assets, by key.
///
/// # Errors
/// When the database fails.
pub async fn measured_by(
    handle: &Handle,
    keys: &[(Uuid, AssetKey)],
) -> Result<HashMap<(Uuid, AssetKey), Vec<Asset>>> {
    let (ids, texts) = table::split(keys.iter().map(|(id, key)| (*id, key.as_str())));
    let backend = handle.get_database_backend();
    let measured = |column: asset_measure::Column| Expr::col((asset_measure::Entity, column));
    let mut select = table::rows::<Asset>(handle);
    select
        .join(
            JoinType::InnerJoin,
            asset_measure::Entity,
            measured(asset_measure::Column::AssetId).equals((Entity, Column::Id)),
        )
        .expr_as(measured(asset_measure::Column::MeasuredKey), MEASURED)
        .and_where(set::is_one_of_ids(backend, measured(asset_measure::Column::CommunityId), &ids))
        .and_where(set::is_one_of_texts(backend, measured(asset_measure::Column::MeasuredKey), &texts));
    let mut found: HashMap<(Uuid, AssetKey), Vec<Asset>> = HashMap::new();
    for row in handle.query_all(&select).await? {
        let asset: Asset =
            <AssetRecord as sea_orm::FromQueryResult>::from_query_result(&row, "")?.try_into()?;
        let measured: String = row.try_get("", MEASURED)?;
        found.entry((asset.community.id, measured.into())).or_default().push(asset);
    }
    for assets in found.values_mut() {
        assets.sort_by(|a, b| a.content.key.cmp(&b.content.key));
    }
    Ok(found)
}

const MEASURED: &str = "measured_key";

/// The meters that name each of these delivery points of their own members, by key. A point is named by
/// its member and its folded code.
///
/// # Errors
/// When the database fails.
pub async fn meters_of_points(
    handle: &Handle,
    points: &[(Uuid, String)],
) -> Result<HashMap<(Uuid, String), Vec<Asset>>> {
    let (ids, codes) = table::split(points.iter().map(|(id, code)| (*id, code.as_str())));
    let backend = handle.get_database_backend();
    let mut select = table::rows::<Asset>(handle);
    select
        .column((Entity, Column::PodFolded))
        .and_where(set::is_one_of_ids(backend, column(Column::MemberId), &ids))
        .and_where(set::is_one_of_texts(backend, column(Column::PodFolded), &codes));
    let mut found: HashMap<(Uuid, String), Vec<Asset>> = HashMap::new();
    for row in handle.query_all(&select).await? {
        let asset: Asset =
            <AssetRecord as sea_orm::FromQueryResult>::from_query_result(&row, "")?.try_into()?;
        let code: String = row.try_get("", "pod_folded")?;
        found.entry((asset.owner.id, code)).or_default().push(asset);
    }
    for assets in found.values_mut() {
        assets.sort_by(|a, b| a.content.key.cmp(&b.content.key));
    }
    Ok(found)
}

/// How many assets of each kind a member has; kinds without any are left out.
///
/// # Errors
/// When the database fails.
pub async fn counts_by_type(handle: &Handle, member: Uuid) -> Result<Vec<(AssetType, u64)>> {
    let select = Query::select()
        .column(Column::AssetType)
        .expr_as(Expr::cust("COUNT(*)"), "counted")
        .from(Entity)
        .and_where(Expr::col(Column::MemberId).eq(member))
        .group_by_col(Column::AssetType)
        .take();
    let mut counts = Vec::new();
    for row in handle.query_all(&select).await? {
        let word: String = row.try_get("", "asset_type")?;
        let counted: i64 = row.try_get("", "counted")?;
        counts.extend(AssetType::parse(&word).map(|asset_type| (asset_type, counted.unsigned_abs())));
    }
    counts.sort_unstable();
    Ok(counts)
}

/// The assets of a community whose rows say something else of their owner or of the community than these say themselves, by key, each
/// with the key of its owner.
///
/// # Errors
/// When the database fails.
pub async fn estranged(handle: &Handle, community: Uuid) -> Result<Vec<(AssetKey, MemberKey)>> {
    use community::Column as Of;
    use member::Column as By;
    let of = |column| Expr::col((community::Entity, column));
    let by = |column| Expr::col((member::Entity, column));
    let mut select = Query::select();
    select
        .column((Entity, Column::Key))
        .expr_as(by(By::Key), "member_key")
        .from(Entity)
        .inner_join(community::Entity, column(Column::CommunityId).equals((community::Entity, Of::Id)))
        .and_where(column(Column::CommunityId).eq(community))
        .cond_where(
            Cond::any()
                .add(column(Column::CommunityKey).ne(of(Of::Key)))
                .add(column(Column::CommunityName).ne(of(Of::Name)))
                .add(column(Column::OwnerKey).ne(by(By::Key)))
                .add(column(Column::OwnerUserId).ne(by(By::UserId)))
                .add(column(Column::OwnerName).ne(by(By::Name)))
                .add(column(Column::OwnerRole).ne(by(By::Role)))
                .add(column(Column::OwnerStatus).ne(by(By::Status))),
        )
        .order_by((Entity, Column::Key), Order::Asc);
    Asset::join_member(&mut select);
    let mut found = Vec::new();
    for row in handle.query_all(&select).await? {
        let (asset, owner): (String, String) = (row.try_get("", "key")?, row.try_get("", "member_key")?);
        found.push((asset.into(), owner.into()));
    }
    Ok(found)
}

fn sorted_by_key(mut assets: Vec<Asset>) -> Vec<Asset> {
    // No two are the same, and an asset is half a kilobyte: what sorts stably needs room for all of them once more.
    assets.sort_unstable_by(|a, b| {
        a.content.key.cmp(&b.content.key).then_with(|| a.community.key.cmp(&b.community.key))
    });
    assets
}
