//! A renewable energy community and the documents it carries: legal data, links, contact, settings,
//! operators, areas and the topology of its grid.

use uuid::Uuid;

use super::closed_set::{ClosedSet, TopologyNodeType};
use super::document::Document;
use super::identifier::CommunityKey;
use super::node::{Entries, Node};
use super::timestamp::Timestamp;

/// The documented keys of each free document, in the order in which they are written.
pub mod known_keys {
    /// Keys of `legal`.
    pub const LEGAL: &[&str] =
        &["name", "vat", "fiscal_code", "legal_form", "registration_number", "registered_office"];
    /// Keys of `links`, URLs all.
    pub const LINKS: &[&str] = &["website", "logo", "privacy_policy", "terms", "statute", "regulations"];
    /// Keys of `contact`.
    pub const CONTACT: &[&str] = &["email", "pec", "phone", "address"];
    /// Keys of `settings`.
    pub const SETTINGS: &[&str] = &["timezone", "currency", "energy_unit", "power_unit"];
    /// Keys of an operator.
    pub const OPERATOR: &[&str] = &["name", "country", "contact"];
    /// Keys of an area.
    pub const AREA: &[&str] = &["name", "boundary", "topology", "location", "geometry"];
    /// Keys of an area's boundary.
    pub const BOUNDARY: &[&str] = &["source", "id"];
    /// Keys of an area's location.
    pub const LOCATION: &[&str] = &["lat", "lon"];
    /// Keys of a topology node. `operator` is the spelling of older files.
    pub const TOPOLOGY_NODE: &[&str] =
        &["id", "type", "name", "operator_id", "operator", "parent", "area", "children"];
}

/// What a community says of itself, without its identity in this registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommunityContent {
    /// Unique in the registry.
    pub key: CommunityKey,
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
    /// Distribution system operators by key, a mapping in byte order of the keys.
    pub operators: Document,
    /// Areas by key, a mapping in byte order of the keys.
    pub areas: Document,
    /// Grid nodes, a list in the order given.
    pub topology: Document,
    /// Every other key of the community, a mapping.
    pub extra: Document,
    /// `version`, `metadata` and the unknown keys of the bundle around the community, a mapping.
    pub envelope: Document,
}

/// A community of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Community {
    /// Stable across re-imports of the same key.
    pub id: Uuid,
    /// What it says of itself.
    pub content: CommunityContent,
    /// The highest numbered key that a member of it ever had; empty when none had one.
    pub last_numbered_key: String,
    /// Grows by one with each change of the community itself.
    pub version: i64,
    /// Grows with each committed change anywhere in the community.
    pub revision: i64,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When its own content last changed.
    pub updated_at: Timestamp,
}

/// The name tag of a community.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunityRef {
    /// Its id.
    pub id: Uuid,
    /// Its key.
    pub key: CommunityKey,
    /// Its name.
    pub name: String,
}

/// An area: a regulatory zone in which members sit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Unique in the community.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The primary substation that bounds it.
    pub boundary: Option<AreaBoundary>,
    /// The ids of its grid nodes.
    pub topology: Vec<String>,
    /// A point, in degrees: latitude, longitude.
    pub location: Option<Node>,
    /// GeoJSON.
    pub geometry: Option<Node>,
    /// Every other key.
    pub extra: Entries,
}

/// The boundary of an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaBoundary {
    /// The register that the id comes from.
    pub source: String,
    /// The id in that register.
    pub id: String,
    /// The whole mapping as it is stored.
    pub document: Node,
}

/// A node of the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologyNode {
    /// Unique in the community.
    pub id: String,
    /// Its kind.
    pub node_type: TopologyNodeType,
    /// Its name.
    pub name: Option<String>,
    /// The key of its operator.
    pub operator_id: Option<String>,
    /// The id of the node above it.
    pub parent: Option<String>,
    /// GeoJSON.
    pub area: Option<Node>,
    /// The ids of the nodes below: those that are given and those whose `parent` names this one, in
    /// the order of the nodes.
    pub children: Vec<String>,
    /// Every other key.
    pub extra: Entries,
}

