//! The audit trail: entries come, are read, and go when they are old; nothing changes one. The keys of
//! the pseudonyms are kept apart, and with its key a person leaves the trail.

use std::collections::{BTreeSet, HashMap};

use entity::audit_entry::{Column, Entity};
use entity::audit_person;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, OnConflict, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, DerivePartialModel, EntityTrait, PartialModelTrait, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::bulk::insert_all;
use super::keyset::{self, Listed, Sorting};
use super::{Handle, Result, StoreError, set};
use crate::domain::audit::{AuditEntry, AuditFilter, Deed, Person, first_id, new_id, new_key};
use crate::domain::closed_set::{AuditOutcome, ClosedSet};
use crate::domain::cursor::{ListKind, SortValue};
use crate::domain::grant::Reach;
use crate::domain::order::{Order, SortField};
use crate::domain::page::{Page, PageRequest};
use crate::domain::timestamp::Timestamp;

#[derive(DerivePartialModel)]
#[sea_orm(entity = "Entity")]
struct Record {
    id: Uuid,
    at: i64,
    subject: String,
    about: Option<String>,
    client: Option<String>,
    operation: String,
    community: Option<String>,
    row_count: i64,
    outcome: String,
    request_id: Option<String>,
}

impl TryFrom<Record> for AuditEntry {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self> {
        let outcome = AuditOutcome::parse(&record.outcome)
            .ok_or_else(|| StoreError::Database("a stored word is outside its closed set".to_owned()))?;
        Ok(Self {
            id: record.id,
            at: Timestamp::from_micros(record.at),
            subject: record.subject,
            about: record.about,
            client: record.client,
            operation: record.operation,
            community: record.community.map(Into::into),
            rows: record.row_count.unsigned_abs(),
            outcome,
            request_id: record.request_id,
        })
    }
}

impl Listed for AuditEntry {
    const LIST: ListKind = ListKind::Audit;

    fn place(&self, _: SortField) -> Vec<SortValue> {
        Vec::new()
    }

    fn id(&self) -> Uuid {
        self.id
    }
}

fn column(column: Column) -> SimpleExpr {
    Expr::col((Entity, column))
}

