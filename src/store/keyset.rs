//! Keyset pages. A page is "the first n+1 rows behind a place", so that no offset is counted and a row
//! that comes or goes between two pages moves no other. A page under each of many parents is one
//! statement: the rows of every parent are numbered by a window, and the first n+1 of each are taken.

use std::collections::HashMap;
use std::hash::Hash;

use sea_orm::sea_query::{
    Asterisk, Expr, ExprTrait, IntoColumnRef, Order as SqlOrder, OverStatement, Query, SelectStatement,
    SimpleExpr, WindowStatement,
};
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::{Handle, Result, StoreError};
use crate::domain::cursor::{Cursor, ListKind, SortValue};
use crate::domain::filter::Filter;
use crate::domain::order::{Direction, Order, SortField};
use crate::domain::page::{End, Page, PageRequest, Row};

/// What a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListArgs<F> {
    /// Which rows.
    pub filter: Filter<F>,
    /// In which order.
    pub order: Order,
    /// Which page of them.
    pub page: PageRequest,
}

/// A row that a list can be made of.
pub(super) trait Listed: Sized {
    /// The list.
    const LIST: ListKind;

    /// The values that the row is sorted by, in the order of the columns of the sort.
    fn place(&self, field: SortField) -> Vec<SortValue>;

    /// Its id, the last tie-breaker.
    fn id(&self) -> Uuid;
}

/// What a list is sorted by.
pub(super) struct Sorting {
    pub(super) order: Order,
    /// The columns of the sort, in the order of [`Listed::place`].
    pub(super) columns: Vec<SimpleExpr>,
    /// The id column, where the columns alone do not make the order total.
    pub(super) id: Option<SimpleExpr>,
}

impl Sorting {
    fn all_columns(&self) -> impl Iterator<Item = &SimpleExpr> {
        self.columns.iter().chain(&self.id)
    }

    /// The way in which rows are fetched: backwards for the last page.
    fn fetch_order(&self, page: &PageRequest) -> SqlOrder {
        let direction = match page.end {
            End::First => self.order.direction,
            End::Last => self.order.direction.reversed(),
        };
        match direction {
            Direction::Ascending => SqlOrder::Asc,
            Direction::Descending => SqlOrder::Desc,
        }
    }

    /// Narrows a select to the rows between the page's cursors.
    fn between(&self, select: &mut SelectStatement, page: &PageRequest) {
        let ascending = self.order.direction == Direction::Ascending;
        for (cursor, behind) in [(&page.after, true), (&page.before, false)] {
            let Some(cursor) = cursor else { continue };
            let mut place: Vec<SimpleExpr> = cursor
                .values()
                .iter()
                .map(|value| match value {
                    SortValue::Number(micros) => Expr::val(*micros),
                    SortValue::Text(text) => Expr::val(text.as_str()),
                })
                .collect();
            if self.id.is_some() {
                place.push(Expr::val(cursor.id()));
            }
            let row = Expr::tuple(self.all_columns().cloned());
            let place = Expr::tuple(place);
            select.and_where(if behind == ascending { row.gt(place) } else { row.lt(place) });
        }
    }

    fn read<R, T>(&self, row: &QueryResult) -> Result<Row<T>>
    where
        R: FromQueryResult,
        T: Listed + TryFrom<R, Error = StoreError>,
    {
        let value: T = R::from_query_result(row, "")?.try_into()?;
        let cursor = Cursor::new(T::LIST, self.order, value.place(self.order.field), value.id());
        Ok(Row { cursor, value })
    }
}

/// One page of a list.
pub(super) async fn page<R, T>(
    handle: &Handle,
    mut select: SelectStatement,
    sorting: &Sorting,
    page: &PageRequest,
) -> Result<Page<T>>
where
    R: FromQueryResult,
    T: Listed + TryFrom<R, Error = StoreError>,
{
    sorting.between(&mut select, page);
    for column in sorting.all_columns() {
        select.order_by_expr(column.clone(), sorting.fetch_order(page));
    }
    select.limit(u64::from(page.size) + 1);
    let rows = handle.query_all(&select).await?;
    let rows = rows.iter().map(|row| sorting.read::<R, T>(row)).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_fetched(rows, page))
}

