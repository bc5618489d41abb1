//! A free document in its one canonical form: compact JSON text, the keys that the model documents in
//! their documented order and all others behind them in byte order. What is stored is what is sent.

use super::node::{Entries, Node};

/// A JSON text in canonical form. It is passed on as it is; it is parsed only where a field is needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Document(String);

impl Document {
    /// The empty mapping.
    #[must_use]
    pub fn empty() -> Self {
        Self("{}".to_owned())
    }

    /// A mapping, its `known` keys first in that order, the others behind them in byte order, nested
    /// free data in byte order.
    #[must_use]
    pub fn from_entries(entries: Entries, known: &[&str]) -> Self {
        Self(Node::Map(ordered(entries, known)).to_json())
    }

    /// A tree whose order is canonical already.
    #[must_use]
    pub fn from_canonical(node: &Node) -> Self {
        Self(node.to_json())
    }

    /// A text that was stored, and so is canonical.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The JSON text itself.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether it is the empty mapping or the empty list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == "{}" || self.0 == "[]"
    }

    /// The tree. Stored documents are written by this crate alone; one that is not JSON all the same
    /// reads as nothing rather than failing a request.
    #[must_use]
    pub fn node(&self) -> Node {
        Node::from_json(self.0.as_bytes()).map(|read| read.node).unwrap_or_default()
    }

    /// The entries of a document that is a mapping; none otherwise.
    #[must_use]
    pub fn entries(&self) -> Entries {
        match self.node() {
            Node::Map(entries) => entries,
            _ => Entries::new(),
        }
    }

    /// The elements of a document that is a list; none otherwise.
    #[must_use]
    pub fn items(&self) -> Vec<Node> {
        match self.node() {
            Node::List(items) => items,
            _ => Vec::new(),
        }
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::empty()
    }
}

/// Entries in canonical order: the known keys in the given order, the others behind them in byte order.
#[must_use]
pub fn ordered(entries: Entries, known: &[&str]) -> Entries {
    let mut entries: Entries = entries.into_iter().map(|(key, value)| (key, value.sorted())).collect();
    let rank = |key: &str| known.iter().position(|known| *known == key).unwrap_or(known.len());
    entries.sort_by(|a, b| rank(&a.0).cmp(&rank(&b.0)).then_with(|| a.0.cmp(&b.0)));
    entries
}
