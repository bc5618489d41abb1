//! A tree of free data: what a YAML or JSON text says, before or beside any meaning. Numbers keep the
//! digits they came with and mappings keep their order, so that nothing is lost between reading and
//! writing.

mod read_json;
mod write_json;

use compact_str::CompactString;

pub use read_json::{JsonError, JsonText};

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

impl Node {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
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

#[cfg(test)]
mod tests {
    use super::*;

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
