//! Pages that a connection to SQLite keeps: as much of a file as leads to the rest of it. The system keeps pages as well, but to
//! ask it for one takes longer than to look through it.

use sea_orm::sqlx::{self, SqliteConnection};

/// In KiB: one of so many of the file, within bounds.
const FILE_A_KIBIBYTE: i64 = 1_024;
const FEWEST_KIBIBYTES: i64 = 500;
const MOST_KIBIBYTES: i64 = 8 * 1_024;

/// Lets a new connection to SQLite keep as many pages as suit the file.
pub(super) async fn keep(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let in_file = "SELECT page_count * page_size / 1024 FROM pragma_page_count(), pragma_page_size()";
    let in_file: i64 = sqlx::query_scalar(in_file).fetch_one(&mut *connection).await?;
    let keep = sqlx::AssertSqlSafe(format!("PRAGMA cache_size = -{}", kibibytes_kept(in_file)));
    sqlx::raw_sql(keep).execute(connection).await?;
    Ok(())
}

/// What a connection keeps of a file of so many KiB.
fn kibibytes_kept(in_file: i64) -> i64 {
    (in_file / FILE_A_KIBIBYTE).clamp(FEWEST_KIBIBYTES, MOST_KIBIBYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_keeps_more_pages_of_a_larger_file() {
        let files = [(0, 500), (76 * 1_024, 500), (5 * 1_024 * 1_024, 5 * 1_024), (i64::MAX, 8 * 1_024)];
        for (in_file, kept) in files {
            assert_eq!(kibibytes_kept(in_file), kept, "{in_file} KiB");
        }
    }
}
