//! What leads to batches of the audit trail stands together by segments, stretches of the trail: in one tree for all times every
//! new row would change a page of its own. What is there stays in segment 0, and so does what a server of an earlier
//! version still writes beside.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::IN_A_TRANSACTION;
use crate::column::{Columns, integer, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn audit_segment(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("audit_segment")
        .col(integer("number").primary_key())
        .col(uuid("first"))
        .take()
}

const UP_POSTGRES: &[&str] = &[
    "ALTER TABLE audit_mark ADD COLUMN segment BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE audit_mark DROP CONSTRAINT audit_mark_pkey",
    "ALTER TABLE audit_mark ADD PRIMARY KEY (segment, mark, batch)",
];
const DOWN_POSTGRES: &[&str] = &[
    "ALTER TABLE audit_mark DROP CONSTRAINT audit_mark_pkey",
    "ALTER TABLE audit_mark DROP COLUMN segment",
    "ALTER TABLE audit_mark ADD PRIMARY KEY (mark, batch)",
];

const MOVED: &str = "audit_mark_moved";
const MOVE_UP: &str = "INSERT INTO audit_mark_moved (segment, mark, batch) SELECT 0, mark, batch FROM audit_mark \
     ORDER BY mark, batch";
const MOVE_DOWN: &str = "INSERT INTO audit_mark_moved (mark, batch) SELECT mark, batch FROM audit_mark \
     ORDER BY mark, batch";

/// Puts the rows into a new table, which then has the name of the old one.
async fn move_to(manager: &SchemaManager<'_>, table: TableCreateStatement, rows: &str) -> Result<(), DbErr> {
    manager.create_table(table).await?;
    for statement in [rows, "DROP TABLE audit_mark", "ALTER TABLE audit_mark_moved RENAME TO audit_mark"] {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
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
        let columns = Columns::of(manager);
        manager.create_table(audit_segment(columns)).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            return run(manager, UP_POSTGRES).await;
        }
        let table = columns
            .keyed_table()
            .table(MOVED)
            .col(integer("segment").default(0))
            .col(columns.text("mark"))
            .col(uuid("batch"))
            .primary_key(Index::create().col("segment").col("mark").col("batch"))
            .take();
        move_to(manager, table, MOVE_UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("audit_segment").take()).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            return run(manager, DOWN_POSTGRES).await;
        }
        let columns = Columns::of(manager);
        let table = columns
            .keyed_table()
            .table(MOVED)
            .col(columns.text("mark"))
            .col(uuid("batch"))
            .primary_key(Index::create().col("mark").col("batch"))
            .take();
        move_to(manager, table, MOVE_DOWN).await
    }
}
