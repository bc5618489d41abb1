//! The tree of a document, grown event by event, whoever reads the events: what a scalar means, which keys stand twice, what
//! aliases and `<<` bring, how deep it may go.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use granit_parser::{ScalarStyle, Tag};

use super::model::{Problem, ReadDocument};
use super::path::shown;
use crate::domain::code::Code;
use crate::domain::node::{Entries, MAX_DEPTH, Node, Text, is_plain_number};

/// Most nodes that the anchors and aliases of one document may add up to.
const MAX_ALIAS_NODES: usize = 100_000;

/// Most bytes of text that the anchors and aliases of one document may add up to.
const MAX_ALIAS_BYTES: usize = 8 * 1024 * 1024;

/// Most problems of one document that are read past and remembered.
const MAX_PROBLEMS: usize = 1_000;

/// A tree that grows event by event. What is open lies on stacks, so that a closed sequence or mapping
/// is allocated once, at its size.
#[derive(Default)]
pub(super) struct Tree {
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
    Text(Text),
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
    /// A tree of a document in which there may be aliases.
    pub(super) fn with_aliases() -> Self {
        Self { keeps_anchors: true, ..Self::default() }
    }

    /// What grew, unless there is nothing in it.
    pub(super) fn document(self) -> Option<ReadDocument> {
        let node = self.root.filter(|node| *node != Node::Null)?;
        Some(ReadDocument { node, problems: self.problems })
    }

    /// A sequence begins, under an anchor; 0 is none.
    pub(super) fn open_list(&mut self, anchor: usize) -> Result<(), String> {
        let from = self.items.len();
        self.open(Frame { shape: Shape::List, from, anchor })
    }

    /// A mapping begins. Its keys and values come in turn.
    pub(super) fn open_map(&mut self, anchor: usize) -> Result<(), String> {
        let from = self.entries.len();
        self.open(Frame { shape: Shape::Map { key: Key::Awaited, merged: Vec::new() }, from, anchor })
    }

    fn open(&mut self, frame: Frame) -> Result<(), String> {
        self.fits(self.frames.len())?;
        self.frames.push(frame);
        Ok(())
    }

    fn fits(&self, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH { Err(format!("nested deeper than {MAX_DEPTH} levels")) } else { Ok(()) }
    }

    /// A scalar, which is a key where one is awaited.
    pub(super) fn scalar(
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
                self.remember(anchor, &Node::Text(text.as_ref().into()))?;
            }
            let is_merge = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
            self.key(if is_merge { Key::Merge } else { Key::Text(text.into()) });
            return Ok(());
        }
        let node = resolve(text, style, tag);
        self.remember(anchor, &node)?;
        self.place(node);
        Ok(())
    }

    /// The innermost sequence or mapping ends.
    pub(super) fn close(&mut self) -> Result<(), String> {
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

    /// What stands under an anchor, once more.
    pub(super) fn alias(&mut self, anchor: usize) -> Result<(), String> {
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
                    Node::Bool(value) => Key::Text(value.to_string().into()),
                    Node::Null => Key::Text("null".into()),
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
        let mut seen: HashSet<Text> = entries.iter().map(|(key, _)| key.clone()).collect();
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
        Some("str") => return Node::Text(text.into()),
        Some("bool" | "int" | "float") => return plain(text),
        _ => {}
    }
    let is_untyped_by_tag = tag.is_some_and(|tag| tag.original() == "!");
    if style == ScalarStyle::Plain && !is_untyped_by_tag { plain(text) } else { Node::Text(text.into()) }
}

fn plain(text: Cow<'_, str>) -> Node {
    match text.as_bytes().first() {
        None => Node::Null,
        Some(b'-' | b'0'..=b'9') if is_plain_number(&text) => Node::Number(text.into()),
        Some(b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F') => match text.as_ref() {
            "~" | "null" | "Null" | "NULL" => Node::Null,
            "true" | "True" | "TRUE" => Node::Bool(true),
            "false" | "False" | "FALSE" => Node::Bool(false),
            _ => Node::Text(text.into()),
        },
        _ => Node::Text(text.into()),
    }
}
