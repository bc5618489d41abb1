//! What a search looks through, one narrow row a thing.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::IN_A_TRANSACTION;
use crate::column::{Columns, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// What is stored already, by the folded columns that it has; a key of a community is lower case.
const STORED: &[&str] = &[
    "SELECT id, id, id, 'community', {nl} || name_folded || {nl} || key || {nl} FROM community",
    "SELECT community_id, id, id, 'member', \
     {nl} || name_folded || {nl} || key_folded || {nl} || user_id_folded || {nl} FROM member",
    "SELECT community_id, id, member_id, 'delivery_point', {nl} || code_folded || {nl} FROM delivery_point",
    "SELECT community_id, id, member_id, 'asset', {nl} || name_folded || {nl} || key_folded || {nl} \
     || COALESCE(sensor_id_folded || {nl}, '') FROM asset",
];

/// Kept by community, so that a search within some communities reads the rows of these alone.
fn search_text(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("search_text")
        .col(uuid("community_id"))
        .col(uuid("id"))
        .col(uuid("member_id"))
        .col(columns.text("kind"))
        .col(columns.text("text"))
        .primary_key(Index::create().name("search_text_key").col("community_id").col("id"))
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(search_text(Columns::of(manager))).await?;
        let line_feed = match manager.get_database_backend() {
            DbBackend::Postgres => "chr(10)",
            _ => "char(10)",
        };
        for select in STORED {
            let insert =
                format!("INSERT INTO search_text (community_id, id, member_id, kind, text) {select}");
            manager.get_connection().execute_unprepared(&insert.replace("{nl}", line_feed)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("search_text").take()).await
    }
}
