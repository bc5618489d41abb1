//! The GraphQL door: types, queries, mutations and subscriptions over the services, the limits that guard
//! them, and how they are spoken over HTTP and over WebSockets.

mod batch;
mod columns;
mod connection;
mod documents;
mod door;
mod enums;
mod error;
mod filter;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod http;
mod id;
mod limits;
mod loaders;
mod mutation;
mod options;
mod order;
mod outline;
mod playground;
mod query;
mod request;
mod response;
mod scalar;
mod schema;
mod scope;
mod subscription;
mod types;
mod ws;

pub use http::router;
pub use options::Options;
pub use schema::sdl;
