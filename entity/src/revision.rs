//! What became of a community, change by change: who, when, and how much.

use sea_orm::entity::prelude::*;

/// A row of `revision`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revision")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The community.
    pub community_id: Uuid,
    /// The revision that the change led to.
    pub number: i64,
    /// When.
    pub at: i64,
    /// The pseudonym of whoever did it, as on the audit trail.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// The client that the token was made for.
    #[sea_orm(column_type = "Text", nullable)]
    pub client: Option<String>,
    /// What was done.
    #[sea_orm(column_type = "Text")]
    pub operation: String,
    /// How many entities came.
    pub added: i64,
    /// How many went.
    pub removed: i64,
    /// How many are others.
    pub changed: i64,
}

/// Rows are deleted with their community by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
