//! Members.

use serde::Serialize;
use utoipa::ToSchema;

use super::delivery_point::{DeliveryPoint, views};
use super::free::{FreeMap, by_key};
use super::words::{RoleWord, StatusWord, Word};
use crate::domain::delivery_point as domain_point;
use crate::domain::member as domain;
use crate::domain::node::Node;

/// A member in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberListItem {
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
    /// How many delivery points the member has.
    #[schema(example = 1)]
    pub delivery_points_count: u64,
}

/// A member with everything but assets.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberDetail {
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

/// The name tag of a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberTag {
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
}

impl MemberListItem {
    /// A member and how many delivery points it has.
    #[must_use]
    pub fn of(member: domain::Member, delivery_points_count: u64) -> Self {
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
            delivery_points_count,
        }
    }
}

impl MemberDetail {
    /// A member and its delivery points.
    #[must_use]
    pub fn of(member: domain::Member, delivery_points: Vec<domain_point::DeliveryPoint>) -> Self {
        Self {
            id: member.id.to_string(),
            extra: extra_of(&member.content),
            key: member.content.key.into_string(),
            user_id: member.content.user_id.into_string(),
            did: member.content.did.map(|did| did.into_string()),
            name: member.content.name,
            role: Word(member.content.role),
            area: member.content.area,
            status: Word(member.content.status),
            delivery_points: views(delivery_points),
            created_at: member.created_at.to_string(),
            updated_at: member.updated_at.to_string(),
        }
    }
}

impl From<domain::MemberRef> for MemberTag {
    fn from(tag: domain::MemberRef) -> Self {
        Self {
            key: tag.key.into_string(),
            user_id: tag.user_id.into_string(),
            name: tag.name,
            role: Word(tag.role),
        }
    }
}

/// Every other key of a member, and its type among them.
#[must_use]
pub fn extra_of(content: &domain::MemberContent) -> FreeMap {
    let mut extra = by_key(content.extra.entries());
    if let Some(member_type) = &content.member_type {
        extra.insert("type".to_owned(), Node::text(member_type.as_str()).into());
    }
    extra
}
