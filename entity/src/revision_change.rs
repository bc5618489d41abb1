//! What a revision changed, entity by entity: enough to go back.

use sea_orm::entity::prelude::*;

/// A row of `revision_change`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revision_change")]
pub struct Model {
    /// The community.
    #[sea_orm(primary_key, auto_increment = false)]
    pub community_id: Uuid,
    /// The revision.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// The place among the changes of the revision, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// What kind of entity it is.
    #[sea_orm(column_type = "Text")]
    pub entity: String,
    /// Its key.
    #[sea_orm(column_type = "Text")]
    pub key: String,
    /// The key of the member whose it is.
    #[sea_orm(column_type = "Text", nullable)]
    pub member_key: Option<String>,
    /// The key of the member whose it was, where that is another one.
    #[sea_orm(column_type = "Text", nullable)]
    pub former_member_key: Option<String>,
    /// The user name that a member had, where the change tells it.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_id: Option<String>,
    /// What became of it.
    #[sea_orm(column_type = "Text")]
    pub change: String,
    /// The fields that are others, with what they were and are: a JSON list.
    #[sea_orm(column_type = "Text")]
    pub fields: String,
}

/// Rows are deleted with their community, or with the person that they are about, by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
