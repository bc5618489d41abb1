//! The registry of renewable energy communities: who is in a community, where they are connected to the
//! grid, what they own.
//!
//! Two thin doors over one set of services: `cli → app → {graphql, rest} → service → {store, auth, bundle,
//! domain}`.

pub mod app;
pub mod auth;
pub mod bundle;
pub mod cli;
pub mod config;
pub mod domain;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod graphql;
pub mod http;
pub mod metrics;
pub mod rest;
pub mod service;
pub mod store;
