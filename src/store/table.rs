//! What every table of the registry that has lists can do: one implementation of lists, counts, pages
//! under many parents and lookups by id, for communities, members, assets and delivery points.

use std::collections::HashMap;

use sea_orm::sea_query::{DynIden, Expr, ExprTrait, IntoIden, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, PartialModelTrait,
    QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use super::condition::{Conditions, Filtered};
use super::keyset::{self, ListArgs, Listed, ParentColumn, Sorting};
use super::scope::{self, Scope};
use super::{Handle, Result, StoreError, areas, set};
use crate::domain::columns::Columns;
use crate::domain::filter::Filter;
use crate::domain::grid::AreaSet;
use crate::domain::order::{Order, SortField};
use crate::domain::page::Page;

/// A kind of row that has lists.
pub(super) trait Table: Listed + TryFrom<Self::Record, Error = StoreError> {
    /// Its table.
    type Entity: EntityTrait + IntoIden + Default;
    /// What is read of a row.
    type Record: PartialModelTrait + FromQueryResult;
    /// What a row can be filtered by.
    type Field: Filtered;

    /// Whether the key alone makes every order total, without the id behind it.
    const KEY_IS_UNIQUE: bool = false;

    /// The table, joined with the tables that the record reads from.
    fn joined() -> Select<Self::Entity>;

    /// Joins the member whose a row is, where [`Table::joined`] does not. Its table is `member`.
    fn join_member(_select: &mut SelectStatement) {}

    /// The column that holds the id of the row's community.
    fn community_id() -> <Self::Entity as EntityTrait>::Column;

    /// The columns of a sort, in the order of [`Listed::place`].
    fn sort_columns(field: SortField) -> Vec<<Self::Entity as EntityTrait>::Column>;

    /// The id.
    fn id_column() -> <Self::Entity as EntityTrait>::Column;

    /// The columns of free data, which are read when they are asked for.
    fn free_columns() -> &'static [(Columns, <Self::Entity as EntityTrait>::Column)];
}

fn table<T: Table>() -> DynIden {
    T::Entity::default().into_iden()
}

/// A column of the table itself.
pub(super) fn column<T: Table>(column: <T::Entity as EntityTrait>::Column) -> SimpleExpr {
    Expr::col((T::Entity::default(), column))
}

/// The rows of a table, with the columns of its record. For a column of free data that the handle does not
/// read stands an empty mapping, so that records are always whole.
pub(super) fn rows<T: Table>(handle: &Handle) -> SelectStatement {
    let mut select = T::Record::select_cols(T::joined().select_only()).into_query();
    let is_unread = |name: &DynIden| {
        let mut unread = T::free_columns().iter().filter(|(column, _)| !handle.columns().contains(*column));
        unread.any(|(_, column)| column.as_str() == name.inner())
    };
    select.exprs_mut_for_each(|selected| {
        if selected.alias.as_ref().is_some_and(is_unread) {
            selected.expr = Expr::cust("'{}'");
        }
    });
    select
}

/// The rows of a table without columns, to be counted.
fn bare<T: Table>() -> SelectStatement {
    T::joined().select_only().into_query()
}

fn sorting<T: Table>(order: Order, total_in_parent: bool) -> Sorting {
    let columns =
        T::sort_columns(order.field).into_iter().map(|sorted| match sorted.def().get_column_type() {
            // The rows of one parent are few and are sorted by time when they are asked for. As an expression,
            // because the index of all times would be read from its beginning to find them.
            ColumnType::BigInteger if total_in_parent => column::<T>(sorted).add(0_i64),
            _ => column::<T>(sorted),
        });
    Sorting {
        order,
        columns: columns.collect(),
        id: (!total_in_parent && !T::KEY_IS_UNIQUE).then(|| column::<T>(T::id_column())),
    }
}

/// Narrows a select in which the table goes by its own name.
pub(super) fn narrow<T: Table>(handle: &Handle, select: &mut SelectStatement, filter: &Filter<T::Field>) {
    if !filter.is_everything() {
        select.cond_where(Conditions::new(handle.get_database_backend()).filter(filter, &table::<T>()));
    }
}

/// Which rows a list is made of.
#[derive(Clone, Copy)]
pub enum Among<'a> {
    /// Those of one community.
    Community(Uuid),
    /// Those of every community of the scope.
    Scope(&'a Scope),
}

/// Narrows a select in which the table goes by its own name to those rows.
pub(super) fn restrict<T: Table>(handle: &Handle, select: &mut SelectStatement, among: Among<'_>) {
    match among {
        Among::Community(id) => {
            select.and_where(column::<T>(T::community_id()).eq(id));
        }
        Among::Scope(scope) => {
            let community_id = (T::Entity::default(), T::community_id());
            if let Some(condition) = scope::includes(handle.get_database_backend(), scope, community_id) {
                select.and_where(condition);
            }
        }
    }
}

/// One page of a list.
pub(super) async fn list<T: Table>(
    handle: &Handle,
    among: Among<'_>,
    args: &ListArgs<T::Field>,
) -> Result<Page<T>> {
    let mut select = rows::<T>(handle);
    restrict::<T>(handle, &mut select, among);
    narrow::<T>(handle, &mut select, &args.filter);
    let sorting = sorting::<T>(args.order, matches!(among, Among::Community(_)));
    keyset::page::<T::Record, T>(handle, select, &sorting, &args.page).await
}

/// How many rows a list has.
pub(super) async fn count<T: Table>(
    handle: &Handle,
    among: Among<'_>,
    filter: &Filter<T::Field>,
) -> Result<u64> {
    let mut select = bare::<T>();
    restrict::<T>(handle, &mut select, among);
    narrow::<T>(handle, &mut select, filter);
    keyset::count(handle, select).await
}

/// The rows under many parents that fulfil a filter, without columns.
fn under<T: Table>(
    handle: &Handle,
    mut select: SelectStatement,
    parent: <T::Entity as EntityTrait>::Column,
    parents: &[Uuid],
    filter: &Filter<T::Field>,
) -> SelectStatement {
    select.and_where(set::is_one_of_ids(handle.get_database_backend(), column::<T>(parent), parents));
    narrow::<T>(handle, &mut select, filter);
    select
}

/// The page of the same list under each of many parents, which `parent` names.
pub(super) async fn pages<T: Table>(
    handle: &Handle,
    parent: <T::Entity as EntityTrait>::Column,
    parents: &[Uuid],
    args: &ListArgs<T::Field>,
) -> Result<HashMap<Uuid, Page<T>>> {
    let sorting = sorting::<T>(args.order, true);
    if let [only] = parents {
        let mut select = rows::<T>(handle);
        select.and_where(column::<T>(parent).eq(*only));
        narrow::<T>(handle, &mut select, &args.filter);
        let page = keyset::page::<T::Record, T>(handle, select, &sorting, &args.page).await?;
        return Ok(HashMap::from([(*only, page)]));
    }
    let select = under::<T>(handle, rows::<T>(handle), parent, parents, &args.filter);
    let parent = ParentColumn::id((T::Entity::default(), parent));
    keyset::page_under_each::<T::Record, T, _>(handle, select, &parent, &sorting, &args.page).await
}

/// How many rows stand under each of many parents.
pub(super) async fn counts<T: Table>(
    handle: &Handle,
    parent: <T::Entity as EntityTrait>::Column,
    parents: &[Uuid],
    filter: &Filter<T::Field>,
) -> Result<HashMap<Uuid, u64>> {
    let select = under::<T>(handle, bare::<T>(), parent, parents, filter);
    keyset::count_under_each(handle, select, &ParentColumn::id((T::Entity::default(), parent))).await
}

/// The page of the same list in each of many sets of areas.
pub(super) async fn pages_in_areas<T: Table>(
    handle: &Handle,
    sets: &[AreaSet],
    args: &ListArgs<T::Field>,
) -> Result<HashMap<AreaSet, Page<T>>> {
    let (select, parent) = in_areas::<T>(handle, rows::<T>(handle), sets, &args.filter);
    let sorting = sorting::<T>(args.order, true);
    let pages = keyset::page_under_each::<T::Record, T, _>(handle, select, &parent, &sorting, &args.page);
    Ok(areas::by_set(sets, pages.await?))
}

/// How many rows there are in each of many sets of areas; see [`pages_in_areas`].
pub(super) async fn counts_in_areas<T: Table>(
    handle: &Handle,
    sets: &[AreaSet],
    filter: &Filter<T::Field>,
) -> Result<HashMap<AreaSet, u64>> {
    let (select, parent) = in_areas::<T>(handle, bare::<T>(), sets, filter);
    Ok(areas::by_set(sets, keyset::count_under_each(handle, select, &parent).await?))
}

fn in_areas<T: Table>(
    handle: &Handle,
    mut select: SelectStatement,
    sets: &[AreaSet],
    filter: &Filter<T::Field>,
) -> (SelectStatement, ParentColumn<usize>) {
    T::join_member(&mut select);
    let parent = areas::join(handle.get_database_backend(), &mut select, sets);
    narrow::<T>(handle, &mut select, filter);
    (select, parent)
}

/// The different ids and the different keys of pairs.
pub(super) fn split<'a>(pairs: impl Iterator<Item = (Uuid, &'a str)>) -> (Vec<Uuid>, Vec<&'a str>) {
    let (mut ids, mut keys): (Vec<Uuid>, Vec<&str>) = pairs.unzip();
    ids.sort_unstable();
    ids.dedup();
    keys.sort_unstable();
    keys.dedup();
    (ids, keys)
}

/// Every row that a select finds.
pub(super) async fn all<T: Table>(handle: &Handle, select: &SelectStatement) -> Result<Vec<T>> {
    handle
        .query_all(select)
        .await?
        .iter()
        .map(|row| T::Record::from_query_result(row, "")?.try_into())
        .collect()
}

/// The rows with these ids.
pub(super) async fn by_ids<T: Table>(handle: &Handle, ids: &[Uuid]) -> Result<HashMap<Uuid, T>> {
    let mut select = rows::<T>(handle);
    select.and_where(set::is_one_of_ids(handle.get_database_backend(), column::<T>(T::id_column()), ids));
    Ok(all::<T>(handle, &select).await?.into_iter().map(|row| (row.id(), row)).collect())
}
