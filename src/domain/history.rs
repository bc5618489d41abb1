//! The past of a community: its revisions, and how one goes back from what is to what was.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::closed_set::{EntityChangeKind, EntityKind};
use super::community::CommunityRef;
use super::delivery_point::HoldingKind;
use super::difference::{
    self, Difference, EntityChange, asset_fields, community_fields, field, keyed, member_fields, nodes,
    point_fields,
};
use super::fold::folded_code;
use super::identifier::{CommunityKey, MemberKey, UserId};
use super::import::CommunityGraph;
use super::node::{Entries, Node};
use super::timestamp::Timestamp;

/// A change of a community, of many or few things at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its id.
    pub id: Uuid,
    /// The key of the community.
    pub community: CommunityKey,
    /// The revision of the community that it led to.
    pub number: i64,
    /// When it was committed, as its process saw it.
    pub at: Timestamp,
    /// The pseudonym of whoever did it, as on the audit trail.
    pub subject: String,
    /// The client that the token was made for.
    pub client: Option<String>,
    /// What was done, in the words of the audit trail: `import`, `member.update`.
    pub operation: String,
    /// How many entities came, went and became others.
    pub counts: ChangeCounts,
    /// What is different, as much as is listed.
    pub difference: Difference,
}

/// How many entities came, went and became others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangeCounts {
    /// How many came.
    pub added: u64,
    /// How many went.
    pub removed: u64,
    /// How many became others.
    pub changed: u64,
}

impl ChangeCounts {
    /// The number of all changes.
    #[must_use]
    pub fn total(self) -> u64 {
        self.added + self.removed + self.changed
    }
}

impl From<&Difference> for ChangeCounts {
    fn from(difference: &Difference) -> Self {
        let count = |kind| difference.changes.iter().filter(|change| change.change == kind).count() as u64;
        Self {
            added: count(EntityChangeKind::Added),
            removed: count(EntityChangeKind::Removed),
            changed: count(EntityChangeKind::Changed),
        }
    }
}

/// A place in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Right after a revision.
    Revision(i64),
    /// At a time.
    Time(Timestamp),
}

impl Moment {
    /// Reads a revision number or a time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.parse() {
            Ok(number) => Some(Self::Revision(number)),
            Err(_) => Timestamp::parse(text).map(Self::Time),
        }
    }
}

/// Who held a sensor or a delivery point at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastHolder {
    /// What was held.
    pub kind: HoldingKind,
    /// Its community.
    pub community: CommunityRef,
    /// The id of the member, who may be gone.
    pub member_id: Uuid,
    /// The key of the member.
    pub member_key: MemberKey,
    /// The user name of the member, when it ended or now.
    pub user_id: UserId,
    /// Since when; none when that was before it was recorded.
    pub since: Option<Timestamp>,
    /// Until when; none when it holds it still.
    pub until: Option<Timestamp>,
}

/// Everything that a community says, so that changes can be taken back one by one.
#[derive(Debug, Clone)]
pub struct State {
    key: CommunityKey,
    community: Entries,
    operators: BTreeMap<String, Entries>,
    areas: BTreeMap<String, Entries>,
    nodes: BTreeMap<String, Entries>,
    members: BTreeMap<String, Entries>,
    /// By the key of the member and the folded code.
    points: BTreeMap<(String, String), Entries>,
    assets: BTreeMap<String, Entries>,
}

impl State {
    /// What a community says now.
    #[must_use]
    pub fn of(graph: &CommunityGraph) -> Self {
        let content = &graph.community;
        let mut community = community_fields(content);
        let grid = nodes(&content.topology);
        let order = grid.iter().map(|(id, _)| Node::text(id.as_str())).collect();
        community.push((field::NODE_ORDER.into(), Node::List(order)));
        let mut state = Self {
            key: content.key.clone(),
            community,
            operators: keyed(&content.operators).into_iter().collect(),
            areas: keyed(&content.areas).into_iter().collect(),
            nodes: grid.into_iter().collect(),
            members: BTreeMap::new(),
            points: BTreeMap::new(),
            assets: BTreeMap::new(),
        };
        for member in &graph.members {
            let key = member.content.key.as_str();
            state.members.insert(key.to_owned(), member_fields(&member.content));
            for point in &member.delivery_points {
                state.points.insert((key.to_owned(), point.code.folded()), point_fields(point));
            }
            for asset in &member.assets {
                state.assets.insert(asset.key.to_string(), asset_fields(asset, key));
            }
        }
        state
    }

    /// Takes a change back.
    pub fn undo(&mut self, change: &EntityChange) {
        let key = change.key.clone();
        match change.entity {
            EntityKind::Community => change.fields.iter().for_each(|field| {
                set(&mut self.community, &field.path, field.before.as_ref());
            }),
            EntityKind::Operator => taken_back(&mut self.operators, key, change),
            EntityKind::Area => taken_back(&mut self.areas, key, change),
            EntityKind::TopologyNode => taken_back(&mut self.nodes, key, change),
            EntityKind::Member => taken_back(&mut self.members, key, change),
            EntityKind::DeliveryPoint => {
                let member = change.member_key.clone().unwrap_or_default();
                taken_back(&mut self.points, (member, folded_code(&key)), change);
            }
            EntityKind::Asset => taken_back(&mut self.assets, key, change),
        }
    }

