//! The areas of a community, and the rules of schema 0.7 for their boundaries.

use std::collections::{HashMap, HashSet};

use super::community::{put_text, put_texts, with_rest};
use super::document::AreaKeys;
use super::fields::{Fields, bounded_text, free_keys, free_keys_within, strictly_mapping};
use super::findings::Findings;
use crate::bundle::keys;
use crate::bundle::model::Warning;
use crate::bundle::path::Path;
use crate::domain::closed_set::TopologyNodeType;
use crate::domain::code::Code;
use crate::domain::community::known_keys;
use crate::domain::document::ordered;
use crate::domain::node::{Entries, Node};

/// The nodes of a community's topology, by id.
#[derive(Default)]
pub struct Grid(HashMap<String, Option<TopologyNodeType>>);

impl Grid {
    /// Adds a node; false when its id is there already.
    pub fn insert(&mut self, id: &str, node_type: Option<TopologyNodeType>) -> bool {
        let is_new = !self.0.contains_key(id);
        if is_new {
            self.0.insert(id.to_owned(), node_type);
        }
        is_new
    }

    pub fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    fn has_substation(&self, id: &str) -> bool {
        self.0.get(id) == Some(&Some(TopologyNodeType::PrimarySubstation))
    }
}

/// The areas of a community, as they are checked.
pub struct Areas<'g> {
    /// Whether each needs a boundary.
    pub is_bounded: bool,
    /// The nodes that they may name.
    pub grid: &'g Grid,
    /// The boundaries of those that were checked.
    pub boundaries: HashSet<String>,
}

pub fn check(
    areas: Entries,
    path: &Path<'_>,
    is_bounded: bool,
    grid: &Grid,
    findings: &mut Findings,
    warnings: &mut Vec<Warning>,
) -> (Entries, AreaKeys) {
    let mut known = AreaKeys::new();
    let mut rules = Areas { is_bounded, grid, boundaries: HashSet::new() };
    let mut checked = Entries::new();
    let mut odd = Vec::new();
    for (key, node) in areas {
        let path = path.key(&key);
        check_key(&key, &path, findings);
        known.insert(key.as_str().into());
        let Some((entries, names_no_node)) = rules.check_one(node, path, findings) else { continue };
        if names_no_node {
            odd.push((
                key.clone(),
                format!("{}: names a node that is not in the topology", path.key("topology")),
            ));
        }
        checked.push((key.clone(), Node::Map(entries)));
    }
    checked.sort_by(|a, b| a.0.cmp(&b.0));
    odd.sort();
    warnings.extend(odd.into_iter().map(|(_, sentence)| Warning::dangling(sentence)));
    (checked, known)
}

/// Refuses what may not be the key of an area.
pub fn check_key(key: &str, path: &Path<'_>, findings: &mut Findings) {
    if !is_valid_key(key) {
        findings.refuse(Code::InvalidAreaKey, path, || {
            format!(
                "the key of an area has 1 to {} letters, digits, `-` and `_`, a letter or digit first",
                keys::KEY_CHARS
            )
        });
    }
}

impl Areas<'_> {
    /// Checks one area, its key aside, and says whether it names a node that is not there.
    pub fn check_one(
        &mut self,
        node: Node,
        path: Path<'_>,
        findings: &mut Findings,
    ) -> Option<(Entries, bool)> {
        let mut fields = Fields::of(node, path, "an area", findings)?;
        let mut entries = Entries::new();
        put_text(&mut entries, "name", fields.required_text("name", keys::NAME_CHARS, findings));
        let boundary = fields.take("boundary");
        let topology = fields.texts("topology", findings).unwrap_or_default();
        if self.is_bounded || boundary.is_some() {
            let path = path.key("boundary");
            let boundary =
                check_boundary(boundary, &path, &topology, self.grid, &mut self.boundaries, findings);
            entries.extend(boundary.map(|boundary| ("boundary".into(), Node::Map(boundary))));
        }
        let names_no_node = topology.iter().any(|id| !self.grid.contains(id));
        put_texts(&mut entries, "topology", Some(topology));
        match fields.take("location") {
            Some(Node::Map(mut location)) => {
                location.retain(|(_, value)| *value != Node::Null);
                free_keys(&location, &path.key("location"), findings);
                if !location.is_empty() {
                    let location = Node::Map(ordered(location, known_keys::LOCATION));
                    entries.push(("location".into(), location));
                }
            }
            // Not the documented shape, and kept all the same.
            Some(other) => {
                strictly_mapping(&other, &path.key("location"), findings);
                entries.push(("location".into(), other.sorted()));
            }
            None => {}
        }
        if let Some(geometry) = fields.take("geometry") {
            strictly_mapping(&geometry, &path.key("geometry"), findings);
            free_keys_within(&geometry, &path.key("geometry"), findings);
            entries.push(("geometry".into(), geometry.sorted()));
        }
        Some((with_rest(entries, fields.rest(findings)), names_no_node))
    }
}

fn is_valid_key(key: &str) -> bool {
    key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        && key.starts_with(|c: char| c.is_ascii_alphanumeric())
        && key.len() <= keys::KEY_CHARS
}

fn check_boundary(
    boundary: Option<Node>,
    path: &Path<'_>,
    topology: &[String],
    grid: &Grid,
    seen: &mut HashSet<String>,
    findings: &mut Findings,
) -> Option<Entries> {
    let Some(Node::Map(mut entries)) = boundary else {
        findings.refuse(Code::InvalidAreaBoundary, path, || {
            format!(
                "schema {} asks for a `boundary` of each area, a mapping with `source` and `id`",
                keys::BOUNDED_AREAS
            )
        });
        return None;
    };
    entries.retain(|(_, value)| *value != Node::Null);
    free_keys(&entries, path, findings);
    let mut text = |key: &str| {
        let at = entries.iter().position(|(name, _)| name == key)?;
        let text = bounded_text(entries[at].1.clone(), usize::MAX, &path.key(key), findings)?;
        entries[at].1 = Node::text(text.as_str());
        Some(text)
    };
    let source = text("source").unwrap_or_default();
    let id = text("id").unwrap_or_default();
    match boundary_flaw(&source, &id, topology, |id| grid.has_substation(id)) {
        Some(flaw) => findings.refuse(Code::InvalidAreaBoundary, path, || flaw.to_owned()),
        None if !seen.insert(id) => findings.refuse(Code::InvalidAreaBoundary, path, || {
            "another area has the same boundary; one primary substation bounds one area".to_owned()
        }),
        None => {}
    }
    Some(ordered(entries, known_keys::BOUNDARY))
}

/// What is wrong with the boundary of one area, if anything.
pub fn boundary_flaw(
    source: &str,
    id: &str,
    topology: &[String],
    is_primary_substation: impl Fn(&str) -> bool,
) -> Option<&'static str> {
    if source != keys::BOUNDARY_SOURCE {
        return Some("`boundary.source` must be gse_cabine_primarie");
    }
    if id.is_empty() || !keys::fits(id, keys::BOUNDARY_CHARS) {
        return Some("`boundary.id` must have 1 to 64 characters");
    }
    if !matches!(topology, [only] if only == id) {
        return Some("the area's `topology` must be a list of `boundary.id` alone");
    }
    if !is_primary_substation(id) {
        return Some("`boundary.id` must be a node of `community.topology` of type primary_substation");
    }
    None
}
