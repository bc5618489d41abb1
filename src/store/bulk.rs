//! Many rows into a table in few statements, each statement of a table with the same text, so that it is
//! prepared once.

use sea_orm::sea_query::{ArrayType, ColumnType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, ModelTrait, Statement, Value,
};
use uuid::Uuid;

use super::{Handle, Result};

/// Values that one statement binds on SQLite (at most 32 766). Fewer cost more turns between the threads; three times
/// as many were slower again.
const SQLITE_VALUES: usize = 8_000;

/// Rows that one statement carries to PostgreSQL. Its last part may wait for the acknowledgement of the one before it (over TLS,
/// on one machine, 40 ms), so few statements are better than small ones.
const POSTGRES_ROWS: usize = 8_000;

/// Inserts rows. The next statement is put together while the database works on the last one.
///
/// # Errors
/// When the database fails, or a unique index refuses a row.
pub(super) async fn insert_all<M, E>(
    handle: &Handle,
    rows: Box<dyn Iterator<Item = M> + Send + '_>,
) -> Result<()>
where
    M: ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel> + Send,
    E: EntityTrait<Model = M>,
    E::ActiveModel: Send,
{
    let backend = handle.get_database_backend();
    let mut rows = rows.peekable();
    let mut next_insert = || {
        rows.peek()?;
        let models = rows.by_ref().map(M::into_active_model);
        Some(match backend {
            DbBackend::Postgres => one_array_a_column(models.take(POSTGRES_ROWS)),
            _ => many_values(models.take(SQLITE_VALUES / E::Column::iter().count())),
        })
    };
    let mut next = next_insert();
    while let Some(insert) = next {
        let (inserted, after) = futures_util::join!(handle.execute_raw(insert), async { next_insert() });
        inserted?;
        next = after;
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

/// The column of a table that an active model is a row of.
type ColumnOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;

/// How many rows there are, and their columns in the order of the table. Row by row: each is taken apart while it is at hand.
fn columns<A: ActiveModelTrait>(rows: impl Iterator<Item = A>) -> (usize, Vec<(ColumnOf<A>, Cells)>) {
    let mut columns: Vec<(ColumnOf<A>, Vec<Value>)> =
        ColumnOf::<A>::iter().map(|column| (column, Vec::new())).collect();
    let mut count = 0;
    for mut row in rows {
        count += 1;
        for (column, cells) in &mut columns {
            cells.push(taken(&mut row, *column));
        }
    }
    (count, columns.into_iter().map(|(column, cells)| (column, Cells::of(cells))).collect())
}

fn insert_into<A: ActiveModelTrait>() -> String {
    let names = ColumnOf::<A>::iter().map(|column| format!("\"{}\"", column.as_str()));
    let names: Vec<String> = names.collect();
    format!("INSERT INTO \"{}\" ({})", A::Entity::default().table_name(), names.join(", "))
}

/// `INSERT … VALUES (…), (…)`: SQLite binds a value for little, and what is the same in every row once.
fn many_values<A: ActiveModelTrait>(rows: impl Iterator<Item = A>) -> Statement {
    let (count, columns) = columns(rows);
    let of_each = count * columns.iter().filter(|(_, cells)| matches!(cells, Cells::Each(_))).count();
    let (mut row, mut shared, mut each) = (Vec::new(), Vec::new(), Vec::new());
    for (_, cells) in columns {
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
    let mut values = Vec::with_capacity(of_each + shared.len());
    for _ in 0..count {
        values.extend(each.iter_mut().filter_map(Iterator::next));
    }
    values.extend(shared);
    let row = format!("({})", row.join(", "));
    let sql = format!("{} VALUES {}", insert_into::<A>(), vec![row; count].join(", "));
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// `INSERT … SELECT … FROM UNNEST(…)`, one array a column: PostgreSQL takes arrays apart in a fraction of
/// the time that it takes to plan a statement of as many thousands of parameters.
///
/// The layer below binds no array with a null in it. So a nullable column goes as texts, among which a
/// text that no row can know stands for null.
fn one_array_a_column<A: ActiveModelTrait>(rows: impl Iterator<Item = A>) -> Statement {
    let absent = Uuid::new_v4().to_string();
    let mut values: Vec<Value> = vec![absent.as_str().into()];
    let (mut selected, mut arrays, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (column, cells) in columns(rows).1 {
        let definition = column.def();
        let type_name = type_name(definition.get_column_type());
        let parameter = values.len() + 1;
        let cells = match cells {
            Cells::One(value) => {
                selected.push(format!("${parameter}::{type_name}"));
                values.push(value);
                continue;
            }
            Cells::Each(cells) => cells,
        };
        let name = format!("c{}", names.len());
        let (elements, cells): (ArrayType, Vec<Value>) = if definition.is_null() {
            selected.push(format!("NULLIF({name}, $1)::{type_name}"));
            (ArrayType::String, cells.into_iter().map(|cell| text_or(cell, &absent).into()).collect())
        } else {
            selected.push(name.clone());
            (cells.first().map_or(ArrayType::String, Value::array_type), cells)
        };
        names.push(name);
        arrays.push(format!("${parameter}"));
        values.push(Value::Array(elements, Some(Box::new(cells))));
    }
    let sql = format!(
        "{} SELECT {} FROM UNNEST({}) AS rows({})",
        insert_into::<A>(),
        selected.join(", "),
        arrays.join(", "),
        names.join(", ")
    );
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// The value of a column; every column of a row is set.
fn taken<A: ActiveModelTrait>(row: &mut A, column: ColumnOf<A>) -> Value {
    row.take(column).into_value().unwrap_or(Value::String(None))
}

/// A value as a text that PostgreSQL reads again.
fn text_or(value: Value, absent: &str) -> String {
    match value {
        Value::String(Some(text)) => text,
        Value::BigInt(Some(number)) => number.to_string(),
        Value::Uuid(Some(id)) => id.to_string(),
        Value::Bool(Some(flag)) => flag.to_string(),
        _ => absent.to_owned(),
    }
}

/// PostgreSQL's name of a column's type; the tables have no others.
fn type_name(column_type: &ColumnType) -> &'static str {
    match column_type {
        ColumnType::BigInteger => "bigint",
        ColumnType::Uuid => "uuid",
        ColumnType::Boolean => "boolean",
        _ => "text",
    }
}
