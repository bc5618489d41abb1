//! Assets of members.

use sea_orm::entity::prelude::*;

/// A row of `asset`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "asset")]
pub struct Model {
    /// The public id, stable across re-imports of the same keys.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The community it belongs to.
    pub community_id: Uuid,
    /// The member whose it is.
    pub member_id: Uuid,
    /// Unique in the community.
    #[sea_orm(column_type = "Text")]
    pub key: String,
    /// The key, case-folded.
    #[sea_orm(column_type = "Text")]
    pub key_folded: String,
    /// A word of the closed set of asset types.
    #[sea_orm(column_type = "Text")]
    pub asset_type: String,
    /// The name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// The name, case-folded.
    #[sea_orm(column_type = "Text")]
    pub name_folded: String,
    /// The id of the measuring device behind it, trimmed.
    #[sea_orm(column_type = "Text", nullable)]
    pub sensor_id: Option<String>,
    /// The sensor id, case-folded.
    #[sea_orm(column_type = "Text", nullable)]
    pub sensor_id_folded: Option<String>,
    /// The delivery point that a meter names, trimmed and case-folded.
    #[sea_orm(column_type = "Text", nullable)]
    pub pod_folded: Option<String>,
    /// The properties of its kind and every other key, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub properties: String,
    /// The device, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub device: String,
    /// `measures` and `paired_with`, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub relationships: String,
    /// What was given under `extra`, a JSON mapping.
    #[sea_orm(column_type = "Text")]
    pub extra: String,
    /// Electric power in W, 0 where it is not known; see the domain's `Quantities` for these four.
    pub power_w: i64,
    /// Heat in W.
    pub heat_w: i64,
    /// Energy that it holds in Wh.
    pub energy_wh: i64,
    /// Power in W that can be controlled.
    pub controllable_w: i64,
    /// The key of its community; the database keeps this and the following up, so that an asset is read from one table.
    #[sea_orm(column_type = "Text")]
    pub community_key: String,
    /// The name of its community.
    #[sea_orm(column_type = "Text")]
    pub community_name: String,
    /// The key of its owner.
    #[sea_orm(column_type = "Text")]
    pub owner_key: String,
    /// The user name of its owner.
    #[sea_orm(column_type = "Text")]
    pub owner_user_id: String,
    /// The name of its owner.
    #[sea_orm(column_type = "Text")]
    pub owner_name: String,
    /// The role of its owner, a word of its closed set.
    #[sea_orm(column_type = "Text")]
    pub owner_role: String,
    /// The status of its owner, a word of its closed set.
    #[sea_orm(column_type = "Text")]
    pub owner_status: String,
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
