//! Every check of a body that needs no registry: each document on its own, then what the documents say
//! of the same communities, people, sensors and delivery points.

mod area;
mod asset;
mod community;
mod cross;
mod delivery_point;
mod document;
mod fields;
mod findings;
mod member;
mod single;

use super::model::{CheckedBody, ReadDocument, Unreadable};
use super::{read_yaml, split};

pub use area::boundary_flaw;
pub use community::Header;
pub use single::{
    check_area, check_area_key, check_asset, check_delivery_point, check_header, check_member,
    check_one_operator, check_operators, check_topology_node,
};

/// Most refusals of one document and of one body that are spelled out; of the others the number is.
const MAX_REFUSALS: usize = 1_000;
const MAX_REFUSALS_OF_BODY: usize = 10_000;

/// Checks the documents of a body.
#[must_use]
pub fn check(documents: Vec<ReadDocument>) -> CheckedBody {
    let limit = refusals_of_each(documents.len());
    cross::joined(documents.into_iter().map(|document| document::check(document, limit)).collect())
}

/// Reads and checks a YAML body, its documents side by side, so that no more trees are in memory at a
/// time than are being checked.
///
/// # Errors
/// Those of [`read_yaml`](super::read_yaml()).
pub fn check_yaml(body: &[u8]) -> Result<CheckedBody, Unreadable> {
    let text = read_yaml::text_of(body)?;
    let pieces = split::pieces(text);
    let limit = refusals_of_each(pieces.len());
    split::documents(text, &pieces, |read| document::check(read, limit)).map(cross::joined)
}

fn refusals_of_each(documents: usize) -> usize {
    (10 * MAX_REFUSALS_OF_BODY / documents.max(1)).clamp(10, MAX_REFUSALS)
}
