//! What is different between two states of a community.

use serde::Serialize;
use utoipa::ToSchema;

use super::free::Free;
use super::words::{EntityChangeWord, EntityWord, Word};
use crate::domain::difference as domain;

/// What is different between two states of a community.
#[derive(Debug, Serialize, ToSchema)]
pub struct Difference {
    /// The entities that are others, the community itself first.
    pub changes: Vec<EntityChange>,
    /// How many more there are that are not listed.
    #[schema(example = 0)]
    pub unlisted: u64,
}

/// An entity that is another one.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntityChange {
    /// What it is.
    pub entity: EntityWord,
    /// Its key: the id of a delivery point or of a grid node.
    #[schema(example = "au-00001")]
    pub key: String,
    /// The key of the member whose it is, or was; null of what no member has.
    #[schema(required, example = "au-00001")]
    pub member_key: Option<String>,
    /// What becomes of it.
    pub change: EntityChangeWord,
    /// The fields that are others; of an entity that goes all that it said, of one that comes none.
    pub fields: Vec<FieldChange>,
}

/// A field that is another one: within free data, as deep as mappings go.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldChange {
    /// The names that lead to it, from the outside in.
    #[schema(example = json!(["properties", "rated_power"]))]
    pub path: Vec<String>,
    /// What it was; left out when it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>, example = json!(5.5))]
    pub before: Option<Free>,
    /// What it is; left out when it is not there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>, example = json!(6))]
    pub after: Option<Free>,
}

impl From<domain::Difference> for Difference {
    fn from(difference: domain::Difference) -> Self {
        Self {
            changes: difference.changes.into_iter().map(EntityChange::from).collect(),
            unlisted: difference.unlisted,
        }
    }
}

impl From<domain::EntityChange> for EntityChange {
    fn from(change: domain::EntityChange) -> Self {
        Self {
            entity: Word(change.entity),
            key: change.key,
            member_key: change.member_key,
            change: Word(change.change),
            fields: change.fields.into_iter().map(FieldChange::from).collect(),
        }
    }
}

impl From<domain::FieldChange> for FieldChange {
    fn from(field: domain::FieldChange) -> Self {
        Self { path: field.path, before: field.before.map(Free::from), after: field.after.map(Free::from) }
    }
}
