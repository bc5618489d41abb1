//! What is different between two states of a community: entity by entity, field by field.

use std::collections::HashMap;

use super::asset::AssetContent;
use super::closed_set::{ClosedSet as _, EntityChangeKind, EntityKind};
use super::community::CommunityContent;
use super::delivery_point::DeliveryPointContent;
use super::document::Document;
use super::identifier::MemberKey;
use super::import::CommunityGraph;
use super::member::MemberContent;
use super::node::{Entries, Node};

/// A field that is another one: within free data, as deep as mappings go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The names that lead to it, from the outside in.
    pub path: Vec<String>,
    /// What it was; none when it was not there.
    pub before: Option<Node>,
    /// What it is; none when it is not there any more.
    pub after: Option<Node>,
}

/// An entity that is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityChange {
    /// What it is.
    pub entity: EntityKind,
    /// Its key: the code of a delivery point, the id of a grid node.
    pub key: String,
    /// The key of the member whose it is, or was; none of what no member has.
    pub member_key: Option<String>,
    /// What became of it.
    pub change: EntityChangeKind,
    /// The fields that are others. Of an entity that went all that it said, of one that came none.
    pub fields: Vec<FieldChange>,
}

impl EntityChange {
    /// A text of a member that is another one.
    #[must_use]
    pub fn of_member(member: &MemberKey, field: &str, before: &str, after: &str) -> Self {
        let text = |text: &str| Some(Node::text(text));
        Self {
            entity: EntityKind::Member,
            key: member.to_string(),
            member_key: Some(member.to_string()),
            change: EntityChangeKind::Changed,
            fields: vec![FieldChange {
                path: vec![field.to_owned()],
                before: text(before),
                after: text(after),
            }],
        }
    }
}

/// The names of fields that an entity has beside what a bundle says of it.
pub mod field {
    /// Every other key.
    pub const EXTRA: &str = "extra";
    /// What the bundle says around its community.
    pub const ENVELOPE: &str = "envelope";
    /// The ids of the grid nodes, in their order.
    pub const NODE_ORDER: &str = "topology_order";
    /// The key of the member whose an asset is.
    pub const OWNER: &str = "owner";
    /// The kind of an asset.
    pub const ASSET_TYPE: &str = "asset_type";
    /// The properties of the kind of an asset, and every other key.
    pub const PROPERTIES: &str = "properties";
}

fn text(entries: &mut Entries, name: &str, value: &str) {
    entries.push((name.into(), Node::text(value)));
}

fn optional(entries: &mut Entries, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        text(entries, name, value);
    }
}

fn document(entries: &mut Entries, name: &str, value: &Document) {
    if !value.is_empty() {
        entries.push((name.into(), value.node()));
    }
}

/// What a community says of itself, without operators, areas and grid nodes.
#[must_use]
pub fn community_fields(content: &CommunityContent) -> Entries {
    let mut entries = Entries::new();
    text(&mut entries, "name", &content.name);
    optional(&mut entries, "description", content.description.as_deref());
    document(&mut entries, "legal", &content.legal);
    document(&mut entries, "links", &content.links);
    document(&mut entries, "contact", &content.contact);
    document(&mut entries, "settings", &content.settings);
    document(&mut entries, field::EXTRA, &content.extra);
    document(&mut entries, field::ENVELOPE, &content.envelope);
    entries
}

/// What a member says, without delivery points and assets.
#[must_use]
pub fn member_fields(content: &MemberContent) -> Entries {
    let mut entries = Entries::new();
    text(&mut entries, "user_id", content.user_id.as_str());
    optional(&mut entries, "did", content.did.as_ref().map(|did| did.as_str()));
    text(&mut entries, "name", &content.name);
    optional(&mut entries, "type", content.member_type.as_deref());
    text(&mut entries, "role", content.role.as_str());
    text(&mut entries, "area", &content.area);
    text(&mut entries, "status", content.status.as_str());
    document(&mut entries, field::EXTRA, &content.extra);
    entries
}

