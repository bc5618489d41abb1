//! What is different between two states of a community.

use async_graphql::SimpleObject;

use crate::domain::difference;
use crate::domain::node::Node;
use crate::graphql::enums::{EntityChangeKind, EntityKind};
use crate::graphql::scalar::Json;

/// What is different between two states of a community.
#[derive(SimpleObject)]
pub struct CommunityDifference {
    /// The entities that are others, the community itself first.
    changes: Vec<EntityChange>,
    /// How many more there are that are not listed.
    unlisted: u64,
}

/// An entity that is another one.
#[derive(SimpleObject)]
pub struct EntityChange {
    /// What it is.
    entity: EntityKind,
    /// Its key: the code of a delivery point, the id of a grid node.
    key: String,
    /// The key of the member whose it is, or was; null of what no member has.
    member_key: Option<String>,
    /// What becomes of it.
    change: EntityChangeKind,
    /// The fields that are others; of an entity that goes all that it said, of one that comes none.
    fields: Vec<FieldChange>,
}

/// A field that is another one: within free data, as deep as mappings go.
#[derive(SimpleObject)]
pub struct FieldChange {
    /// The names that lead to it, from the outside in, e.g. `["properties", "rated_power"]`.
    path: Vec<String>,
    /// What it was; null when it was not there.
    before: Option<Json>,
    /// What it is; null when it is not there any more.
    after: Option<Json>,
}

impl From<difference::Difference> for CommunityDifference {
    fn from(difference: difference::Difference) -> Self {
        Self {
            changes: difference.changes.into_iter().map(EntityChange::from).collect(),
            unlisted: difference.unlisted,
        }
    }
}

impl From<difference::EntityChange> for EntityChange {
    fn from(change: difference::EntityChange) -> Self {
        Self {
            entity: change.entity.into(),
            key: change.key,
            member_key: change.member_key,
            change: change.change.into(),
            fields: change.fields.into_iter().map(FieldChange::from).collect(),
        }
    }
}

impl From<difference::FieldChange> for FieldChange {
    fn from(field: difference::FieldChange) -> Self {
        let json = |node: Option<Node>| node.as_ref().map(Json::from);
        Self { path: field.path, before: json(field.before), after: json(field.after) }
    }
}
