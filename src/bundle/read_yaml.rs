//! A YAML body as trees of [`Node`]s, built from the events of `granit-parser`, the parser below
//! `serde-saphyr`.
//!
//! A bundle carries free data, and what a scalar of free data means depends on its style: `0012`,
//! `4e10`, `no` and `2024-01-15` without quotes are codes and dates that must stay as they are written,
//! `5.940` must keep its digits. A serde reader hands a free value over as a float or a boolean, and then
//! that is lost; a key that stands twice is fatal or lost without a word. Events carry style, text and
//! position, and cost less than serde on top of them. One core, a document of 3 MB, a busy machine:
//!
//! | | MB/s | `4e10` | `0012345` | `no` | `5.940` | `{a: 1, a: 2}` |
//! |---|---|---|---|---|---|---|
//! | events to nodes | 19 | text | text | text | `5.940` | a problem with its path |
//! | `serde-saphyr` into structs | 7 | a float | a float | a boolean | `5.94` | fatal |
//! | `serde_yaml_ng` into structs | 13 | a float | text | text | `5.94` | the last one wins |
//!
//! `cargo bench --bench yaml_readers` measures it again.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::model::{Problem, ReadDocument, Unreadable};
use super::path::shown;
use super::split;
use crate::domain::code::Code;
use crate::domain::node::{Entries, MAX_DEPTH, Node, is_plain_number};

/// Most nodes that the anchors and aliases of one document may add up to.
const MAX_ALIAS_NODES: usize = 100_000;

/// Most bytes of text that the anchors and aliases of one document may add up to.
const MAX_ALIAS_BYTES: usize = 8 * 1024 * 1024;

/// Most problems of one document that are read past and remembered.
const MAX_PROBLEMS: usize = 1_000;

/// Reads a YAML body of one or more documents, UTF-8 with or without a byte-order mark. Documents
/// without content are skipped.
///
/// # Errors
/// When the body is not UTF-8 or not YAML, when nesting, aliases or documents go beyond the limits, and
/// when there is no document in it.
pub fn read_yaml(body: &[u8]) -> Result<Vec<ReadDocument>, Unreadable> {
    let text = text_of(body)?;
    split::documents(text, &split::pieces(text), |document| document)
}

/// The text of a body, without its byte-order mark.
pub fn text_of(body: &[u8]) -> Result<&str, Unreadable> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body)
        .map_err(|error| at(body, error.valid_up_to(), "the body is not UTF-8 from here on"))?;
    match memchr::memchr(0, body) {
        Some(offset) => Err(at(body, offset, "a NUL character cannot stand in YAML")),
        None => Ok(text),
    }
}

fn at(body: &[u8], offset: usize, message: &str) -> Unreadable {
    let before = &body[..offset];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    Unreadable {
        line: memchr::memchr_iter(b'\n', before).count() + 1,
        column: String::from_utf8_lossy(&before[line_start..]).chars().count() + 1,
        message: message.to_owned(),
    }
}

/// Reads the documents of a text one after the other.
pub fn each_document(text: &str, found: &mut impl FnMut(ReadDocument)) -> Result<(), Unreadable> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH + 2,
        block_nesting_limit: MAX_DEPTH + 2,
        // What the writer can bring about: a key of 256 characters, each of them escaped.
        simple_key_max_lookahead: 4 * 1024,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let keeps_anchors = memchr::memchr(b'*', text.as_bytes()).is_some();
    let mut tree = Tree { keeps_anchors, ..Tree::default() };
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax_error(&error))?;
        match event {
            Event::DocumentStart(..) => tree = Tree { keeps_anchors, ..Tree::default() },
            Event::DocumentEnd => {
                let Tree { root, problems, .. } = std::mem::take(&mut tree);
                if let Some(node) = root.filter(|node| *node != Node::Null) {
                    found(ReadDocument { node, problems });
                }
            }
            event => tree.event(event).map_err(|message| located(&span.start, message))?,
        }
    }
    Ok(())
}

fn syntax_error(error: &ScanError) -> Unreadable {
    located(error.marker(), error.info().to_string())
}

fn located(marker: &Marker, message: String) -> Unreadable {
    Unreadable { line: marker.line(), column: marker.col() + 1, message }
}

/// A tree that grows event by event. What is open lies on stacks, so that a closed sequence or mapping
/// is allocated once, at its size.
#[derive(Default)]
struct Tree {
    frames: Vec<Frame>,
    items: Vec<Node>,
    entries: Entries,
    root: Option<Node>,
    problems: Vec<Problem>,
    keeps_anchors: bool,
    anchors: HashMap<usize, (Node, Size)>,
    spent: Size,
}

