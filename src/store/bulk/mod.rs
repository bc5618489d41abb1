//! Many rows into a table: in few statements on SQLite, in one on PostgreSQL.

mod postgres;
mod sqlite;

use sea_orm::{
    ActiveModelTrait, EntityName as _, EntityTrait, IdenStatic as _, IntoActiveModel, Iterable as _,
    ModelTrait, Value,
};

use super::transaction::Connection;
use super::{Handle, Result, StoreError};

/// Inserts rows, which are made while the database works on those before them.
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
    let mut rows = rows.map(M::into_active_model).peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let transaction = handle.transaction()?;
    match transaction.connection().await {
        Connection::Sqlite(mut connection) => sqlite::insert(&mut connection, transaction, rows).await,
        Connection::Postgres(mut session) => postgres::copy(&mut session.connection, transaction, rows).await,
    }
}

/// The column of a table that an active model is a row of.
type ColumnOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;

/// A table and its columns, as a statement names them.
fn table_and_columns<A: ActiveModelTrait>() -> String {
    let names = ColumnOf::<A>::iter().map(|column| format!("\"{}\"", column.as_str()));
    let names: Vec<String> = names.collect();
    format!("\"{}\" ({})", A::Entity::default().table_name(), names.join(", "))
}

/// The value of a column; every column of a row is set.
fn taken<A: ActiveModelTrait>(row: &mut A, column: ColumnOf<A>) -> Value {
    row.take(column).into_value().unwrap_or(Value::String(None))
}

/// The tables have columns of texts, of whole numbers of 64 bits, of ids and of truth values.
fn no_such_type(value: &Value) -> StoreError {
    StoreError::Database(format!("no column has the type {:?}", value.array_type()))
}
