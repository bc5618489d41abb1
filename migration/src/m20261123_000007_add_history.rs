//! History: what each revision of a community changed, and who held what until when.

use sea_orm_migration::prelude::*;

use crate::column::{Columns, document, integer, uuid};
use crate::{IN_A_TRANSACTION, know_the_schema};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn revision(columns: Columns) -> TableCreateStatement {
    Table::create()
        .table("revision")
        .col(uuid("id").primary_key())
        .col(uuid("community_id"))
        .col(integer("number"))
        .col(integer("at"))
        .col(columns.text("subject"))
        .col(columns.optional_text("client"))
        .col(columns.text("operation"))
        .col(integer("added"))
        .col(integer("removed"))
        .col(integer("changed"))
        .take()
}

fn revision_change(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("revision_change")
        .col(uuid("community_id"))
        .col(integer("number"))
        .col(integer("position"))
        .col(columns.text("entity"))
        .col(columns.text("key"))
        .col(columns.optional_text("member_key"))
        .col(columns.optional_text("former_member_key"))
        .col(columns.optional_text("user_id"))
        .col(columns.text("change"))
        .col(document("fields"))
        .primary_key(Index::create().col("community_id").col("number").col("position"))
        .take()
}

fn ended_holding(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("ended_holding")
        .col(columns.text("kind"))
        .col(columns.text("folded_id"))
        .col(integer("until"))
        .col(uuid("member_id"))
        .col(uuid("community_id"))
        .col(columns.text("member_key"))
        .col(columns.text("user_id"))
        .col(integer("since"))
        .primary_key(Index::create().col("kind").col("folded_id").col("until").col("member_id"))
        .take()
}

const INDEXES: &[(&str, &str, &[&str])] = &[
    ("revision_by_at", "revision", &["community_id", "at", "id"]),
    ("revision_change_of_member", "revision_change", &["community_id", "member_key"]),
    ("revision_change_of_former_member", "revision_change", &["community_id", "former_member_key"]),
    ("revision_change_of_user", "revision_change", &["user_id"]),
    ("ended_holding_of_user", "ended_holding", &["user_id"]),
    ("ended_holding_of_community", "ended_holding", &["community_id", "until"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = Columns::of(manager);
        manager.create_table(revision(columns)).await?;
        manager.create_table(revision_change(columns)).await?;
        manager.create_table(ended_holding(columns)).await?;
        let mut number = Index::create().name("revision_by_number").table("revision").unique().take();
        manager.create_index(number.col("community_id").col("number").take()).await?;
        for (name, table, of) in INDEXES {
            let mut index = Index::create().name(*name).table(*table).take();
            for column in *of {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        // Since when what is held by now was held is not known.
        let mut since = integer("since");
        manager.alter_table(Table::alter().table("holding").add_column(since.default(0)).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        know_the_schema(manager).await?;
        manager.alter_table(Table::alter().table("holding").drop_column("since").take()).await?;
        for table in ["ended_holding", "revision_change", "revision"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
