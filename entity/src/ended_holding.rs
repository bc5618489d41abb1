//! Who held a sensor or a delivery point, and does so no more.

use sea_orm::entity::prelude::*;

/// A row of `ended_holding`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ended_holding")]
pub struct Model {
    /// `sensor` or `delivery_point`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub kind: String,
    /// The identifier, in the form in which it is compared.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub folded_id: String,
    /// When it ended.
    #[sea_orm(primary_key, auto_increment = false)]
    pub until: i64,
    /// The member that held it, who may be gone.
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: Uuid,
    /// The community of the member.
    pub community_id: Uuid,
    /// The key of the member.
    #[sea_orm(column_type = "Text")]
    pub member_key: String,
    /// The user name of the member.
    #[sea_orm(column_type = "Text")]
    pub user_id: String,
    /// When it began; 0 when that was before it was recorded.
    pub since: i64,
}

/// Rows are deleted with their community, or with the person that they are about, by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
