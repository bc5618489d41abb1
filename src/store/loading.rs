//! A large import: indexes and keys are made anew from all rows at once, sorted, instead of being kept up row by row in an order
//! that is none of theirs, and foreign keys are checked once. On SQLite pages go from the log into the file when the import is
//! answered.
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

/// The same while rows are appended to tables that have no index but their keys. What a statement changed is written out by the
/// next ones, and of each such page SQLite keeps a copy in case that they fail: with little memory most pages go as they come,
/// within the statement that made them.
const KIBIBYTES_OF_ROWS: u64 = 1024;

/// How each index is made again, how it is dropped, whether what is to be cleared is found by it (a community's members, and what falls
/// with a member), and whether it is of a table of what is derived. Those of the tables' own keys have no text.
const SQLITE_INDEXES: &str = "SELECT sql AS again, 'DROP INDEX \"' || name || '\"' AS away, \
    name IN ('member_community_key', 'delivery_point_member_code', 'asset_of_member_by_key') AS clears, FALSE AS derived FROM sqlite_schema \
    WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('member', 'delivery_point', 'asset', 'asset_measure')";

/// The number that the newest row has: there are no more than this.
const SQLITE_ROWS: &str = "SELECT COALESCE(MAX(rowid), 0) AS stored FROM asset";

/// Where the database is; empty for one in memory.
const SQLITE_FILE: &str = "SELECT COALESCE(file, '') AS file FROM pragma_database_list WHERE name = 'main'";

/// The same of whatever rows are looked up or kept apart with, in the order in which it is made again: primary keys before the
/// foreign keys that lean on them. Nothing is cleared here.
const POSTGRES_INDEXES: &str = "WITH filled(id) AS (SELECT unnest(ARRAY['member'::regclass, 'delivery_point'::regclass, \
    'asset'::regclass, 'asset_measure'::regclass, 'holding'::regclass, 'search_text'::regclass])) \
    SELECT pg_get_indexdef(indexrelid) AS again, format('DROP INDEX %s', indexrelid::regclass) AS away, \
    FALSE AS clears, indrelid IN ('holding'::regclass, 'search_text'::regclass) AS derived, 1 AS turn \
    FROM pg_index JOIN filled ON indrelid = filled.id \
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')) \
    UNION ALL SELECT \
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)), \
    format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), \
    FALSE, conrelid IN ('holding'::regclass, 'search_text'::regclass), CASE contype WHEN 'f' THEN 3 ELSE 2 END \
    FROM pg_constraint JOIN filled ON conrelid = filled.id WHERE contype IN ('p', 'u', 'f') ORDER BY turn";

/// One when there is a community.
const POSTGRES_ROWS: &str = "SELECT COUNT(*) AS stored FROM (SELECT 1 FROM community LIMIT 1) AS one";

/// What is gone until the rows are there.
#[derive(Default)]
pub(super) struct Loading {
    /// The statements that make it again, of the tables of members, delivery points and assets.
    gone: Vec<String>,
    /// The same of the tables of what is derived from these: who holds what, and what is searched.
    gone_of_derived: Vec<String>,
    /// What is needed until everything is cleared that goes.
    clears: Vec<Taken>,
    /// Memory for SQLite's pages while indexes are made, in KiB; none where it is not for us to say.
    memory: Option<u64>,
}

/// Something that can be taken away: the statements that make it again and that take it away.
struct Taken {
    again: String,
    away: String,
}

impl Loading {
    /// Takes the indexes away before so many members, delivery points and assets are cleared or filled in, where that is worth it:
    /// where they are many, and more than what is there already and would be indexed once more. What goes is cleared by those few
    /// that are left; the entry of a row in each of the others would be looked for in an order that is none of theirs.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn begin(handle: &Handle, rows: u64) -> Result<Self> {
        let backend = handle.get_database_backend();
        let (stored, indexes) = match backend {
            DbBackend::Sqlite => (SQLITE_ROWS, SQLITE_INDEXES),
            _ => (POSTGRES_ROWS, POSTGRES_INDEXES),
        };
        if rows < MANY_ROWS {
            return Ok(Self::default());
        }
        let mut loading = Self::default();
        if backend == DbBackend::Sqlite && is_in_a_file(handle).await? {
            let memory = (rows / ROWS_A_KIBIBYTE).clamp(FEWEST_KIBIBYTES, MOST_KIBIBYTES);
            loading.memory = Some(memory);
            // Whoever commits next has the log copied, and here that is left to the survey behind the answer. Neither
            // setting is for anybody else.
            handle.use_up_connection();
            keep(handle, memory).await?;
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
        let mut away = Vec::new();
        for row in handle.query_all_raw(Statement::from_string(backend, indexes)).await? {
            let taken = Taken { again: row.try_get("", "again")?, away: row.try_get("", "away")? };
            if row.try_get("", "clears")? {
                loading.clears.push(taken);
                continue;
            }
            away.push(taken.away);
            match row.try_get("", "derived")? {
                true => loading.gone_of_derived.push(taken.again),
                false => loading.gone.push(taken.again),
            }
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
        Ok(loading)
    }

    /// Takes away what was left for the clearing.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn cleared(&mut self, handle: &Handle) -> Result<()> {
        for Taken { again, away } in self.clears.drain(..) {
            handle.execute_unprepared(&away).await?;
            self.gone.push(again);
        }
        match self.memory {
            Some(_) if !self.gone.is_empty() => keep(handle, KIBIBYTES_OF_ROWS).await,
            _ => Ok(()),
        }
    }

    /// Makes again what was taken away from members, delivery points and assets, when all of them are there.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn filled(&mut self, handle: &Handle) -> Result<()> {
        if let Some(memory) = self.memory {
            keep(handle, memory).await?;
        }
        make(handle, self.gone.drain(..)).await
    }

    /// Makes again whatever is still away.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn end(mut self, handle: &Handle) -> Result<()> {
        self.filled(handle).await?;
        make(handle, self.gone_of_derived.into_iter()).await
    }
}

/// Sets the memory for SQLite's pages.
async fn keep(handle: &Handle, kibibytes: u64) -> Result<()> {
    handle.execute_unprepared(&format!("PRAGMA cache_size = -{kibibytes}")).await?;
    Ok(())
}

async fn make(handle: &Handle, statements: impl Iterator<Item = String>) -> Result<()> {
    for statement in statements {
        handle.execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Whether a SQLite database is in a file. One in memory is gone with its last connection, and has no log.
async fn is_in_a_file(handle: &Handle) -> Result<bool> {
    let file = handle.query_one_raw(Statement::from_string(DbBackend::Sqlite, SQLITE_FILE)).await?;
    Ok(file
        .map_or(Ok(String::new()), |row| row.try_get::<String>("", "file"))
        .is_ok_and(|file| !file.is_empty()))
}

/// Takes away all or nothing, the last made first. Nothing where somebody uses one of the tables, for whoever waited for them
/// would keep everybody else waiting as well; where the tables belong to another role; and where something that is not the
/// registry's leans on them.
fn unless_in_use(away: &[String]) -> String {
    let away: Vec<&str> = away.iter().rev().map(String::as_str).collect();
    format!(
        "DO $$ BEGIN LOCK TABLE community, member, delivery_point, asset, asset_measure, holding, search_text \
         IN ACCESS EXCLUSIVE MODE NOWAIT; {}; \
         EXCEPTION WHEN lock_not_available OR insufficient_privilege OR dependent_objects_still_exist THEN NULL; END $$",
        away.join("; ")
    )
}
