//! Answers to requests that carried a key of their own, kept for whoever asks again.

use sea_orm::entity::prelude::*;

/// A row of `kept_answer`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kept_answer")]
pub struct Model {
    /// A digest of who asked, of which route, under which key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// A digest of what was asked.
    #[sea_orm(column_type = "Text")]
    pub request: String,
    /// The community that changed.
    pub community_id: Uuid,
    /// The member that changed, where it was one: what is kept of it goes with it.
    pub member_id: Option<Uuid>,
    /// The status of the answer.
    pub status: i64,
    /// The entity tag of the answer.
    #[sea_orm(column_type = "Text", nullable)]
    pub entity_tag: Option<String>,
    /// The body of the answer, JSON.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// When it may be forgotten, in microseconds since the Unix epoch.
    pub expires_at: i64,
}

/// The row belongs to its community and member without a foreign key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
