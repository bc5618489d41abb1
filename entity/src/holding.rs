//! Who holds a sensor or a delivery point: active members alone, and each identifier once in the
//! registry. The primary key decides a race between two writers.

use sea_orm::entity::prelude::*;

/// A row of `holding`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "holding")]
pub struct Model {
    /// `sensor` or `delivery_point`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub kind: String,
    /// The identifier: a sensor id trimmed, a code trimmed and case-folded.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub folded_id: String,
    /// The community it belongs to.
    pub community_id: Uuid,
    /// The active member that holds it.
    pub member_id: Uuid,
    /// Since when; 0 when that was before it was recorded.
    pub since: i64,
}

/// What a row belongs to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The community of the row.
    #[sea_orm(
        belongs_to = "super::community::Entity",
        from = "Column::CommunityId",
        to = "super::community::Column::Id"
    )]
    Community,
    /// The member of the row.
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id"
    )]
    Member,
}

impl Related<super::community::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Community.def()
    }
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
