//! `COPY … FROM STDIN` in PostgreSQL's binary format: nothing is planned, nothing parsed, and one end writes while the other reads.
//! <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4>

use sea_orm::Iterable as _;
use sea_orm::sqlx::PgConnection;

use super::{Cell, ColumnOf, Row, table_and_columns};
use crate::store::transaction::{Transaction, failed};
use crate::store::{Result, StoreError};

/// What the data begin with: the format's name, no flags, no more of a header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What stands in place of another row behind the last one, and in place of the length of a value that is not there.
const LAST: [u8; 2] = (-1_i16).to_be_bytes();
const ABSENT: [u8; 4] = (-1_i32).to_be_bytes();

/// Bytes that are sent at once, which the system takes without anybody waiting: the next are made while PostgreSQL reads them.
const CHUNK: usize = 64 * 1024;

/// Copies rows into their table.
pub(super) async fn copy<R: Row + Send>(
    connection: &mut PgConnection,
    transaction: &Transaction,
    rows: impl Iterator<Item = R> + Send,
) -> Result<()> {
    let sql = format!("COPY {} FROM STDIN (FORMAT binary)", table_and_columns::<R>());
    transaction.sends(&sql);
    let columns: Vec<ColumnOf<R>> = ColumnOf::<R>::iter().collect();
    let count = i16::try_from(columns.len()).map_err(|_| too_much())?.to_be_bytes();
    let mut copy = connection.copy_in_raw(&sql).await.map_err(failed)?;
    let mut chunk = Vec::with_capacity(2 * CHUNK);
    chunk.extend(HEADER);
    for row in rows {
        chunk.extend(count);
        for column in &columns {
            write(&mut chunk, row.cell(*column))?;
        }
        if chunk.len() >= CHUNK {
            copy.send(chunk.as_slice()).await.map_err(failed)?;
            chunk.clear();
        }
    }
    chunk.extend(LAST);
    copy.send(chunk.as_slice()).await.map_err(failed)?;
    copy.finish().await.map_err(failed)?;
    Ok(())
}

/// Writes a value behind its length.
fn write(chunk: &mut Vec<u8>, cell: Cell<'_>) -> Result<()> {
    match cell {
        Cell::Text(text) => put(chunk, text.as_bytes()),
        Cell::Number(number) => put(chunk, &number.to_be_bytes()),
        Cell::Id(id) => put(chunk, id.as_bytes()),
        Cell::Flag(flag) => put(chunk, &[flag.into()]),
        Cell::Absent => {
            chunk.extend(ABSENT);
            Ok(())
        }
        Cell::Foreign(array_type) => Err(Cell::no_such_type(&array_type)),
    }
}

fn put(chunk: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    chunk.extend(i32::try_from(bytes.len()).map_err(|_| too_much())?.to_be_bytes());
    chunk.extend(bytes);
    Ok(())
}

fn too_much() -> StoreError {
    StoreError::Database("a row is larger than the format can say".to_owned())
}