/// What a delivery point says.
#[must_use]
pub fn point_fields(content: &DeliveryPointContent) -> Entries {
    let mut entries = Entries::new();
    text(&mut entries, "id", content.code.as_str());
    text(&mut entries, "type", &content.point_type);
    optional(&mut entries, "description", content.description.as_deref());
    optional(&mut entries, "address", content.address.as_deref());
    optional(&mut entries, "tariff", content.tariff.as_deref());
    entries.push(("active".into(), Node::Bool(content.active)));
    document(&mut entries, field::EXTRA, &content.extra);
    entries
}

/// What an asset says, and whose it is.
#[must_use]
pub fn asset_fields(content: &AssetContent, owner: &str) -> Entries {
    let mut entries = Entries::new();
    text(&mut entries, field::OWNER, owner);
    text(&mut entries, field::ASSET_TYPE, content.asset_type.as_str());
    text(&mut entries, "name", &content.name);
    optional(&mut entries, "sensor_id", content.sensor_id.as_ref().map(|sensor| sensor.as_str()));
    document(&mut entries, field::PROPERTIES, &content.properties);
    document(&mut entries, "device", &content.device);
    document(&mut entries, "relationships", &content.relationships);
    document(&mut entries, field::EXTRA, &content.extra);
    entries
}

/// Everything that is different, in the order in which it is noted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// The entities that are others.
    pub changes: Vec<EntityChange>,
    /// How many more there are that are not listed.
    pub unlisted: u64,
}

impl Difference {
    /// What comes with a community that was not there.
    #[must_use]
    pub fn of_new(graph: &CommunityGraph) -> Self {
        let (mut difference, content) = (Self::default(), &graph.community);
        let fields = community_fields(content);
        difference.note(EntityKind::Community, content.key.as_str(), None, None, Some(&fields));
        difference.note_keyed(EntityKind::Operator, Keyed::new(), keyed(&content.operators));
        difference.note_keyed(EntityKind::Area, Keyed::new(), keyed(&content.areas));
        difference.note_keyed(EntityKind::TopologyNode, Keyed::new(), nodes(&content.topology));
        for member in &graph.members {
            let key = member.content.key.as_str();
            difference.note_member(None, Some(&member.content));
            difference.note_points(key, [], &member.delivery_points);
            member.assets.iter().for_each(|asset| difference.note_asset(None, Some((asset, key))));
        }
        difference
    }

    /// The same with at most so many changes listed.
    #[must_use]
    pub fn bounded(mut self, at_most: usize) -> Self {
        self.unlisted += self.changes.len().saturating_sub(at_most) as u64;
        self.changes.truncate(at_most);
        self
    }

    /// Notes what became of an entity: what it said before, and what it says now. Nothing, when that is the
    /// same.
    pub fn note(
        &mut self,
        entity: EntityKind,
        key: &str,
        member_key: Option<&str>,
        before: Option<&Entries>,
        after: Option<&Entries>,
    ) {
        let mut fields = Vec::new();
        let change = match (before, after) {
            (None, None) => return,
            (None, Some(_)) => EntityChangeKind::Added,
            (Some(before), None) => {
                between(&mut Vec::new(), before, &Entries::new(), &mut fields);
                EntityChangeKind::Removed
            }
            (Some(before), Some(after)) => {
                between(&mut Vec::new(), before, after, &mut fields);
                if fields.is_empty() {
                    return;
                }
                EntityChangeKind::Changed
            }
        };
        let (key, member_key) = (key.to_owned(), member_key.map(str::to_owned));
        self.changes.push(EntityChange { entity, key, member_key, change, fields });
    }

    /// Notes what a community says otherwise of itself, its operators, areas and grid nodes.
    pub fn note_community(&mut self, before: &CommunityContent, after: &CommunityContent) {
        let fields = |content: &CommunityContent, nodes: &Keyed| {
            let mut fields = community_fields(content);
            let order = nodes.iter().map(|(id, _)| Node::text(id.as_str()));
            fields.push((field::NODE_ORDER.into(), Node::List(order.collect())));
            fields
        };
        let (nodes_before, nodes_after) = (nodes(&before.topology), nodes(&after.topology));
        let (was, is) = (fields(before, &nodes_before), fields(after, &nodes_after));
        self.note(EntityKind::Community, after.key.as_str(), None, Some(&was), Some(&is));
        if before.operators != after.operators {
            self.note_keyed(EntityKind::Operator, keyed(&before.operators), keyed(&after.operators));
        }
        if before.areas != after.areas {
            self.note_keyed(EntityKind::Area, keyed(&before.areas), keyed(&after.areas));
        }
        if before.topology != after.topology {
            self.note_keyed(EntityKind::TopologyNode, nodes_before, nodes_after);
        }
    }

