//! The tables of the registry as SeaORM entities: one file a table. No GraphQL, no REST, no rules.
//!
//! Text compares by its UTF-8 bytes on both databases. A column whose name ends in `_folded` holds the
//! case-folded form of the column before it; folding is done in Rust, so that both databases agree.
//! Times are microseconds since the Unix epoch, UTC. Free documents are compact JSON text in canonical
//! form, stored and sent as they are.

pub mod asset;
pub mod asset_measure;
pub mod audit_batch;
pub mod audit_mark;
pub mod audit_person;
pub mod audit_segment;
pub mod community;
pub mod delivery_point;
pub mod ended_holding;
pub mod holding;
pub mod kept_answer;
pub mod member;
pub mod revision;
pub mod revision_change;
pub mod search_text;
