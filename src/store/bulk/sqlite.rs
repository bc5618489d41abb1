//! `INSERT … VALUES (…), (…)`: SQLite binds a value for little, and what is the same in every row once. Statements of a table have
//! the same text, so that it is prepared once.

use std::sync::Arc;

use sea_orm::Iterable as _;
use sea_orm::sqlx::sqlite::SqliteArguments;
use sea_orm::sqlx::{self, Arguments as _, AssertSqlSafe, SqliteConnection};

use super::{Cell, ColumnOf, Row, table_and_columns};
use crate::store::transaction::{Transaction, failed};
use crate::store::{Result, StoreError};

/// Values that one statement binds (at most 32 766). Fewer cost more turns between the threads; three times as many were
/// slower again.
const VALUES: usize = 8_000;

/// A statement and what it binds.
type Insert = (String, SqliteArguments);

/// Inserts rows. The next statement is put together while SQLite's thread works on the last one.
pub(super) async fn insert<R: Row + Send>(
    connection: &mut SqliteConnection,
    transaction: &Transaction,
    mut rows: impl Iterator<Item = R> + Send,
) -> Result<()> {
    let most = VALUES / ColumnOf::<R>::iter().count();
    let mut next_insert = || {
        let some: Vec<R> = rows.by_ref().take(most).collect();
        (!some.is_empty()).then(|| many_values(&some)).transpose()
    };
    let mut next = next_insert()?;
    while let Some((sql, arguments)) = next {
        transaction.sends(&sql);
        let insert = sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut *connection);
        let (inserted, after) = futures_util::join!(insert, async { next_insert() });
        inserted.map_err(failed)?;
        next = after?;
    }
    Ok(())
}

/// What rows have in a column.
enum Cells<'r> {
    /// All of them the same, which is then bound once: the community, the moment, free data that is not there.
    One(Cell<'r>),
    /// Each its own.
    Each(Vec<Cell<'r>>),
}

impl<'r> Cells<'r> {
    fn of(mut cells: Vec<Cell<'r>>) -> Self {
        match cells.as_slice() {
            [first, .., last] if last == first && cells.iter().all(|cell| cell == first) => {
                Self::One(cells.swap_remove(0))
            }
            _ => Self::Each(cells),
        }
    }
}

/// The columns of rows in the order of the table. Row by row: each is taken apart while it is at hand.
fn columns<R: Row>(rows: &[R]) -> Vec<Cells<'_>> {
    let mut columns: Vec<(ColumnOf<R>, Vec<Cell<'_>>)> =
        ColumnOf::<R>::iter().map(|column| (column, Vec::with_capacity(rows.len()))).collect();
    for row in rows {
        for (column, cells) in &mut columns {
            cells.push(row.cell(*column));
        }
    }
    columns.into_iter().map(|(_, cells)| Cells::of(cells)).collect()
}

fn many_values<R: Row>(rows: &[R]) -> Result<Insert> {
    let columns = columns(rows);
    let of_each = rows.len() * columns.iter().filter(|cells| matches!(cells, Cells::Each(_))).count();
    let (mut row, mut shared, mut each) = (Vec::new(), Vec::new(), Vec::new());
    for cells in columns {
        match cells {
            Cells::One(cell) => {
                shared.push(cell);
                // The layer below takes a name of `$` and a number for the place among all values; `?` is the next of those
                // that have no name. Few are named, for names are looked for one by one.
                row.push(format!("${}", of_each + shared.len()));
            }
            Cells::Each(cells) => {
                each.push(cells.into_iter());
                row.push("?".to_owned());
            }
        }
    }
    let mut arguments = SqliteArguments::default();
    arguments.reserve(of_each + shared.len(), 0);
    for _ in rows {
        each.iter_mut().filter_map(Iterator::next).try_for_each(|cell| bind(&mut arguments, cell))?;
    }
    shared.into_iter().try_for_each(|cell| bind(&mut arguments, cell))?;
    let row = format!("({})", row.join(", "));
    let sql = format!("INSERT INTO {} VALUES {}", table_and_columns::<R>(), vec![row; rows.len()].join(", "));
    Ok((sql, arguments))
}

fn bind(arguments: &mut SqliteArguments, cell: Cell<'_>) -> Result<()> {
    let bound = match cell {
        // Given back on SQLite's thread, which has the most to do, as one piece of memory where a `String` is two.
        Cell::Text(text) => arguments.add(Arc::<str>::from(text)),
        Cell::Number(number) => arguments.add(number),
        Cell::Id(id) => arguments.add(id),
        Cell::Flag(flag) => arguments.add(flag),
        Cell::Absent => arguments.add(None::<i64>),
        Cell::Foreign(array_type) => return Err(Cell::no_such_type(&array_type)),
    };
    bound.map_err(|error| StoreError::Database(format!("a value was not bound: {error}")))
}
