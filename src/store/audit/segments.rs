//! Segments: stretches of the trail, one after the other, by which marks stand together. A pseudonym is as good as random. In
//! one index for all times each new mark would change a page of its own; in the part of a segment a hundred share one.
//! Whoever looks for a mark looks once in every segment, the newest first.
//!
//! A batch belongs to the last segment that begins at its id or before, whoever writes it and whenever. So that all who write
//! agree on that, on PostgreSQL a segment is begun while nobody writes, behind the last batch that there is.

use entity::audit_segment::{Column, Entity};
use entity::{audit_batch, audit_mark};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TryGetable};
use uuid::Uuid;

use super::super::{Handle, Result};
use crate::domain::audit::first_id;
use crate::domain::timestamp::Timestamp;

/// Marks after which a segment is full: some 300 pages on SQLite.
pub(super) const FULL: u64 = 32_768;

/// Marks that a process writes before it asks again whether a segment is full.
pub const ASK_AFTER: usize = 8_192;

/// Batches from before there were segments, and those of servers of an earlier version.
pub(super) const NONE: i64 = 0;

/// Held by whoever writes, together, and by whoever begins a segment, alone. The number is this program's: `recreg` and two.
const WRITE: &str = "SELECT pg_advisory_xact_lock_shared(x'7265637265670002'::bigint)";
const BEGIN: &str = "SELECT pg_try_advisory_xact_lock(x'7265637265670002'::bigint) AS alone";

/// The number of the segment that the batch belongs to that is bound as a parameter.
pub(super) fn segment_of_bound(batch: &str) -> String {
    format!(
        "COALESCE((SELECT number FROM audit_segment WHERE first <= {batch} ORDER BY first DESC LIMIT 1), {NONE})"
    )
}

/// The number of the segment that a batch belongs to.
pub(super) fn segment_of(backend: DbBackend, batch: Uuid) -> SimpleExpr {
    let bound = match backend {
        DbBackend::Postgres => "$1",
        _ => "?",
    };
    Expr::cust_with_values(segment_of_bound(bound), [batch])
}

/// A mark of the batch may stand there.
pub(super) fn may_have(backend: DbBackend, batch: Uuid) -> SimpleExpr {
    let segment = Expr::col((audit_mark::Entity, audit_mark::Column::Segment));
    segment.is_in([segment_of(backend, batch), NONE.into()])
}

/// Keeps segments from beginning until this transaction has ended. On SQLite nobody else writes.
pub(super) async fn keep(handle: &Handle) -> Result<()> {
    if handle.get_database_backend() == DbBackend::Postgres {
        handle.execute_raw(Statement::from_string(DbBackend::Postgres, WRITE)).await?;
    }
    Ok(())
}

/// Begins a segment if the last one is full and nobody writes at the moment.
///
/// # Errors
/// When the database fails.
pub async fn begin_if_full(handle: &Handle) -> Result<()> {
    if handle.get_database_backend() == DbBackend::Postgres {
        let alone = handle.query_one_raw(Statement::from_string(DbBackend::Postgres, BEGIN)).await?;
        if !alone.map_or(Ok(false), |row| row.try_get("", "alone"))? {
            return Ok(());
        }
    }
    let number = Query::select().expr(Expr::col(Column::Number).max()).from(Entity).take();
    let last: i64 = only(handle, &number).await?.unwrap_or(NONE);
    let marks = Query::select()
        .expr(Expr::val(1))
        .from(audit_mark::Entity)
        .and_where(Expr::col(audit_mark::Column::Segment).eq(last))
        .limit(FULL)
        .take();
    let marks = Query::select().expr(Expr::cust("COUNT(*)")).from_subquery(marks, "marks").take();
    if only::<i64>(handle, &marks).await?.is_none_or(|marks| marks.unsigned_abs() < FULL) {
        return Ok(());
    }
    let written = Query::select()
        .column(audit_batch::Column::Id)
        .from(audit_batch::Entity)
        .order_by(audit_batch::Column::Id, Order::Desc)
        .limit(1)
        .take();
    let behind = only(handle, &written).await?.map_or(Uuid::nil(), super::behind);
    let insert = Query::insert()
        .into_table(Entity)
        .columns([Column::Number, Column::First])
        .values_panic([(last + 1).into(), Ord::max(behind, first_id(Timestamp::now())).into()])
        .take();
    handle.execute(&insert).await?;
    Ok(())
}

/// The one value of the one row.
async fn only<T: TryGetable>(handle: &Handle, select: &SelectStatement) -> Result<Option<T>> {
    let row = handle.query_one(select).await?;
    Ok(row.map(|row| row.try_get_by_index::<Option<T>>(0)).transpose()?.flatten())
}

/// Deletes the segments of which nothing is left when all batches from before a time are deleted.
pub(super) async fn delete_before(handle: &Handle, time: Timestamp) -> Result<()> {
    let old = Expr::col(Column::Number).lt(segment_of(handle.get_database_backend(), first_id(time)));
    handle.execute(&Query::delete().from_table(Entity).and_where(old).take()).await?;
    Ok(())
}
