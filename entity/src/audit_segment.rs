//! Stretches of the audit trail, by which its marks stand together.

use sea_orm::entity::prelude::*;

/// A row of `audit_segment`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_segment")]
pub struct Model {
    /// Counted from 1, in the order of time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// The batches from this id on belong to it, up to the first of the next.
    pub first: Uuid,
}

/// A segment has the marks of its batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
