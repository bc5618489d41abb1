//! What both doors share: who is calling, the request's id, its limits, and the one table that turns an
//! error into an answer.

mod body;
mod caller;
mod client_address;
mod cors;
mod descriptors;
mod entity_tag;
mod export;
mod layers;
mod memory;
mod panic;
mod places;
pub mod problem;
mod request_id;
mod room;
mod safety;
mod server;
mod sockets;
mod state;
mod timeout;
mod trace;
mod trace_context;
mod trailing_slash;
mod turns;

pub use body::{drain, read_body, read_up_to};
pub use caller::{Bearer, bearer_token, verified};
pub use client_address::ClientAddress;
pub use descriptors::left_for_clients;
pub use entity_tag::with_entity_tags;
pub use export::Traces;
pub use layers::{Refused, Service, with_layers};
pub use problem::Problem;
pub use request_id::RequestId;
pub use server::serve;
pub use sockets::{Open, Sockets};
pub use state::AppState;

/// The route of GraphQL, which holds requests to its limits by itself and refuses them in its own words.
pub const GRAPHQL_PATH: &str = "/graphql";

#[cfg(test)]
mod tests;
