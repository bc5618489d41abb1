//! What leads to a batch of the audit trail: the people and the communities in it.

use sea_orm::entity::prelude::*;

/// A row of `audit_mark`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_mark")]
pub struct Model {
    /// The segment that the batch belongs to; 0 when it was written before there were any.
    #[sea_orm(primary_key, auto_increment = false)]
    pub segment: i64,
    /// The first 16 characters of a pseudonym, or the key of a community.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub mark: String,
    /// The id of a batch that has an entry of that person or community.
    #[sea_orm(primary_key, auto_increment = false)]
    pub batch: Uuid,
}

/// A mark goes with its batch.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
