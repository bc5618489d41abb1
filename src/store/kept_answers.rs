//! Answers that are kept for whoever asks again.

use entity::kept_answer::{Column, Entity, Model};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

use super::bulk::insert_all;
use super::{Handle, Result};
use crate::domain::retry::{Answer, RequestKey};
use crate::domain::timestamp::Timestamp;

/// Most answers that one write forgets because their time has come.
const FORGOTTEN_AT_A_TIME: u64 = 100;

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// A digest of what was asked.
    pub request: String,
    /// The answer.
    pub answer: Answer,
}

/// Keeps a key for this transaction alone; says whether it could be had. On SQLite nobody else writes.
///
/// # Errors
/// When the database fails.
pub async fn claim(handle: &Handle, key: &RequestKey) -> Result<bool> {
    if handle.get_database_backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let lock = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS claimed",
        [key.id.clone().into()],
    );
    match handle.query_one_raw(lock).await? {
        Some(row) => Ok(row.try_get("", "claimed")?),
        None => Ok(false),
    }
}

/// What is kept under a key, if its time has not come.
///
/// # Errors
/// When the database fails.
pub async fn find(handle: &Handle, key: &RequestKey, now: Timestamp) -> Result<Option<Kept>> {
    let select = Query::select()
        .columns([Column::Request, Column::Status, Column::EntityTag, Column::Body])
        .from(Entity)
        .and_where(Expr::col(Column::Id).eq(key.id.as_str()))
        .and_where(Expr::col(Column::ExpiresAt).gt(now.as_micros()))
        .take();
    let Some(row) = handle.query_one(&select).await? else { return Ok(None) };
    let status: i64 = row.try_get("", "status")?;
    Ok(Some(Kept {
        request: row.try_get("", "request")?,
        answer: Answer {
            status: u16::try_from(status).unwrap_or(200),
            entity_tag: row.try_get("", "entity_tag")?,
            body: row.try_get("", "body")?,
        },
    }))
}

/// Keeps an answer until a time, and forgets some of those whose time has come.
///
/// # Errors
/// When the database fails, or another writer kept one under the same key.
pub async fn keep(
    handle: &Handle,
    key: &RequestKey,
    answer: &Answer,
    (community_id, member_id): (Uuid, Option<Uuid>),
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<()> {
    let expired = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Expr::col(Column::ExpiresAt).lte(now.as_micros()))
        .limit(FORGOTTEN_AT_A_TIME)
        .take();
    let is_forgotten = Expr::col(Column::Id)
        .in_subquery(expired)
        .or(Expr::col(Column::Id).eq(key.id.as_str()).and(Expr::col(Column::ExpiresAt).lte(now.as_micros())));
    handle.execute(&Query::delete().from_table(Entity).and_where(is_forgotten).take()).await?;
    let row = Model {
        id: key.id.clone(),
        request: key.request.clone(),
        community_id,
        member_id,
        status: answer.status.into(),
        entity_tag: answer.entity_tag.clone(),
        body: answer.body.clone(),
        expires_at: expires_at.as_micros(),
    };
    insert_all(handle, Box::new(std::iter::once(row))).await
}

/// Forgets what is kept of a member that is erased.
///
/// # Errors
/// When the database fails.
pub async fn forget_member(handle: &Handle, member: Uuid) -> Result<()> {
    let delete = Query::delete().from_table(Entity).and_where(Expr::col(Column::MemberId).eq(member)).take();
    handle.execute(&delete).await?;
    Ok(())
}
