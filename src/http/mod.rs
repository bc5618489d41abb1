//! What both doors share: who is calling, the request's id, its limits, and the one table that turns an
//! error into an answer.

mod body;
mod caller;
mod cors;
mod entity_tag;
mod layers;
mod panic;
pub mod problem;
mod request_id;
mod state;
mod timeout;
mod trace;
mod trailing_slash;

pub use body::read_body;
pub use caller::Bearer;
pub use entity_tag::with_entity_tags;
pub use layers::with_layers;
pub use problem::Problem;
pub use request_id::RequestId;
pub use state::AppState;

#[cfg(test)]
mod tests;
