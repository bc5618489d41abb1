//! What a community, a member, a delivery point and an asset are, and the rules that need neither
//! a database nor a network: identifiers, closed sets, grants, pages, cursors, filters, errors.
//!
//! Pure: no `async`, no input or output, and no knowledge of any other module of this crate.

pub mod asset;
pub mod audit;
pub mod change;
pub mod closed_set;
pub mod code;
pub mod columns;
pub mod community;
pub mod cursor;
pub mod delivery_point;
pub mod difference;
pub mod digest;
pub mod document;
pub mod error;
pub mod filter;
pub mod fold;
pub mod grant;
pub mod grid;
pub mod history;
pub mod identifier;
pub mod import;
pub mod member;
pub mod node;
pub mod numbering;
pub mod order;
pub mod page;
pub mod precondition;
pub mod retry;
pub mod search;
pub mod stats;
pub mod timestamp;
