//! The fields of one mapping of the format, taken out one by one; what is left is free data.

use super::findings::Findings;
use crate::bundle::keys;
use crate::bundle::path::{Path, shown};
use crate::domain::node::{Entries, Node};

/// A mapping whose fields are being taken. A `null` is the same as a key that is not there.
pub struct Fields<'p> {
    pub path: Path<'p>,
    entries: Entries,
}

impl<'p> Fields<'p> {
    /// The fields of a mapping; anything else is refused, `what` naming the mapping in the sentence.
    pub fn of(node: Node, path: Path<'p>, what: &str, findings: &mut Findings) -> Option<Self> {
        match node {
            Node::Map(mut entries) => {
                entries.retain(|(_, value)| *value != Node::Null);
                Some(Self { path, entries })
            }
            other => {
                findings.invalid(&path, || format!("{what} must be a mapping, not {}", other.kind()));
                None
            }
        }
    }

    pub fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.swap_remove(at).1)
    }

    /// A text of at most so many characters. Digits without quotes are text where text is asked for.
    pub fn text(&mut self, key: &str, chars: usize, findings: &mut Findings) -> Option<String> {
        let path = self.path;
        bounded_text(self.take(key)?, chars, &path.key(key), findings)
    }

    /// A text that must be there.
    pub fn required_text(&mut self, key: &str, chars: usize, findings: &mut Findings) -> Option<String> {
        match self.take(key) {
            Some(node) => bounded_text(node, chars, &self.path.key(key), findings),
            None => {
                findings.invalid(&self.path.key(key), || format!("`{key}` is required, a text"));
                None
            }
        }
    }

    /// An identifier that must be there and says something.
    pub fn required_id(&mut self, key: &str, chars: usize, findings: &mut Findings) -> Option<String> {
        let text = self.required_text(key, chars, findings)?;
        if text.trim().is_empty() {
            findings.invalid(&self.path.key(key), || format!("`{key}` must not be blank"));
            return None;
        }
        Some(text)
    }

    pub fn flag(&mut self, key: &str, findings: &mut Findings) -> Option<bool> {
        match self.take(key)? {
            Node::Bool(value) => Some(value),
            other => {
                let path = self.path.key(key);
                findings.invalid(&path, || format!("`{key}` must be true or false, not {}", other.kind()));
                None
            }
        }
    }

    pub fn list(&mut self, key: &str, findings: &mut Findings) -> Option<Vec<Node>> {
        match self.take(key)? {
            Node::List(items) => Some(items),
            other => {
                let path = self.path.key(key);
                findings.invalid(&path, || format!("`{key}` must be a list, not {}", other.kind()));
                None
            }
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &str, findings: &mut Findings) -> Option<Vec<String>> {
        let items = self.list(key, findings)?;
        let path = self.path.key(key);
        let texts = items
            .into_iter()
            .enumerate()
            .filter_map(|(index, item)| bounded_text(item, usize::MAX, &path.index(index), findings));
        Some(texts.collect())
    }

    /// The fields of a mapping below; the empty one where there is none.
    pub fn map(&mut self, key: &str, findings: &mut Findings) -> Entries {
        let Some(node) = self.take(key) else { return Entries::new() };
        let path = self.path.key(key);
        let what = format!("`{key}`");
        Fields::of(node, path, &what, findings).map(|fields| fields.entries).unwrap_or_default()
    }

    /// A free document whose documented fields are texts.
    pub fn document(&mut self, key: &str, texts: &[&str], findings: &mut Findings) -> Entries {
        let Some(node) = self.take(key) else { return Entries::new() };
        let path = self.path.key(key);
        let what = format!("`{key}`");
        let Some(fields) = Fields::of(node, path, &what, findings) else { return Entries::new() };
        fields.with_texts(texts, findings)
    }

    /// Everything, the documented fields as texts.
    pub fn with_texts(mut self, texts: &[&str], findings: &mut Findings) -> Entries {
        let mut known = Entries::new();
        for &key in texts {
            if let Some(text) = self.text(key, usize::MAX, findings) {
                known.push((key.into(), Node::text(text)));
            }
        }
        known.extend(self.rest(findings));
        known
    }

    /// What has not been taken.
    pub fn rest(self, findings: &mut Findings) -> Entries {
        free_keys(&self.entries, &self.path, findings);
        self.entries
    }
}

