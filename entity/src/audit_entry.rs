//! The audit trail, append-only: a trigger refuses updates.

use sea_orm::entity::prelude::*;

/// A row of `audit_entry`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// When it happened.
    pub at: i64,
    /// The pseudonym of whoever did it.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// The pseudonym of the one person that it is about, where it is about one.
    #[sea_orm(column_type = "Text", nullable)]
    pub about: Option<String>,
    /// The client that the token was made for.
    #[sea_orm(column_type = "Text", nullable)]
    pub client: Option<String>,
    /// What was done.
    #[sea_orm(column_type = "Text")]
    pub operation: String,
    /// The key of the community.
    #[sea_orm(column_type = "Text", nullable)]
    pub community: Option<String>,
    /// How many rows were read or written.
    pub row_count: i64,
    /// How it ended.
    #[sea_orm(column_type = "Text")]
    pub outcome: String,
    /// The id of the request.
    #[sea_orm(column_type = "Text", nullable)]
    pub request_id: Option<String>,
}

/// Nothing refers to an entry, and an entry to nothing: what it is about may be gone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
