//! The audit trail: entries come, are read, and go when they are old; nothing changes one. The keys of
//! the pseudonyms are kept apart, and with its key a person leaves the trail.
//!
//! What is written at once is a batch: one row, whose entries are a JSON text. Marks lead from a person or
//! a community to the batches that have something of them; what stands in a batch besides is sorted out when
//! it is read. So an entry costs some 3 µs of SQLite instead of the 15 of a row with three indexes. Marks stand together by
//! segments of the trail.

mod batch;
mod list;
mod people;
mod segments;

pub use batch::MAX_ENTRIES;
pub use list::{Whose, count, list};
pub use people::{forget, give_keys, pseudonyms};
pub use segments::begin_if_full;

use std::collections::HashSet;

use entity::audit_batch::{Column, Entity};
use entity::audit_mark;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

use self::batch::Batch;
use super::{Handle, Result, StoreError, set};
use crate::domain::audit::{Deed, Person, first_id};
use crate::domain::timestamp::Timestamp;

/// Adds what was done, each person by the pseudonym of the person's key, which is made where there is none.
/// Gives the pseudonyms of who did it, in the same order.
///
/// # Errors
/// When the database fails.
pub async fn append(handle: &Handle, deeds: &[Deed<'_>]) -> Result<Vec<String>> {
    if deeds.is_empty() {
        return Ok(Vec::new());
    }
    let people: HashSet<Person<'_>> =
        deeds.iter().flat_map(|deed| [Some(deed.by), deed.about]).flatten().collect();
    let pseudonyms = people::pseudonyms_of(handle, &people.into_iter().collect::<Vec<_>>()).await?;
    segments::keep(handle).await?;
    for batch in Batch::pack(deeds, &pseudonyms)? {
        insert(handle, batch).await?;
    }
    Ok(deeds.iter().map(|deed| pseudonyms.get(&deed.by).cloned().unwrap_or_default()).collect())
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
    let row = Query::insert()
        .into_table(Entity)
        .columns([Column::Id, Column::Entries, Column::Content])
        .values_panic([batch.id.into(), batch.entries.into(), batch.content.into()])
        .take();
    handle.execute(&row).await?;
    handle.execute_raw(Statement::from_sql_and_values(backend, mark, marks)).await?;
    Ok(())
}

/// Deletes at most so many batches from before a time; how many it were.
///
/// # Errors
/// When the database fails.
pub async fn delete_before(handle: &Handle, time: Timestamp, at_most: u64) -> Result<u64> {
    let old = Query::select()
        .columns([Column::Id, Column::Content])
        .from(Entity)
        .and_where(Expr::col(Column::Id).lt(first_id(time)))
        .order_by(Column::Id, Order::Asc)
        .limit(at_most)
        .take();
    let mut deleted = 0;
    for row in handle.query_all(&old).await? {
        let id: Uuid = row.try_get("", "id")?;
        let content: String = row.try_get("", "content")?;
        let marks = batch::marks_of(&batch::lines(&content)?);
        let mark = Expr::col((audit_mark::Entity, audit_mark::Column::Mark));
        let delete = Query::delete()
            .from_table(audit_mark::Entity)
            .and_where(segments::may_have(handle.get_database_backend(), id))
            .and_where(set::is_one_of_texts(handle.get_database_backend(), mark, &marks))
            .and_where(Expr::col(audit_mark::Column::Batch).eq(id))
            .take();
        handle.execute(&delete).await?;
        let delete = Query::delete().from_table(Entity).and_where(Expr::col(Column::Id).eq(id)).take();
        deleted += handle.execute(&delete).await?.rows_affected();
    }
    if deleted < at_most {
        segments::delete_before(handle, time).await?;
    }
    Ok(deleted)
}

/// The first id behind a batch.
fn behind(batch: Uuid) -> Uuid {
    Uuid::from_u128(batch.as_u128().saturating_add(1))
}

const BROKEN: &str = "a batch of the audit trail holds no entries";

/// What is stored cannot be read.
fn broken(error: &serde_json::Error) -> StoreError {
    StoreError::Database(format!("{BROKEN}: {error}"))
}
