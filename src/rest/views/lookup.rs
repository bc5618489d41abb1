//! What lookups across communities answer with.

use serde::Serialize;
use utoipa::ToSchema;

use super::asset::DescribedAsset;
use super::community::CommunityTag;
use super::delivery_point::{DeliveryPoint, views};
use super::history::HolderAt;
use super::member::MemberTag;
use super::words::{AssetTypeWord, RoleWord, StatusWord, Word};
use crate::domain::asset::Asset;
use crate::domain::delivery_point as domain_point;
use crate::domain::member::{Member, MemberRef};

/// An active member and the community it belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityOfMember {
    /// The community.
    pub community: CommunityTag,
    /// The member.
    pub member: FoundMember,
}

/// The asset on a sensor, the active member whose it is, and the community.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityOfSensor {
    /// The community.
    pub community: CommunityTag,
    /// The member whose asset it is.
    pub member: FoundMember,
    /// The asset.
    pub asset: FoundAsset,
}

/// A delivery point, the active member whose it is, and the community.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityOfDeliveryPoint {
    /// The community.
    pub community: CommunityTag,
    /// The member.
    pub member: MemberTag,
    /// The delivery point.
    pub delivery_point: DeliveryPoint,
}

/// What the lookup of a sensor answers: who holds it, or who held it at a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SensorAnswer {
    /// Who holds it.
    Now(CommunityOfSensor),
    /// Who held it at a time.
    Then(HolderAt),
}

/// What the lookup of a delivery point answers: who holds it, or who held it at a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum DeliveryPointAnswer {
    /// Who holds it.
    Now(CommunityOfDeliveryPoint),
    /// Who held it at a time.
    Then(HolderAt),
}

/// The member that a lookup found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundMember {
    /// Stable across re-imports of the same keys.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a11")]
    pub id: String,
    /// Unique in the community.
    #[schema(example = "au-00001")]
    pub key: String,
    /// The identity provider's user name, unique in the community.
    #[schema(example = "alice")]
    pub user_id: String,
    /// The name.
    #[schema(example = "Alice Rossi")]
    pub name: String,
    /// What the member is in the community.
    pub role: RoleWord,
    /// Where the membership stands.
    pub status: StatusWord,
}

/// The asset that a lookup found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundAsset {
    /// Stable across re-imports of the same keys.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a13")]
    pub id: String,
    /// Unique in the community.
    #[schema(example = "m-au-00001")]
    pub key: String,
    /// The kind.
    pub asset_type: AssetTypeWord,
    /// The name.
    #[schema(example = "Main")]
    pub name: String,
    /// The id of the measuring device behind it.
    #[schema(required, example = "SEN-1")]
    pub sensor_id: Option<String>,
}

/// An active member, wherever it is in the registry.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlobalMember {
    /// Stable across re-imports of the same keys.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a11")]
    pub id: String,
    /// Unique in the community.
    #[schema(example = "au-00001")]
    pub key: String,
    /// The identity provider's user name, unique in the community.
    #[schema(example = "alice")]
    pub user_id: String,
    /// A decentralized identifier, unique in the registry.
    #[schema(required, example = "did:web:dataspace.example:alice")]
    pub did: Option<String>,
    /// The name.
    #[schema(example = "Alice Rossi")]
    pub name: String,
    /// What the member is in the community.
    pub role: RoleWord,
    /// The key of the member's area.
    #[schema(example = "north")]
    pub area: String,
    /// Where the membership stands.
    pub status: StatusWord,
    /// The delivery points, by id.
    pub delivery_points: Vec<DeliveryPoint>,
    /// The key of the community.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// The name of the community.
    #[schema(example = "Aurora REC")]
    pub community_name: String,
}