/// The page of the same list under each of many parents, in one statement. Parents without rows are
/// not in the answer.
pub(super) async fn page_under_each<R, T, P>(
    handle: &Handle,
    mut select: SelectStatement,
    parent: &ParentColumn<P>,
    sorting: &Sorting,
    page: &PageRequest,
) -> Result<HashMap<P, Page<T>>>
where
    R: FromQueryResult,
    T: Listed + TryFrom<R, Error = StoreError>,
    P: Eq + Hash,
{
    sorting.between(&mut select, page);
    let mut window = WindowStatement::new();
    if let Some(column) = &parent.column {
        window.add_partition_by(column.clone());
        select.expr_as(column.clone(), PARENT_ALIAS);
    }
    for column in sorting.all_columns() {
        window.order_by_expr(column.clone(), sorting.fetch_order(page));
    }
    select.expr_window_as(Expr::cust("ROW_NUMBER()"), window, PLACE);
    let ranked = Query::select()
        .column(Asterisk)
        .from_subquery(select, "ranked")
        .and_where(Expr::col(PLACE).lte(u64::from(page.size) + 1))
        .order_by(PLACE, SqlOrder::Asc)
        .take();
    let mut rows: HashMap<P, Vec<Row<T>>> = HashMap::new();
    for row in handle.query_all(&ranked).await? {
        rows.entry(parent.of(&row)?).or_default().push(sorting.read::<R, T>(&row)?);
    }
    Ok(rows.into_iter().map(|(parent, rows)| (parent, Page::from_fetched(rows, page))).collect())
}

/// How many rows stand under each of many parents.
pub(super) async fn count_under_each<P: Eq + Hash>(
    handle: &Handle,
    mut select: SelectStatement,
    parent: &ParentColumn<P>,
) -> Result<HashMap<P, u64>> {
    select.expr_as(Expr::cust("COUNT(*)"), PLACE);
    parent.group(&mut select);
    handle
        .query_all(&select)
        .await?
        .iter()
        .map(|row| Ok((parent.of(row)?, row.try_get::<i64>("", PLACE)?.unsigned_abs())))
        .collect()
}

/// How many rows a select finds.
pub(super) async fn count(handle: &Handle, mut select: SelectStatement) -> Result<u64> {
    select.expr_as(Expr::cust("COUNT(*)"), PLACE);
    let row = handle.query_one(&select).await?;
    Ok(row.map(|row| row.try_get::<i64>("", PLACE)).transpose()?.unwrap_or(0).unsigned_abs())
}

/// The column that names a row's parent, and how it is read back.
pub(super) struct ParentColumn<P> {
    column: Option<SimpleExpr>,
    read: fn(&QueryResult) -> Result<P>,
}

impl ParentColumn<Uuid> {
    /// The parent is named by its id.
    pub(super) fn id(column: impl IntoColumnRef) -> Self {
        Self { column: Some(Expr::col(column)), read: |row| Ok(row.try_get("", PARENT_ALIAS)?) }
    }
}

impl ParentColumn<usize> {
    /// The parent is named by its place in a list.
    pub(super) fn place(column: impl IntoColumnRef) -> Self {
        let read = |row: &QueryResult| {
            let place: i64 = row.try_get("", PARENT_ALIAS)?;
            usize::try_from(place).map_err(|_| StoreError::Database("a place is negative".to_owned()))
        };
        Self { column: Some(Expr::col(column)), read }
    }
}

impl ParentColumn<()> {
    /// All rows have the one parent that needs no name.
    pub(super) fn none() -> Self {
        Self { column: None, read: |_| Ok(()) }
    }
}

impl<P> ParentColumn<P> {
    /// Groups a select by the parent, which its rows then name.
    pub(super) fn group(&self, select: &mut SelectStatement) {
        if let Some(column) = &self.column {
            select.expr_as(column.clone(), PARENT_ALIAS).add_group_by([column.clone()]);
        }
    }

    /// The parent that a row names.
    pub(super) fn of(&self, row: &QueryResult) -> Result<P> {
        (self.read)(row)
    }
}

const PARENT_ALIAS: &str = "parent";
const PLACE: &str = "place";
