//! The audit trail by the batch: what is written at once is one row, and an entry costs a tenth of what a row
//! with three indexes does.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::IN_A_TRANSACTION;
use crate::column::{Columns, document, integer, uuid};
use crate::m20261123_000004_add_audit::{create_entries, drop_entries};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn audit_batch(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("audit_batch")
        .col(uuid("id").primary_key())
        .col(integer("entries"))
        .col(document("content"))
        .take()
}

fn audit_mark(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("audit_mark")
        .col(columns.text("mark"))
        .col(uuid("batch"))
        .primary_key(Index::create().col("mark").col("batch"))
        .take()
}

/// What is written stays as it is: batches come, and go when they are old.
pub(crate) const APPEND_ONLY_SQLITE: &str = "CREATE TRIGGER audit_batch_append_only BEFORE UPDATE ON audit_batch \
     BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END";
const APPEND_ONLY_POSTGRES: &[&str] = &[
    "CREATE FUNCTION audit_batch_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$ \
     BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
    "CREATE TRIGGER audit_batch_append_only BEFORE UPDATE ON audit_batch \
     FOR EACH STATEMENT EXECUTE FUNCTION audit_batch_refuse_update()",
];

/// Each entry that there is becomes a batch of its own, unless it was in one with others before.
const TO_BATCHES_SQLITE: &str = "INSERT INTO audit_batch (id, entries, content) \
     SELECT unhex(substr(hex(id), 1, 28) || '0000') AS batch, COUNT(*), json_group_array(json_object('at', at, \
     'by', subject, 'about', about, 'client', client, 'operation', operation, 'community', community, \
     'rows', row_count, 'outcome', outcome, 'request', request_id) ORDER BY id) FROM audit_entry GROUP BY batch";
const TO_BATCHES_POSTGRES: &str = "INSERT INTO audit_batch (id, entries, content) \
     SELECT (left(id::text, 32) || '0000')::uuid AS batch, COUNT(*), json_agg(json_build_object('at', at, \
     'by', subject, 'about', about, 'client', client, 'operation', operation, 'community', community, \
     'rows', row_count, 'outcome', outcome, 'request', request_id) ORDER BY id)::text FROM audit_entry GROUP BY batch";

const TO_MARKS_SQLITE: &str = "INSERT INTO audit_mark (mark, batch) \
     SELECT DISTINCT mark, unhex(substr(hex(id), 1, 28) || '0000') FROM ( \
     SELECT substr(subject, 1, 16) AS mark, id FROM audit_entry \
     UNION ALL SELECT substr(about, 1, 16), id FROM audit_entry WHERE about IS NOT NULL \
     UNION ALL SELECT community, id FROM audit_entry WHERE community IS NOT NULL)";
const TO_MARKS_POSTGRES: &str = "INSERT INTO audit_mark (mark, batch) \
     SELECT DISTINCT mark, (left(id::text, 32) || '0000')::uuid FROM ( \
     SELECT left(subject, 16) AS mark, id FROM audit_entry \
     UNION ALL SELECT left(about, 16), id FROM audit_entry WHERE about IS NOT NULL \
     UNION ALL SELECT community, id FROM audit_entry WHERE community IS NOT NULL) AS marks";

/// An entry is named by its batch and by its place in it.
const TO_ENTRIES_SQLITE: &str = "INSERT INTO audit_entry \
     (id, at, subject, about, client, operation, community, row_count, outcome, request_id) \
     SELECT unhex(substr(hex(batch.id), 1, 28) || printf('%04X', entry.key)), \
     entry.value ->> 'at', entry.value ->> 'by', entry.value ->> 'about', entry.value ->> 'client', \
     entry.value ->> 'operation', entry.value ->> 'community', entry.value ->> 'rows', \
     entry.value ->> 'outcome', entry.value ->> 'request' \
     FROM audit_batch AS batch, json_each(batch.content) AS entry";
const TO_ENTRIES_POSTGRES: &str = "INSERT INTO audit_entry \
     (id, at, subject, about, client, operation, community, row_count, outcome, request_id) \
     SELECT (left(batch.id::text, 32) || lpad(to_hex(place - 1), 4, '0'))::uuid, \
     (entry ->> 'at')::bigint, entry ->> 'by', entry ->> 'about', entry ->> 'client', \
     entry ->> 'operation', entry ->> 'community', (entry ->> 'rows')::bigint, \
     entry ->> 'outcome', entry ->> 'request' \
     FROM audit_batch AS batch, json_array_elements(batch.content::json) WITH ORDINALITY AS list (entry, place)";

async fn run(manager: &SchemaManager<'_>, sqlite: &[&str], postgres: &[&str]) -> Result<(), DbErr> {
    let statements = match manager.get_database_backend() {
        DbBackend::Postgres => postgres,
        _ => sqlite,
    };
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
        manager.create_table(audit_batch(columns)).await?;
        manager.create_table(audit_mark(columns)).await?;
        run(manager, &[TO_BATCHES_SQLITE, TO_MARKS_SQLITE], &[TO_BATCHES_POSTGRES, TO_MARKS_POSTGRES])
            .await?;
        run(manager, &[APPEND_ONLY_SQLITE], APPEND_ONLY_POSTGRES).await?;
        drop_entries(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_entries(manager).await?;
        run(manager, &[TO_ENTRIES_SQLITE], &[TO_ENTRIES_POSTGRES]).await?;
        manager.drop_table(Table::drop().table("audit_mark").take()).await?;
        manager.drop_table(Table::drop().table("audit_batch").take()).await?;
        run(manager, &[], &["DROP FUNCTION audit_batch_refuse_update()"]).await
    }
}
