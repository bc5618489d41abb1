//! The community of a document: its names, its free documents, its operators and its grid.

use std::collections::HashSet;

use super::area::{self, Grid};
use super::document::{AreaKeys, community_key};
use super::fields::{Fields, free_keys, free_keys_within, strictly_mapping};
use super::findings::Findings;
use crate::bundle::keys;
use crate::bundle::model::Warning;
use crate::bundle::path::Path;
use crate::domain::closed_set::{ClosedSet, TopologyNodeType};
use crate::domain::code::Code;
use crate::domain::community::{CommunityContent, known_keys};
use crate::domain::document::Document;
use crate::domain::identifier::CommunityKey;
use crate::domain::node::{Entries, Node, Text};

/// What the check of a community found.
#[derive(Default)]
pub struct Checked {
    /// Its key; empty when it names no usable one.
    pub key: String,
    /// The keys of its areas, whether or not the areas are sound.
    pub areas: AreaKeys,
    /// Its content, where it has a key and a name.
    pub content: Option<CommunityContent>,
}

pub fn check(
    node: Node,
    path: Path<'_>,
    is_bounded: bool,
    envelope: Document,
    findings: &mut Findings,
    warnings: &mut Vec<Warning>,
) -> Checked {
    let Some(mut fields) = Fields::of(node, path, "`community`", findings) else { return Checked::default() };
    let areas = fields.map("areas", findings);
    let topology = fields.list("topology", findings).unwrap_or_default();
    let operators = fields.map("operators", findings);
    let (key, header) = header(fields, findings);

    let (operators, operator_keys) = check_operators(operators, &path.key("operators"), findings);
    let (topology, grid) =
        check_topology(topology, &path.key("topology"), &operator_keys, findings, warnings);
    let (areas, area_keys) = area::check(areas, &path.key("areas"), is_bounded, &grid, findings, warnings);

    let key_text = key.as_ref().map(|key| key.as_str().to_owned()).unwrap_or_default();
    let content = key.zip(header).map(|(key, header)| CommunityContent {
        key,
        name: header.name,
        description: header.description,
        legal: header.legal,
        links: header.links,
        contact: header.contact,
        settings: header.settings,
        operators: Document::from_canonical(&Node::Map(operators)),
        areas: Document::from_canonical(&Node::Map(areas)),
        topology: Document::from_canonical(&Node::List(topology)),
        extra: header.extra,
        envelope,
    });
    Checked { key: key_text, areas: area_keys, content }
}

/// What a community says of itself, without its areas, grid and operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// Legal data, a mapping.
    pub legal: Document,
    /// Links, a mapping.
    pub links: Document,
    /// Contact data, a mapping.
    pub contact: Document,
    /// Settings, a mapping.
    pub settings: Document,
    /// Every other key, a mapping.
    pub extra: Document,
}

/// Checks a community's key and what it says of itself.
pub fn header(mut fields: Fields<'_>, findings: &mut Findings) -> (Option<CommunityKey>, Option<Header>) {
    let path = fields.path;
    let key = fields
        .required_text("id", usize::MAX, findings)
        .and_then(|id| community_key(id, &path.key("id"), findings));
    let name = fields.required_text("name", keys::NAME_CHARS, findings);
    let description = fields.text("description", usize::MAX, findings);
    let legal = fields.document("legal", known_keys::LEGAL, findings);
    let links = fields.document("links", known_keys::LINKS, findings);
    let contact = fields.document("contact", known_keys::CONTACT, findings);
    let settings = fields.document("settings", known_keys::SETTINGS, findings);
    let extra = extra(fields, findings);
    let header = name.map(|name| Header {
        name,
        description,
        legal: Document::from_entries(legal, known_keys::LEGAL),
        links: Document::from_entries(links, known_keys::LINKS),
        contact: Document::from_entries(contact, known_keys::CONTACT),
        settings: Document::from_entries(settings, known_keys::SETTINGS),
        extra: Document::from_entries(extra, &[]),
    });
    (key, header)
}

/// The free data of a community or member: its unknown keys and what stands under `extra`.
pub fn extra(mut fields: Fields<'_>, findings: &mut Findings) -> Entries {
    let path = fields.path;
    let inner = fields.map("extra", findings);
    free_keys(&inner, &path.key("extra"), findings);
    let mut flat = fields.rest(findings);
    if inner.is_empty() {
        return flat;
    }
    let known: HashSet<Text> = flat.iter().map(|(key, _)| key.clone()).collect();
    for (key, value) in inner {
        if known.contains(&key) {
            let path = path.key("extra");
            findings.refuse(Code::DuplicateKey, &path.key(&key), || {
                "the key stands both under `extra` and beside it".to_owned()
            });
        } else {
            flat.push((key, value));
        }
    }
    flat
}

/// Checks the operators of a community.
pub fn check_operators(
    operators: Entries,
    path: &Path<'_>,
    findings: &mut Findings,
) -> (Entries, HashSet<String>) {
    let mut known = HashSet::new();
    let mut checked = Entries::new();
    for (key, node) in operators {
        let path = path.key(&key);
        collection_key(&key, &path, findings);
        known.insert(key.as_str().into());
        if let Some(entries) = check_operator(node, path, findings) {
            checked.push((key, Node::Map(entries)));
        }
    }
    checked.sort_by(|a, b| a.0.cmp(&b.0));
    (checked, known)
}