    fn note_keyed(&mut self, entity: EntityKind, before: Keyed, after: Keyed) {
        let mut before: HashMap<String, Entries> = before.into_iter().collect();
        for (key, is) in &after {
            self.note(entity, key, None, before.remove(key).as_ref(), Some(is));
        }
        let mut gone: Vec<_> = before.into_iter().collect();
        gone.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, was) in &gone {
            self.note(entity, key, None, Some(was), None);
        }
    }

    /// Notes what became of a member, without delivery points and assets.
    pub fn note_member(&mut self, before: Option<&MemberContent>, after: Option<&MemberContent>) {
        let Some(content) = after.or(before) else { return };
        if before == after {
            return;
        }
        let key = content.key.as_str();
        let (was, is) = (before.map(member_fields), after.map(member_fields));
        self.note(EntityKind::Member, key, Some(key), was.as_ref(), is.as_ref());
    }

    /// Notes what became of the delivery points of a member.
    pub fn note_points<'p>(
        &mut self,
        member_key: &str,
        before: impl IntoIterator<Item = &'p DeliveryPointContent>,
        after: impl IntoIterator<Item = &'p DeliveryPointContent>,
    ) {
        let mut before: HashMap<String, &DeliveryPointContent> =
            before.into_iter().map(|point| (point.code.folded(), point)).collect();
        for is in after {
            let was = before.remove(&is.code.folded());
            if was != Some(is) {
                let (was, code) = (was.map(point_fields), is.code.as_str());
                let is = point_fields(is);
                self.note(EntityKind::DeliveryPoint, code, Some(member_key), was.as_ref(), Some(&is));
            }
        }
        let mut gone: Vec<_> = before.into_values().collect();
        gone.sort_by(|a, b| a.code.cmp(&b.code));
        for was in gone {
            let fields = point_fields(was);
            self.note(EntityKind::DeliveryPoint, was.code.as_str(), Some(member_key), Some(&fields), None);
        }
    }

    /// Notes what became of an asset; each with the key of the member whose it is.
    pub fn note_asset(
        &mut self,
        before: Option<(&AssetContent, &str)>,
        after: Option<(&AssetContent, &str)>,
    ) {
        let Some((content, member_key)) = after.or(before) else { return };
        if before == after {
            return;
        }
        let fields = |(content, owner)| asset_fields(content, owner);
        let (was, is) = (before.map(fields), after.map(fields));
        let key = content.key.as_str();
        self.note(EntityKind::Asset, key, Some(member_key), was.as_ref(), is.as_ref());
    }
}

/// Things by key, in their order.
type Keyed = Vec<(String, Entries)>;

/// The mappings of a mapping.
#[must_use]
pub fn keyed(document: &Document) -> Keyed {
    let entries = document.entries().into_iter();
    entries
        .filter_map(|(key, value)| match value {
            Node::Map(fields) => Some((key.into(), fields)),
            _ => None,
        })
        .collect()
}

/// Grid nodes by their id.
#[must_use]
pub fn nodes(topology: &Document) -> Keyed {
    let nodes = topology.items().into_iter();
    nodes
        .filter_map(|node| {
            let id = node.get("id").and_then(Node::as_text)?.to_owned();
            match node {
                Node::Map(fields) => Some((id, fields)),
                _ => None,
            }
        })
        .collect()
}

/// The fields of two mappings that are not the same.
fn between(path: &mut Vec<String>, before: &Entries, after: &Entries, into: &mut Vec<FieldChange>) {
    let get = |entries: &Entries, name: &str| {
        entries.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let names = before.iter().chain(after.iter().filter(|(name, _)| get(before, name).is_none()));
    for (name, _) in names {
        let (was, is) = (get(before, name), get(after, name));
        if was == is {
            continue;
        }
        path.push(name.to_string());
        match (was, is) {
            (Some(Node::Map(was)), Some(Node::Map(is))) => between(path, &was, &is, into),
            (before, after) => into.push(FieldChange { path: path.clone(), before, after }),
        }
        path.pop();
    }
}