/// A text of at most so many characters; digits where the findings are not strict.
pub fn bounded_text(node: Node, chars: usize, path: &Path<'_>, findings: &mut Findings) -> Option<String> {
    let text = match node {
        Node::Text(text) => text,
        Node::Number(digits) if !findings.is_strict() => digits,
        Node::Bool(value) => {
            findings
                .invalid(path, || format!("must be a text; write \"{value}\" in quotes if that is meant"));
            return None;
        }
        other => {
            findings.invalid(path, || format!("must be a text, not {}", other.kind()));
            return None;
        }
    };
    if keys::fits(&text, chars) {
        return Some(text.into());
    }
    findings.invalid(path, || format!("has more than {chars} characters"));
    None
}

/// Keys of free data have a length, too.
pub fn free_keys(entries: &Entries, path: &Path<'_>, findings: &mut Findings) {
    for (key, value) in entries {
        let path = path.key(key);
        if !keys::fits(key, keys::NAME_CHARS) {
            findings.invalid(&path, || format!("a key has more than {} characters", keys::NAME_CHARS));
        }
        free_keys_within(value, &path, findings);
    }
}

pub fn free_keys_within(node: &Node, path: &Path<'_>, findings: &mut Findings) {
    match node {
        Node::Map(entries) => free_keys(entries, path, findings),
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                free_keys_within(item, &path.index(index), findings);
            }
        }
        _ => {}
    }
}

/// Refuses what no text of a document may hold: NUL anywhere, control characters in keys.
pub fn characters(node: &Node, path: &Path<'_>, findings: &mut Findings) {
    match node {
        Node::Text(text) => {
            if memchr::memchr(0, text.as_bytes()).is_some() {
                findings.invalid(path, || "holds a NUL character".to_owned());
            }
        }
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                characters(item, &path.index(index), findings);
            }
        }
        Node::Map(entries) => {
            for (key, value) in entries {
                key_characters(key, &path.key(key), findings);
                characters(value, &path.key(key), findings);
            }
        }
        Node::Null | Node::Bool(_) | Node::Number(_) => {}
    }
}

/// Refuses what is no mapping where a request must have one.
pub fn strictly_mapping(node: &Node, path: &Path<'_>, findings: &mut Findings) {
    if findings.is_strict() && !matches!(node, Node::Map(_)) {
        findings.invalid(path, || format!("must be a mapping, not {}", node.kind()));
    }
}

/// Refuses a key with a control character.
pub fn key_characters(key: &str, path: &Path<'_>, findings: &mut Findings) {
    // Keys are ASCII nearly always, and every one of a body is asked.
    let may_have = key.bytes().any(|byte| !matches!(byte, b' '..=b'~'));
    if may_have && key.chars().any(char::is_control) {
        findings
            .invalid(path, || format!("the key `{}` has a control character", shown(key).escape_default()));
    }
}

/// A mapping by key or a list of mappings that carry their `key`: the two spellings of a collection.
/// Hands on each element with its key, and its place in a list where it has none.
pub fn keyed(
    collection: Node,
    path: &Path<'_>,
    what: &str,
    findings: &mut Findings,
    mut each: impl FnMut(String, Node, &mut Findings),
) {
    match collection {
        Node::Map(entries) => {
            for (key, mut node) in entries {
                if let Node::Map(fields) = &mut node {
                    let inner = fields.iter().position(|(name, _)| name == "key");
                    let inner = inner.map(|at| fields.remove(at).1).filter(|inner| *inner != Node::Null);
                    let is_same = match &inner {
                        None => true,
                        Some(Node::Text(text) | Node::Number(text)) => *text == key,
                        Some(_) => false,
                    };
                    if !is_same {
                        findings.invalid(&path.key(&key).key("key"), || {
                            format!(
                                "`key` must be `{}`, the key it stands under, or be left out",
                                shown(&key)
                            )
                        });
                    }
                }
                each(key.into(), node, findings);
            }
        }
        Node::List(items) => {
            for (index, mut node) in items.into_iter().enumerate() {
                let path = path.index(index);
                let Node::Map(fields) = &mut node else {
                    findings.invalid(&path, || format!("{what} must be a mapping, not {}", node.kind()));
                    continue;
                };
                let at = fields.iter().position(|(name, value)| name == "key" && *value != Node::Null);
                let Some(at) = at else {
                    findings.invalid(&path.key("key"), || format!("`key` is required in {what} of a list"));
                    continue;
                };
                let key = fields.remove(at).1;
                if let Some(key) = bounded_text(key, usize::MAX, &path.key("key"), findings) {
                    key_characters(&key, &path.key("key"), findings);
                    each(key, node, findings);
                }
            }
        }
        other => {
            findings.invalid(path, || {
                format!("must be a mapping by key or a list of mappings with `key`, not {}", other.kind())
            });
        }
    }
}