/// Checks one operator, its key aside.
pub fn check_operator(node: Node, path: Path<'_>, findings: &mut Findings) -> Option<Entries> {
    let mut fields = Fields::of(node, path, "an operator", findings)?;
    let mut entries = Entries::new();
    put_text(&mut entries, "name", fields.required_text("name", keys::NAME_CHARS, findings));
    put_text(&mut entries, "country", fields.text("country", usize::MAX, findings));
    if let Some(contact) = fields.take("contact") {
        free_keys_within(&contact, &path.key("contact"), findings);
        entries.push(("contact".into(), contact.sorted()));
    }
    Some(with_rest(entries, fields.rest(findings)))
}

fn check_topology(
    nodes: Vec<Node>,
    path: &Path<'_>,
    operators: &HashSet<String>,
    findings: &mut Findings,
    warnings: &mut Vec<Warning>,
) -> (Vec<Node>, Grid) {
    let mut grid = Grid::default();
    let mut checked = Vec::with_capacity(nodes.len());
    let mut parents = Vec::new();
    for (index, node) in nodes.into_iter().enumerate() {
        let path = path.index(index);
        let Some(node) = check_node(node, path, findings) else { continue };
        if let Some(id) = &node.id
            && !grid.insert(id, node.node_type)
        {
            findings.refuse(Code::DuplicateKey, &path.key("id"), || {
                "another topology node has the same id".to_owned()
            });
        }
        for (key, operator) in &node.operators {
            if *key == "operator" {
                let path = path.key(key);
                let sentence = format!("{path}: an older spelling of `operator_id`; it is kept as given");
                warnings.push(Warning::odd(sentence));
            }
            if !operators.contains(operator) {
                let sentence = format!("{}: names no operator of the community", path.key(key));
                warnings.push(Warning::dangling(sentence));
            }
        }
        parents.extend(node.parent.map(|parent| (index, parent)));
        checked.push(Node::Map(node.entries));
    }
    for (index, parent) in parents {
        if !grid.contains(&parent) {
            let sentence = format!("{}: names no node of the topology", path.index(index).key("parent"));
            warnings.push(Warning::dangling(sentence));
        }
    }
    (checked, grid)
}

/// A topology node, and what it names of others.
pub struct CheckedNode {
    pub id: Option<String>,
    pub node_type: Option<TopologyNodeType>,
    /// The keys under which it names an operator, and which.
    pub operators: Vec<(&'static str, String)>,
    pub parent: Option<String>,
    pub entries: Entries,
}

/// Checks one topology node.
pub fn check_node(node: Node, path: Path<'_>, findings: &mut Findings) -> Option<CheckedNode> {
    let mut fields = Fields::of(node, path, "a topology node", findings)?;
    let mut entries = Entries::new();
    let id = fields.required_id("id", keys::KEY_CHARS, findings);
    let node_type = fields.required_text("type", usize::MAX, findings).and_then(|word| {
        let node_type = TopologyNodeType::parse(&word);
        if node_type.is_none() {
            findings.invalid(&path.key("type"), || {
                format!("the type of a topology node is one of {}", TopologyNodeType::allowed())
            });
        }
        node_type
    });
    put_text(&mut entries, "id", id.clone());
    put_text(&mut entries, "type", node_type.map(|node_type| node_type.as_str().to_owned()));
    put_text(&mut entries, "name", fields.text("name", usize::MAX, findings));
    let mut operators = Vec::new();
    for key in ["operator_id", "operator"] {
        let operator = fields.text(key, usize::MAX, findings);
        operators.extend(operator.clone().map(|operator| (key, operator)));
        put_text(&mut entries, key, operator);
    }
    let parent = fields.text("parent", usize::MAX, findings);
    put_text(&mut entries, "parent", parent.clone());
    if let Some(area) = fields.take("area") {
        strictly_mapping(&area, &path.key("area"), findings);
        free_keys_within(&area, &path.key("area"), findings);
        entries.push(("area".into(), area.sorted()));
    }
    put_texts(&mut entries, "children", fields.texts("children", findings));
    let entries = with_rest(entries, fields.rest(findings));
    Some(CheckedNode { id, node_type, operators, parent, entries })
}

/// The key of an operator, member or asset: not blank, not too long.
pub fn collection_key(key: &str, path: &Path<'_>, findings: &mut Findings) {
    if key.trim().is_empty() {
        findings.invalid(path, || "a key must not be blank".to_owned());
    } else if !keys::fits(key, keys::KEY_CHARS) {
        findings.invalid(path, || format!("the key has more than {} characters", keys::KEY_CHARS));
    }
}

pub fn put_text(entries: &mut Entries, key: &str, text: Option<String>) {
    if let Some(text) = text {
        entries.push((key.into(), Node::text(text)));
    }
}

/// An empty list says as much as none.
pub fn put_texts(entries: &mut Entries, key: &str, texts: Option<Vec<String>>) {
    if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
        entries.push((key.into(), Node::List(texts.into_iter().map(Node::text).collect())));
    }
}

/// Documented entries in their order, then free ones in byte order.
pub fn with_rest(mut entries: Entries, rest: Entries) -> Entries {
    let mut rest: Entries = rest.into_iter().map(|(key, value)| (key, value.sorted())).collect();
    rest.sort_by(|a, b| a.0.cmp(&b.0));
    entries.extend(rest);
    entries
}
