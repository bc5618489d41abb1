//! Canonical JSON text — a stored [`Document`](crate::domain::document::Document) — as YAML in flow
//! style, copied over without a tree in between.

use std::borrow::Cow;

use super::quote;
use crate::domain::node::Node;

/// The entries of a JSON mapping: each key and the text of its value. A text that is no mapping has
/// none.
pub fn entries(json: &str) -> Vec<(Cow<'_, str>, &str)> {
    let mut scan = Scan { json, at: 0 };
    let mut found = Vec::new();
    if !scan.takes(b'{') {
        return found;
    }
    while let Some(key) = scan.text() {
        scan.takes(b':');
        found.push((key, scan.value()));
        scan.takes(b',');
    }
    found
}

/// The texts of the elements of a JSON list. A text that is no list has none.
pub fn items(json: &str) -> Vec<&str> {
    let mut scan = Scan { json, at: 0 };
    let mut found = Vec::new();
    if !scan.takes(b'[') {
        return found;
    }
    while !scan.takes(b']') && scan.at < json.len() {
        found.push(scan.value());
        scan.takes(b',');
    }
    found
}

/// Appends a JSON value as YAML in flow style.
pub fn write(json: &str, out: &mut String) {
    let mut scan = Scan { json, at: 0 };
    loop {
        if let Some(text) = scan.text() {
            quote::write_text(&text, out);
            continue;
        }
        let Some(&byte) = json.as_bytes().get(scan.at) else { return };
        let from = scan.at;
        scan.at += 1;
        match byte {
            b',' => out.push_str(", "),
            b':' => out.push_str(": "),
            b'{' | b'}' | b'[' | b']' => out.push(char::from(byte)),
            _ => {
                scan.at = scan.end_of_word();
                out.push_str(&json[from..scan.at]);
            }
        }
    }
}

/// A place in a JSON text that is known to be well-formed.
struct Scan<'j> {
    json: &'j str,
    at: usize,
}

impl<'j> Scan<'j> {
    fn takes(&mut self, byte: u8) -> bool {
        let is_here = self.json.as_bytes().get(self.at) == Some(&byte);
        if is_here {
            self.at += 1;
        }
        is_here
    }

    /// The text that begins here, if one does.
    fn text(&mut self) -> Option<Cow<'j, str>> {
        if self.json.as_bytes().get(self.at) != Some(&b'"') {
            return None;
        }
        let end = self.end_of_text();
        let quoted = &self.json[self.at..end];
        let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        self.at = end;
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return Some(Cow::Borrowed(inner));
        }
        let text = match Node::from_json(quoted.as_bytes()).map(|read| read.node) {
            Ok(Node::Text(text)) => text.into(),
            _ => inner.to_owned(),
        };
        Some(Cow::Owned(text))
    }

    /// The text of the value that begins here, of whatever kind.
    fn value(&mut self) -> &'j str {
        let from = self.at;
        let mut depth = 0_usize;
        while let Some(&byte) = self.json.as_bytes().get(self.at) {
            match byte {
                b'"' => self.at = self.end_of_text(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' | b',' if depth == 0 => break,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' => self.at += 1,
                _ => self.at = self.end_of_word(),
            }
            if depth == 0 {
                break;
            }
        }
        &self.json[from..self.at]
    }

    /// Behind the closing quote of the text that begins here.
    fn end_of_text(&self) -> usize {
        let bytes = self.json.as_bytes();
        let mut at = self.at + 1;
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
            if bytes[at + found] == b'"' {
                return at + found + 1;
            }
            at += found + 2;
        }
        bytes.len()
    }

    /// Behind the number, `true`, `false` or `null` that stands here.
    fn end_of_word(&self) -> usize {
        let ends = |byte: &u8| matches!(byte, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"');
        let rest = self.json.as_bytes().get(self.at..).unwrap_or_default();
        rest.iter().position(ends).map_or(self.json.len(), |length| self.at + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_flow_style() {
        let mut out = String::new();
        write(r#"{"a":[1.50,null,true],"no":{"b":"x \"y\"\u0001"},"c":[],"d":"plain"}"#, &mut out);
        assert_eq!(out, r#"{a: [1.50, null, true], "no": {b: "x \"y\"\u0001"}, c: [], d: plain}"#);
    }

    #[test]
    fn entries_and_items_are_cut_at_the_first_level() {
        let found = entries(r#"{"a":{"b":[1,2]},"c\n":"}","d":-1.5}"#);
        assert_eq!(found, [("a".into(), r#"{"b":[1,2]}"#), ("c\n".into(), r#""}""#), ("d".into(), "-1.5")]);
        assert_eq!(items(r#"[{"a":"]"},2,[3],"x"]"#), [r#"{"a":"]"}"#, "2", "[3]", r#""x""#]);
        assert_eq!(items("[]"), Vec::<&str>::new());
        assert_eq!(entries("{}"), []);
    }
}
