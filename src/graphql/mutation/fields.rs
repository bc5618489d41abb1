//! What a mutation is given, in the words of a bundle, which the services read.

use crate::domain::closed_set::ClosedSet;
use crate::domain::error::Error;
use crate::domain::node::{Entries, Node};
use crate::domain::precondition::Seen;
use crate::graphql::scalar::Json;

/// The fields of a body. What is not given is not there.
#[derive(Default)]
pub struct Fields(Entries);

impl Fields {
    /// Adds a text.
    pub fn text(mut self, key: &str, text: impl Into<Option<String>>) -> Self {
        self.0.extend(text.into().map(|text| (key.into(), Node::text(text))));
        self
    }

    /// Adds a word of a closed set.
    pub fn word<W: ClosedSet>(self, key: &str, word: Option<impl Into<W>>) -> Self {
        self.text(key, word.map(|word| word.into().as_str().to_owned()))
    }

    /// Adds a truth value.
    pub fn flag(mut self, key: &str, flag: Option<bool>) -> Self {
        self.0.extend(flag.map(|flag| (key.into(), Node::Bool(flag))));
        self
    }

    /// Adds a list of texts.
    pub fn texts(self, key: &str, texts: Option<Vec<String>>) -> Self {
        self.node(key, texts.map(|texts| Node::List(texts.into_iter().map(Node::text).collect())))
    }

    /// Adds anything.
    pub fn node(mut self, key: &str, node: impl Into<Option<Node>>) -> Self {
        self.0.extend(node.into().map(|node| (key.into(), node)));
        self
    }

    /// Adds free data.
    ///
    /// # Errors
    /// When it is nested too deep.
    pub fn json(self, key: &str, json: Option<Json>) -> Result<Self, Error> {
        let node = json.map(|json| read(key, json)).transpose()?;
        Ok(self.node(key, node))
    }

    /// Adds the entries of free data beside the fields, where a bundle has them.
    ///
    /// # Errors
    /// When it is no object, is nested too deep, or names a field that has an argument of its own.
    pub fn beside(mut self, field: &'static str, json: Option<Json>, known: &[&str]) -> Result<Self, Error> {
        self.0.extend(others(field, json, known)?.unwrap_or_default());
        Ok(self)
    }

    /// Adds the same as a field of its own, where a REST body has it.
    ///
    /// # Errors
    /// When it is no object, is nested too deep, or names a field that has an argument of its own.
    pub fn within(self, field: &'static str, json: Option<Json>, known: &[&str]) -> Result<Self, Error> {
        let entries = others(field, json, known)?;
        Ok(self.node(field, entries.map(Node::Map)))
    }

    /// The body.
    pub fn into_node(self) -> Node {
        Node::Map(self.0)
    }
}

/// The entries of an object that names nothing that has an argument of its own.
fn others(field: &'static str, json: Option<Json>, known: &[&str]) -> Result<Option<Entries>, Error> {
    let refused = |message: &str| Error::invalid("extra", &["input", field], message, None);
    match json.map(|json| read(field, json)).transpose()? {
        None | Some(Node::Null) => Ok(None),
        Some(Node::Map(entries)) => match entries.iter().find(|(key, _)| known.contains(&key.as_str())) {
            Some((key, _)) => Err(refused(&format!("`{key}` has a field of its own"))),
            None => Ok(Some(entries)),
        },
        Some(_) => Err(refused("an object")),
    }
}

fn read(field: &str, json: Json) -> Result<Node, Error> {
    let refused = |rule, message| Error::invalid(rule, &["input", field], message, None);
    let read = Node::from_json(json.into_string().as_bytes());
    let read = read.map_err(|error| refused("json_invalid", error.to_string()))?;
    match read.duplicate_keys.first() {
        Some(path) => Err(refused("duplicate_key", format!("`{path}` stands there twice"))),
        None => Ok(read.node),
    }
}

/// What the caller has seen.
pub fn seen(expected_version: Option<i64>) -> Seen {
    expected_version.map_or(Seen::Unsaid, Seen::Version)
}
