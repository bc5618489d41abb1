//! Communities: lists, counts, lookups.

use std::collections::HashMap;

use entity::community::{Column, Entity};
use entity::{asset_measure, holding, kept_answer, member, search_text};
use sea_orm::sea_query::{DeleteStatement, Expr, ExprTrait, LockType, Query};
use sea_orm::{
    ConnectionTrait, DbBackend, EntityTrait, PartialModelTrait, QueryResult, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use super::keyset::Listed;
use super::record::{CommunityRecord, CommunityTag};
use super::table::{self, Among, Table};
use super::{Handle, ListArgs, Result, Scope, history, set};
use crate::domain::change::CommunityChange;
use crate::domain::closed_set::ChangeKind;
use crate::domain::columns::Columns;
use crate::domain::community::{Community, CommunityRef};
use crate::domain::cursor::{ListKind, SortValue};
use crate::domain::digest::ContentDigest;
use crate::domain::filter::{CommunityField, Filter};
use crate::domain::grant::Reach;
use crate::domain::identifier::CommunityKey;
use crate::domain::order::SortField;
use crate::domain::page::Page;
use crate::domain::timestamp::Timestamp;

impl Listed for Community {
    const LIST: ListKind = ListKind::Communities;

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

impl Table for Community {
    type Entity = Entity;
    type Record = CommunityRecord;
    type Field = CommunityField;

    // The key is unique by itself, so that every order is total without the id.
    const KEY_IS_UNIQUE: bool = true;

    fn joined() -> Select<Entity> {
        Entity::find()
    }

    fn community_id() -> Column {
        Column::Id
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
            (Columns::COMMUNITY_LEGAL, Column::Legal),
            (Columns::COMMUNITY_LINKS, Column::Links),
            (Columns::COMMUNITY_CONTACT, Column::Contact),
            (Columns::COMMUNITY_SETTINGS, Column::Settings),
            (Columns::COMMUNITY_OPERATORS, Column::Operators),
            (Columns::COMMUNITY_AREAS, Column::Areas),
            (Columns::COMMUNITY_TOPOLOGY, Column::Topology),
            (Columns::COMMUNITY_EXTRA, Column::Extra),
            (Columns::COMMUNITY_ENVELOPE, Column::Envelope),
        ]
    }
}

/// One page of the communities of a scope.
///
/// # Errors
/// When the database fails.
pub async fn list(
    handle: &Handle,
    scope: &Scope,
    args: &ListArgs<CommunityField>,
) -> Result<Page<Community>> {
    table::list(handle, Among::Scope(scope), args).await
}

/// How many communities of a scope fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn count(handle: &Handle, scope: &Scope, filter: &Filter<CommunityField>) -> Result<u64> {
    table::count::<Community>(handle, Among::Scope(scope), filter).await
}

/// The community of a key, within a scope.
///
/// # Errors
/// When the database fails.
pub async fn by_key(handle: &Handle, scope: &Scope, key: &CommunityKey) -> Result<Option<Community>> {
    if !scope.includes(key) {
        return Ok(None);
    }
    let mut select = table::rows::<Community>(handle);
    select.and_where(table::column::<Community>(Column::Key).eq(key.as_str()));
    Ok(table::all(handle, &select).await?.pop())
}

/// The community of a key, locked until the transaction ends: nobody else writes anything of it.
///
/// # Errors
/// When the database fails.
pub async fn locked(handle: &Handle, key: &CommunityKey) -> Result<Option<Community>> {
    let mut select = table::rows::<Community>(handle);
    select
        .and_where(table::column::<Community>(Column::Key).eq(key.as_str()))
        // SQLite has one writer at a time, and no such words.
        .lock(LockType::Update);
    Ok(table::all(handle, &select).await?.pop())
}

/// Locks those of these communities that exist until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock(handle: &Handle, keys: &[&str]) -> Result<()> {
    let backend = handle.get_database_backend();
    if backend == DbBackend::Postgres {
        let is_one = set::is_one_of_texts(backend, table::column::<Community>(Column::Key), keys);
        let mut select = Query::select();
        select.column(Column::Id).from(Entity).and_where(is_one);
        // In one order, so that no two wait for each other.
        select.order_by(Column::Key, sea_orm::sea_query::Order::Asc).lock(LockType::Update);
        handle.query_all(&select).await?;
    }
    Ok(())
}

/// Removes a community with everything in it, and announces it.
///
/// # Errors
/// When the database fails.
pub async fn remove(handle: &Handle, community: &Community, now: Timestamp) -> Result<()> {
    let measures = of_community(asset_measure::Entity, asset_measure::Column::CommunityId, community.id);
    let searched = of_community(search_text::Entity, search_text::Column::CommunityId, community.id);
    let answers = of_community(kept_answer::Entity, kept_answer::Column::CommunityId, community.id);
    let members = Query::select()
        .column(member::Column::Id)
        .from(member::Entity)
        .and_where(Expr::col(member::Column::CommunityId).eq(community.id))
        .take();
    let held = Query::delete()
        .from_table(holding::Entity)
        .and_where(Expr::col(holding::Column::MemberId).in_subquery(members))
        .take();
    // Members, points and assets go with the community; what is derived from them has no foreign key.
    let community_row = of_community(Entity, Column::Id, community.id);
    history::forget_community(handle, community.id).await?;
    for delete in [held, measures, searched, answers, community_row] {
        handle.execute(&delete).await?;
    }
    handle.changed(CommunityChange {
        id: community.id,
        key: community.content.key.clone(),
        kind: ChangeKind::Removed,
        revision: community.revision,
        at: now,
    })
}

