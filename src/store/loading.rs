//! A large import: the indexes behind lists and lookups are made anew from all rows at once, sorted, instead of being kept up row
//! by row in an order that is none of theirs, and foreign keys are checked once. On SQLite pages stay in memory until the
//! commit, and go from the log into the file when the import is answered.
//!
//! Everything happens in the import's own transaction. On SQLite readers go on with what they see. PostgreSQL keeps them
//! out until the import is done, so there it is for a registry that is empty still, where there is nothing to be read, and for
//! tables that nobody uses at that moment.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Handle, Result};

/// From how many members, delivery points and assets on it is worth it.
const MANY_ROWS: u64 = 10_000;

/// Memory for SQLite's pages meanwhile, in KiB: about what the indexes take that stay, whose pages rows come to in any order.
const ROWS_A_KIBIBYTE: u64 = 8;
const FEWEST_KIBIBYTES: u64 = 4 * 1024;
const MOST_KIBIBYTES: u64 = 64 * 1024;

/// How each index is made that no rule of the model depends on, and how it is dropped.
const SQLITE_INDEXES: &str = "SELECT sql AS again, 'DROP INDEX \"' || name || '\"' AS away FROM sqlite_schema \
    WHERE type = 'index' AND sql LIKE 'CREATE INDEX %' AND tbl_name IN ('member', 'delivery_point', 'asset')";

/// The number that the newest row has: there are no more than this.
const SQLITE_ROWS: &str = "SELECT COALESCE(MAX(rowid), 0) AS stored FROM asset";

/// Where the database is; empty for one in memory.
const SQLITE_FILE: &str = "SELECT COALESCE(file, '') AS file FROM pragma_database_list WHERE name = 'main'";

/// The same with the foreign keys. Indexes first, since they come back in this order.
const POSTGRES_INDEXES: &str = "SELECT indexdef AS again, format('DROP INDEX %I', indexname) AS away, 1 AS turn \
    FROM pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE 'CREATE INDEX %' \
    AND tablename IN ('member', 'delivery_point', 'asset') \
    UNION ALL SELECT \
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)), \
    format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), 2 \
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND contype = 'f' \
    AND conrelid IN ('member'::regclass, 'delivery_point'::regclass, 'asset'::regclass) ORDER BY turn";

/// One when there is a community.
const POSTGRES_ROWS: &str = "SELECT COUNT(*) AS stored FROM (SELECT 1 FROM community LIMIT 1) AS one";

/// What is gone until the rows are there.
#[derive(Default)]
pub struct Loading {
    /// The statements that make it again.
    again: Vec<String>,
}

impl Loading {
    /// Takes the indexes away before so many members, delivery points and assets are filled in, where that is worth it: where
    /// they are many, and more than what is there already and would be indexed once more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(handle: &Handle, rows: u64) -> Result<Self> {
        let backend = handle.get_database_backend();
        let (stored, indexes) = match backend {
            DbBackend::Sqlite => (SQLITE_ROWS, SQLITE_INDEXES),
            _ => (POSTGRES_ROWS, POSTGRES_INDEXES),
        };
        if rows < MANY_ROWS {
            return Ok(Self::default());
        }
        if backend == DbBackend::Sqlite && is_in_a_file(handle).await? {
            let memory = (rows / ROWS_A_KIBIBYTE).clamp(FEWEST_KIBIBYTES, MOST_KIBIBYTES);
            // Whoever commits next has the log copied, and here that is left to the survey behind the answer. Neither
            // setting is for anybody else.
            handle.use_up_connection();
            handle.execute_unprepared(&format!("PRAGMA cache_size = -{memory}")).await?;
            handle.execute_unprepared("PRAGMA wal_autocheckpoint = 0").await?;
        }
        let stored = handle.query_one_raw(Statement::from_string(backend, stored)).await?;
        let stored: i64 = stored.map_or(Ok(0), |row| row.try_get("", "stored"))?;
        let is_much_there = match backend {
            DbBackend::Sqlite => stored.unsigned_abs() > rows,
            _ => stored > 0,
        };
        if is_much_there {
            return Ok(Self::default());
        }
        let (mut again, mut away) = (Vec::new(), Vec::new());
        for row in handle.query_all_raw(Statement::from_string(backend, indexes)).await? {
            again.push(row.try_get("", "again")?);
            away.push(row.try_get::<String>("", "away")?);
        }
        match backend {
            DbBackend::Sqlite => {
                for away in away {
                    handle.execute_unprepared(&away).await?;
                }
            }
            _ => {
                handle.execute_unprepared(&unless_in_use(&away)).await?;
                let left = handle.query_all_raw(Statement::from_string(backend, indexes)).await?;
                if !left.is_empty() {
                    return Ok(Self::default());
                }
            }
        }
        Ok(Self { again })
    }

    /// Makes again what was taken away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(self, handle: &Handle) -> Result<()> {
        for again in self.again {
            handle.execute_unprepared(&again).await?;
        }
        Ok(())
    }
}

/// Whether a SQLite database is in a file. One in memory is gone with its last connection, and has no log.
async fn is_in_a_file(handle: &Handle) -> Result<bool> {
    let file = handle.query_one_raw(Statement::from_string(DbBackend::Sqlite, SQLITE_FILE)).await?;
    Ok(file
        .map_or(Ok(String::new()), |row| row.try_get::<String>("", "file"))
        .is_ok_and(|file| !file.is_empty()))
}

/// Takes away all or, where somebody uses one of the tables, nothing: whoever waited for them would keep everybody else
/// waiting as well.
fn unless_in_use(away: &[String]) -> String {
    format!(
        "DO $$ BEGIN LOCK TABLE community, member, delivery_point, asset IN ACCESS EXCLUSIVE MODE NOWAIT; {}; \
         EXCEPTION WHEN lock_not_available THEN NULL; END $$",
        away.join("; ")
    )
}
