//! The registry of renewable energy communities.

pub mod auth;
pub mod bundle;
pub mod cli;
pub mod domain;
pub mod service;
pub mod store;
