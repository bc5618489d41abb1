//! The keys of the pseudonyms in the audit trail. Without its key a pseudonym is nobody's.

use sea_orm::entity::prelude::*;

/// A row of `audit_person`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_person")]
pub struct Model {
    /// Whose key it is: `user:` and a user name, or `subject:` and a token's subject.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    /// 32 random bytes, hexadecimal.
    #[sea_orm(column_type = "Text")]
    pub key: String,
}

/// A key belongs to a person, who need not be a member.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
