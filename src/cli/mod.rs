//! The command line: one file a subcommand.

pub mod export;
pub mod import;
pub mod list;
pub mod lock;
pub mod lookup;
pub mod migrate;
mod report;
mod target;
pub mod token;
pub mod tree;
