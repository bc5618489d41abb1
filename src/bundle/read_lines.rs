//! The YAML that bundles are written in nearly always, read line by line: blocks by indentation, one-line flow collections,
//! scalars that are plain or quoted and end on their line, comments on lines of their own. With it the reading and checking of a large
//! body takes three fifths of the time that it takes by events; `benches/RESULTS.md` has the figures.
//!
//! It decides nothing by itself. Whatever is not certainly of that kind — an anchor, a tag, a block scalar, a tab, a scalar
//! of several lines, a mistake — makes it give up, and [`read_yaml`](super::read_yaml) reads the text. Both hand what they
//! read to the same [`Tree`], and a test holds them to the same result.

use std::borrow::Cow;
use std::iter::once;

use granit_parser::ScalarStyle;
use memchr::{memchr, memchr_iter, memchr2, memchr2_iter, memmem};

use super::model::ReadDocument;
use super::tree::Tree;

/// Longest key, in bytes. YAML allows 1 024 characters of a key without `?`.
const MAX_KEY_BYTES: usize = 512;

/// What could not be read: to be read as any YAML.
struct Unsure;

type Sure<T> = Result<T, Unsure>;

/// The documents of a text; none when the text is not certainly of the kind that is read here.
pub fn documents(text: &str) -> Option<Vec<ReadDocument>> {
    let has_directive = text.starts_with('%') || memmem::find(text.as_bytes(), b"\n%").is_some();
    if has_directive || !is_ordinary(text.as_bytes()) {
        return None;
    }
    let mut found = Vec::new();
    let mut reader = Reader::default();
    for line in lines(text) {
        let line = line.trim_end_matches(' ');
        if line == "---" {
            found.extend(std::mem::take(&mut reader).document().ok()?);
        } else {
            reader.line(line).ok()?;
        }
    }
    found.extend(reader.document().ok()?);
    Some(found)
}

/// What stands between the line feeds of a text.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    memchr_iter(b'\n', text.as_bytes()).chain(once(text.len())).map(move |end| {
        let line = &text[from..end];
        from = end + 1;
        line
    })
}

/// Whether a text has no characters but those that mean themselves: no tabs, carriage returns and other control characters,
/// no line breaks that only some readers know, no marks of byte order.
fn is_ordinary(text: &[u8]) -> bool {
    const AT_A_TIME: usize = 64;
    // Most pieces are ASCII. They are asked without a way out of the loop, which the compiler makes a few instructions.
    let is_plain =
        |piece: &[u8]| piece.iter().fold(true, |is, byte| is & matches!(byte, b'\n' | b' '..=b'~'));
    let is_odd = |at: usize| match text[at] {
        b'\n' | b' '..=b'~' => false,
        // The control characters behind ASCII.
        0xc2 => matches!(text.get(at + 1), Some(..0xa0)),
        // Separators of lines and of paragraphs.
        0xe2 => matches!(text.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])),
        // The mark of byte order and what is no character.
        0xef => matches!(text.get(at + 1..at + 3), Some([0xbb, 0xbf] | [0xbf, 0xbe | 0xbf])),
        0x80.. => false,
        _ => true,
    };
    let mut pieces = text.chunks(AT_A_TIME).enumerate();
    !pieces.any(|(index, piece)| {
        let from = index * AT_A_TIME;
        !is_plain(piece) && (from..from + piece.len()).any(is_odd)
    })
}

/// A document on its way.
#[derive(Default)]
struct Reader {
    tree: Tree,
    /// The collections that are open.
    open: Vec<Block>,
    /// Whether the innermost one waits for the value of a key, or for an item, that would stand on the next lines.
    awaits: bool,
    has_root: bool,
}

/// A collection in block style.
#[derive(Clone, Copy)]
struct Block {
    indent: usize,
    is_list: bool,
}

impl Reader {
    /// What was read, if there is anything in it.
    fn document(mut self) -> Sure<Option<ReadDocument>> {
        self.settle()?;
        while self.open.pop().is_some() {
            self.tree.close().map_err(|_| Unsure)?;
        }
        Ok(self.tree.document())
    }