/// An asset of an active member, wherever it is in the registry.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlobalAsset {
    /// Stable across re-imports of the same keys.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a13")]
    pub id: String,
    /// What the asset is.
    #[serde(flatten)]
    pub described: DescribedAsset,
    /// The key of the member whose it is.
    #[schema(example = "au-00001")]
    pub owner_key: String,
    /// The user id of the member whose it is.
    #[schema(example = "alice")]
    pub owner_user_id: String,
    /// The key of the community.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// The name of the community.
    #[schema(example = "Aurora REC")]
    pub community_name: String,
}

impl From<MemberRef> for FoundMember {
    fn from(tag: MemberRef) -> Self {
        Self {
            id: tag.id.to_string(),
            key: tag.key.into_string(),
            user_id: tag.user_id.into_string(),
            name: tag.name,
            role: Word(tag.role),
            status: Word(tag.status),
        }
    }
}

impl From<Member> for CommunityOfMember {
    fn from(member: Member) -> Self {
        Self { member: member.tag().into(), community: member.community.into() }
    }
}

impl From<Asset> for CommunityOfSensor {
    fn from(asset: Asset) -> Self {
        Self {
            community: asset.community.into(),
            member: asset.owner.into(),
            asset: FoundAsset {
                id: asset.id.to_string(),
                key: asset.content.key.into_string(),
                asset_type: Word(asset.content.asset_type),
                name: asset.content.name,
                sensor_id: asset.content.sensor_id.map(|sensor| sensor.into_string()),
            },
        }
    }
}

impl From<domain_point::DeliveryPoint> for CommunityOfDeliveryPoint {
    fn from(point: domain_point::DeliveryPoint) -> Self {
        Self {
            community: point.community.clone().into(),
            member: point.member.clone().into(),
            delivery_point: point.into(),
        }
    }
}

impl GlobalMember {
    /// A member and its delivery points.
    #[must_use]
    pub fn of(member: Member, delivery_points: Vec<domain_point::DeliveryPoint>) -> Self {
        let content = member.content;
        Self {
            id: member.id.to_string(),
            key: content.key.into_string(),
            user_id: content.user_id.into_string(),
            did: content.did.map(|did| did.into_string()),
            name: content.name,
            role: Word(content.role),
            area: content.area,
            status: Word(content.status),
            delivery_points: views(delivery_points),
            community_key: member.community.key.into_string(),
            community_name: member.community.name,
        }
    }
}

impl From<Asset> for GlobalAsset {
    fn from(asset: Asset) -> Self {
        Self {
            id: asset.id.to_string(),
            described: asset.content.into(),
            owner_key: asset.owner.key.into_string(),
            owner_user_id: asset.owner.user_id.into_string(),
            community_key: asset.community.key.into_string(),
            community_name: asset.community.name,
        }
    }
}

/// Sensor ids: a bare list, or under their name.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(example = json!({"sensor_ids": ["SEN-1", "SEN-2"]}))]
#[expect(dead_code, reason = "it describes what is read as an `IdList`")]
pub enum SensorIdsRequest {
    /// Under their name.
    Named {
        /// At most 500.
        #[schema(max_items = 500)]
        sensor_ids: Vec<String>,
    },
    /// A bare list, at most 500.
    Bare(Vec<String>),
}

/// User ids: a bare list, or under their name.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(example = json!({"user_ids": ["alice", "bruno"]}))]
#[expect(dead_code, reason = "it describes what is read as an `IdList`")]
pub enum UserIdsRequest {
    /// Under their name.
    Named {
        /// At most 500.
        #[schema(max_items = 500)]
        user_ids: Vec<String>,
    },
    /// A bare list, at most 500.
    Bare(Vec<String>),
}

/// DIDs: a bare list, or under their name.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(example = json!({"dids": ["did:web:dataspace.example:alice"]}))]
#[expect(dead_code, reason = "it describes what is read as an `IdList`")]
pub enum DidsRequest {
    /// Under their name.
    Named {
        /// At most 500.
        #[schema(max_items = 500)]
        dids: Vec<String>,
    },
    /// A bare list, at most 500.
    Bare(Vec<String>),
}
