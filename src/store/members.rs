//! Members: lists, counts, lookups.

use std::collections::{BTreeSet, HashMap};

use entity::{delivery_point, member};
use member::{Column, Entity, Relation};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, EntityTrait, IdenStatic as _, JoinType, QuerySelect, RelationTrait, Select};
use uuid::Uuid;

use super::keyset::{Listed, ParentColumn};
use super::record::MemberRecord;
use super::table::{self, Among, Table};
use super::{Handle, ListArgs, Result, Scope, keyset, scope, set};
use crate::domain::closed_set::{ClosedSet, MemberStatus};
use crate::domain::columns::Columns;
use crate::domain::cursor::{ListKind, SortValue};
use crate::domain::filter::{Filter, MemberField};
use crate::domain::fold::folded;
use crate::domain::grid::AreaSet;
use crate::domain::identifier::{Did, MemberKey, UserId};
use crate::domain::member::Member;
use crate::domain::order::SortField;
use crate::domain::page::Page;
use crate::domain::timestamp::Timestamp;

impl Listed for Member {
    const LIST: ListKind = ListKind::Members;

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

impl Table for Member {
    type Entity = Entity;
    type Record = MemberRecord;
    type Field = MemberField;

    fn joined() -> Select<Entity> {
        Entity::find().join(JoinType::InnerJoin, Relation::Community.def())
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
        &[(Columns::MEMBER_EXTRA, Column::Extra)]
    }
}

fn column(column: Column) -> SimpleExpr {
    table::column::<Member>(column)
}

/// The member is active: only then it holds what it owns.
pub(super) fn is_active() -> SimpleExpr {
    column(Column::Status).eq(MemberStatus::Active.as_str())
}

/// One page of members.
///
/// # Errors
/// When the database fails.
pub async fn list(handle: &Handle, among: Among<'_>, args: &ListArgs<MemberField>) -> Result<Page<Member>> {
    table::list(handle, among, args).await
}

/// How many members fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn count(handle: &Handle, among: Among<'_>, filter: &Filter<MemberField>) -> Result<u64> {
    table::count::<Member>(handle, among, filter).await
}

/// The same page of members under each of many communities.
///
/// # Errors
/// When the database fails.
pub async fn pages_of_communities(
    handle: &Handle,
    communities: &[Uuid],
    args: &ListArgs<MemberField>,
) -> Result<HashMap<Uuid, Page<Member>>> {
    table::pages(handle, Column::CommunityId, communities, args).await
}

/// How many members of each of many communities fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn counts_of_communities(
    handle: &Handle,
    communities: &[Uuid],
    filter: &Filter<MemberField>,
) -> Result<HashMap<Uuid, u64>> {
    table::counts::<Member>(handle, Column::CommunityId, communities, filter).await
}

/// The same page of members in each of many sets of areas.
///
/// # Errors
/// When the database fails.
pub async fn pages_of_areas(
    handle: &Handle,
    areas: &[AreaSet],
    args: &ListArgs<MemberField>,
) -> Result<HashMap<AreaSet, Page<Member>>> {
    table::pages_in_areas(handle, areas, args).await
}

/// How many members in each of many sets of areas fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn counts_of_areas(
    handle: &Handle,
    areas: &[AreaSet],
    filter: &Filter<MemberField>,
) -> Result<HashMap<AreaSet, u64>> {
    table::counts_in_areas::<Member>(handle, areas, filter).await
}

/// The members with these ids.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(handle: &Handle, ids: &[Uuid]) -> Result<HashMap<Uuid, Member>> {
    table::by_ids(handle, ids).await
}

/// The members with these keys, each in its community.
///
/// # Errors
/// When the database fails.
pub async fn by_keys(
    handle: &Handle,
    keys: &[(Uuid, MemberKey)],
) -> Result<HashMap<(Uuid, MemberKey), Member>> {
    let (ids, texts) = table::split(keys.iter().map(|(id, key)| (*id, key.as_str())));
    let backend = handle.get_database_backend();
    let mut select = table::rows::<Member>(handle);
    select
        .and_where(set::is_one_of_ids(backend, column(Column::CommunityId), &ids))
        .and_where(set::is_one_of_texts(backend, column(Column::Key), &texts));
    let members = table::all::<Member>(handle, &select).await?;
    Ok(members
        .into_iter()
        .map(|member| ((member.community.id, member.content.key.clone()), member))
        .collect())
}

/// The member of a community with a key.
///
/// # Errors
/// When the database fails.
pub async fn by_key(handle: &Handle, community: Uuid, key: &MemberKey) -> Result<Option<Member>> {
    one(handle, community, column(Column::Key).eq(key.as_str())).await
}

/// The member of a community with a user id.
///
/// # Errors
/// When the database fails.
pub async fn by_user_id(handle: &Handle, community: Uuid, user_id: &UserId) -> Result<Option<Member>> {
    one(handle, community, column(Column::UserId).eq(user_id.as_str())).await
}

/// The memberships of a user name in all communities, whatever their status, by community key.
///
/// # Errors
/// When the database fails.
pub async fn of_user(handle: &Handle, user_id: &UserId) -> Result<Vec<Member>> {
    let mut select = table::rows::<Member>(handle);
    select.and_where(column(Column::UserId).eq(user_id.as_str()));
    let mut found = table::all::<Member>(handle, &select).await?;
    found.sort_by(|a, b| a.community.key.cmp(&b.community.key));
    Ok(found)
}