/// A distribution system operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Unique in the community.
    pub key: String,
    /// Its name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// How to reach it.
    pub contact: Option<Node>,
    /// Every other key.
    pub extra: Entries,
}

impl CommunityContent {
    /// The areas, by key.
    #[must_use]
    pub fn areas(&self) -> Vec<Area> {
        self.areas.entries().into_iter().map(|(key, node)| Area::from_stored(key.into(), node)).collect()
    }

    /// The operators, by key.
    #[must_use]
    pub fn operators(&self) -> Vec<Operator> {
        self.operators
            .entries()
            .into_iter()
            .map(|(key, node)| Operator::from_stored(key.into(), node))
            .collect()
    }

    /// The grid nodes in the order given, their children worked out.
    #[must_use]
    pub fn topology(&self) -> Vec<TopologyNode> {
        topology_from_stored(self.topology.items())
    }
}

impl Area {
    fn from_stored(key: String, node: Node) -> Self {
        let mut rest = Rest::of(node);
        Self {
            key,
            name: rest.text("name").unwrap_or_default(),
            boundary: rest.take("boundary").map(|document| AreaBoundary {
                source: document.get("source").and_then(Node::as_text).unwrap_or_default().to_owned(),
                id: document.get("id").and_then(Node::as_text).unwrap_or_default().to_owned(),
                document,
            }),
            topology: rest.texts("topology"),
            location: rest.take("location"),
            geometry: rest.take("geometry"),
            extra: rest.0,
        }
    }
}

impl Operator {
    fn from_stored(key: String, node: Node) -> Self {
        let mut rest = Rest::of(node);
        Self {
            key,
            name: rest.text("name").unwrap_or_default(),
            country: rest.text("country"),
            contact: rest.take("contact"),
            extra: rest.0,
        }
    }
}

/// Grid nodes from their stored form.
fn topology_from_stored(items: Vec<Node>) -> Vec<TopologyNode> {
    let mut nodes: Vec<TopologyNode> = items
        .into_iter()
        .map(|item| {
            let mut rest = Rest::of(item);
            let operator_id = rest.text("operator_id");
            let operator = rest.text("operator");
            TopologyNode {
                id: rest.text("id").unwrap_or_default(),
                node_type: rest
                    .text("type")
                    .and_then(|word| TopologyNodeType::parse(&word))
                    .unwrap_or(TopologyNodeType::Feeder),
                name: rest.text("name"),
                operator_id: operator_id.or(operator),
                parent: rest.text("parent"),
                area: rest.take("area"),
                children: rest.texts("children"),
                extra: rest.0,
            }
        })
        .collect();
    let position: std::collections::HashMap<String, usize> =
        nodes.iter().enumerate().map(|(at, node)| (node.id.clone(), at)).collect();
    let mut named: Vec<Vec<String>> = vec![Vec::new(); nodes.len()];
    for node in &nodes {
        if let Some(at) = node.parent.as_ref().and_then(|parent| position.get(parent)) {
            named[*at].push(node.id.clone());
        }
    }
    for (node, named) in nodes.iter_mut().zip(named) {
        node.children.extend(named);
        let rank = |id: &String| position.get(id).copied().unwrap_or(usize::MAX);
        // A given child that is no node of the topology stands behind those that are, as it was given.
        node.children.sort_by_key(rank);
        let mut seen = std::collections::HashSet::new();
        node.children.retain(|id| seen.insert(id.clone()));
    }
    nodes
}

/// What is left of a mapping while its known keys are taken out.
struct Rest(Entries);

impl Rest {
    fn of(node: Node) -> Self {
        match node {
            Node::Map(entries) => Self(entries),
            _ => Self(Entries::new()),
        }
    }

    fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Node::Text(text) => Some(text.into()),
            _ => None,
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        match self.take(key) {
            Some(Node::List(items)) => items.iter().filter_map(Node::as_text).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }
}
