//! What is told when something of a community changed.

use uuid::Uuid;

use super::closed_set::ChangeKind;
use super::identifier::CommunityKey;
use super::timestamp::Timestamp;

/// Something of a community changed: the community itself, or any member, delivery point or asset of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunityChange {
    /// The community. One that is removed and made anew under the same key has another id.
    pub id: Uuid,
    /// Its key.
    pub key: CommunityKey,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Its revision after the change; for one that was removed, the last it had.
    pub revision: i64,
    /// When it happened.
    pub at: Timestamp,
}
