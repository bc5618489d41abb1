//! Free data on its way out. It is JSON text already, so it is passed on as it is: numbers keep the
//! digits they came with.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::document::Document;
use crate::domain::node::{Entries, Node};

/// A JSON text that goes out as it is stored.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Free(Box<RawValue>);

/// Free values by key, in byte order of the keys.
pub type FreeMap = BTreeMap<String, Free>;

impl Free {
    /// Stored documents and nodes are written by this crate alone; a text that is not JSON all the same
    /// goes out as null rather than failing a request.
    fn from_json(json: String) -> Self {
        Self(RawValue::from_string(json).unwrap_or_default())
    }
}

impl From<Document> for Free {
    fn from(document: Document) -> Self {
        Self::from_json(document.into_string())
    }
}

impl From<Node> for Free {
    fn from(node: Node) -> Self {
        Self::from_json(node.to_json())
    }
}

/// The values of entries, each by its key.
#[must_use]
pub fn by_key(entries: Entries) -> FreeMap {
    entries.into_iter().map(|(key, node)| (key, Free::from(node))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let document = Document::from_stored(r#"{"a":1.50,"b":12345678901234567890123}"#.into());
        let node = document.node();
        assert_eq!(serde_json::to_string(&Free::from(document)).unwrap(), node.to_json());
        assert_eq!(
            serde_json::to_string(&Free::from(node)).unwrap(),
            r#"{"a":1.50,"b":12345678901234567890123}"#
        );
    }
}
