//! `INSERT … VALUES (…), (…)`: SQLite binds a value for little, and what is the same in every row once. Statements of a table have
//! the same text, so that it is prepared once.

use std::iter::Peekable;
use std::sync::Arc;

use sea_orm::sqlx::sqlite::SqliteArguments;
use sea_orm::sqlx::{self, Arguments as _, AssertSqlSafe, SqliteConnection};
use sea_orm::{ActiveModelTrait, Iterable as _, Value};

use super::{ColumnOf, no_such_type, table_and_columns, taken};
use crate::store::transaction::{Transaction, failed};
use crate::store::{Result, StoreError};

/// Values that one statement binds (at most 32 766). Fewer cost more turns between the threads; three times as many were
/// slower again.
const VALUES: usize = 8_000;

/// A statement and what it binds.
type Insert = (String, SqliteArguments);

/// Inserts rows. The next statement is put together while SQLite's thread works on the last one.
pub(super) async fn insert<A: ActiveModelTrait + Send>(
    connection: &mut SqliteConnection,
    transaction: &Transaction,
    mut rows: Peekable<impl Iterator<Item = A> + Send>,
) -> Result<()> {
    let most = VALUES / ColumnOf::<A>::iter().count();
    let mut next_insert = || {
        let is_more = rows.peek().is_some();
        is_more.then(|| many_values(rows.by_ref().take(most), most)).transpose()
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
enum Cells {
    /// All of them the same, which is then bound once: the community, the moment, free data that is not there.
    One(Value),
    /// Each its own.
    Each(Vec<Value>),
}

impl Cells {
    fn of(cells: Vec<Value>) -> Self {
        match cells.as_slice() {
            [first, others @ .., last] if last == first && others.iter().all(|cell| cell == first) => {
                cells.into_iter().next().map_or_else(|| Self::Each(Vec::new()), Self::One)
            }
            _ => Self::Each(cells),
        }
    }
}

/// How many rows there are, no more than `most`, and their columns in the order of the table. Row by row: each is taken apart while
/// it is at hand.
fn columns<A: ActiveModelTrait>(rows: impl Iterator<Item = A>, most: usize) -> (usize, Vec<Cells>) {
    let mut columns: Vec<(ColumnOf<A>, Vec<Value>)> =
        ColumnOf::<A>::iter().map(|column| (column, Vec::with_capacity(most))).collect();
    let mut count = 0;
    for mut row in rows {
        count += 1;
        for (column, cells) in &mut columns {
            cells.push(taken(&mut row, *column));
        }
    }
    (count, columns.into_iter().map(|(_, cells)| Cells::of(cells)).collect())
}

fn many_values<A: ActiveModelTrait>(rows: impl Iterator<Item = A>, most: usize) -> Result<Insert> {
    let (count, columns) = columns(rows, most);
    let of_each = count * columns.iter().filter(|cells| matches!(cells, Cells::Each(_))).count();
    let (mut row, mut shared, mut each) = (Vec::new(), Vec::new(), Vec::new());
    for cells in columns {
        match cells {
            Cells::One(value) => {
                shared.push(value);
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
    for _ in 0..count {
        each.iter_mut().filter_map(Iterator::next).try_for_each(|value| bind(&mut arguments, value))?;
    }
    shared.into_iter().try_for_each(|value| bind(&mut arguments, value))?;
    let row = format!("({})", row.join(", "));
    let sql = format!("INSERT INTO {} VALUES {}", table_and_columns::<A>(), vec![row; count].join(", "));
    Ok((sql, arguments))
}

fn bind(arguments: &mut SqliteArguments, value: Value) -> Result<()> {
    let bound = match value {
        // Given back on SQLite's thread, which has the most to do, as one piece of memory where a `String` is two.
        Value::String(text) => arguments.add(text.map(Arc::<str>::from)),
        Value::BigInt(number) => arguments.add(number),
        Value::Uuid(id) => arguments.add(id),
        Value::Bool(flag) => arguments.add(flag),
        other => return Err(no_such_type(&other)),
    };
    bound.map_err(|error| StoreError::Database(format!("a value was not bound: {error}")))
}