fn of_community<E: EntityTrait>(table: E, column: E::Column, community: Uuid) -> DeleteStatement {
    Query::delete().from_table(table).and_where(Expr::col(column).eq(community)).take()
}

/// The name tag of the community of a key, within a scope.
///
/// # Errors
/// When the database fails.
pub async fn tag(handle: &Handle, scope: &Scope, key: &CommunityKey) -> Result<Option<CommunityRef>> {
    Ok(tags(handle, &Reach::Communities([key.clone()].into()))
        .await?
        .pop()
        .filter(|found| scope.includes(&found.key)))
}

/// The name tags of the communities of a scope, by key.
///
/// # Errors
/// When the database fails.
pub async fn tags(handle: &Handle, scope: &Scope) -> Result<Vec<CommunityRef>> {
    let mut select = CommunityTag::select_cols(Entity::find().select_only()).into_query();
    if let Reach::Communities(keys) = scope {
        let keys: Vec<&str> = keys.iter().map(CommunityKey::as_str).collect();
        let column = table::column::<Community>(Column::Key);
        select.and_where(set::is_one_of_texts(handle.get_database_backend(), column, &keys));
    }
    select.order_by((Entity, Column::Key), sea_orm::sea_query::Order::Asc);
    handle
        .query_all(&select)
        .await?
        .iter()
        .map(|row| Ok(<CommunityTag as sea_orm::FromQueryResult>::from_query_result(row, "")?.into()))
        .collect()
}

/// A community that an import would replace.
pub struct Replaced {
    /// Its id.
    pub id: Uuid,
    /// What tells all of its content from any other, if that is known of its present revision.
    digest: Option<String>,
}

impl Replaced {
    /// Whether everything that is stored of it is what has this digest.
    #[must_use]
    pub fn says(&self, digest: &ContentDigest) -> bool {
        self.digest.as_deref() == Some(digest.as_str())
    }
}

/// Whether a community is stored besides these.
///
/// # Errors
/// When the database fails.
pub async fn are_others(handle: &Handle, besides: &[Uuid]) -> Result<bool> {
    let id = table::column::<Community>(Column::Id);
    let select = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(set::is_one_of_ids(handle.get_database_backend(), id, besides).not())
        .limit(1)
        .take();
    Ok(handle.query_one(&select).await?.is_some())
}

/// Those of these communities that are stored, by key.
///
/// # Errors
/// When the database fails.
pub async fn replaced(handle: &Handle, keys: &[&str]) -> Result<HashMap<CommunityKey, Replaced>> {
    let is_one =
        set::is_one_of_texts(handle.get_database_backend(), table::column::<Community>(Column::Key), keys);
    let select = Query::select()
        .columns([Column::Id, Column::Key, Column::Revision])
        .columns([Column::ContentDigest, Column::ContentDigestRevision])
        .from(Entity)
        .and_where(is_one)
        .take();
    let replaced = |row: &QueryResult| {
        let (revision, of_revision): (i64, Option<i64>) =
            (row.try_get("", "revision")?, row.try_get("", "content_digest_revision")?);
        let digest: Option<String> = row.try_get("", "content_digest")?;
        let key: String = row.try_get("", "key")?;
        let digest = digest.filter(|_| of_revision == Some(revision));
        Ok((key.into(), Replaced { id: row.try_get("", "id")?, digest }))
    };
    handle.query_all(&select).await?.iter().map(replaced).collect()
}

/// The revision of each of these communities.
///
/// # Errors
/// When the database fails.
pub async fn revisions(handle: &Handle, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    let condition =
        set::is_one_of_ids(handle.get_database_backend(), table::column::<Community>(Column::Id), ids);
    let select =
        Query::select().columns([Column::Id, Column::Revision]).from(Entity).and_where(condition).take();
    let rows = handle.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "revision")?))).collect()
}

/// The key and the revision of every community.
///
/// # Errors
/// When the database fails.
pub(super) async fn standing(handle: &Handle) -> Result<HashMap<Uuid, (CommunityKey, i64)>> {
    let select = Query::select().columns([Column::Id, Column::Key, Column::Revision]).from(Entity).take();
    let rows = handle.query_all(&select).await?;
    let standing = |row: &QueryResult| {
        let key: String = row.try_get("", "key")?;
        Ok((row.try_get("", "id")?, (CommunityKey::from(key), row.try_get("", "revision")?)))
    };
    rows.iter().map(standing).collect()
}

/// The communities with these ids.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(handle: &Handle, ids: &[Uuid]) -> Result<HashMap<Uuid, Community>> {
    table::by_ids(handle, ids).await
}
