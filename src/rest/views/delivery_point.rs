//! Delivery points.

use serde::Serialize;
use utoipa::ToSchema;

use super::free::{FreeMap, by_key};
use super::member::MemberTag;
use crate::domain::delivery_point as domain;
use crate::domain::identifier::CommunityKey;

/// Where a member is connected to the grid; whatever else was given stands beside these fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPoint {
    /// The id that the grid operator gave it. Compared trimmed and ignoring case.
    #[schema(example = "IT001E00001234")]
    pub id: String,
    /// pod, cups, prm, malo, ean, mpan, other, or whatever was given.
    #[serde(rename = "type")]
    #[schema(example = "pod")]
    pub point_type: String,
    /// A sentence about it.
    #[schema(required, example = "Main residence")]
    pub description: Option<String>,
    /// Where it is.
    #[schema(required, example = "Via Roma 1, Trento")]
    pub address: Option<String>,
    /// The tariff it is under.
    #[schema(required, example = "D2")]
    pub tariff: Option<String>,
    /// Whether it is in use.
    #[schema(example = true)]
    pub active: bool,
    /// Every other key.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub extra: FreeMap,
}

/// A delivery point in the list of a community.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPointListItem {
    /// The id that the grid operator gave it. Compared trimmed and ignoring case.
    #[schema(example = "IT001E00001234")]
    pub id: String,
    /// The same as `id`.
    #[schema(example = "IT001E00001234")]
    pub key: String,
    /// pod, cups, prm, malo, ean, mpan, other, or whatever was given.
    #[serde(rename = "type")]
    #[schema(example = "pod")]
    pub point_type: String,
    /// A sentence about it.
    #[schema(required, example = "Main residence")]
    pub description: Option<String>,
    /// Where it is.
    #[schema(required, example = "Via Roma 1, Trento")]
    pub address: Option<String>,
    /// The tariff it is under.
    #[schema(required, example = "D2")]
    pub tariff: Option<String>,
    /// Whether it is in use.
    #[schema(example = true)]
    pub active: bool,
    /// The key of its member.
    #[schema(example = "au-00001")]
    pub member_key: String,
    /// The name of its member.
    #[schema(example = "Alice Rossi")]
    pub member_name: String,
}

/// The delivery points of a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPoints {
    /// By id.
    pub delivery_points: Vec<DeliveryPoint>,
}

/// A delivery point and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPointWithMember {
    /// The delivery point.
    pub delivery_point: DeliveryPoint,
    /// The member.
    pub member: MemberTag,
}

/// The delivery points of a community that several members name.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPointDuplicates {
    /// The community.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// One row a delivery point.
    pub items: Vec<DuplicateDeliveryPoint>,
}

/// A delivery point that several members of a community name.
#[derive(Debug, Serialize, ToSchema)]
pub struct DuplicateDeliveryPoint {
    /// The id, as the first member by key writes it.
    #[schema(example = "IT001E00001234")]
    pub delivery_point: String,
    /// Every member that names it, by key.
    pub holders: Vec<DeliveryPointHolder>,
    /// How many of them are active.
    #[schema(example = 2)]
    pub active_holders: u64,
    /// Whether an active member of another community holds it.
    #[schema(example = false)]
    pub held_elsewhere: bool,
}

/// A member that names a shared delivery point.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPointHolder {
    /// The id, as this member writes it.
    #[schema(example = "it001e00001234")]
    pub id: String,
    /// The key of the member.
    #[schema(example = "au-00001")]
    pub member_key: String,
}

impl From<domain::DeliveryPoint> for DeliveryPoint {
    fn from(point: domain::DeliveryPoint) -> Self {
        let content = point.content;
        Self {
            id: content.code.into_string(),
            point_type: content.point_type,
            description: content.description,
            address: content.address,
            tariff: content.tariff,
            active: content.active,
            extra: by_key(content.extra.entries()),
        }
    }
}

impl From<domain::DeliveryPoint> for DeliveryPointListItem {
    fn from(point: domain::DeliveryPoint) -> Self {
        let content = point.content;
        Self {
            id: content.code.to_string(),
            key: content.code.into_string(),
            point_type: content.point_type,
            description: content.description,
            address: content.address,
            tariff: content.tariff,
            active: content.active,
            member_key: point.member.key.into_string(),
            member_name: point.member.name,
        }
    }
}

impl From<domain::DeliveryPoint> for DeliveryPointWithMember {
    fn from(point: domain::DeliveryPoint) -> Self {
        Self { member: point.member.clone().into(), delivery_point: point.into() }
    }
}

/// Delivery points, each as REST shows it.
#[must_use]
pub fn views(points: Vec<domain::DeliveryPoint>) -> Vec<DeliveryPoint> {
    points.into_iter().map(DeliveryPoint::from).collect()
}

impl DeliveryPointDuplicates {
    /// The shared delivery points of a community.
    #[must_use]
    pub fn of(community: CommunityKey, duplicates: Vec<domain::DuplicateDeliveryPoint>) -> Self {
        Self {
            community_key: community.into_string(),
            items: duplicates.into_iter().map(DuplicateDeliveryPoint::from).collect(),
        }
    }
}

impl From<domain::DuplicateDeliveryPoint> for DuplicateDeliveryPoint {
    fn from(duplicate: domain::DuplicateDeliveryPoint) -> Self {
        Self {
            delivery_point: duplicate.code.into_string(),
            holders: duplicate
                .holders
                .into_iter()
                .map(|point| DeliveryPointHolder {
                    id: point.content.code.into_string(),
                    member_key: point.member.key.into_string(),
                })
                .collect(),
            active_holders: duplicate.active_holders,
            held_elsewhere: duplicate.held_elsewhere,
        }
    }
}
