//! Who holds what: questions that an import asks of the communities that it leaves alone.

use std::collections::HashSet;

use entity::{holding, member};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

use super::{Handle, Result, set};
use crate::domain::delivery_point::HoldingKind;

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

const FOUND: &str = "found";

async fn texts(handle: &Handle, select: &sea_orm::sea_query::SelectStatement) -> Result<HashSet<String>> {
    handle.query_all(select).await?.iter().map(|row| Ok(row.try_get("", FOUND)?)).collect()
}
