//! A tree of free data: what a YAML or JSON text says, before or beside any meaning. Numbers keep the
//! digits they came with and mappings keep their order, so that nothing is lost between reading and
//! writing.

use std::collections::HashSet;
use std::fmt::Write as _;

use compact_str::CompactString;
use jiter::{Jiter, JiterError, Peek};

/// A key, the digits of a number or a text of free data. Most are short, and then have no memory of their own.
pub type Text = CompactString;

/// One node of free data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Node {
    /// Nothing.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as its JSON digits.
    Number(Text),
    /// A text.
    Text(Text),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order it came; no key stands twice.
    Map(Entries),
}

/// The entries of a mapping, in order.
pub type Entries = Vec<(Text, Node)>;

/// Deepest nesting that is read, in levels. Enough for GeoJSON inside a bundle many times over.
pub const MAX_DEPTH: usize = 64;

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
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// Reads a JSON text that holds one value and nothing behind it.
    ///
    /// # Errors
    /// When the bytes are not JSON, not UTF-8, or nested deeper than [`MAX_DEPTH`].
    pub fn from_json(json: &[u8]) -> Result<JsonText, JsonError> {
        let mut reader = JsonReader { jiter: Jiter::new(json), path: Vec::new(), duplicate_keys: Vec::new() };
        let node = reader.document()?;
        Ok(JsonText { node, duplicate_keys: reader.duplicate_keys })
    }

    /// The value of a key, when this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text, when this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, when this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number as a float, when this is a finite one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(digits) => digits.parse().ok().filter(|value: &f64| value.is_finite()),
            _ => None,
        }
    }

    /// The elements, when this is a sequence.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Node]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, when this is a mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&[(Text, Node)]> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// How many levels of sequences and mappings stand one in the other.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(entries) => 1 + entries.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// What kind of node this is, in a sentence: `a text`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }

    /// Appends the node as compact JSON, numbers with their own digits, mappings in their own order.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::Text(text) => write_json_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_json_text(key, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }

    /// The node as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.json_bytes());
        self.write_json(&mut out);
        out
    }

    /// How long the JSON is when none of its texts has anything to escape.
    fn json_bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bool(true) => 4,
            Self::Bool(false) => 5,
            Self::Number(digits) => digits.len(),
            Self::Text(text) => text.len() + 2,
            // What begins and ends it, and a comma behind all but the last: one too many where there is none.
            Self::List(items) => items.iter().map(|item| item.json_bytes() + 1).sum::<usize>() + 2,
            Self::Map(entries) => {
                entries.iter().map(|(key, value)| key.len() + value.json_bytes() + 4).sum::<usize>() + 2
            }
        }
    }

    /// The same tree with the keys of every mapping in byte order: the canonical form of data whose
    /// keys no schema orders.
    #[must_use]
    pub fn sorted(self) -> Self {
        match self {
            Self::List(items) => Self::List(items.into_iter().map(Self::sorted).collect()),
            Self::Map(entries) => {
                let mut entries: Entries =
                    entries.into_iter().map(|(key, value)| (key, value.sorted())).collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                Self::Map(entries)
            }
            other => other,
        }
    }
}

/// Whether digits follow the grammar of JSON numbers in the form that YAML 1.1 and YAML 1.2 both take
/// for a number: no leading zero, no leading plus, an exponent only behind a fraction and with a sign.
#[must_use]
pub fn is_plain_number(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let integer_len = rest.bytes().take_while(u8::is_ascii_digit).count();
    if integer_len == 0 || (integer_len > 1 && rest.starts_with('0')) {
        return false;
    }
    let Some(rest) = rest.get(integer_len..).filter(|rest| !rest.is_empty()) else { return true };
    let Some(rest) = rest.strip_prefix('.') else { return false };
    let fraction_len = rest.bytes().take_while(u8::is_ascii_digit).count();
    if fraction_len == 0 {
        return false;
    }
    let Some(rest) = rest.get(fraction_len..).filter(|rest| !rest.is_empty()) else { return true };
    let Some(exponent) = rest.strip_prefix("e+").or_else(|| rest.strip_prefix("e-")) else { return false };
    !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit())
}

/// JSON digits in the form of [`is_plain_number`]: `1E5` becomes `1.0e+5`, everything else stays.
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

fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    // Nearly all are, and the question is put to many bytes at once as long as no answer ends it.
    let is_clean =
        text.bytes().fold(true, |clean, byte| clean & (byte >= b' ') & (byte != b'"') & (byte != b'\\'));
    if is_clean {
        out.push_str(text);
    } else {
        write_escaped(text, out);
    }
    out.push('"');
}

fn write_escaped(text: &str, out: &mut String) {
    let mut clean_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[clean_from..at]);
        if escape.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        clean_from = at + 1;
    }
    out.push_str(&text[clean_from..]);
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
    fn json_has_the_room_that_it_needs() {
        let text = r#"{"a":[1.50,null,true,false],"b":{"c":"x y"},"d":[],"e":{}}"#;
        let node = Node::from_json(text.as_bytes()).expect("JSON").node;
        assert_eq!(node.to_json(), text);
        assert!((text.len()..=text.len() + 4).contains(&node.json_bytes()), "one comma too many for each");
        let escaped = Node::text("\"\\ \n\u{1}ü");
        assert_eq!(escaped.to_json(), r#""\"\\ \n\u0001ü""#);
    }

    #[test]
    fn numbers_keep_the_digits_they_came_with() {
        let text = r#"{"a":1.50,"b":12345678901234567890123,"c":1E5,"d":-0.0}"#;
        let read = Node::from_json(text.as_bytes()).unwrap();
        assert_eq!(read.node.to_json(), r#"{"a":1.50,"b":12345678901234567890123,"c":1.0e+5,"d":-0.0}"#);
    }

    #[test]
    fn a_key_that_stands_twice_is_reported_with_its_path() {
        let read = Node::from_json(br#"{"a":[{"b":1,"b":2}],"a":3}"#).unwrap();
        assert_eq!(read.duplicate_keys, ["a[0].b", "a"]);
        assert_eq!(read.node.to_json(), r#"{"a":[{"b":1}]}"#);
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused() {
        let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Node::from_json(text.as_bytes()).unwrap_err().message.contains("64 levels"));
    }

    #[test]
    fn control_characters_survive_a_round_trip() {
        let node = Node::Text("a\u{1}\n\"\\\u{7f}é".into());
        assert_eq!(Node::from_json(node.to_json().as_bytes()).unwrap().node, node);
    }

    #[test]
    fn only_numbers_that_both_yaml_versions_agree_on_are_plain() {
        for text in ["0", "-1", "5.94", "12345678901234567890", "1.0e+5", "2.5e-3"] {
            assert!(is_plain_number(text), "{text}");
        }
        for text in
            ["", "-", "0012", "1e5", "4e10", "+5", ".5", "5.", "0x1f", "1_000", "12:30", "1.5e3", ".inf"]
        {
            assert!(!is_plain_number(text), "{text}");
        }
    }
}
