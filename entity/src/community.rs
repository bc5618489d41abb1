//! Communities.

use sea_orm::entity::prelude::*;

/// A row of `community`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "community")]
pub struct Model {
    /// The public id, stable across re-imports of the same keys.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique in the registry.
    #[sea_orm(column_type = "Text")]
    pub key: String,
    /// The name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// The name, case-folded.
    #[sea_orm(column_type = "Text")]
    pub name_folded: String,
    /// A sentence about it.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// The description, case-folded.
    #[sea_orm(column_type = "Text", nullable)]
    pub description_folded: Option<String>,
    /// Legal data, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub legal: String,
    /// Links, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub links: String,
    /// Contact data, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub contact: String,
    /// Settings, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub settings: String,
    /// Operators by key, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub operators: String,
    /// Areas by key, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub areas: String,
    /// Grid nodes, a JSON list.
    #[sea_orm(column_type = "Text")]
    pub topology: String,
    /// Every other key, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub extra: String,
    /// What the bundle said around the community, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub envelope: String,
    /// The highest numbered key that a member of it ever had; empty when none had one.
    #[sea_orm(column_type = "Text")]
    pub last_numbered_key: String,
    /// The digest of everything in it, as it was at `content_digest_revision`.
    #[sea_orm(column_type = "Text", nullable)]
    pub content_digest: Option<String>,
    /// The revision that `content_digest` is of; at any other revision it says nothing.
    pub content_digest_revision: Option<i64>,
    /// Grows by one with each change.
    pub version: i64,
    /// Grows with each committed change anywhere in the community.
    pub revision: i64,
    /// When it was first stored, in microseconds since the Unix epoch.
    pub created_at: i64,
    /// When its content last changed, in microseconds since the Unix epoch.
    pub updated_at: i64,
}

/// What a row belongs to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