    /// Reads a line without the blanks at its end.
    fn line(&mut self, line: &str) -> Sure<()> {
        let content = line.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            return Ok(());
        }
        let indent = line.len() - content.len();
        if indent == 0 && (content.starts_with("---") || content.starts_with("...")) {
            return Err(Unsure);
        }
        let is_item = content == "-" || content.starts_with("- ");
        self.place(indent, is_item)?;
        if is_item { self.item(indent, content) } else { self.entry(content) }
    }

    /// Opens and closes collections until a line belongs to the innermost one.
    fn place(&mut self, indent: usize, is_item: bool) -> Sure<()> {
        let Some(innermost) = self.open.last() else {
            // One root, and nothing behind it.
            return if std::mem::replace(&mut self.has_root, true) {
                Err(Unsure)
            } else {
                self.begin(indent, is_item)
            };
        };
        if self.awaits {
            // The items of a key's list may stand as far left as the key.
            let is_below =
                indent > innermost.indent || indent == innermost.indent && is_item && !innermost.is_list;
            if is_below {
                self.awaits = false;
                return self.begin(indent, is_item);
            }
            self.settle()?;
        }
        while let Some(innermost) = self.open.last() {
            let is_left =
                indent < innermost.indent || indent == innermost.indent && innermost.is_list && !is_item;
            if !is_left {
                let belongs = indent == innermost.indent && is_item == innermost.is_list;
                return if belongs { Ok(()) } else { Err(Unsure) };
            }
            self.open.pop();
            self.tree.close().map_err(|_| Unsure)?;
        }
        Err(Unsure)
    }

    fn begin(&mut self, indent: usize, is_list: bool) -> Sure<()> {
        self.open.push(Block { indent, is_list });
        let opened = if is_list { self.tree.open_list(0) } else { self.tree.open_map(0) };
        opened.map_err(|_| Unsure)
    }

    /// What is awaited and did not come is nothing.
    fn settle(&mut self) -> Sure<()> {
        if std::mem::take(&mut self.awaits) { self.scalar("".into(), ScalarStyle::Plain) } else { Ok(()) }
    }

    /// Reads `- …`.
    fn item(&mut self, indent: usize, content: &str) -> Sure<()> {
        let value = content[1..].trim_start_matches(' ');
        if value.is_empty() {
            self.awaits = true;
            return Ok(());
        }
        if value.starts_with("- ") || value == "-" {
            return Err(Unsure);
        }
        if !value.starts_with(['{', '[']) && key(value)?.is_some() {
            self.begin(indent + content.len() - value.len(), false)?;
            return self.entry(value);
        }
        self.value(value)
    }

    /// Reads `key: …`.
    fn entry(&mut self, content: &str) -> Sure<()> {
        let (key, style, value) = key(content)?.ok_or(Unsure)?;
        self.scalar(key, style)?;
        let value = value.trim_start_matches(' ');
        if value.is_empty() {
            self.awaits = true;
            return Ok(());
        }
        self.value(value)
    }

    /// Reads a value that fills the rest of its line.
    fn value(&mut self, value: &str) -> Sure<()> {
        match value.as_bytes()[0] {
            b'"' | b'\'' => {
                let (text, style, rest) = quoted(value)?;
                if rest.is_empty() { self.scalar(text, style) } else { Err(Unsure) }
            }
            b'{' | b'[' => {
                let rest = self.flow(value)?;
                if rest.is_empty() { Ok(()) } else { Err(Unsure) }
            }
            _ if begins_plain(value) && is_plain(value) => self.scalar(value.into(), ScalarStyle::Plain),
            _ => Err(Unsure),
        }
    }

    /// Reads a value in flow style from the start of a text, and returns the text behind it and the blanks that follow.
    fn flow<'t>(&mut self, text: &'t str) -> Sure<&'t str> {
        let rest = match text.as_bytes().first() {
            Some(b'{') => {
                self.tree.open_map(0).map_err(|_| Unsure)?;
                self.flow_items(text, '}', |reader, text| {
                    let value = reader.flow_key(text)?;
                    reader.flow(value)
                })?
            }
            Some(b'[') => {
                self.tree.open_list(0).map_err(|_| Unsure)?;
                self.flow_items(text, ']', Self::flow)?
            }
            Some(b'"' | b'\'') => {
                let (value, style, rest) = quoted(text)?;
                self.scalar(value, style)?;
                rest
            }
            _ => {
                let end = text.find([',', '[', ']', '{', '}']).ok_or(Unsure)?;
                let value = text[..end].trim_end_matches(' ');
                if !begins_plain(value) || !is_plain(value) {
                    return Err(Unsure);
                }
                self.scalar(value.into(), ScalarStyle::Plain)?;
                &text[end..]
            }
        };
        Ok(rest.trim_start_matches(' '))
    }

    /// Reads what stands between brackets.
    fn flow_items<'t>(
        &mut self,
        text: &'t str,
        end: char,
        one: impl Fn(&mut Self, &'t str) -> Sure<&'t str>,
    ) -> Sure<&'t str> {
        let mut text = text[1..].trim_start_matches(' ');
        loop {
            if let Some(rest) = text.strip_prefix(end) {
                self.tree.close().map_err(|_| Unsure)?;
                return Ok(rest);
            }
            text = one(self, text)?;
            match text.strip_prefix(',') {
                Some(rest) => text = rest.trim_start_matches(' '),
                None if text.starts_with(end) => {}
                None => return Err(Unsure),
            }
        }
    }

    /// Reads a key in flow style, and returns its value and what follows.
    fn flow_key<'t>(&mut self, text: &'t str) -> Sure<&'t str> {
        if text.starts_with(['"', '\'']) {
            let (key, style, rest) = quoted(text)?;
            self.scalar(key, style)?;
            let value = rest.strip_prefix(':').ok_or(Unsure)?;
            return Ok(value.trim_start_matches(' '));
        }
        let (key, style, value) = key(text)?.ok_or(Unsure)?;
        if key.contains([',', '[', ']', '{', '}']) {
            return Err(Unsure);
        }
        self.scalar(key, style)?;
        Ok(value.trim_start_matches(' '))
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle) -> Sure<()> {
        self.tree.scalar(text, style, 0, None).map_err(|_| Unsure)
    }
}