/// Those of these user names that somebody has, each once and in their order. On PostgreSQL none of these members goes before the
/// write ends that asks; one that somebody else is about to remove is not waited for, and is none of them.
///
/// # Errors
/// When the database fails.
pub async fn users_among(handle: &Handle, users: &[&str]) -> Result<BTreeSet<String>> {
    let mut select = Query::select();
    select
        .column(Column::UserId)
        .from(Entity)
        .and_where(set::is_one_of_texts(handle.get_database_backend(), Expr::col(Column::UserId), users))
        .lock_with_behavior(LockType::KeyShare, LockBehavior::SkipLocked);
    let rows = handle.query_all(&select).await?;
    rows.iter().map(|row| Ok(row.try_get("", Column::UserId.as_str())?)).collect()
}

/// The member of the registry with a DID, whatever its status.
///
/// # Errors
/// When the database fails.
pub async fn by_did(handle: &Handle, did: &Did) -> Result<Option<Member>> {
    let mut select = table::rows::<Member>(handle);
    select.and_where(column(Column::Did).eq(did.as_str()));
    Ok(table::all(handle, &select).await?.pop())
}

/// How many members of a community sit in an area.
///
/// # Errors
/// When the database fails.
pub async fn count_in_area(handle: &Handle, community: Uuid, area: &str) -> Result<u64> {
    let select = Query::select()
        .from(Entity)
        .and_where(Expr::col(Column::CommunityId).eq(community))
        .and_where(Expr::col(Column::Area).eq(area))
        .take();
    keyset::count(handle, select).await
}

/// Moves every member of an area to another, and says how many there were.
///
/// # Errors
/// When the database fails.
pub async fn move_to_area(
    handle: &Handle,
    community: Uuid,
    (from, to): (&str, &str),
    now: Timestamp,
) -> Result<u64> {
    let update = Query::update()
        .table(Entity)
        .value(Column::Area, to)
        .value(Column::AreaFolded, folded(to))
        .value(Column::Version, Expr::col(Column::Version).add(1))
        .value(Column::UpdatedAt, now.as_micros())
        .and_where(Expr::col(Column::CommunityId).eq(community))
        .and_where(Expr::col(Column::Area).eq(from))
        .take();
    Ok(handle.execute(&update).await?.rows_affected())
}

/// The keys of the members of an area, whatever their status.
///
/// # Errors
/// When the database fails.
pub async fn keys_in_area(handle: &Handle, community: Uuid, area: &str) -> Result<Vec<MemberKey>> {
    let select = Query::select()
        .column(Column::Key)
        .from(Entity)
        .and_where(Expr::col(Column::CommunityId).eq(community))
        .and_where(Expr::col(Column::Area).eq(area))
        .order_by(Column::Key, sea_orm::sea_query::Order::Asc)
        .take();
    let rows = handle.query_all(&select).await?;
    rows.iter().map(|row| Ok(row.try_get::<String>("", "key")?.into())).collect()
}

async fn one(handle: &Handle, community: Uuid, condition: SimpleExpr) -> Result<Option<Member>> {
    let mut select = table::rows::<Member>(handle);
    select.and_where(column(Column::CommunityId).eq(community)).and_where(condition);
    Ok(table::all(handle, &select).await?.pop())
}

/// The active members of a scope with one of these user ids, by community key.
///
/// # Errors
/// When the database fails.
pub async fn active_by_user_ids(handle: &Handle, scope: &Scope, user_ids: &[&str]) -> Result<Vec<Member>> {
    active(handle, scope, Column::UserId, user_ids).await
}

/// The active members of a scope with one of these DIDs.
///
/// # Errors
/// When the database fails.
pub async fn active_by_dids(handle: &Handle, scope: &Scope, dids: &[&str]) -> Result<Vec<Member>> {
    active(handle, scope, Column::Did, dids).await
}

async fn active(handle: &Handle, scope: &Scope, of: Column, ids: &[&str]) -> Result<Vec<Member>> {
    let backend = handle.get_database_backend();
    let mut select = table::rows::<Member>(handle);
    let condition = match ids {
        [only] => column(of).eq(*only),
        many => set::is_one_of_texts(backend, column(of), many),
    };
    select.and_where(condition).and_where(is_active());
    if let Some(condition) = scope::includes(backend, scope, (Entity, Column::CommunityId)) {
        select.and_where(condition);
    }
    let mut members = table::all::<Member>(handle, &select).await?;
    members.sort_by(|a, b| a.community.key.cmp(&b.community.key));
    Ok(members)
}

/// How many delivery points each of these members has; members without any are not in the answer.
///
/// # Errors
/// When the database fails.
pub async fn delivery_point_counts(handle: &Handle, members: &[Uuid]) -> Result<HashMap<Uuid, u64>> {
    let member_id = (delivery_point::Entity, delivery_point::Column::MemberId);
    let select = Query::select()
        .from(delivery_point::Entity)
        .and_where(set::is_one_of_ids(handle.get_database_backend(), Expr::col(member_id), members))
        .take();
    keyset::count_under_each(handle, select, &ParentColumn::id(member_id)).await
}
