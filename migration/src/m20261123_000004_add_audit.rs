//! The audit trail: who looked at or wrote what, and, apart from it, the keys of the pseudonyms in it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::IN_A_TRANSACTION;
use crate::column::{Columns, integer, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The id is made of the time: the order of the ids is that of the entries, and needs no index of its own.
fn audit_entry(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("audit_entry")
        .col(uuid("id").primary_key())
        .col(integer("at"))
        .col(columns.text("subject"))
        .col(columns.optional_text("about"))
        .col(columns.optional_text("client"))
        .col(columns.text("operation"))
        .col(columns.optional_text("community"))
        .col(integer("row_count"))
        .col(columns.text("outcome"))
        .col(columns.optional_text("request_id"))
        .take()
}

fn audit_person(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("audit_person")
        .col(columns.text("name").primary_key())
        .col(columns.text("key"))
        .take()
}

/// One index for each way in which the list is narrowed; what is absent is in none.
const INDEXES: &[(&str, &str)] = &[
    ("audit_entry_by_community", "community"),
    ("audit_entry_by_subject", "subject"),
    ("audit_entry_by_about", "about"),
];

/// What is written stays as it is: rows come, and go when they are old.
const APPEND_ONLY_SQLITE: &str = "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE ON audit_entry \
     BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END";
const APPEND_ONLY_POSTGRES: &[&str] = &[
    "CREATE FUNCTION audit_entry_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$ \
     BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
    "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE ON audit_entry \
     FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse_update()",
];

/// The table of entries, with its indexes and its trigger.
pub(crate) async fn create_entries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.create_table(audit_entry(Columns::of(manager))).await?;
    for (name, column) in INDEXES {
        let mut index = Index::create().name(*name).table("audit_entry").col(*column).col("id").take();
        manager.create_index(index.and_where(Expr::col(*column).is_not_null()).take()).await?;
    }
    let statements = match manager.get_database_backend() {
        DbBackend::Postgres => APPEND_ONLY_POSTGRES,
        _ => &[APPEND_ONLY_SQLITE],
    };
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Removes the table of entries, and what belongs to it.
pub(crate) async fn drop_entries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table("audit_entry").take()).await?;
    if manager.get_database_backend() == DbBackend::Postgres {
        let drop = "DROP FUNCTION audit_entry_refuse_update()";
        manager.get_connection().execute_unprepared(drop).await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(audit_person(Columns::of(manager))).await?;
        create_entries(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_entries(manager).await?;
        manager.drop_table(Table::drop().table("audit_person").take()).await
    }
}