/// Whose pseudonyms are asked for.
pub enum Whose<'a> {
    /// Anybody's.
    Anybody,
    /// Entries by or about one of these.
    ByOrAbout(&'a [String]),
    /// Entries by one of these.
    By(&'a [String]),
    /// Entries about one of these alone.
    About(&'a [String]),
}

fn narrowed(
    handle: &Handle,
    mut select: SelectStatement,
    reach: &Reach,
    whose: &Whose<'_>,
    filter: &AuditFilter,
) -> SelectStatement {
    let backend = handle.get_database_backend();
    if let Reach::Communities(keys) = reach {
        let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        select.and_where(set::is_one_of_texts(backend, column(Column::Community), &keys));
    }
    let is = |of: Column, names: &[String]| set::is_one_of_texts(backend, column(of), names);
    match whose {
        Whose::Anybody => {}
        Whose::ByOrAbout(names) => {
            select.cond_where(Cond::any().add(is(Column::Subject, names)).add(is(Column::About, names)));
        }
        Whose::By(names) => {
            select.and_where(is(Column::Subject, names));
        }
        Whose::About(names) => {
            select.and_where(is(Column::About, names));
        }
    }
    let conditions = [
        // The ids are in the order of the times.
        filter.since.map(|since| column(Column::Id).gte(first_id(since))),
        filter.until.map(|until| column(Column::Id).lt(first_id(until))),
        filter.community.as_ref().map(|key| column(Column::Community).eq(key.as_str())),
        filter.operation.as_ref().map(|operation| column(Column::Operation).eq(operation.as_str())),
        filter.outcome.map(|outcome| column(Column::Outcome).eq(outcome.as_str())),
    ];
    for condition in conditions.into_iter().flatten() {
        select.and_where(condition);
    }
    select
}

/// One page of entries of a reach.
///
/// # Errors
/// When the database fails.
pub async fn list(
    handle: &Handle,
    reach: &Reach,
    whose: &Whose<'_>,
    filter: &AuditFilter,
    order: Order,
    page: &PageRequest,
) -> Result<Page<AuditEntry>> {
    let select = Record::select_cols(Entity::find().select_only()).into_query();
    let select = narrowed(handle, select, reach, whose, filter);
    let sorting = Sorting { order, columns: Vec::new(), id: Some(column(Column::Id)) };
    keyset::page::<Record, AuditEntry>(handle, select, &sorting, page).await
}

/// How many entries of a reach there are.
///
/// # Errors
/// When the database fails.
pub async fn count(handle: &Handle, reach: &Reach, whose: &Whose<'_>, filter: &AuditFilter) -> Result<u64> {
    let select = Query::select().from(Entity).take();
    keyset::count(handle, narrowed(handle, select, reach, whose, filter)).await
}

/// Adds what was done, each person by the pseudonym of the person's key, which is made where there is none.
/// Gives the pseudonyms of who did it, in the same order.
///
/// # Errors
/// When the database fails.
pub async fn append(handle: &Handle, deeds: &[Deed]) -> Result<Vec<String>> {
    if deeds.is_empty() {
        return Ok(Vec::new());
    }
    let people: BTreeSet<&Person> =
        deeds.iter().flat_map(|deed| [Some(&deed.by), deed.about.as_ref()]).flatten().collect();
    let keys = keys_of(handle, &people).await?;
    let pseudonyms: HashMap<&Person, String> = people
        .into_iter()
        .filter_map(|person| Some((person, person.pseudonym(keys.get(person.as_str())?))))
        .collect();
    let pseudonym = |person: &Person| pseudonyms.get(person).cloned();
    let rows = deeds.iter().map(|deed| entity::audit_entry::Model {
        id: new_id(deed.at),
        at: deed.at.as_micros(),
        subject: pseudonym(&deed.by).unwrap_or_default(),
        about: deed.about.as_ref().and_then(pseudonym),
        client: deed.client.clone(),
        operation: deed.operation.to_owned(),
        community: deed.community.as_ref().map(ToString::to_string),
        row_count: i64::try_from(deed.rows).unwrap_or(i64::MAX),
        outcome: deed.outcome.as_str().to_owned(),
        request_id: deed.request_id.clone(),
    });
    let rows: Vec<_> = rows.collect();
    let subjects = rows.iter().map(|row| row.subject.clone()).collect();
    insert_all(handle, Box::new(rows.into_iter())).await?;
    Ok(subjects)
}

/// The key of each of these people; one who has none is given one.
async fn keys_of(handle: &Handle, people: &BTreeSet<&Person>) -> Result<HashMap<String, String>> {
    let mut keys = stored_keys(handle, people).await?;
    let missing: Vec<&str> =
        people.iter().map(|person| person.as_str()).filter(|name| !keys.contains_key(*name)).collect();
    if missing.is_empty() {
        return Ok(keys);
    }
    let mut was_first = true;
    let missing: Vec<String> = missing.into_iter().map(str::to_owned).collect();
    for name in missing {
        let key = new_key().ok_or_else(|| StoreError::Database("there are no random numbers".to_owned()))?;
        let mut insert = Query::insert();
        insert
            .into_table(audit_person::Entity)
            .columns([audit_person::Column::Name, audit_person::Column::Key])
            .values_panic([name.as_str().into(), key.as_str().into()])
            .on_conflict(OnConflict::column(audit_person::Column::Name).do_nothing().to_owned());
        was_first &= handle.execute(&insert).await?.rows_affected() > 0;
        keys.insert(name, key);
    }
    if was_first { Ok(keys) } else { stored_keys(handle, people).await }
}

async fn stored_keys(handle: &Handle, people: &BTreeSet<&Person>) -> Result<HashMap<String, String>> {
    let names: Vec<&str> = people.iter().map(|person| person.as_str()).collect();
    let name = Expr::col((audit_person::Entity, audit_person::Column::Name));
    let select = Query::select()
        .columns([audit_person::Column::Name, audit_person::Column::Key])
        .from(audit_person::Entity)
        .and_where(set::is_one_of_texts(handle.get_database_backend(), name, &names))
        .take();
    let rows = handle.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "key")?))).collect()
}

/// The pseudonyms of these people, of those who have a key.
///
/// # Errors
/// When the database fails.
pub async fn pseudonyms(handle: &Handle, people: &[Person]) -> Result<Vec<String>> {
    let keys = stored_keys(handle, &people.iter().collect()).await?;
    Ok(people.iter().filter_map(|person| Some(person.pseudonym(keys.get(person.as_str())?))).collect())
}

/// Deletes the key of a person: nobody can say any more whose the pseudonym was.
///
/// # Errors
/// When the database fails.
pub async fn forget(handle: &Handle, person: &Person) -> Result<()> {
    let name = Expr::col(audit_person::Column::Name).eq(person.as_str());
    handle.execute(&Query::delete().from_table(audit_person::Entity).and_where(name).take()).await?;
    Ok(())
}

/// Deletes at most so many entries from before a time; how many it were.
///
/// # Errors
/// When the database fails.
pub async fn delete_before(handle: &Handle, time: Timestamp, at_most: u64) -> Result<u64> {
    let old = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Expr::col(Column::Id).lt(first_id(time)))
        .limit(at_most)
        .take();
    let delete = Query::delete().from_table(Entity).and_where(Expr::col(Column::Id).in_subquery(old)).take();
    Ok(handle.execute(&delete).await?.rows_affected())
}
