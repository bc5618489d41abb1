//! The past of communities: their revisions, the changes of each, and who held what until when.

use std::collections::HashMap;

use entity::{ended_holding, holding, member, revision, revision_change};
use sea_orm::sea_query::{Expr, ExprTrait, Order as SqlOrder, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ConnectionTrait, DerivePartialModel, EntityTrait, PartialModelTrait, QueryResult, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::bulk::insert_all;
use super::keyset::{self, Listed, ParentColumn, Sorting};
use super::{Handle, Result, Scope, StoreError, communities, set};
use crate::domain::audit::Deed;
use crate::domain::closed_set::{ClosedSet, EntityChangeKind, EntityKind};
use crate::domain::community::CommunityRef;
use crate::domain::cursor::{ListKind, SortValue};
use crate::domain::delivery_point::HoldingKind;
use crate::domain::difference::{Difference, EntityChange, FieldChange, field};
use crate::domain::history::{ChangeCounts, PastHolder, Revision, said_before};
use crate::domain::node::{Entries, Node};
use crate::domain::order::{Order, SortField};
use crate::domain::page::{Page, PageRequest};
use crate::domain::timestamp::Timestamp;

/// Most changes that a list of revisions shows, and of one revision.
const LISTED_CHANGES: i64 = 10_000;
const LISTED_OF_ONE: i64 = 1_000;

#[derive(DerivePartialModel)]
#[sea_orm(entity = "revision::Entity")]
struct Record {
    id: Uuid,
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
    deed: &Deed,
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
        client: deed.client.clone(),
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
        let path = field.path.iter().map(|name| Node::Text(name.clone())).collect();
        let mut entries: Entries = vec![("path".to_owned(), Node::List(path))];
        for (name, value) in [("before", &field.before), ("after", &field.after)] {
            entries.extend(value.as_ref().map(|value| (name.to_owned(), Node::Text(value.to_json()))));
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
    select.and_where(set::is_one_of_ids(backend, column(revision::Column::CommunityId), of));
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

/// The changes of a community that came after a revision, the last first.
///
/// # Errors
/// When the database fails.
pub async fn changes_back(handle: &Handle, community: Uuid, after: i64) -> Result<Vec<EntityChange>> {
    use revision_change::Column;
    let mut select = changes();
    select
        .and_where(Expr::col(Column::CommunityId).eq(community))
        .and_where(Expr::col(Column::Number).gt(after))
        .order_by(Column::Number, SqlOrder::Desc)
        .order_by(Column::Position, SqlOrder::Desc);
    handle.query_all(&select).await?.iter().map(change).collect()
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

/// Removes what the past says of a member of a community.
///
/// # Errors
/// When the database fails.
pub async fn forget_member(handle: &Handle, community: Uuid, member_key: &str) -> Result<()> {
    use revision_change::Column;
    for of in [Column::MemberKey, Column::FormerMemberKey] {
        let delete = Query::delete()
            .from_table(revision_change::Entity)
            .and_where(Expr::col(Column::CommunityId).eq(community))
            .and_where(Expr::col(of).eq(member_key))
            .take();
        handle.execute(&delete).await?;
    }
    let delete = Query::delete()
        .from_table(ended_holding::Entity)
        .and_where(Expr::col(ended_holding::Column::CommunityId).eq(community))
        .and_where(Expr::col(ended_holding::Column::MemberKey).eq(member_key))
        .take();
    handle.execute(&delete).await?;
    Ok(())
}

/// Removes what the past says of a person, in every community.
///
/// # Errors
/// When the database fails.
pub async fn forget_user(handle: &Handle, user_id: &str) -> Result<()> {
    use revision_change::Column;
    let select = Query::select()
        .columns([Column::CommunityId, Column::MemberKey])
        .distinct()
        .from(revision_change::Entity)
        .and_where(Expr::col(Column::UserId).eq(user_id))
        .take();
    for row in handle.query_all(&select).await? {
        let member_key: Option<String> = row.try_get("", "member_key")?;
        forget_member(handle, row.try_get("", "community_id")?, &member_key.unwrap_or_default()).await?;
    }
    let delete = Query::delete()
        .from_table(ended_holding::Entity)
        .and_where(Expr::col(ended_holding::Column::UserId).eq(user_id))
        .take();
    handle.execute(&delete).await?;
    Ok(())
}

/// Notes that the holdings of members end now; see [`resume`].
pub(super) async fn end(handle: &Handle, holdings: SimpleExpr, now: Timestamp) -> Result<()> {
    use ended_holding::Column;
    let of = |column: holding::Column| (holding::Entity, column);
    let ended = Query::select()
        .columns([of(holding::Column::Kind), of(holding::Column::FoldedId)])
        .expr(Expr::val(now.as_micros()))
        .columns([of(holding::Column::MemberId), of(holding::Column::CommunityId)])
        .columns([(member::Entity, member::Column::Key), (member::Entity, member::Column::UserId)])
        .column(of(holding::Column::Since))
        .from(holding::Entity)
        .inner_join(
            member::Entity,
            Expr::col((member::Entity, member::Column::Id)).equals(of(holding::Column::MemberId)),
        )
        .and_where(holdings)
        .take();
    let mut insert = Query::insert();
    insert.into_table(ended_holding::Entity).columns([
        Column::Kind,
        Column::FoldedId,
        Column::Until,
        Column::MemberId,
        Column::CommunityId,
        Column::MemberKey,
        Column::UserId,
        Column::Since,
    ]);
    insert.select_from(ended).map_err(|error| StoreError::Database(format!("ending holdings: {error}")))?;
    handle.execute(&insert).await?;
    Ok(())
}

/// Takes back the end of holdings that go on: the same member holds the same again.
pub(super) async fn resume(
    handle: &Handle,
    holdings: SimpleExpr,
    community: Uuid,
    now: Timestamp,
) -> Result<()> {
    let same = || {
        let equal = |ended: ended_holding::Column, held: holding::Column| {
            Expr::col((ended_holding::Entity, ended)).equals((holding::Entity, held))
        };
        equal(ended_holding::Column::Kind, holding::Column::Kind)
            .and(equal(ended_holding::Column::FoldedId, holding::Column::FoldedId))
            .and(equal(ended_holding::Column::MemberId, holding::Column::MemberId))
            .and(Expr::col((ended_holding::Entity, ended_holding::Column::Until)).eq(now.as_micros()))
    };
    let since = Query::select()
        .column((ended_holding::Entity, ended_holding::Column::Since))
        .from(ended_holding::Entity)
        .and_where(same())
        .take();
    let resumed = Query::select().expr(Expr::val(1)).from(ended_holding::Entity).and_where(same()).take();
    let update = Query::update()
        .table(holding::Entity)
        .value(holding::Column::Since, SimpleExpr::SubQuery(None, Box::new(since.into())))
        .and_where(holdings)
        .and_where(Expr::exists(resumed))
        .take();
    handle.execute(&update).await?;
    let held = Query::select().expr(Expr::val(1)).from(holding::Entity).and_where(same()).take();
    let delete = Query::delete()
        .from_table(ended_holding::Entity)
        .and_where(Expr::col((ended_holding::Entity, ended_holding::Column::CommunityId)).eq(community))
        .and_where(Expr::col((ended_holding::Entity, ended_holding::Column::Until)).eq(now.as_micros()))
        .and_where(Expr::exists(held))
        .take();
    handle.execute(&delete).await?;
    Ok(())
}

/// Who held something at a time, within a scope.
///
/// # Errors
/// When the database fails.
pub async fn holder_at(
    handle: &Handle,
    scope: &Scope,
    kind: HoldingKind,
    folded_id: &str,
    time: Timestamp,
) -> Result<Option<PastHolder>> {
    let held = Query::select()
        .column((holding::Entity, holding::Column::CommunityId))
        .columns([(holding::Entity, holding::Column::MemberId), (holding::Entity, holding::Column::Since)])
        .expr_as(Expr::col((member::Entity, member::Column::Key)), "member_key")
        .column((member::Entity, member::Column::UserId))
        .from(holding::Entity)
        .inner_join(
            member::Entity,
            Expr::col((member::Entity, member::Column::Id))
                .equals((holding::Entity, holding::Column::MemberId)),
        )
        .and_where(Expr::col((holding::Entity, holding::Column::Kind)).eq(kind.as_str()))
        .and_where(Expr::col((holding::Entity, holding::Column::FoldedId)).eq(folded_id))
        .and_where(Expr::col((holding::Entity, holding::Column::Since)).lte(time.as_micros()))
        .take();
    if let Some(row) = handle.query_one(&held).await? {
        return past_holder(handle, scope, kind, &row, None).await;
    }
    use ended_holding::Column;
    let ended = Query::select()
        .columns([Column::CommunityId, Column::MemberId, Column::MemberKey, Column::UserId])
        .columns([Column::Since, Column::Until])
        .from(ended_holding::Entity)
        .and_where(Expr::col(Column::Kind).eq(kind.as_str()))
        .and_where(Expr::col(Column::FoldedId).eq(folded_id))
        .and_where(Expr::col(Column::Since).lte(time.as_micros()))
        .and_where(Expr::col(Column::Until).gt(time.as_micros()))
        .order_by(Column::Since, SqlOrder::Desc)
        .limit(1)
        .take();
    match handle.query_one(&ended).await? {
        Some(row) => {
            let until = Timestamp::from_micros(row.try_get("", "until")?);
            past_holder(handle, scope, kind, &row, Some(until)).await
        }
        None => Ok(None),
    }
}

async fn past_holder(
    handle: &Handle,
    scope: &Scope,
    kind: HoldingKind,
    row: &QueryResult,
    until: Option<Timestamp>,
) -> Result<Option<PastHolder>> {
    let community: Uuid = row.try_get("", "community_id")?;
    let found = communities::by_ids(handle, &[community]).await?.remove(&community);
    let Some(community) = found.filter(|found| scope.includes(&found.content.key)) else { return Ok(None) };
    let (member_key, user_id): (String, String) =
        (row.try_get("", "member_key")?, row.try_get("", "user_id")?);
    let since: i64 = row.try_get("", "since")?;
    Ok(Some(PastHolder {
        kind,
        community: CommunityRef {
            id: community.id,
            key: community.content.key,
            name: community.content.name,
        },
        member_id: row.try_get("", "member_id")?,
        member_key: member_key.into(),
        user_id: user_id.into(),
        since: (since > 0).then(|| Timestamp::from_micros(since)),
        until,
    }))
}

/// Removes the past of a community.
pub(super) async fn forget_community(handle: &Handle, community: Uuid) -> Result<()> {
    let of = |table: &str| {
        let community_id = Expr::col("community_id").eq(community);
        Query::delete().from_table(table.to_owned()).and_where(community_id).take()
    };
    for table in ["revision", "revision_change", "ended_holding"] {
        handle.execute(&of(table)).await?;
    }
    Ok(())
}

/// That a holding is one of a community's members.
pub(super) fn of_community(community: Uuid) -> SimpleExpr {
    let members = Query::select()
        .column(member::Column::Id)
        .from(member::Entity)
        .and_where(Expr::col(member::Column::CommunityId).eq(community))
        .take();
    Expr::col((holding::Entity, holding::Column::MemberId)).in_subquery(members)
}

/// The ids of members as a condition on the holdings that are theirs.
pub(super) fn of_members(handle: &Handle, ids: &[Uuid]) -> SimpleExpr {
    let member_id = Expr::col((holding::Entity, holding::Column::MemberId));
    set::is_one_of_ids(handle.get_database_backend(), member_id, ids)
}
