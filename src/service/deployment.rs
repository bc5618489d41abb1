//! What a registry stands on, as its operator may know it: the database itself, not what is in it. No caller comes
//! here; whoever has the URL of the database may do all of it anyway.

pub use crate::store::backup::{copy_sqlite, survey_postgres};
pub use crate::store::connections::of_postgres as postgres_pool;
pub use crate::store::examination::{
    Hearing, NoAnswer, PostgresState, SchemaState, SqliteState, postgres, sqlite,
};

/// The oldest PostgreSQL that is supported.
pub const OLDEST_POSTGRES: i32 = 14;
