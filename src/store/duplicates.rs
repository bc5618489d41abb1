//! Delivery points that several members of a community name.

use std::collections::{BTreeMap, HashSet};

use entity::{delivery_point, holding};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

use super::table;
use super::{Handle, Result, Scope, scope, set};
use crate::domain::closed_set::MemberStatus;
use crate::domain::delivery_point::{DeliveryPoint, DuplicateDeliveryPoint, HoldingKind};

/// The codes that more than one member of a community names, by code, each with its holders by member.
///
/// # Errors
/// When the database fails.
pub async fn of_community(
    handle: &Handle,
    scope: &Scope,
    community: Uuid,
) -> Result<Vec<DuplicateDeliveryPoint>> {
    use delivery_point::Column;
    let twice = Query::select()
        .column(Column::CodeFolded)
        .from(delivery_point::Entity)
        .and_where(Expr::col(Column::CommunityId).eq(community))
        .group_by_col(Column::CodeFolded)
        .and_having(Expr::cust("COUNT(*) > 1"))
        .take();
    let mut select = table::rows::<DeliveryPoint>(handle);
    select
        .and_where(table::column::<DeliveryPoint>(Column::CommunityId).eq(community))
        .and_where(table::column::<DeliveryPoint>(Column::CodeFolded).in_subquery(twice));
    let mut by_code: BTreeMap<String, Vec<DeliveryPoint>> = BTreeMap::new();
    for point in table::all::<DeliveryPoint>(handle, &select).await? {
        by_code.entry(point.content.code.folded()).or_default().push(point);
    }
    let elsewhere = held_elsewhere(handle, scope, community, by_code.keys()).await?;
    Ok(by_code
        .into_iter()
        .filter_map(|(folded, mut holders)| {
            holders.sort_by(|a, b| a.member.key.cmp(&b.member.key));
            let code = holders.first()?.content.code.clone();
            let active = holders.iter().filter(|point| point.member.status == MemberStatus::Active).count();
            Some(DuplicateDeliveryPoint {
                code,
                active_holders: active as u64,
                held_elsewhere: elsewhere.contains(&folded),
                holders,
            })
        })
        .collect())
}

/// Those of the folded codes that an active member of another community of the scope holds.
async fn held_elsewhere(
    handle: &Handle,
    scope: &Scope,
    community: Uuid,
    codes: impl Iterator<Item = &String>,
) -> Result<HashSet<String>> {
    let codes: Vec<&String> = codes.collect();
    if codes.is_empty() {
        return Ok(HashSet::new());
    }
    let folded = Expr::col(holding::Column::FoldedId);
    let backend = handle.get_database_backend();
    let mut select = Query::select()
        .column(holding::Column::FoldedId)
        .from(holding::Entity)
        .and_where(Expr::col(holding::Column::Kind).eq(HoldingKind::DeliveryPoint.as_str()))
        .and_where(Expr::col(holding::Column::CommunityId).ne(community))
        .and_where(set::is_one_of_texts(backend, folded, &codes))
        .take();
    if let Some(within) = scope::includes(backend, scope, holding::Column::CommunityId) {
        select.and_where(within);
    }
    handle.query_all(&select).await?.iter().map(|row| Ok(row.try_get("", "folded_id")?)).collect()
}
