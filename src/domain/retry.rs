//! Requests that carry a key of their own, so that asking again gives the first answer and changes nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// How long an answer is kept, in microseconds: 24 hours.
pub const KEPT_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// Under which key an answer is kept, and for which request. Both are digests: neither who asked nor what
/// was asked can be read from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Who asked, of which route, under which key.
    pub id: String,
    /// What was asked.
    pub request: String,
}

/// An answer as it went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The entity tag.
    pub entity_tag: Option<String>,
    /// The body, JSON.
    pub body: String,
}

impl RequestKey {
    /// The key that a subject gave with a request of a route: its path, its query and its body.
    #[must_use]
    pub fn new(subject: &str, route: &str, key: &str, request: &[&[u8]]) -> Self {
        let id = digest([subject, route, key].map(str::as_bytes));
        Self { id, request: digest(request.iter().copied()) }
    }
}

/// A digest of parts, none of which can pass for a piece of another.
fn digest<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_one_subject_and_one_route() {
        let key = |subject, route, key| RequestKey::new(subject, route, key, &[b"body"]).id;
        assert_eq!(key("a", "b", "c"), key("a", "b", "c"));
        let others = [key("ab", "", "c"), key("a", "bc", ""), key("x", "b", "c"), key("a", "b", "d")];
        assert!(others.iter().all(|other| *other != key("a", "b", "c")));
    }
}
