//! What a search looks through: one narrow row for each community, member, delivery point and asset,
//! derived from their rows and written with them.

use sea_orm::entity::prelude::*;

/// A row of `search_text`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_text")]
pub struct Model {
    /// The community that the thing belongs to, or is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub community_id: Uuid,
    /// The id of the thing.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The member that the thing belongs to, or is; of a community the community itself.
    pub member_id: Uuid,
    /// What the thing is.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// What it can be found by, case-folded, a line feed before and after each.
    #[sea_orm(column_type = "Text")]
    pub text: String,
}

/// The row belongs to its community and member without a foreign key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
