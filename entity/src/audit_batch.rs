//! The audit trail, append-only: a trigger refuses updates. A row holds the entries that were written at once.

use sea_orm::entity::prelude::*;

/// A row of `audit_batch`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_batch")]
pub struct Model {
    /// The id, made of the time of the first entry; the last two bytes are zero.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// How many entries there are.
    pub entries: i64,
    /// The entries, oldest first: a list in JSON.
    #[sea_orm(column_type = "Text")]
    pub content: String,
}

/// Nothing refers to a batch but its marks, and a batch to nothing: what it is about may be gone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
