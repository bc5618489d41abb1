//! What tells the content of a whole community from any other, so that the same bundle is known when it comes again.

use sea_orm_migration::prelude::*;

use crate::column::Columns;
use crate::{IN_A_TRANSACTION, know_the_schema};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The digest, and the revision that it is of: any later one has no digest. Communities that are stored already have
/// none until they are imported again.
const COLUMNS: [&str; 2] = ["content_digest", "content_digest_revision"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let [digest, revision] = COLUMNS;
        let columns = Columns::of(manager);
        for mut column in
            [columns.optional_text(digest), ColumnDef::new(revision).big_integer().null().take()]
        {
            manager.alter_table(Table::alter().table("community").add_column(&mut column).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        know_the_schema(manager).await?;
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("community").drop_column(column).take()).await?;
        }
        Ok(())
    }
}