/// A sequence or mapping that is still open.
struct Frame {
    shape: Shape,
    /// Where its children begin on their stack.
    from: usize,
    anchor: usize,
}

enum Shape {
    List,
    Map { key: Key, merged: Vec<Node> },
}

enum Key {
    Awaited,
    Text(String),
    Merge,
    /// Not a scalar. Its value is read and dropped; the document is refused.
    Unusable,
}

#[derive(Default, Clone, Copy)]
struct Size {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

impl Tree {
    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_deref()),
            Event::SequenceStart(_, anchor, _) => {
                let from = self.items.len();
                self.open(Frame { shape: Shape::List, from, anchor })
            }
            Event::MappingStart(_, anchor, _) => {
                let from = self.entries.len();
                self.open(Frame { shape: Shape::Map { key: Key::Awaited, merged: Vec::new() }, from, anchor })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor),
            _ => Ok(()),
        }
    }

    fn open(&mut self, frame: Frame) -> Result<(), String> {
        self.fits(self.frames.len())?;
        self.frames.push(frame);
        Ok(())
    }

    fn fits(&self, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH { Err(format!("nested deeper than {MAX_DEPTH} levels")) } else { Ok(()) }
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<(), String> {
        self.fits(self.frames.len())?;
        let is_key =
            matches!(self.frames.last(), Some(Frame { shape: Shape::Map { key: Key::Awaited, .. }, .. }));
        if is_key {
            if anchor != 0 {
                self.remember(anchor, &Node::Text(text.clone().into_owned()))?;
            }
            let is_merge = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
            self.key(if is_merge { Key::Merge } else { Key::Text(text.into_owned()) });
            return Ok(());
        }
        let node = resolve(text, style, tag);
        self.remember(anchor, &node)?;
        self.place(node);
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(Frame { shape, from, anchor }) = self.frames.pop() else { return Ok(()) };
        let node = match shape {
            Shape::List => Node::List(self.items.split_off(from)),
            Shape::Map { merged, .. } => {
                let mut entries = self.entries.split_off(from);
                self.drop_duplicates(&mut entries);
                self.merge(&mut entries, merged);
                Node::Map(entries)
            }
        };
        self.remember(anchor, &node)?;
        self.place(node);
        Ok(())
    }

    fn alias(&mut self, anchor: usize) -> Result<(), String> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err("an alias inside the very node that it names".to_owned());
        };
        let (node, size) = (node.clone(), *size);
        self.fits(self.frames.len() + size.depth)?;
        self.spend(size)?;
        self.place(node);
        Ok(())
    }

    fn remember(&mut self, anchor: usize, node: &Node) -> Result<(), String> {
        if anchor == 0 || !self.keeps_anchors {
            return Ok(());
        }
        let size = size_of(node);
        self.spend(size)?;
        self.anchors.insert(anchor, (node.clone(), size));
        Ok(())
    }

    fn spend(&mut self, size: Size) -> Result<(), String> {
        self.spent.nodes += size.nodes;
        self.spent.bytes += size.bytes;
        if self.spent.nodes > MAX_ALIAS_NODES || self.spent.bytes > MAX_ALIAS_BYTES {
            return Err(format!(
                "anchors and aliases add up to more than {MAX_ALIAS_NODES} nodes or {MAX_ALIAS_BYTES} bytes"
            ));
        }
        Ok(())
    }

    fn key(&mut self, new: Key) {
        if let Some(Frame { shape: Shape::Map { key, .. }, .. }) = self.frames.last_mut() {
            *key = new;
        }
    }

    fn place(&mut self, node: Node) {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return;
        };
        let Shape::Map { key, merged } = &mut frame.shape else {
            self.items.push(node);
            return;
        };
        match std::mem::replace(key, Key::Awaited) {
            Key::Text(text) => self.entries.push((text, node)),
            Key::Merge => merged.push(node),
            Key::Unusable => {}
            Key::Awaited => {
                let new = match node {
                    Node::Text(text) | Node::Number(text) => Key::Text(text),
                    Node::Bool(value) => Key::Text(value.to_string()),
                    Node::Null => Key::Text("null".to_owned()),
                    Node::List(_) | Node::Map(_) => {
                        let detail = "A key must be a text, not a list or a mapping".to_owned();
                        self.problem(Code::InvalidBundle, None, detail);
                        Key::Unusable
                    }
                };
                self.key(new);
            }
        }
    }

    fn drop_duplicates(&mut self, entries: &mut Entries) {
        let mut duplicates = duplicates(entries).into_iter().peekable();
        if duplicates.peek().is_none() {
            return;
        }
        let mut index = 0;
        entries.retain(|(key, _)| {
            let is_duplicate = duplicates.next_if_eq(&index).is_some();
            index += 1;
            if is_duplicate {
                let detail = format!("The key `{}` stands twice", shown(key));
                self.problem(Code::DuplicateKey, Some(key), detail);
            }
            !is_duplicate
        });
    }

    /// Adds what `<<` brings: a key that the mapping has itself wins, of several mappings the first.
    fn merge(&mut self, entries: &mut Entries, merged: Vec<Node>) {
        let mut added = Entries::new();
        for node in merged {
            let maps = match node {
                Node::List(items) => items,
                other => vec![other],
            };
            for map in maps {
                match map {
                    Node::Map(more) => added.extend(more),
                    _ => {
                        let detail = "`<<` takes a mapping or a list of mappings".to_owned();
                        self.problem(Code::InvalidBundle, Some("<<"), detail);
                    }
                }
            }
        }
        if added.is_empty() {
            return;
        }
        let mut seen: HashSet<String> = entries.iter().map(|(key, _)| key.clone()).collect();
        added.retain(|(key, _)| seen.insert(key.clone()));
        entries.append(&mut added);
    }

    fn problem(&mut self, code: Code, key: Option<&str>, detail: String) {
        if self.problems.len() < MAX_PROBLEMS {
            let path = self.path(key);
            self.problems.push(Problem { code, path, detail });
        }
    }

    /// The path of a key below what is open.
    fn path(&self, last: Option<&str>) -> String {
        let lists = self.frames.iter().filter(|frame| matches!(frame.shape, Shape::List));
        let mut list_ends = lists.map(|frame| frame.from).skip(1).chain([self.items.len()]);
        let mut path = String::new();
        for frame in &self.frames {
            match &frame.shape {
                Shape::List => {
                    let index = list_ends.next().unwrap_or(frame.from) - frame.from;
                    // Writing to a String cannot fail.
                    let _ = write!(path, "[{index}]");
                }
                Shape::Map { key: Key::Text(key), .. } => push_key(&mut path, key),
                Shape::Map { key: Key::Merge, .. } => push_key(&mut path, "<<"),
                Shape::Map { .. } => {}
            }
        }
        if let Some(last) = last {
            push_key(&mut path, last);
        }
        path
    }
}

fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(shown(key));
}

fn duplicates(entries: &Entries) -> Vec<usize> {
    const FEW: usize = 16;
    if entries.len() <= FEW {
        let repeats = |&index: &usize| entries[..index].iter().any(|(key, _)| *key == entries[index].0);
        return (1..entries.len()).filter(repeats).collect();
    }
    let mut seen = HashSet::with_capacity(entries.len());
    (0..entries.len()).filter(|&index| !seen.insert(entries[index].0.as_str())).collect()
}

fn size_of(node: &Node) -> Size {
    match node {
        Node::Null | Node::Bool(_) => Size { nodes: 1, bytes: 0, depth: 0 },
        Node::Number(text) | Node::Text(text) => Size { nodes: 1, bytes: text.len(), depth: 0 },
        Node::List(items) => items.iter().map(|item| (0, item)).fold(Size::container(), Size::with),
        Node::Map(entries) => {
            entries.iter().map(|(key, value)| (key.len(), value)).fold(Size::container(), Size::with)
        }
    }
}

impl Size {
    fn container() -> Self {
        Self { nodes: 1, bytes: 0, depth: 0 }
    }

    fn with(self, (key_bytes, child): (usize, &Node)) -> Self {
        let child = size_of(child);
        Self {
            nodes: self.nodes + child.nodes,
            bytes: self.bytes + key_bytes + child.bytes,
            depth: self.depth.max(child.depth + 1),
        }
    }
}

/// What a scalar says. Only what YAML 1.1 and YAML 1.2 agree on is anything but text.
fn resolve(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Node {
    match tag.and_then(Tag::core_suffix) {
        Some("null") => return Node::Null,
        Some("str") => return Node::Text(text.into_owned()),
        Some("bool" | "int" | "float") => return plain(text),
        _ => {}
    }
    let is_untyped_by_tag = tag.is_some_and(|tag| tag.original() == "!");
    if style == ScalarStyle::Plain && !is_untyped_by_tag {
        plain(text)
    } else {
        Node::Text(text.into_owned())
    }
}

fn plain(text: Cow<'_, str>) -> Node {
    match text.as_bytes().first() {
        None => Node::Null,
        Some(b'-' | b'0'..=b'9') if is_plain_number(&text) => Node::Number(text.into_owned()),
        Some(b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F') => match text.as_ref() {
            "~" | "null" | "Null" | "NULL" => Node::Null,
            "true" | "True" | "TRUE" => Node::Bool(true),
            "false" | "False" | "FALSE" => Node::Bool(false),
            _ => Node::Text(text.into_owned()),
        },
        _ => Node::Text(text.into_owned()),
    }
}