type Read<'t> = (Cow<'t, str>, ScalarStyle, &'t str);

/// The key that a text begins with and what stands behind its colon; none when the text is not `key: …`.
fn key(text: &str) -> Sure<Option<Read<'_>>> {
    let (key, style, rest) = match text.as_bytes().first() {
        Some(b'"' | b'\'') => {
            let read = quoted(text)?;
            if !read.2.starts_with(':') {
                return Ok(None);
            }
            read
        }
        _ => {
            let Some(colon) = first_colon(text) else { return Ok(None) };
            let key = &text[..colon];
            let is_key = begins_plain(key) && !key.ends_with(' ') && is_plain(key);
            if !is_key {
                return Err(Unsure);
            }
            (key.into(), ScalarStyle::Plain, &text[colon..])
        }
    };
    let value = &rest[1..];
    let is_short = key.len() <= MAX_KEY_BYTES;
    if is_short && (value.is_empty() || value.starts_with(' ')) {
        Ok(Some((key, style, value)))
    } else {
        Err(Unsure)
    }
}

/// Where the first colon stands that ends a key.
fn first_colon(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        let colon = from + memchr(b':', &bytes[from..])?;
        if matches!(bytes.get(colon + 1), None | Some(b' ')) {
            return Some(colon);
        }
        from = colon + 1;
    }
}

/// The quoted scalar that a text begins with, and what stands behind it.
fn quoted(text: &str) -> Sure<Read<'_>> {
    let (bytes, quote) = (text.as_bytes(), text.as_bytes()[0]);
    let mut unescaped = String::new();
    let mut from = 1;
    loop {
        let at =
            from + memchr2(quote, if quote == b'"' { b'\\' } else { quote }, &bytes[from..]).ok_or(Unsure)?;
        let (piece, after) = (&text[from..at], bytes.get(at + 1));
        let meant = match (bytes[at], after) {
            (b'\\', Some(b'"')) => '"',
            (b'\\', Some(b'\\')) => '\\',
            (b'\\', Some(b'n')) => '\n',
            (b'\\', Some(b't')) => '\t',
            (b'\\', _) => return Err(Unsure),
            (b'\'', Some(b'\'')) => '\'',
            _ => {
                let style = if quote == b'"' { ScalarStyle::DoubleQuoted } else { ScalarStyle::SingleQuoted };
                let text_read = if from == 1 { piece.into() } else { Cow::Owned(unescaped + piece) };
                return Ok((text_read, style, &text[at + 1..]));
            }
        };
        unescaped.push_str(piece);
        unescaped.push(meant);
        from = at + 2;
    }
}

/// Whether a text begins as a plain scalar surely may.
fn begins_plain(text: &str) -> bool {
    match text.as_bytes() {
        [b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'/' | b'+' | b'.' | b'(' | b'~' | 0x80.., ..] => {
            true
        }
        [b'-', second, ..] => second.is_ascii_alphanumeric() || *second == b'.',
        _ => false,
    }
}

/// Whether nothing in a text ends a plain scalar: a colon before a blank or at the end, a blank before `#`.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr2_iter(b':', b'#', bytes).all(|at| match bytes[at] {
        b':' => !matches!(bytes.get(at + 1), None | Some(b' ')),
        _ => at > 0 && bytes[at - 1] != b' ',
    })
}
