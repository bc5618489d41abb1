//! Delivery points: lists, counts, lookups.

use std::collections::HashMap;

use delivery_point::{Column, Entity, Relation};
use entity::delivery_point;
use sea_orm::sea_query::{ExprTrait, SimpleExpr};
use sea_orm::{ConnectionTrait, EntityTrait, JoinType, QuerySelect, RelationTrait, Select};
use uuid::Uuid;

use super::keyset::Listed;
use super::members::is_active;
use super::record::DeliveryPointRecord;
use super::table::{self, Among, Table};
use super::{Handle, ListArgs, Result, Scope, scope, set};
use crate::domain::closed_set::MemberStatus;
use crate::domain::columns::Columns;
use crate::domain::cursor::{ListKind, SortValue};
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::filter::{DeliveryPointField, Filter};
use crate::domain::identifier::DeliveryPointCode;
use crate::domain::order::SortField;
use crate::domain::page::Page;

impl Listed for DeliveryPoint {
    const LIST: ListKind = ListKind::DeliveryPoints;

    fn place(&self, _: SortField) -> Vec<SortValue> {
        vec![SortValue::Text(self.content.code.to_string()), SortValue::Text(self.member.key.to_string())]
    }

    fn id(&self) -> Uuid {
        self.id
    }
}

impl Table for DeliveryPoint {
    type Entity = Entity;
    type Record = DeliveryPointRecord;
    type Field = DeliveryPointField;

    fn joined() -> Select<Entity> {
        Entity::find()
            .join(JoinType::InnerJoin, Relation::Community.def())
            .join(JoinType::InnerJoin, Relation::Member.def())
    }

    fn community_id() -> Column {
        Column::CommunityId
    }

    // The one order of delivery points: by code, then by the key of the member.
    fn sort_columns(_: SortField) -> Vec<Column> {
        vec![Column::Code, Column::MemberKey]
    }

    fn id_column() -> Column {
        Column::Id
    }

    fn free_columns() -> &'static [(Columns, Column)] {
        &[(Columns::DELIVERY_POINT_EXTRA, Column::Extra)]
    }
}

fn column(column: Column) -> SimpleExpr {
    table::column::<DeliveryPoint>(column)
}

/// One page of delivery points.
///
/// # Errors
/// When the database fails.
pub async fn list(
    handle: &Handle,
    among: Among<'_>,
    args: &ListArgs<DeliveryPointField>,
) -> Result<Page<DeliveryPoint>> {
    table::list(handle, among, args).await
}

/// How many delivery points fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn count(handle: &Handle, among: Among<'_>, filter: &Filter<DeliveryPointField>) -> Result<u64> {
    table::count::<DeliveryPoint>(handle, among, filter).await
}

/// The same page of delivery points under each of many communities.
///
/// # Errors
/// When the database fails.
pub async fn pages_of_communities(
    handle: &Handle,
    communities: &[Uuid],
    args: &ListArgs<DeliveryPointField>,
) -> Result<HashMap<Uuid, Page<DeliveryPoint>>> {
    table::pages(handle, Column::CommunityId, communities, args).await
}

/// How many delivery points of each of many communities fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn counts_of_communities(
    handle: &Handle,
    communities: &[Uuid],
    filter: &Filter<DeliveryPointField>,
) -> Result<HashMap<Uuid, u64>> {
    table::counts::<DeliveryPoint>(handle, Column::CommunityId, communities, filter).await
}

/// The delivery points with these ids.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(handle: &Handle, ids: &[Uuid]) -> Result<HashMap<Uuid, DeliveryPoint>> {
    table::by_ids(handle, ids).await
}

/// The delivery points of each of these members, by code.
///
/// # Errors
/// When the database fails.
pub async fn of_members(handle: &Handle, members: &[Uuid]) -> Result<HashMap<Uuid, Vec<DeliveryPoint>>> {
    let condition = match members {
        [only] => column(Column::MemberId).eq(*only),
        many => set::is_one_of_ids(handle.get_database_backend(), column(Column::MemberId), many),
    };
    grouped(handle, condition, |point| point.member.id).await
}

/// The delivery points of these codes, each in its community; a code is given folded.
///
/// # Errors
/// When the database fails.
pub async fn by_codes(
    handle: &Handle,
    codes: &[(Uuid, String)],
) -> Result<HashMap<(Uuid, String), Vec<DeliveryPoint>>> {
    let (ids, texts) = table::split(codes.iter().map(|(id, code)| (*id, code.as_str())));
    let backend = handle.get_database_backend();
    let condition = set::is_one_of_ids(backend, column(Column::CommunityId), &ids).and(set::is_one_of_texts(
        backend,
        column(Column::CodeFolded),
        &texts,
    ));
    grouped(handle, condition, |point| (point.community.id, point.content.code.folded())).await
}

async fn grouped<K: Eq + std::hash::Hash>(
    handle: &Handle,
    condition: SimpleExpr,
    key: impl Fn(&DeliveryPoint) -> K,
) -> Result<HashMap<K, Vec<DeliveryPoint>>> {
    let mut select = table::rows::<DeliveryPoint>(handle);
    select.and_where(condition);
    let mut found: HashMap<K, Vec<DeliveryPoint>> = HashMap::new();
    for point in sorted(table::all(handle, &select).await?) {
        found.entry(key(&point)).or_default().push(point);
    }
    Ok(found)
}

/// The delivery points of a community with a code, that of the active holder first, then by member.
///
/// # Errors
/// When the database fails.
pub async fn by_code(
    handle: &Handle,
    community: Uuid,
    code: &DeliveryPointCode,
) -> Result<Vec<DeliveryPoint>> {
    let mut select = table::rows::<DeliveryPoint>(handle);
    select
        .and_where(column(Column::CommunityId).eq(community))
        .and_where(column(Column::CodeFolded).eq(code.folded()));
    let mut points = sorted(table::all(handle, &select).await?);
    points.sort_by_key(|point| point.member.status != MemberStatus::Active);
    Ok(points)
}

/// The delivery points with a code whose members are active.
///
/// # Errors
/// When the database fails.
pub async fn active_by_code(
    handle: &Handle,
    scope: &Scope,
    code: &DeliveryPointCode,
) -> Result<Vec<DeliveryPoint>> {
    let mut select = table::rows::<DeliveryPoint>(handle);
    select.and_where(column(Column::CodeFolded).eq(code.folded())).and_where(is_active());
    if let Some(condition) =
        scope::includes(handle.get_database_backend(), scope, (Entity, Column::CommunityId))
    {
        select.and_where(condition);
    }
    Ok(sorted(table::all(handle, &select).await?))
}

/// In the one order of delivery points.
fn sorted(mut points: Vec<DeliveryPoint>) -> Vec<DeliveryPoint> {
    points.sort_by(|a, b| a.content.code.cmp(&b.content.code).then_with(|| a.member.key.cmp(&b.member.key)));
    points
}
