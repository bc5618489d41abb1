//! The audit trail: entries come, are read, and go when they are old; nothing changes one. The keys of
//! the pseudonyms are kept apart, and with its key a person leaves the trail.
//!
//! What is written at once is a batch: one row, whose entries are a JSON text. Marks lead from a person or
//! a community to the batches that have something of them; what stands in a batch besides is sorted out when
//! it is read. So an entry costs some 3 µs of SQLite instead of the 15 of a row with three indexes. Marks stand together by
//! segments of the trail.

mod batch;
mod list;
mod packed;
mod people;
mod segments;

pub use batch::MAX_ENTRIES;
pub use list::{Whose, count, list};
pub use people::{forget, give_keys, pseudonyms};
pub use segments::{ASK_AFTER, begin_if_full};

use std::collections::{HashMap, HashSet};

use entity::audit_batch::{Column, Entity};
use entity::audit_mark;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

use self::batch::Batch;
use super::{Handle, Result, StoreError, set};
use crate::domain::audit::{Deed, Person, first_id};
use crate::domain::timestamp::Timestamp;

/// What was added.
#[derive(Debug, Default)]
pub struct Appended<'d> {
    pseudonyms: HashMap<Person<'d>, String>,
    /// How many marks lead to it.
    pub marks: usize,
}

impl<'d> Appended<'d> {
    /// The pseudonym of whoever did one of the deeds.
    #[must_use]
    pub fn subject(&self, deed: &Deed<'d>) -> &str {
        self.pseudonyms.get(&deed.by).map_or("", String::as_str)
    }
}

/// Adds what was done, in the order of its times, each person by the pseudonym of the person's key, which is made where there is none.
///
/// # Errors
/// When the database fails.
pub async fn append<'d>(
    handle: &Handle,
    deeds: impl Iterator<Item = Deed<'d>> + Clone,
) -> Result<Appended<'d>> {
    let people: HashSet<Person<'_>> =
        deeds.clone().flat_map(|deed| [Some(deed.by), deed.about]).flatten().collect();
    if people.is_empty() {
        return Ok(Appended::default());
    }
    let pseudonyms = people::pseudonyms_of(handle, &people.into_iter().collect::<Vec<_>>()).await?;
    segments::keep(handle).await?;
    let mut marks = 0;
    for batch in Batch::pack(deeds, &pseudonyms)? {
        marks += batch.marks.len();
        insert(handle, batch).await?;
    }
    Ok(Appended { pseudonyms, marks })
}

async fn insert(handle: &Handle, batch: Batch) -> Result<()> {
    let backend = handle.get_database_backend();
    // Each page that a statement changes SQLite keeps as it was, for it may have to take back half of the statement. Here
    // the transaction goes as a whole.
    let insert = match backend {
        DbBackend::Sqlite => "INSERT OR FAIL",
        _ => "INSERT",
    };
    let mark = format!(
        "{insert} INTO audit_mark (segment, mark, batch) SELECT {}, value, {} FROM {}",
        segments::segment_of_bound(&set::parameter(backend, 2)),
        set::parameter(backend, 2),
        set::texts_as_rows(backend, 1)
    );
    let marks = [set::texts(backend, &batch.marks), batch.id.into()];
    // Built by hand, for the builder copies what it binds, and this is large.
    let parameters = [1, 2, 3].map(|number| set::parameter(backend, number)).join(", ");
    let row = format!("INSERT INTO audit_batch (id, entries, content) VALUES ({parameters})");
    let values = [batch.id.into(), batch.entries.into(), batch.content.into()];
    handle.execute_raw(Statement::from_sql_and_values(backend, row, values)).await?;
    handle.execute_raw(Statement::from_sql_and_values(backend, mark, marks)).await?;
    Ok(())
}

/// Batches that are looked at when old ones are deleted.
const OLD_BATCHES: u64 = 1_000;

/// Deletes batches from before a time, the oldest first, until they had so many entries together; whether those were all.
///
/// # Errors
/// When the database fails.
pub async fn delete_before(handle: &Handle, time: Timestamp, entries: u64) -> Result<bool> {
    let select = Query::select()
        .columns([Column::Id, Column::Entries])
        .from(Entity)
        .and_where(Expr::col(Column::Id).lt(first_id(time)))
        .order_by(Column::Id, Order::Asc)
        .limit(OLD_BATCHES)
        .take();
    let old = handle.query_all(&select).await?;
    let (mut ids, mut sum) = (Vec::new(), 0);
    for row in &old {
        if sum >= entries {
            break;
        }
        sum += row.try_get::<i64>("", "entries")?.unsigned_abs();
        ids.push(row.try_get::<Uuid>("", "id")?);
    }
    delete(handle, &ids).await?;
    let is_all = ids.len() == old.len() && (old.len() as u64) < OLD_BATCHES;
    if is_all {
        segments::delete_before(handle, time).await?;
    }
    Ok(is_all)
}

/// Deletes batches, and what leads to them.
async fn delete(handle: &Handle, ids: &[Uuid]) -> Result<()> {
    let backend = handle.get_database_backend();
    let is_one = set::is_one_of_ids(backend, Expr::col(Column::Id), ids);
    let select =
        Query::select().columns([Column::Id, Column::Content]).from(Entity).and_where(is_one.clone()).take();
    for row in handle.query_all(&select).await? {
        let id: Uuid = row.try_get("", "id")?;
        let content: String = row.try_get("", "content")?;
        let marks = batch::marks_of(&batch::lines(&content)?);
        let mark = Expr::col((audit_mark::Entity, audit_mark::Column::Mark));
        let marks = Query::delete()
            .from_table(audit_mark::Entity)
            .and_where(segments::may_have(backend, id))
            .and_where(set::is_one_of_texts(backend, mark, &marks))
            .and_where(Expr::col(audit_mark::Column::Batch).eq(id))
            .take();
        handle.execute(&marks).await?;
    }
    handle.execute(&Query::delete().from_table(Entity).and_where(is_one).take()).await?;
    Ok(())
}

/// The first id behind a batch.
fn behind(batch: Uuid) -> Uuid {
    Uuid::from_u128(batch.as_u128().saturating_add(1))
}

const BROKEN: &str = "a batch of the audit trail holds no entries";

/// What is stored names what is not there.
fn not_packed() -> StoreError {
    StoreError::Database(BROKEN.to_owned())
}

/// What is stored cannot be read.
fn broken(error: &serde_json::Error) -> StoreError {
    StoreError::Database(format!("{BROKEN}: {error}"))
}
