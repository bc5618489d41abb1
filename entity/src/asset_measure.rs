//! Which asset measures which: the way back from a measured asset to its meters.

use sea_orm::entity::prelude::*;

/// A row of `asset_measure`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "asset_measure")]
pub struct Model {
    /// The asset that measures.
    #[sea_orm(primary_key, auto_increment = false)]
    pub asset_id: Uuid,
    /// The key of the asset that is measured; it need not exist.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub measured_key: String,
    /// The community it belongs to.
    pub community_id: Uuid,
}

/// What a row belongs to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The asset of the row.
    #[sea_orm(belongs_to = "super::asset::Entity", from = "Column::AssetId", to = "super::asset::Column::Id")]
    Asset,
}

impl Related<super::asset::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Asset.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
