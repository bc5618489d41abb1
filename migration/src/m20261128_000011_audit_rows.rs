//! Batches of the audit trail are kept as rows on SQLite, no longer in the tree of their key: whoever looks for a place in
//! that tree compares with whole rows, and they have a megabyte. PostgreSQL keeps large texts apart by itself.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::IN_A_TRANSACTION;
use crate::column::{Columns, document, integer, uuid};
use crate::m20261123_000008_batch_audit::APPEND_ONLY_SQLITE;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Puts the batches into a new table, which then has the name of the old one.
async fn move_to(manager: &SchemaManager<'_>, mut table: TableCreateStatement) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let new = table
        .table("audit_batch_moved")
        .col(uuid("id").primary_key())
        .col(integer("entries"))
        .col(document("content"))
        .take();
    manager.create_table(new).await?;
    for statement in [
        "INSERT INTO audit_batch_moved (id, entries, content) SELECT id, entries, content FROM audit_batch ORDER BY id",
        "DROP TABLE audit_batch",
        "ALTER TABLE audit_batch_moved RENAME TO audit_batch",
        APPEND_ONLY_SQLITE,
    ] {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        move_to(manager, Table::create()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        move_to(manager, Columns::of(manager).keyed_table()).await
    }
}
