//! Who holds what, and is called what: questions that a write asks about everybody else.

use std::collections::HashSet;

use entity::{holding, member};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use super::{Handle, Result, StoreError, set};
use crate::domain::delivery_point::HoldingKind;
use crate::domain::identifier::MemberKey;

/// Those of the folded ids that an active member of a community other than `besides` holds.
///
/// # Errors
/// When the database fails.
pub async fn held_elsewhere(
    handle: &Handle,
    kind: HoldingKind,
    folded_ids: &[&str],
    besides: &[Uuid],
) -> Result<HashSet<String>> {
    let backend = handle.get_database_backend();
    let select = Query::select()
        .expr_as(Expr::col(holding::Column::FoldedId), FOUND)
        .from(holding::Entity)
        .and_where(Expr::col(holding::Column::Kind).eq(kind.as_str()))
        .and_where(set::is_one_of_texts(backend, Expr::col(holding::Column::FoldedId), folded_ids))
        .and_where(set::is_one_of_ids(backend, Expr::col(holding::Column::CommunityId), besides).not())
        .take();
    texts(handle, &select).await
}

/// Those of the DIDs that a member of a community other than `besides` has.
///
/// # Errors
/// When the database fails.
pub async fn dids_elsewhere(handle: &Handle, dids: &[&str], besides: &[Uuid]) -> Result<HashSet<String>> {
    let backend = handle.get_database_backend();
    let select = Query::select()
        .expr_as(Expr::col(member::Column::Did), FOUND)
        .from(member::Entity)
        .and_where(set::is_one_of_texts(backend, Expr::col(member::Column::Did), dids))
        .and_where(set::is_one_of_ids(backend, Expr::col(member::Column::CommunityId), besides).not())
        .take();
    texts(handle, &select).await
}

/// An active member that holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// What it holds, in the form in which it is compared.
    pub folded_id: String,
    /// Its community.
    pub community_id: Uuid,
    /// Its key.
    pub member_key: MemberKey,
}

/// Who holds one of the folded ids, but for the member `besides`.
///
/// # Errors
/// When the database fails.
pub async fn holders(
    handle: &Handle,
    kind: HoldingKind,
    folded_ids: &[&str],
    besides: Option<Uuid>,
) -> Result<Vec<Holder>> {
    let folded_id = (holding::Entity, holding::Column::FoldedId);
    let community_id = (holding::Entity, holding::Column::CommunityId);
    let mut select = Query::select()
        .columns([folded_id, community_id])
        .column((member::Entity, member::Column::Key))
        .from(holding::Entity)
        .inner_join(
            member::Entity,
            Expr::col((member::Entity, member::Column::Id))
                .equals((holding::Entity, holding::Column::MemberId)),
        )
        .and_where(Expr::col((holding::Entity, holding::Column::Kind)).eq(kind.as_str()))
        .and_where(set::is_one_of_texts(handle.get_database_backend(), Expr::col(folded_id), folded_ids))
        .take();
    if let Some(id) = besides {
        select.and_where(Expr::col((holding::Entity, holding::Column::MemberId)).ne(id));
    }
    let holder = |row: &QueryResult| {
        let member_key: String = row.try_get("", "key")?;
        Ok(Holder {
            folded_id: row.try_get("", "folded_id")?,
            community_id: row.try_get("", "community_id")?,
            member_key: member_key.into(),
        })
    };
    handle.query_all(&select).await?.iter().map(holder).collect()
}

/// Everything that is held in a community: what it is, in the form in which it is compared, and by whom.
///
/// # Errors
/// When the database fails, or a row says what it is of nothing known.
pub async fn of_community(
    handle: &Handle,
    community: Uuid,
) -> Result<HashSet<(HoldingKind, String, MemberKey)>> {
    let select = Query::select()
        .columns([(holding::Entity, holding::Column::Kind), (holding::Entity, holding::Column::FoldedId)])
        .column((member::Entity, member::Column::Key))
        .from(holding::Entity)
        .inner_join(
            member::Entity,
            Expr::col((member::Entity, member::Column::Id))
                .equals((holding::Entity, holding::Column::MemberId)),
        )
        .and_where(Expr::col((member::Entity, member::Column::CommunityId)).eq(community))
        .take();
    let held = |row: &QueryResult| {
        let (kind, member_key): (String, String) = (row.try_get("", "kind")?, row.try_get("", "key")?);
        let kind = HoldingKind::parse(&kind)
            .ok_or_else(|| StoreError::Database("a stored word is outside its closed set".to_owned()))?;
        Ok((kind, row.try_get("", "folded_id")?, member_key.into()))
    };
    handle.query_all(&select).await?.iter().map(held).collect()
}

const FOUND: &str = "found";

async fn texts(handle: &Handle, select: &sea_orm::sea_query::SelectStatement) -> Result<HashSet<String>> {
    handle.query_all(select).await?.iter().map(|row| Ok(row.try_get("", FOUND)?)).collect()
}
