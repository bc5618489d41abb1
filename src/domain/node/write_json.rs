//! How a tree becomes JSON: compact, numbers with their own digits, mappings in their own order.

use std::fmt::Write as _;

use super::Node;

impl Node {
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn control_characters_survive_a_round_trip() {
        let node = Node::Text("a\u{1}\n\"\\\u{7f}é".into());
        assert_eq!(Node::from_json(node.to_json().as_bytes()).unwrap().node, node);
    }
}
