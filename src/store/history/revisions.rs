//! The revisions of communities, and the changes of each.

use std::collections::HashMap;

use entity::{community, revision, revision_change};
use sea_orm::sea_query::{Expr, ExprTrait, Order as SqlOrder, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ConnectionTrait, DerivePartialModel, EntityTrait, PartialModelTrait, QueryResult, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::domain::audit::Deed;
use crate::domain::closed_set::{ClosedSet, EntityChangeKind, EntityKind};
use crate::domain::cursor::{ListKind, SortValue};
use crate::domain::difference::{Difference, EntityChange, FieldChange, field};
use crate::domain::history::{ChangeCounts, Revision, said_before};
use crate::domain::node::{Entries, Node};
use crate::domain::order::{Order, SortField};
use crate::domain::page::{Page, PageRequest};
use crate::domain::timestamp::Timestamp;
use crate::store::bulk::insert_all;
use crate::store::keyset::{self, Listed, ParentColumn, Sorting};
use crate::store::{Handle, Result, StoreError, set};

/// Most changes that a list of revisions shows, and of one revision.
const LISTED_CHANGES: i64 = 10_000;
const LISTED_OF_ONE: i64 = 1_000;

/// Changes that are in memory at once while a community goes back.
const CHANGES_AT_ONCE: u64 = 1_000;

#[derive(DerivePartialModel)]
#[sea_orm(entity = "revision::Entity")]
struct Record {
    id: Uuid,
    #[sea_orm(from_expr = "Expr::col((community::Entity, community::Column::Key))")]
    community: String,
    number: i64,
    at: i64,
    subject: String,
    client: Option<String>,
    operation: String,
    added: i64,
    removed: i64,
    changed: i64,
}

impl TryFrom<Record> for Revision {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self> {
        Ok(Self {
            id: record.id,
            community: record.community.into(),
            number: record.number,
            at: Timestamp::from_micros(record.at),
            subject: record.subject,
            client: record.client,
            operation: record.operation,
            counts: ChangeCounts {
                added: record.added.unsigned_abs(),
                removed: record.removed.unsigned_abs(),
                changed: record.changed.unsigned_abs(),
            },
            difference: Difference::default(),
        })
    }
}

impl Listed for Revision {
    const LIST: ListKind = ListKind::Revisions;

    fn place(&self, _: SortField) -> Vec<SortValue> {
        vec![SortValue::Number(self.number)]
    }

    fn id(&self) -> Uuid {
        self.id
    }
}

/// Records what a change of a community did, in the transaction of the change. Of a community that is new the
/// number of what came is enough: there is nothing before it.
///
/// # Errors
/// When the database fails.
pub async fn record(
    handle: &Handle,
    (community, number, at): (Uuid, i64, Timestamp),
    deed: &Deed<'_>,
    subject: &str,
    counts: ChangeCounts,
    difference: &Difference,
) -> Result<()> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let row = revision::Model {
        id: Uuid::now_v7(),
        community_id: community,
        number,
        at: at.as_micros(),
        subject: subject.to_owned(),
        client: deed.client.map(str::to_owned),
        operation: deed.operation.to_owned(),
        added: count(counts.added),
        removed: count(counts.removed),
        changed: count(counts.changed),
    };
    insert_all(handle, Box::new(std::iter::once(row))).await?;
    let rows = difference.changes.iter().zip(0..).map(|(change, position)| revision_change::Model {
        community_id: community,
        number,
        position,
        entity: change.entity.to_string(),
        key: change.key.clone(),
        member_key: change.member_key.clone(),
        former_member_key: said_before(change, field::OWNER).map(str::to_owned),
        user_id: match change.entity {
            EntityKind::Member => said_before(change, "user_id").map(str::to_owned),
            _ => None,
        },
        change: change.change.to_string(),
        fields: encoded(&change.fields),
    });
    insert_all(handle, Box::new(rows)).await
}

