//! A member of a community: a person or a body that draws or feeds energy.

use uuid::Uuid;

use super::closed_set::{MemberRole, MemberStatus};
use super::community::CommunityRef;
use super::document::Document;
use super::identifier::{Did, MemberKey, UserId};
use super::timestamp::Timestamp;

/// What is said of a member, without its identity in this registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MemberContent {
    /// Unique in the community.
    pub key: MemberKey,
    /// The identity provider's user name, unique in the community.
    pub user_id: UserId,
    /// Unique in the registry.
    pub did: Option<Did>,
    /// The name.
    pub name: String,
    /// A schema.org CURIE, e.g. `schema:Person`.
    pub member_type: Option<String>,
    /// What it is in the community.
    pub role: MemberRole,
    /// The key of its area.
    pub area: String,
    /// Where the membership stands.
    pub status: MemberStatus,
    /// Every other key, a mapping.
    pub extra: Document,
}

/// A member of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Stable across re-imports of the same keys.
    pub id: Uuid,
    /// The community it belongs to.
    pub community: CommunityRef,
    /// What is said of it.
    pub content: MemberContent,
    /// Grows by one with each change of the member or of one of its delivery points.
    pub version: i64,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When its content last changed.
    pub updated_at: Timestamp,
}

/// The name tag of a member, as it stands beside what the member owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRef {
    /// Its id.
    pub id: Uuid,
    /// Its key.
    pub key: MemberKey,
    /// The identity provider's user name.
    pub user_id: UserId,
    /// The name.
    pub name: String,
    /// What it is in the community.
    pub role: MemberRole,
    /// Where the membership stands.
    pub status: MemberStatus,
}

impl Member {
    /// The name tag of the member.
    #[must_use]
    pub fn tag(&self) -> MemberRef {
        MemberRef {
            id: self.id,
            key: self.content.key.clone(),
            user_id: self.content.user_id.clone(),
            name: self.content.name.clone(),
            role: self.content.role,
            status: self.content.status,
        }
    }
}
