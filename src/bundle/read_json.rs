//! A JSON body: a bundle itself, or an envelope `{bundle, dry_run, force}` around it.

use super::model::{Problem, ReadDocument};
use crate::domain::code::Code;
use crate::domain::error::FieldError;
use crate::domain::node::{JsonError, Node};

/// A JSON body as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonBody {
    /// The one bundle of the body.
    pub document: ReadDocument,
    /// What the envelope says of a dry run; none where it says nothing.
    pub dry_run: Option<bool>,
    /// What the envelope says of `force`; none where it says nothing.
    pub force: Option<bool>,
}

/// Why a JSON body cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonUnreadable {
    /// It is not JSON, with line and column, or nested too deep.
    Syntax(JsonError),
    /// The envelope's own fields have the wrong type.
    Envelope(Vec<FieldError>),
}

/// Reads a JSON body.
///
/// A mapping with `bundle` and without `community` is an envelope.
///
/// # Errors
/// When the body is not JSON, or an option of the envelope is not a boolean.
pub fn read_json(body: &[u8]) -> Result<JsonBody, JsonUnreadable> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let read = Node::from_json(body).map_err(JsonUnreadable::Syntax)?;
    let is_envelope = read.node.get("bundle").is_some() && read.node.get("community").is_none();
    let (node, dry_run, force) = match read.node {
        Node::Map(mut entries) if is_envelope => {
            let mut take = |key: &str| {
                let at = entries.iter().position(|(name, _)| name == key)?;
                Some(entries.swap_remove(at).1)
            };
            let mut wrong = Vec::new();
            let dry_run = option("dry_run", take("dry_run"), &mut wrong);
            let force = option("force", take("force"), &mut wrong);
            if !wrong.is_empty() {
                return Err(JsonUnreadable::Envelope(wrong));
            }
            (take("bundle").unwrap_or_default(), dry_run, force)
        }
        node => (node, None, None),
    };
    let problems = read.duplicate_keys.into_iter().map(|path| {
        let path = match path.strip_prefix("bundle.") {
            Some(inner) if is_envelope => inner.to_owned(),
            _ => path,
        };
        Problem {
            code: Code::DuplicateKey,
            detail: "The same key stands twice in one mapping".to_owned(),
            path,
        }
    });
    Ok(JsonBody { document: ReadDocument { node, problems: problems.collect() }, dry_run, force })
}

fn option(name: &'static str, given: Option<Node>, wrong: &mut Vec<FieldError>) -> Option<bool> {
    match given? {
        Node::Null => None,
        Node::Bool(value) => Some(value),
        other => {
            wrong.push(FieldError {
                rule: "bool_type",
                location: vec!["body".to_owned(), name.to_owned()],
                message: format!("`{name}` must be true or false, not {}", other.kind()),
                input: Some(other.to_json()),
            });
            None
        }
    }
}
