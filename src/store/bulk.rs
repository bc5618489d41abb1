//! Many rows into a table in few statements, each statement of a table with the same text, so that it is
//! prepared once.

use sea_orm::sea_query::{ArrayType, ColumnType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, ModelTrait, Statement, Value,
};
use uuid::Uuid;

use super::{Handle, Result};

/// Values that one statement binds on SQLite (at most 32 766). More of them take more memory for the
/// prepared form and save no time: there is no journey to the database.
const SQLITE_VALUES: usize = 2_000;

/// Rows that one statement carries to PostgreSQL.
const POSTGRES_ROWS: usize = 2_000;

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

/// `INSERT … VALUES (…), (…)`: SQLite binds a value for next to nothing.
fn many_values<A: ActiveModelTrait>(rows: impl Iterator<Item = A>) -> Statement {
    let columns = || <A::Entity as EntityTrait>::Column::iter();
    let names: Vec<String> = columns().map(|column| format!("\"{}\"", column.as_str())).collect();
    let row = format!("({})", vec!["?"; names.len()].join(", "));
    let mut values: Vec<Value> = Vec::with_capacity(SQLITE_VALUES);
    let mut count = 0;
    for mut model in rows {
        values.extend(columns().map(|column| taken(&mut model, column)));
        count += 1;
    }
    let table = A::Entity::default();
    let sql = format!(
        "INSERT INTO \"{}\" ({}) VALUES {}",
        table.table_name(),
        names.join(", "),
        vec![row; count].join(", ")
    );
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// `INSERT … SELECT … FROM UNNEST(…)`, one array a column: PostgreSQL takes arrays apart in a fraction of
/// the time that it takes to plan a statement of as many thousands of parameters.
///
/// The layer below binds no array with a null in it. So a nullable column goes as texts, among which a
/// text that no row can know stands for null.
fn one_array_a_column<A: ActiveModelTrait>(rows: impl Iterator<Item = A>) -> Statement {
    let mut rows: Vec<A> = rows.collect();
    let absent = Uuid::new_v4().to_string();
    let mut values: Vec<Value> = Vec::new();
    let (mut names, mut selected, mut arrays) = (Vec::new(), Vec::new(), Vec::new());
    for (at, column) in <A::Entity as EntityTrait>::Column::iter().enumerate() {
        let definition = column.def();
        let cells = rows.iter_mut().map(|row| taken(row, column));
        let (elements, cells): (ArrayType, Vec<Value>) = if definition.is_null() {
            selected.push(format!("NULLIF(c{at}, $1)::{}", type_name(definition.get_column_type())));
            (ArrayType::String, cells.map(|cell| text_or(cell, &absent).into()).collect())
        } else {
            selected.push(format!("c{at}"));
            let cells: Vec<Value> = cells.collect();
            (cells.first().map_or(ArrayType::String, Value::array_type), cells)
        };
        names.push(format!("\"{}\"", column.as_str()));
        arrays.push(format!("${}", at + 2));
        values.push(Value::Array(elements, Some(Box::new(cells))));
    }
    let cells: Vec<String> = (0..names.len()).map(|at| format!("c{at}")).collect();
    let sql = format!(
        "INSERT INTO \"{}\" ({}) SELECT {} FROM UNNEST({}) AS rows({})",
        A::Entity::default().table_name(),
        names.join(", "),
        selected.join(", "),
        arrays.join(", "),
        cells.join(", ")
    );
    values.insert(0, absent.into());
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// The value of a column; every column of a row is set.
fn taken<A: ActiveModelTrait>(row: &mut A, column: <A::Entity as EntityTrait>::Column) -> Value {
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