    /// The bundle that says all of it. What belongs to nobody any more, because somebody was erased, is left
    /// out.
    #[must_use]
    pub fn into_bundle(self) -> Node {
        let Self { key, community, operators, areas, mut nodes, members, points, assets } = self;
        let mut of_members: BTreeMap<String, (Vec<Node>, BTreeMap<String, Entries>)> = BTreeMap::new();
        for ((member, _), fields) in points {
            of_members.entry(member).or_default().0.push(Node::Map(flat(fields, field::EXTRA)));
        }
        for (key, mut fields) in assets {
            let owner = taken_text(&mut fields, field::OWNER);
            let asset_type = taken_text(&mut fields, field::ASSET_TYPE);
            let of_type = of_members.entry(owner).or_default().1.entry(asset_type).or_default();
            of_type.push((key.into(), Node::Map(flat(fields, field::PROPERTIES))));
        }
        let members = members.into_iter().map(|(key, mut fields)| {
            let (points, assets) = of_members.remove(&key).unwrap_or_default();
            let assets = assets.into_iter().map(|(kind, assets)| (kind.into(), Node::Map(assets))).collect();
            fields.push(("delivery_points".into(), Node::List(points)));
            fields.push(("assets".into(), Node::Map(assets)));
            (key.into(), Node::Map(fields))
        });
        let members = members.collect();

        let mut fields = vec![("id".into(), Node::text(key.as_str()))];
        let (mut bundle, mut order) = (Entries::new(), Vec::new());
        for (name, value) in community {
            match (name.as_str(), value) {
                (field::ENVELOPE, Node::Map(around)) => bundle = around,
                (field::NODE_ORDER, Node::List(ids)) => order = ids,
                (_, value) => fields.push((name, value)),
            }
        }
        let in_order = order.iter().filter_map(Node::as_text);
        let topology = in_order.filter_map(|id| nodes.remove(id).map(Node::Map)).collect();
        fields.push(("operators".into(), Node::Map(mapped(operators))));
        fields.push(("areas".into(), Node::Map(mapped(areas))));
        fields.push(("topology".into(), Node::List(topology)));
        bundle.push(("community".into(), Node::Map(fields)));
        bundle.push(("members".into(), Node::Map(members)));
        Node::Map(bundle)
    }
}

fn taken_back<K: Ord>(entities: &mut BTreeMap<K, Entries>, key: K, change: &EntityChange) {
    match change.change {
        EntityChangeKind::Added => {
            entities.remove(&key);
        }
        EntityChangeKind::Removed | EntityChangeKind::Changed => {
            let changed = change.change == EntityChangeKind::Changed;
            // Nothing is changed of what was erased.
            if changed && !entities.contains_key(&key) {
                return;
            }
            let entity = entities.entry(key).or_default();
            for field in &change.fields {
                set(entity, &field.path, field.before.as_ref());
            }
        }
    }
}

/// Sets a field, or takes it away.
fn set(entries: &mut Entries, path: &[String], value: Option<&Node>) {
    let Some((name, rest)) = path.split_first() else { return };
    let at = entries.iter().position(|(known, _)| known == name);
    match (rest.is_empty(), at, value) {
        (true, Some(at), Some(value)) => entries[at].1 = value.clone(),
        (true, None, Some(value)) => entries.push((name.as_str().into(), value.clone())),
        (true, Some(at), None) => {
            entries.remove(at);
        }
        (false, Some(at), _) => {
            if let Node::Map(inner) = &mut entries[at].1 {
                set(inner, rest, value);
            }
        }
        (true, None, None) | (false, None, _) => {}
    }
}

/// The fields with those of one of them in its place.
fn flat(mut fields: Entries, name: &str) -> Entries {
    if let Some(at) = fields.iter().position(|(known, _)| known == name)
        && let (_, Node::Map(inner)) = fields.remove(at)
    {
        fields.extend(inner);
    }
    fields
}

fn taken_text(fields: &mut Entries, name: &str) -> String {
    let at = fields.iter().position(|(known, _)| known == name);
    match at.map(|at| fields.remove(at).1) {
        Some(Node::Text(text)) => text.into(),
        _ => String::new(),
    }
}

fn mapped(entities: BTreeMap<String, Entries>) -> Entries {
    entities.into_iter().map(|(key, fields)| (key.into(), Node::Map(fields))).collect()
}

/// What a change says of a field at the top of an entity before it.
#[must_use]
pub fn said_before<'c>(change: &'c EntityChange, name: &str) -> Option<&'c str> {
    let is_it = |field: &&difference::FieldChange| field.path.len() == 1 && field.path[0] == name;
    change.fields.iter().find(is_it)?.before.as_ref()?.as_text()
}
