//! Many rows into a table: in few statements on SQLite, in one on PostgreSQL.

mod cell;
mod postgres;
mod sqlite;

use sea_orm::{EntityName as _, EntityTrait, IdenStatic as _, Iterable as _, ModelTrait};

pub(super) use cell::Cell;

use super::transaction::Connection;
use super::{Handle, Result};

/// A row that is to be written.
pub(super) trait Row {
    /// The table.
    type Entity: EntityTrait;

    /// What stands in a column.
    fn cell(&self, column: ColumnOf<Self>) -> Cell<'_>;
}

impl<M: ModelTrait> Row for M {
    type Entity = M::Entity;

    fn cell(&self, column: ColumnOf<Self>) -> Cell<'_> {
        self.get(column).into()
    }
}

/// A column of the table of a row.
pub(super) type ColumnOf<R> = <<R as Row>::Entity as EntityTrait>::Column;

/// Inserts rows, which are made while the database works on those before them.
///
/// # Errors
/// When the database fails, or a unique index refuses a row.
pub(super) async fn insert_all<R: Row + Send>(
    handle: &Handle,
    rows: Box<dyn Iterator<Item = R> + Send + '_>,
) -> Result<()> {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let transaction = handle.transaction()?;
    match transaction.connection().await {
        Connection::Sqlite(mut connection) => sqlite::insert(&mut connection, transaction, rows).await,
        Connection::Postgres(mut session) => postgres::copy(&mut session.connection, transaction, rows).await,
    }
}

/// A table and its columns, as a statement names them.
fn table_and_columns<R: Row>() -> String {
    let names = ColumnOf::<R>::iter().map(|column| format!("\"{}\"", column.as_str()));
    let names: Vec<String> = names.collect();
    format!("\"{}\" ({})", R::Entity::default().table_name(), names.join(", "))
}
