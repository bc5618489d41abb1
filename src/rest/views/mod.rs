//! What REST answers with: the exact fields of the contract, made from domain values. Objects, maps and
//! lists are never null; a nullable scalar is there as null.

pub mod asset;
pub mod audit;
pub mod community;
pub mod delivery_point;
pub mod difference;
pub mod free;
pub mod given;
pub mod history;
pub mod import;
pub mod lookup;
pub mod member;
pub mod page;
pub mod problem;
pub mod search;
pub mod stats;
pub mod user;
pub mod words;
pub mod write;
