//! Communities.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::free::{Free, FreeMap, by_key};
use super::words::{NodeTypeWord, Word};
use crate::domain::community as domain;
use crate::domain::node::Node;

/// A community in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityListItem {
    /// Stable across re-imports of the same key.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a10")]
    pub id: String,
    /// Unique in the registry.
    #[schema(example = "aurora")]
    pub key: String,
    /// The name.
    #[schema(example = "Aurora REC")]
    pub name: String,
    /// A sentence about it.
    #[schema(required, example = "Renewable energy community of the upper valley")]
    pub description: Option<String>,
    /// The areas by key.
    pub areas: BTreeMap<String, Area>,
}

/// A community with all its documents.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityDetail {
    /// Stable across re-imports of the same key.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a10")]
    pub id: String,
    /// The public part.
    #[serde(flatten)]
    pub public: CommunityPublic,
    /// Every other key of the community, and its distribution system operators by key as `operators`.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"operators": {"dso": {"name": "A DSO", "country": "IT"}}}))]
    pub extra: FreeMap,
    /// When it was first stored; RFC 3339, UTC.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub created_at: String,
    /// When its own content last changed; RFC 3339, UTC.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub updated_at: String,
}

/// What every member of a community may see of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityPublic {
    /// Unique in the registry.
    #[schema(example = "aurora")]
    pub key: String,
    /// The name.
    #[schema(example = "Aurora REC")]
    pub name: String,
    /// A sentence about it.
    #[schema(required, example = "Renewable energy community of the upper valley")]
    pub description: Option<String>,
    /// Legal data: `name`, `vat`, `fiscal_code`, `legal_form`, `registration_number`,
    /// `registered_office` and whatever else was given.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"name": "Aurora REC", "vat": "IT01234567890"}))]
    pub legal: Free,
    /// URLs: `website`, `logo`, `privacy_policy`, `terms`, `statute`, `regulations` and whatever else
    /// was given.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"website": "https://aurora.example.org"}))]
    pub links: Free,
    /// How to reach it: `email`, `pec`, `phone`, `address` and whatever else was given.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"email": "info@aurora.example.org"}))]
    pub contact: Free,
    /// `timezone` (IANA), `currency` (ISO 4217), `energy_unit` (Wh, kWh, MWh), `power_unit` (W, kW, MW)
    /// and whatever else was given.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"timezone": "Europe/Rome", "currency": "EUR"}))]
    pub settings: Free,
    /// The areas by key.
    pub areas: BTreeMap<String, Area>,
    /// The nodes of its grid, in the order in which they were given.
    pub topology: Vec<TopologyNode>,
}

/// A regulatory zone in which members sit; whatever else was given stands beside these fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct Area {
    /// The name.
    #[schema(example = "North")]
    pub name: String,
    /// The primary substation that bounds it: `source`, the register, and `id`, its id there.
    #[schema(required, value_type = Option<BTreeMap<String, serde_json::Value>>, example = json!({"source": "gse_cabine_primarie", "id": "AC001E00001"}))]
    pub boundary: Option<Free>,
    /// The ids of its grid nodes.
    #[schema(example = json!(["AC001E00001"]))]
    pub topology: Vec<String>,
    /// A point, in degrees: `lat` and `lon`. Older bundles hold other things here.
    #[schema(required, value_type = serde_json::Value, example = json!({"lat": 45.07, "lon": 7.69}))]
    pub location: Option<Free>,
    /// GeoJSON. Older bundles hold other things here.
    #[schema(required, value_type = serde_json::Value)]
    pub geometry: Option<Free>,
    /// Every other key.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub extra: FreeMap,
}

/// A node of the grid; whatever else was given stands beside these fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopologyNode {
    /// Unique in the community.
    #[schema(example = "AC001E00001")]
    pub id: String,
    /// The kind.
    #[serde(rename = "type")]
    pub node_type: NodeTypeWord,
    /// The name.
    #[schema(required, example = "Primary Substation North")]
    pub name: Option<String>,
    /// The key of its operator.
    #[schema(required, example = "dso")]
    pub operator_id: Option<String>,
    /// The same, under the name that older clients read.
    #[schema(required, example = "dso")]
    pub operator: Option<String>,
    /// The id of the node above it.
    #[schema(required)]
    pub parent: Option<String>,
    /// GeoJSON; empty when there is none. Older bundles hold other things here.
    #[schema(value_type = serde_json::Value)]
    pub area: Free,
    /// The ids of the nodes below it, in the order of the nodes.
    #[schema(example = json!(["SS-001"]))]
    pub children: Vec<String>,
    /// Every other key.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub extra: FreeMap,
}

/// The grid of a community.
#[derive(Debug, Serialize, ToSchema)]
pub struct Topology {
    /// The nodes, in the order in which they were given.
    pub topology: Vec<TopologyNode>,
}

/// The name tag of a community.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityTag {
    /// Stable across re-imports of the same key.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a10")]
    pub id: String,
    /// Unique in the registry.
    #[schema(example = "aurora")]
    pub key: String,
    /// The name.
    #[schema(example = "Aurora REC")]
    pub name: String,
}

impl From<domain::Community> for CommunityListItem {
    fn from(community: domain::Community) -> Self {
        let content = community.content;
        Self {
            id: community.id.to_string(),
            areas: areas_of(&content),
            key: content.key.into_string(),
            name: content.name,
            description: content.description,
        }
    }
}

impl From<domain::Community> for CommunityDetail {
    fn from(community: domain::Community) -> Self {
        let mut extra = by_key(community.content.extra.entries());
        extra.insert("operators".to_owned(), community.content.operators.clone().into());
        Self {
            id: community.id.to_string(),
            public: community.content.into(),
            extra,
            created_at: community.created_at.to_string(),
            updated_at: community.updated_at.to_string(),
        }
    }
}

impl From<domain::CommunityContent> for CommunityPublic {
    fn from(content: domain::CommunityContent) -> Self {
        Self {
            areas: areas_of(&content),
            topology: topology_of(&content),
            key: content.key.into_string(),
            name: content.name,
            description: content.description,
            legal: content.legal.into(),
            links: content.links.into(),
            contact: content.contact.into(),
            settings: content.settings.into(),
        }
    }
}

impl From<domain::Community> for Topology {
    fn from(community: domain::Community) -> Self {
        Self { topology: topology_of(&community.content) }
    }
}

impl From<domain::CommunityRef> for CommunityTag {
    fn from(tag: domain::CommunityRef) -> Self {
        Self { id: tag.id.to_string(), key: tag.key.into_string(), name: tag.name }
    }
}

fn areas_of(content: &domain::CommunityContent) -> BTreeMap<String, Area> {
    content
        .areas()
        .into_iter()
        .map(|area| {
            let view = Area {
                name: area.name,
                boundary: area.boundary.map(|boundary| boundary.document.into()),
                topology: area.topology,
                location: area.location.map(Free::from),
                geometry: area.geometry.map(Free::from),
                extra: by_key(area.extra),
            };
            (area.key, view)
        })
        .collect()
}

fn topology_of(content: &domain::CommunityContent) -> Vec<TopologyNode> {
    content
        .topology()
        .into_iter()
        .map(|node| TopologyNode {
            id: node.id,
            node_type: Word(node.node_type),
            name: node.name,
            operator: node.operator_id.clone(),
            operator_id: node.operator_id,
            parent: node.parent,
            area: node.area.unwrap_or_else(|| Node::Map(Vec::new())).into(),
            children: node.children,
            extra: by_key(node.extra),
        })
        .collect()
}