/// Values stand as texts of their own, so that nesting has no limit but theirs.
fn encoded(fields: &[FieldChange]) -> String {
    let fields = fields.iter().map(|field| {
        let path = field.path.iter().map(|name| Node::text(name.as_str())).collect();
        let mut entries: Entries = vec![("path".into(), Node::List(path))];
        for (name, value) in [("before", &field.before), ("after", &field.after)] {
            entries.extend(value.as_ref().map(|value| (name.into(), Node::text(value.to_json()))));
        }
        Node::Map(entries)
    });
    Node::List(fields.collect()).to_json()
}

fn decoded(fields: &str) -> Result<Vec<FieldChange>> {
    let broken = || StoreError::Database("a stored change cannot be read".to_owned());
    let read = |text: &str| Node::from_json(text.as_bytes()).map(|read| read.node).map_err(|_| broken());
    let value = |node: &Node, name: &str| node.get(name).and_then(Node::as_text).map(read).transpose();
    let fields = read(fields)?;
    let fields = fields.as_list().ok_or_else(broken)?.iter().map(|node| {
        let path = node.get("path").and_then(Node::as_list).ok_or_else(broken)?;
        let path = path.iter().filter_map(Node::as_text).map(str::to_owned).collect();
        Ok(FieldChange { path, before: value(node, "before")?, after: value(node, "after")? })
    });
    fields.collect()
}

fn column(column: revision::Column) -> SimpleExpr {
    Expr::col((revision::Entity, column))
}

/// The same page of revisions of each of many communities, each revision with its first changes.
///
/// # Errors
/// When the database fails.
pub async fn pages(
    handle: &Handle,
    of: &[Uuid],
    order: Order,
    page: &PageRequest,
) -> Result<HashMap<Uuid, Page<Revision>>> {
    let backend = handle.get_database_backend();
    let mut select = Record::select_cols(revision::Entity::find().select_only()).into_query();
    select
        .inner_join(
            community::Entity,
            column(revision::Column::CommunityId).equals((community::Entity, community::Column::Id)),
        )
        .and_where(set::is_one_of_ids(backend, column(revision::Column::CommunityId), of));
    let sorting = Sorting { order, columns: vec![column(revision::Column::Number)], id: None };
    let mut found = match of {
        [only] => {
            HashMap::from([(*only, keyset::page::<Record, Revision>(handle, select, &sorting, page).await?)])
        }
        _ => {
            let parent = ParentColumn::id((revision::Entity, revision::Column::CommunityId));
            keyset::page_under_each::<Record, Revision, _>(handle, select, &parent, &sorting, page).await?
        }
    };
    let numbers = |(id, page): (&Uuid, &Page<Revision>)| {
        let id = *id;
        page.rows.iter().map(move |row| (id, row.value.number)).collect::<Vec<_>>()
    };
    let listed: Vec<(Uuid, i64)> = found.iter().flat_map(numbers).collect();
    if listed.is_empty() {
        return Ok(found);
    }
    let at_most = (LISTED_CHANGES / listed.len() as i64).clamp(1, LISTED_OF_ONE);
    let place = Expr::tuple([
        Expr::col(revision_change::Column::CommunityId),
        Expr::col(revision_change::Column::Number),
    ]);
    let mut select = changes();
    select
        .and_where(place.in_tuples(listed))
        .and_where(Expr::col(revision_change::Column::Position).lt(at_most))
        .order_by(revision_change::Column::Position, SqlOrder::Asc);
    for row in handle.query_all(&select).await? {
        let (id, number): (Uuid, i64) = (row.try_get("", "community_id")?, row.try_get("", "number")?);
        let rows = found.get_mut(&id).map(|page| &mut page.rows);
        if let Some(found) = rows.into_iter().flatten().find(|found| found.value.number == number) {
            found.value.difference.changes.push(change(&row)?);
        }
    }
    for row in found.values_mut().flat_map(|page| &mut page.rows) {
        let listed = row.value.difference.changes.len() as u64;
        row.value.difference.unlisted = row.value.counts.total().saturating_sub(listed);
    }
    Ok(found)
}

