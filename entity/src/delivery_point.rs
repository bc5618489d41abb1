//! Delivery points of members.

use sea_orm::entity::prelude::*;

/// A row of `delivery_point`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery_point")]
pub struct Model {
    /// The public id, stable across re-imports of the same member key and code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The community it belongs to.
    pub community_id: Uuid,
    /// The member whose it is.
    pub member_id: Uuid,
    /// The key of that member, by which points of one code are ordered.
    #[sea_orm(column_type = "Text")]
    pub member_key: String,
    /// The id that the grid operator gave it.
    #[sea_orm(column_type = "Text")]
    pub code: String,
    /// The code trimmed and case-folded, unique in the member.
    #[sea_orm(column_type = "Text")]
    pub code_folded: String,
    /// Its type.
    #[sea_orm(column_type = "Text")]
    pub point_type: String,
    /// Its type, case-folded.
    #[sea_orm(column_type = "Text")]
    pub point_type_folded: String,
    /// A sentence about it.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// The description, case-folded.
    #[sea_orm(column_type = "Text", nullable)]
    pub description_folded: Option<String>,
    /// Where it is.
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
    /// The address, case-folded.
    #[sea_orm(column_type = "Text", nullable)]
    pub address_folded: Option<String>,
    /// The tariff it is under.
    #[sea_orm(column_type = "Text", nullable)]
    pub tariff: Option<String>,
    /// The tariff, case-folded.
    #[sea_orm(column_type = "Text", nullable)]
    pub tariff_folded: Option<String>,
    /// Whether it is in use.
    pub active: bool,
    /// Every other key, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub extra: String,
}

/// What a row belongs to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The community of the row.
    #[sea_orm(
        belongs_to = "super::community::Entity",
        from = "Column::CommunityId",
        to = "super::community::Column::Id",
        on_delete = "Cascade"
    )]
    Community,
    /// The member of the row.
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id",
        on_delete = "Cascade"
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
