//! SQL through SeaORM: scoped selects, keyset pages, batches, the write transaction. Rows go out as
//! domain values; nothing of the database's own words leaves this module.

mod areas;
mod asset_cells;
pub mod assets;
pub mod audit;
pub mod backup;
mod bulk;
mod cells;
mod changes;
pub mod communities;
mod condition;
mod connection;
pub mod connections;
pub mod delivery_points;
pub mod duplicates;
mod error;
pub mod examination;
pub mod graphs;
mod handle;
pub mod history;
pub mod holdings;
pub mod kept_answers;
mod keyset;
mod loading;
pub mod members;
pub mod plan;
mod record;
mod renewal;
mod scope;
pub mod search;
mod set;
mod snapshot;
pub mod stats;
mod table;
mod transaction;
mod trouble;

#[cfg(test)]
mod tests;

pub use changes::{Lagged, Moment, Watcher};
pub use connection::{Claim, DatabaseSettings, OnStatement, PoolUse, Store, WriteConflict};
pub use error::StoreError;
pub use handle::Handle;
pub use keyset::ListArgs;
pub use scope::Scope;
pub use table::Among;

/// What a statement gives: a value, or why there is none.
pub type Result<T> = std::result::Result<T, StoreError>;
