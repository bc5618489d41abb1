//! How JSON becomes a tree: the digits of numbers and the order of keys are kept, and keys that stand twice are told.

use std::collections::HashSet;
use std::fmt::Write as _;

use jiter::{Jiter, JiterError, Peek};

use super::{Entries, MAX_DEPTH, Node, Text};

/// Most keys that stand twice that are remembered of one text, and most characters of a key that their
/// paths show: a short text must not buy a long answer.
const MAX_DUPLICATE_KEYS: usize = 1_000;
const MAX_SHOWN_CHARS: usize = 128;

/// Of so few keys it is faster to look at each than to look it up.
const FEW_KEYS: usize = 16;

/// Why a JSON text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong, in words.
    pub message: String,
    /// Whether it may be JSON, but nested deeper than is read.
    pub too_deep: bool,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// A JSON text as read, with the keys that stood twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText {
    /// The tree; of a key that stood twice the first value.
    pub node: Node,
    /// The path of every key that stood twice in one mapping, as many as are remembered.
    pub duplicate_keys: Vec<String>,
}

impl Node {
    /// Reads a JSON text that holds one value and nothing behind it.
    ///
    /// # Errors
    /// When the bytes are not JSON, not UTF-8, or nested deeper than [`MAX_DEPTH`].
    pub fn from_json(json: &[u8]) -> Result<JsonText, JsonError> {
        let mut reader = JsonReader { jiter: Jiter::new(json), path: Vec::new(), duplicate_keys: Vec::new() };
        let node = reader.document()?;
        Ok(JsonText { node, duplicate_keys: reader.duplicate_keys })
    }
}

/// JSON digits in the form of [`super::is_plain_number`]: `1E5` becomes `1.0e+5`, everything else stays.
fn plain_digits(digits: &str) -> Text {
    let Some(at) = digits.find(['e', 'E']) else { return digits.into() };
    let (mantissa, exponent) = digits.split_at(at);
    let exponent = exponent.trim_start_matches(['e', 'E']);
    let mut plain = Text::from(mantissa);
    if !plain.contains('.') {
        plain.push_str(".0");
    }
    plain.push('e');
    if !exponent.starts_with(['+', '-']) {
        plain.push('+');
    }
    plain.push_str(exponent);
    plain
}

/// The path of a key below a path: `members.au-1.role`, `topology[2].id`.
enum Step {
    Key(Text),
    Index(usize),
}

struct JsonReader<'j> {
    jiter: Jiter<'j>,
    path: Vec<Step>,
    duplicate_keys: Vec<String>,
}

