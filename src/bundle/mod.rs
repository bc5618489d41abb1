//! The bundle format: one community with its whole graph, as YAML or JSON.
//!
//! Reading happens in two steps that know nothing of each other: a reader makes a tree of
//! [`Node`](crate::domain::node::Node)s out of the text, and [`check`] makes typed content out of the
//! tree, with every problem of the body. [`Writer`] turns the content into YAML again, so that reading
//! it back gives the same content and writing that the same bytes.
//!
//! Pure: no `async`, no input or output; of this crate it knows `domain` alone.

mod check;
mod flow;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod keys;
mod model;
mod path;
mod quote;
mod read_json;
mod read_lines;
mod read_yaml;
mod schema;
mod split;
mod tree;
mod write;

#[cfg(test)]
mod tests;

pub use check::{
    Header, check, check_area, check_area_key, check_asset, check_delivery_point, check_header, check_member,
    check_one_operator, check_operators, check_topology_node, check_yaml,
};
pub use keys::LATEST_SCHEMA_VERSION;
pub use model::{
    BundledDid, CheckedBody, CheckedDocument, Finding, Held, Problem, ReadDocument, Unreadable, Warning,
};
pub use read_json::{JsonBody, JsonUnreadable, read_json};
pub use read_yaml::read_yaml;
pub use schema::json_schema;
pub use write::{Writer, schema_version};
