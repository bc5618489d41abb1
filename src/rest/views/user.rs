//! What callers see of themselves.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::asset::DescribedAsset;
use super::community::CommunityPublic;
use super::delivery_point::{DeliveryPoint, views};
use super::free::{Free, FreeMap};
use super::member::extra_of;
use super::words::{RoleWord, StatusWord, Word};
use crate::auth::Principal;
use crate::domain::asset::Asset;
use crate::domain::closed_set::{AssetType, ClosedSet as _};
use crate::domain::community::Community;
use crate::domain::delivery_point as domain_point;
use crate::domain::member::Member;

/// Who is calling, and where they are a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// What the token says.
    pub profile: Profile,
    /// The active memberships, by community key.
    pub memberships: Vec<MembershipTag>,
    /// The only active membership, or the one in the community that `community` names; else null.
    #[schema(required)]
    pub membership: Option<Membership>,
}

/// What the token says of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct Profile {
    /// The subject.
    #[schema(example = "0f8fad5b-d9cb-469f-a165-70867728950e")]
    pub sub: String,
    /// The e-mail address.
    #[schema(required, example = "alice@example.org")]
    pub email: Option<String>,
    /// The full name.
    #[schema(required, example = "Alice Rossi")]
    pub name: Option<String>,
    /// The user name, which members carry as `user_id`.
    #[schema(required, example = "alice")]
    pub preferred_username: Option<String>,
}

/// The community of a membership.
#[derive(Debug, Serialize, ToSchema)]
pub struct MembershipTag {
    /// The key of the community.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// The name of the community.
    #[schema(example = "Aurora REC")]
    pub community_name: String,
}

/// A membership in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct Membership {
    /// The caller as a member.
    pub member: OwnMemberTag,
    /// The community.
    pub community: OwnCommunityTag,
    /// How many delivery points the caller has.
    #[schema(example = 1)]
    pub delivery_points_count: u64,
    /// How many assets of each kind the caller has.
    #[schema(example = json!({"pv": 1, "meter": 1}))]
    pub assets_count: BTreeMap<String, u64>,
}

/// The caller as a member, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnMemberTag {
    /// Unique in the community.
    #[schema(example = "au-00001")]
    pub key: String,
    /// The name.
    #[schema(example = "Alice Rossi")]
    pub name: String,
    /// What the caller is in the community.
    pub role: RoleWord,
    /// The key of the caller's area.
    #[schema(example = "north")]
    pub area: String,
    /// Where the membership stands.
    pub status: StatusWord,
    /// A decentralized identifier, unique in the registry.
    #[schema(required, example = "did:web:dataspace.example:alice")]
    pub did: Option<String>,
}

/// The caller's community, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnCommunityTag {
    /// Unique in the registry.
    #[schema(example = "aurora")]
    pub key: String,
    /// The name.
    #[schema(example = "Aurora REC")]
    pub name: String,
    /// A sentence about it.
    #[schema(required, example = "Renewable energy community of the upper valley")]
    pub description: Option<String>,
}

/// The caller as a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnMember {
    /// The caller in short.
    #[serde(flatten)]
    pub tag: OwnMemberTag,
    /// The delivery points, by id.
    pub delivery_points: Vec<DeliveryPoint>,
    /// Every other key of the member, and its schema.org type as `type`.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"type": "schema:Person"}))]
    pub extra: FreeMap,
    /// When it was first stored; RFC 3339, UTC.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub created_at: String,
    /// When its content last changed; RFC 3339, UTC.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub updated_at: String,
}

/// The caller's community.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnCommunity {
    /// The public part.
    #[serde(flatten)]
    pub public: CommunityPublic,
    /// The key of the caller's area.
    #[schema(example = "north")]
    pub your_area: String,
    /// What the caller is in the community.
    pub your_role: RoleWord,
}

/// The caller's assets.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnAssets {
    /// By key.
    pub items: Vec<DescribedAsset>,
    /// How many.
    #[schema(example = 2)]
    pub total: usize,
}

/// One of the caller's assets.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnAsset {
    /// What the asset is.
    #[serde(flatten)]
    pub described: DescribedAsset,
    /// What was given under `extra`.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub extra: Free,
    /// When it was first stored; RFC 3339, UTC.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub created_at: String,
    /// When its content last changed; RFC 3339, UTC.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub updated_at: String,
}

/// The caller's delivery points.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnDeliveryPoints {
    /// By id.
    pub items: Vec<DeliveryPoint>,
    /// How many.
    #[schema(example = 1)]
    pub total: usize,
}

impl From<&Principal> for Profile {
    fn from(principal: &Principal) -> Self {
        Self {
            sub: principal.subject.clone(),
            email: principal.email.clone(),
            name: principal.name.clone(),
            preferred_username: principal.username.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&Member> for MembershipTag {
    fn from(member: &Member) -> Self {
        Self {
            community_key: member.community.key.to_string(),
            community_name: member.community.name.clone(),
        }
    }
}

impl Membership {
    /// A membership, the community it is in, and what the member has.
    #[must_use]
    pub fn of(
        member: &Member,
        community: Community,
        delivery_points_count: u64,
        assets: Vec<(AssetType, u64)>,
    ) -> Self {
        Self {
            member: member.into(),
            community: OwnCommunityTag {
                key: community.content.key.into_string(),
                name: community.content.name,
                description: community.content.description,
            },
            delivery_points_count,
            assets_count: assets.into_iter().map(|(kind, count)| (kind.as_str().to_owned(), count)).collect(),
        }
    }
}

impl From<&Member> for OwnMemberTag {
    fn from(member: &Member) -> Self {
        let content = &member.content;
        Self {
            key: content.key.to_string(),
            name: content.name.clone(),
            role: Word(content.role),
            area: content.area.clone(),
            status: Word(content.status),
            did: content.did.as_ref().map(ToString::to_string),
        }
    }
}

impl OwnMember {
    /// A membership and its delivery points.
    #[must_use]
    pub fn of(member: &Member, delivery_points: Vec<domain_point::DeliveryPoint>) -> Self {
        Self {
            tag: member.into(),
            delivery_points: views(delivery_points),
            extra: extra_of(&member.content),
            created_at: member.created_at.to_string(),
            updated_at: member.updated_at.to_string(),
        }
    }
}

impl OwnCommunity {
    /// The community of a membership.
    #[must_use]
    pub fn of(member: &Member, community: Community) -> Self {
        Self {
            public: community.content.into(),
            your_area: member.content.area.clone(),
            your_role: Word(member.content.role),
        }
    }
}

impl From<Vec<Asset>> for OwnAssets {
    fn from(assets: Vec<Asset>) -> Self {
        let total = assets.len();
        Self { items: assets.into_iter().map(|asset| asset.content.into()).collect(), total }
    }
}

impl From<Asset> for OwnAsset {
    fn from(asset: Asset) -> Self {
        Self {
            extra: asset.content.extra.clone().into(),
            described: asset.content.into(),
            created_at: asset.created_at.to_string(),
            updated_at: asset.updated_at.to_string(),
        }
    }
}

impl From<Vec<domain_point::DeliveryPoint>> for OwnDeliveryPoints {
    fn from(points: Vec<domain_point::DeliveryPoint>) -> Self {
        Self { total: points.len(), items: views(points) }
    }
}
