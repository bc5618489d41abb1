//! Members of communities.

use sea_orm::entity::prelude::*;

/// A row of `member`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    /// The public id, stable across re-imports of the same keys.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The community it belongs to.
    pub community_id: Uuid,
    /// Unique in the community.
    #[sea_orm(column_type = "Text")]
    pub key: String,
    /// The key, case-folded.
    #[sea_orm(column_type = "Text")]
    pub key_folded: String,
    /// The identity provider's user name, unique in the community.
    #[sea_orm(column_type = "Text")]
    pub user_id: String,
    /// The user id, case-folded.
    #[sea_orm(column_type = "Text")]
    pub user_id_folded: String,
    /// Unique in the registry.
    #[sea_orm(column_type = "Text", nullable)]
    pub did: Option<String>,
    /// The DID, case-folded.
    #[sea_orm(column_type = "Text", nullable)]
    pub did_folded: Option<String>,
    /// The name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// The name, case-folded.
    #[sea_orm(column_type = "Text")]
    pub name_folded: String,
    /// A schema.org CURIE.
    #[sea_orm(column_type = "Text", nullable)]
    pub member_type: Option<String>,
    /// The type, case-folded.
    #[sea_orm(column_type = "Text", nullable)]
    pub member_type_folded: Option<String>,
    /// A word of the closed set of roles.
    #[sea_orm(column_type = "Text")]
    pub role: String,
    /// The key of its area.
    #[sea_orm(column_type = "Text")]
    pub area: String,
    /// The key of its area, case-folded.
    #[sea_orm(column_type = "Text")]
    pub area_folded: String,
    /// A word of the closed set of statuses.
    #[sea_orm(column_type = "Text")]
    pub status: String,
    /// Every other key, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub extra: String,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was first stored, in microseconds since the Unix epoch.
    pub created_at: i64,
    /// When its content last changed, in microseconds since the Unix epoch.
    pub updated_at: i64,
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
}

impl Related<super::community::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Community.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