impl JsonReader<'_> {
    fn document(&mut self) -> Result<Node, JsonError> {
        let peek = self.jiter.peek().map_err(|error| self.error(&error))?;
        let node = self.value(peek)?;
        self.jiter.finish().map_err(|error| self.error(&error))?;
        Ok(node)
    }

    fn value(&mut self, peek: Peek) -> Result<Node, JsonError> {
        if self.path.len() > MAX_DEPTH {
            return Err(self.too_deep());
        }
        if peek == Peek::Null {
            self.jiter.known_null().map_err(|error| self.error(&error))?;
            return Ok(Node::Null);
        }
        if peek == Peek::True || peek == Peek::False {
            return self.jiter.known_bool(peek).map(Node::Bool).map_err(|error| self.error(&error));
        }
        if peek == Peek::String {
            return match self.jiter.known_str() {
                Ok(text) => Ok(Node::Text(text.into())),
                Err(error) => Err(self.error(&error)),
            };
        }
        if peek == Peek::Array {
            return self.list();
        }
        if peek == Peek::Object {
            return self.map();
        }
        let digits = match self.jiter.known_number_bytes(peek) {
            Ok(bytes) => std::str::from_utf8(bytes).map(plain_digits).unwrap_or_default(),
            Err(error) => return Err(self.error(&error)),
        };
        Ok(Node::Number(digits))
    }

    fn list(&mut self) -> Result<Node, JsonError> {
        let mut items = Vec::new();
        let mut next = self.jiter.known_array().map_err(|error| self.error(&error))?;
        while let Some(peek) = next {
            self.path.push(Step::Index(items.len()));
            items.push(self.value(peek)?);
            self.path.pop();
            next = self.jiter.array_step().map_err(|error| self.error(&error))?;
        }
        Ok(Node::List(items))
    }

    fn map(&mut self) -> Result<Node, JsonError> {
        let mut entries = Entries::new();
        let mut seen = HashSet::new();
        let mut key = match self.jiter.known_object() {
            Ok(key) => key.map(Text::from),
            Err(error) => return Err(self.error(&error)),
        };
        while let Some(name) = key {
            self.path.push(Step::Key(name.clone()));
            let peek = self.jiter.peek().map_err(|error| self.error(&error))?;
            let value = self.value(peek)?;
            let is_new = if entries.len() < FEW_KEYS {
                entries.iter().all(|(known, _)| *known != name)
            } else {
                if seen.is_empty() {
                    seen.extend(entries.iter().map(|(known, _)| known.clone()));
                }
                seen.insert(name.clone())
            };
            if is_new {
                entries.push((name, value));
            } else if self.duplicate_keys.len() < MAX_DUPLICATE_KEYS {
                self.duplicate_keys.push(written(&self.path));
            }
            self.path.pop();
            key = match self.jiter.next_key() {
                Ok(key) => key.map(Text::from),
                Err(error) => return Err(self.error(&error)),
            };
        }
        Ok(Node::Map(entries))
    }

    fn error(&self, error: &JiterError) -> JsonError {
        let position = self.jiter.error_position(error.index);
        JsonError {
            line: position.line,
            column: position.column,
            message: error.error_type.to_string(),
            too_deep: false,
        }
    }

    fn too_deep(&self) -> JsonError {
        let position = self.jiter.current_position();
        JsonError {
            line: position.line,
            column: position.column,
            message: format!("nested deeper than {MAX_DEPTH} levels"),
            too_deep: true,
        }
    }
}

fn written(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.extend(key.chars().take(MAX_SHOWN_CHARS));
            }
            Step::Index(index) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "[{index}]");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_found_among_few_and_among_many() {
        for count in [1, FEW_KEYS - 1, FEW_KEYS, FEW_KEYS + 1, 3 * FEW_KEYS] {
            for twice in [0, count - 1] {
                let keys = (0..count).map(|number| format!("\"k{number}\": {number}"));
                let keys: Vec<String> = keys.chain([format!("\"k{twice}\": null")]).collect();
                let read = Node::from_json(format!("{{{}}}", keys.join(", ")).as_bytes()).expect("JSON");
                assert_eq!(read.duplicate_keys, [format!("k{twice}")], "{count} keys");
                assert_eq!(
                    read.node.get(&format!("k{twice}")),
                    Some(&Node::Number(twice.to_string().into()))
                );
            }
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_reported_with_its_path() {
        let read = Node::from_json(br#"{"a":[{"b":1,"b":2}],"a":3}"#).unwrap();
        assert_eq!(read.duplicate_keys, ["a[0].b", "a"]);
        assert_eq!(read.node.to_json(), r#"{"a":[{"b":1}]}"#);
    }

    #[test]
    fn numbers_keep_the_digits_they_came_with() {
        let text = r#"{"a":1.50,"b":12345678901234567890123,"c":1E5,"d":-0.0}"#;
        let read = Node::from_json(text.as_bytes()).unwrap();
        assert_eq!(read.node.to_json(), r#"{"a":1.50,"b":12345678901234567890123,"c":1.0e+5,"d":-0.0}"#);
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused() {
        let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Node::from_json(text.as_bytes()).unwrap_err().message.contains("64 levels"));
    }
}
