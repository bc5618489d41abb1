//! Use cases: authorise, validate, one transaction, a domain value. Both doors ask these functions and
//! nothing else; a rule that stands in a door is in the wrong place.

pub mod asset;
pub mod audit;
pub mod change;
pub mod check;
pub mod community;
mod context;
pub mod delivery_point;
pub mod deployment;
pub mod export;
mod failure;
pub mod history;
pub mod import;
pub mod lookup;
pub mod member;
mod memory;
pub mod person;
mod places;
mod rates;
mod registry;
mod row;
pub mod search;
pub mod self_service;
pub mod stats;
pub mod write;

pub use context::{Caller, Ctx};
pub use memory::{Answer, Asking, Question, What, Witness};
pub use places::{Place, PlaceSettings, Places};
pub use rates::{Rate, RateSettings, Rates};
pub use registry::Registry;

/// The version of this program, and so of what it offers.
pub const API_VERSION: &str = env!("CARGO_PKG_VERSION");
pub use crate::bundle::LATEST_SCHEMA_VERSION as SCHEMA_VERSION;
pub use crate::bundle::json_schema as bundle_schema;

pub use crate::store::{DatabaseSettings, ListArgs, OnStatement};

/// What a use case gives: a value, or why there is none.
pub type Result<T> = std::result::Result<T, crate::domain::error::Error>;
