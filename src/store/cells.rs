//! Rows that are read by the hundred thousand. SQLite's driver gives each value of a row room of its own, which costs more than to find
//! the row; so what a row says comes from SQLite as one text, a cell behind the other.

use std::str::Split;

use sea_orm::sea_query::{Expr, IntoColumnRef, Query, SelectStatement, SimpleExpr};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{Decode, Postgres, Row as _};
use sea_orm::{DbBackend, QueryResult};

use super::record::word;
use super::transaction::failed;
use super::{Result, StoreError};
use crate::domain::closed_set::ClosedSet;
use crate::domain::document::Document;

/// What stands between two cells. No stored text holds a NUL: PostgreSQL keeps none, so both doors refuse it.
const BETWEEN: char = '\0';

/// What an optional cell begins with when there is something in it, be it nothing but an empty text.
const PRESENT: char = '=';

/// A column of a row, and what it may hold.
#[derive(Clone, Copy)]
pub(super) enum Cell<C> {
    /// A text.
    Text(C),
    /// A text, or nothing.
    Optional(C),
    /// Yes or no.
    Flag(C),
}

/// Selects a column as it is, and cells behind it.
pub(super) fn select<C: IntoColumnRef + Copy>(
    backend: DbBackend,
    first: C,
    cells: &[Cell<C>],
) -> SelectStatement {
    let mut select = Query::select();
    select.column(first);
    if backend == DbBackend::Sqlite {
        let (between, marks) = (u32::from(BETWEEN), vec!["?"; cells.len()].join(", "));
        let cells = cells.iter().map(|cell| cell.as_text());
        select.expr(Expr::cust_with_exprs(format!("concat_ws(char({between}), {marks})"), cells));
    } else {
        select.columns(cells.iter().map(|cell| cell.column()));
    }
    select
}

impl<C: IntoColumnRef + Copy> Cell<C> {
    fn column(self) -> C {
        let (Self::Text(column) | Self::Optional(column) | Self::Flag(column)) = self;
        column
    }

    /// A text that is never nothing, in SQLite's words.
    fn as_text(self) -> SimpleExpr {
        let column = Expr::col(self.column());
        match self {
            Self::Text(_) | Self::Flag(_) => column,
            Self::Optional(_) => Expr::cust_with_exprs(format!("ifnull('{PRESENT}' || ?, '')"), [column]),
        }
    }
}

/// The cells of a row, read in the order in which they were selected.
pub(super) enum Cells<'r> {
    /// Each in a column.
    Columns(&'r PgRow, usize),
    /// All in one text.
    Text(Split<'r, char>),
}

/// Reads the cells of a row, behind its first column.
///
/// # Errors
/// When they are not what was selected.
pub(super) fn read<T>(row: &QueryResult, read: impl FnOnce(&mut Cells<'_>) -> Result<T>) -> Result<T> {
    let mut cells = match (row.try_as_sqlite_row(), row.try_as_pg_row()) {
        (Some(row), _) => Cells::Text(row.try_get::<&str, _>(1).map_err(failed)?.split(BETWEEN)),
        (_, Some(row)) => Cells::Columns(row, 1),
        _ => return Err(not_selected()),
    };
    let value = read(&mut cells)?;
    if let Cells::Text(rest) = &mut cells
        && rest.next().is_some()
    {
        return Err(not_selected());
    }
    Ok(value)
}

impl Cells<'_> {
    /// The next one, a text.
    pub(super) fn text(&mut self) -> Result<String> {
        match self {
            Self::Columns(row, next) => in_column::<&str>(row, next).map(str::to_owned),
            Self::Text(cells) => in_text(cells).map(str::to_owned),
        }
    }

    /// The next one, a text or nothing.
    pub(super) fn optional(&mut self) -> Result<Option<String>> {
        let cell = match self {
            Self::Columns(row, next) => in_column::<Option<&str>>(row, next)?,
            Self::Text(cells) => in_text(cells)?.strip_prefix(PRESENT),
        };
        Ok(cell.map(str::to_owned))
    }

    /// The next one, a word of a closed set.
    pub(super) fn word<W: ClosedSet>(&mut self) -> Result<W> {
        match self {
            Self::Columns(row, next) => word(in_column(row, next)?),
            Self::Text(cells) => word(in_text(cells)?),
        }
    }

    /// The next one, yes or no.
    pub(super) fn flag(&mut self) -> Result<bool> {
        match self {
            Self::Columns(row, next) => in_column(row, next),
            Self::Text(cells) => in_text(cells).map(|cell| cell == "1"),
        }
    }

    /// The next one, free data.
    pub(super) fn document(&mut self) -> Result<Document> {
        self.text().map(Document::from_stored)
    }
}

/// The columns are those of [`select`], so their types are not asked again for each row.
fn in_column<'r, T: Decode<'r, Postgres>>(row: &'r PgRow, next: &mut usize) -> Result<T> {
    let value = row.try_get_unchecked(*next).map_err(failed)?;
    *next += 1;
    Ok(value)
}

fn in_text<'r>(cells: &mut Split<'r, char>) -> Result<&'r str> {
    cells.next().ok_or_else(not_selected)
}

fn not_selected() -> StoreError {
    StoreError::Database("a row has other cells than were selected".to_owned())
}
