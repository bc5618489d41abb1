//! Searching: one statement over narrow texts, which are kept by community, then one for each kind of
//! thing found.

use entity::search_text::{Column, Entity};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Order, Query};
use uuid::Uuid;

use super::condition::Conditions;
use super::scope::{self, Scope};
use super::{Handle, Result, StoreError, table};
use crate::domain::asset::Asset;
use crate::domain::closed_set::{ClosedSet, SearchKind};
use crate::domain::community::Community;
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::member::Member;
use crate::domain::search::{Found, SearchHit, Wanted};

/// The first things of a scope that contain every word: those with a field that is the whole phrase,
/// then those with a field that begins with it, then the others; among these communities, members,
/// delivery points and assets, in the order of their texts.
///
/// # Errors
/// When the database fails.
pub async fn find(handle: &Handle, scope: &Scope, wanted: &Wanted, first: u32) -> Result<Vec<SearchHit>> {
    let places = places(handle, scope, wanted, first).await?;
    let ids =
        |kind| -> Vec<Uuid> { places.iter().filter(|(of, _)| *of == kind).map(|&(_, id)| id).collect() };
    macro_rules! by_ids {
        ($kind:ident of $row:ty) => {
            match ids(SearchKind::$kind) {
                ids if ids.is_empty() => Default::default(),
                ids => table::by_ids::<$row>(handle, &ids).await?,
            }
        };
    }
    let mut communities = by_ids!(Community of Community);
    let mut members = by_ids!(Member of Member);
    let mut points = by_ids!(DeliveryPoint of DeliveryPoint);
    let mut assets = by_ids!(Asset of Asset);
    let found = places.iter().filter_map(|(kind, id)| match kind {
        SearchKind::Community => communities.remove(id).map(Found::Community),
        SearchKind::Member => members.remove(id).map(Found::Member),
        SearchKind::DeliveryPoint => points.remove(id).map(Found::DeliveryPoint),
        SearchKind::Asset => assets.remove(id).map(Found::Asset),
    });
    Ok(found.filter_map(|found| SearchHit::of(found, wanted)).collect())
}

/// What was found, by kind and id.
async fn places(
    handle: &Handle,
    scope: &Scope,
    wanted: &Wanted,
    first: u32,
) -> Result<Vec<(SearchKind, Uuid)>> {
    let backend = handle.get_database_backend();
    let conditions = Conditions::new(backend);
    let contains = |text: &str| conditions.contains(Expr::col(Column::Text), text);
    let phrase = wanted.phrase();
    let closeness = CaseStatement::new()
        .case(contains(&format!("\n{phrase}\n")), 0)
        .case(contains(&format!("\n{phrase}")), 1)
        .finally(2);
    let kinds = SearchKind::ALL.iter().zip(0..).fold(CaseStatement::new(), |cases, (kind, rank)| {
        cases.case(Expr::col(Column::Kind).eq(kind.as_str()), rank)
    });
    let mut select = Query::select();
    select.columns([Column::Kind, Column::Id]).from(Entity);
    for word in wanted.words() {
        select.and_where(contains(word));
    }
    if let Some(condition) = scope::includes(backend, scope, (Entity, Column::CommunityId)) {
        select.and_where(condition);
    }
    select
        .order_by_expr(Expr::Case(Box::new(closeness)), Order::Asc)
        .order_by_expr(Expr::Case(Box::new(kinds)), Order::Asc)
        .order_by(Column::Text, Order::Asc)
        .order_by(Column::Id, Order::Asc)
        .limit(first.into());
    let rows = handle.query_all(&select).await?;
    rows.iter()
        .map(|row| {
            let kind: String = row.try_get("", "kind")?;
            let kind = SearchKind::parse(&kind)
                .ok_or_else(|| StoreError::Database(format!("an unknown kind of search text: {kind}")))?;
            Ok((kind, row.try_get("", "id")?))
        })
        .collect()
}