/// How many revisions are recorded of each of these communities.
///
/// # Errors
/// When the database fails.
pub async fn counts(handle: &Handle, of: &[Uuid]) -> Result<HashMap<Uuid, u64>> {
    let backend = handle.get_database_backend();
    let select = Query::select()
        .from(revision::Entity)
        .and_where(set::is_one_of_ids(backend, column(revision::Column::CommunityId), of))
        .take();
    let parent = ParentColumn::id((revision::Entity, revision::Column::CommunityId));
    keyset::count_under_each(handle, select, &parent).await
}

fn changes() -> SelectStatement {
    use revision_change::Column;
    Query::select()
        .columns([Column::CommunityId, Column::Number, Column::Entity, Column::Key, Column::MemberKey])
        .columns([Column::Change, Column::Fields])
        .from(revision_change::Entity)
        .take()
}

fn change(row: &QueryResult) -> Result<EntityChange> {
    let unknown = || StoreError::Database("a stored word is outside its closed set".to_owned());
    let (entity, change, fields): (String, String, String) =
        (row.try_get("", "entity")?, row.try_get("", "change")?, row.try_get("", "fields")?);
    Ok(EntityChange {
        entity: EntityKind::parse(&entity).ok_or_else(unknown)?,
        key: row.try_get("", "key")?,
        member_key: row.try_get("", "member_key")?,
        change: EntityChangeKind::parse(&change).ok_or_else(unknown)?,
        fields: decoded(&fields)?,
    })
}

/// Shows each change of a community that came after a revision, the last first, some at a time.
///
/// # Errors
/// When the database fails.
pub async fn each_change_back(
    handle: &Handle,
    community: Uuid,
    after: i64,
    mut see: impl FnMut(&EntityChange) + Send,
) -> Result<()> {
    use revision_change::Column;
    let place = || Expr::tuple([Expr::col(Column::Number), Expr::col(Column::Position)]);
    let mut seen = None;
    loop {
        let mut select = changes();
        select
            .column(Column::Position)
            .and_where(Expr::col(Column::CommunityId).eq(community))
            .and_where(Expr::col(Column::Number).gt(after))
            .order_by(Column::Number, SqlOrder::Desc)
            .order_by(Column::Position, SqlOrder::Desc)
            .limit(CHANGES_AT_ONCE);
        if let Some((number, position)) = seen {
            select.and_where(place().lt(Expr::tuple([Expr::val::<i64>(number), Expr::val::<i64>(position)])));
        }
        let rows = handle.query_all(&select).await?;
        for row in &rows {
            see(&change(row)?);
        }
        let Some(last) = rows.last() else { return Ok(()) };
        seen = Some((last.try_get("", "number")?, last.try_get("", "position")?));
    }
}

/// The first recorded revision of a community.
///
/// # Errors
/// When the database fails.
pub async fn first_number(handle: &Handle, community: Uuid) -> Result<Option<i64>> {
    edge(handle, community, None, SqlOrder::Asc).await
}

/// The last revision of a community that was recorded up to a time.
///
/// # Errors
/// When the database fails.
pub async fn number_at(handle: &Handle, community: Uuid, time: Timestamp) -> Result<Option<i64>> {
    edge(handle, community, Some(time), SqlOrder::Desc).await
}

async fn edge(
    handle: &Handle,
    community: Uuid,
    until: Option<Timestamp>,
    order: SqlOrder,
) -> Result<Option<i64>> {
    let mut select = Query::select();
    select
        .column(revision::Column::Number)
        .from(revision::Entity)
        .and_where(column(revision::Column::CommunityId).eq(community))
        .order_by(revision::Column::Number, order)
        .limit(1);
    if let Some(until) = until {
        select.and_where(column(revision::Column::At).lte(until.as_micros()));
    }
    let row = handle.query_one(&select).await?;
    Ok(row.map(|row| row.try_get("", "number")).transpose()?)
}
