//! Rows that are read by the hundred thousand. SQLite's driver gives each value of a row room of its own, which costs more than to find
//! the row; so what a row says comes from SQLite as one text, a cell behind the other.

use memchr::memchr;
use sea_orm::sea_query::{Expr, IntoColumnRef, Query, SelectStatement, SimpleExpr};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{Decode, Postgres, Row as _};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};
use uuid::Uuid;

use super::record::word;
use super::transaction::failed;
use super::{Handle, Result, StoreError};
use crate::domain::closed_set::ClosedSet;
use crate::domain::document::Document;
use crate::domain::identifier::SensorId;
use crate::domain::timestamp::Timestamp;

/// What stands between two cells. No stored text holds a NUL: PostgreSQL keeps none, so both doors refuse it.
const BETWEEN: u8 = 0;

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
    /// A whole number.
    Number(C),
    /// An id.
    Id(C),
    /// Free data that nobody asked for: an empty mapping in its place.
    Unread,
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
        select.expr(in_one_text(cells));
    } else {
        select.exprs(cells.iter().map(|cell| cell.as_it_is()));
    }
    select
}

/// Selects the cells of all rows. From SQLite they come as one text of one row: with each row that comes by itself its thread
/// wakes whoever reads it, who waits for the next one then.
pub(super) fn select_all<C: IntoColumnRef + Copy>(backend: DbBackend, cells: &[Cell<C>]) -> SelectStatement {
    let mut select = Query::select();
    if backend == DbBackend::Sqlite {
        let all = format!("group_concat(?, char({}))", u32::from(BETWEEN));
        select.expr(Expr::cust_with_exprs(all, [in_one_text(cells)]));
    } else {
        select.exprs(cells.iter().map(|cell| cell.as_it_is()));
    }
    select
}

/// The cells of a row as one text, in SQLite's words.
fn in_one_text<C: IntoColumnRef + Copy>(cells: &[Cell<C>]) -> SimpleExpr {
    let (between, marks) = (u32::from(BETWEEN), vec!["?"; cells.len()].join(", "));
    let cells = cells.iter().map(|cell| cell.as_text());
    Expr::cust_with_exprs(format!("concat_ws(char({between}), {marks})"), cells)
}

impl<C: IntoColumnRef + Copy> Cell<C> {
    fn as_it_is(self) -> SimpleExpr {
        match self {
            Self::Text(column)
            | Self::Optional(column)
            | Self::Flag(column)
            | Self::Number(column)
            | Self::Id(column) => Expr::col(column),
            Self::Unread => Expr::cust("'{}'"),
        }
    }

    /// A text that is never nothing, in SQLite's words.
    fn as_text(self) -> SimpleExpr {
        match self {
            Self::Text(_) | Self::Flag(_) | Self::Number(_) | Self::Unread => self.as_it_is(),
            Self::Optional(_) => {
                Expr::cust_with_exprs(format!("ifnull('{PRESENT}' || ?, '')"), [self.as_it_is()])
            }
            Self::Id(_) => Expr::cust_with_exprs("hex(?)", [self.as_it_is()]),
        }
    }
}

/// The cells of a row, read in the order in which they were selected.
pub(super) enum Cells<'r> {
    /// Each in a column.
    Columns(&'r PgRow, usize),
    /// All in one text: what is left of it, nothing behind the last.
    Text(Option<&'r str>),
}

/// Reads the cells of a row, behind its first column.
///
/// # Errors
/// When they are not what was selected.
pub(super) fn read<T>(row: &QueryResult, read: impl FnOnce(&mut Cells<'_>) -> Result<T>) -> Result<T> {
    let mut cells = match (row.try_as_sqlite_row(), row.try_as_pg_row()) {
        (Some(row), _) => Cells::Text(Some(row.try_get(1).map_err(failed)?)),
        (_, Some(row)) => Cells::Columns(row, 1),
        _ => return Err(not_selected()),
    };
    let value = read(&mut cells)?;
    if cells.are_left() { Err(not_selected()) } else { Ok(value) }
}

/// Reads the rows of [`select_all`] one after the other.
///
/// # Errors
/// When the database fails, or they are not what was selected.
pub(super) async fn read_each(
    handle: &Handle,
    select: &SelectStatement,
    mut read: impl FnMut(&mut Cells<'_>) -> Result<()>,
) -> Result<()> {
    for row in handle.query_all(select).await? {
        match (row.try_as_sqlite_row(), row.try_as_pg_row()) {
            (Some(row), _) => {
                let mut cells = Cells::Text(row.try_get(0).map_err(failed)?);
                while cells.are_left() {
                    read(&mut cells)?;
                }
            }
            (_, Some(row)) => read(&mut Cells::Columns(row, 0))?,
            _ => return Err(not_selected()),
        }
    }
    Ok(())
}

impl Cells<'_> {
    /// Whether there are more in a text.
    fn are_left(&self) -> bool {
        match self {
            Self::Columns(..) => false,
            Self::Text(left) => left.is_some(),
        }
    }

    /// The next one, an id.
    pub(super) fn id(&mut self) -> Result<Uuid> {
        match self {
            Self::Columns(row, next) => in_column(row, next),
            Self::Text(cells) => Uuid::try_parse(in_text(cells)?).map_err(|_| not_selected()),
        }
    }

    /// The next one, a number.
    pub(super) fn number(&mut self) -> Result<i64> {
        match self {
            Self::Columns(row, next) => in_column(row, next),
            Self::Text(cells) => in_text(cells)?.parse().map_err(|_| not_selected()),
        }
    }

    /// The next one, an instant.
    pub(super) fn instant(&mut self) -> Result<Timestamp> {
        self.number().map(Timestamp::from_micros)
    }

    /// The next one, a text.
    pub(super) fn text<T: for<'t> From<&'t str>>(&mut self) -> Result<T> {
        match self {
            Self::Columns(row, next) => in_column::<&str>(row, next).map(T::from),
            Self::Text(cells) => in_text(cells).map(T::from),
        }
    }

    /// The next one, a text or nothing.
    pub(super) fn optional<T: for<'t> From<&'t str>>(&mut self) -> Result<Option<T>> {
        Ok(self.optional_text()?.map(T::from))
    }

    /// The next one, the id of a sensor or nothing.
    pub(super) fn sensor_id(&mut self) -> Result<Option<SensorId>> {
        Ok(self.optional_text()?.and_then(SensorId::new))
    }

    fn optional_text(&mut self) -> Result<Option<&str>> {
        match self {
            Self::Columns(row, next) => in_column::<Option<&str>>(row, next),
            Self::Text(cells) => Ok(in_text(cells)?.strip_prefix(PRESENT)),
        }
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
        self.text::<String>().map(Document::from_stored)
    }
}

/// The columns are those of [`select`], so their types are not asked again for each row.
fn in_column<'r, T: Decode<'r, Postgres>>(row: &'r PgRow, next: &mut usize) -> Result<T> {
    let value = row.try_get_unchecked(*next).map_err(failed)?;
    *next += 1;
    Ok(value)
}

fn in_text<'r>(left: &mut Option<&'r str>) -> Result<&'r str> {
    let text = left.ok_or_else(not_selected)?;
    let end = memchr(BETWEEN, text.as_bytes()).unwrap_or(text.len());
    *left = text.get(end + 1..);
    text.get(..end).ok_or_else(not_selected)
}

fn not_selected() -> StoreError {
    StoreError::Database("a row has other cells than were selected".to_owned())
}
