//! Batches of the audit trail are packed from here on: what stands in many entries stands once in a batch. Those that are
//! there stay as they are. On the way back, packed ones become the lists that earlier programs read.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;
use sea_orm_migration::sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use crate::IN_A_TRANSACTION;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// How many batches are unpacked at once.
const BATCHES: u64 = 100;

/// The list that a packed batch holds; none when it is no packed batch.
fn unpacked(content: &str) -> Option<String> {
    let packed: Value = serde_json::from_str(content).ok()?;
    let since = packed.get("since")?.as_i64()?;
    let text = |table: &str, place: &Value| {
        let place = usize::try_from(place.as_u64()?).ok()?;
        packed.get(table)?.get(place).cloned()
    };
    // What one request did names it once: where nothing stands it is that of the entry before, if that is of the same moment,
    // person and client; an empty one is none.
    let mut before: Option<([&Value; 3], Value)> = None;
    let mut entries = Vec::new();
    for entry in packed.get("entries")?.as_array()? {
        let [after, by, about, client, operation, community, rows, outcome, request_named] =
            entry.as_array()?.as_slice()
        else {
            return None;
        };
        let moment = [after, by, client];
        let request = match before.take() {
            Some((same, request)) if same == moment && request_named.is_null() => request,
            _ if request_named == "" => Value::Null,
            _ => request_named.clone(),
        };
        before = Some((moment, request.clone()));
        entries.push(json!({
            "at": since + after.as_i64()?,
            "by": text("people", by)?,
            "about": text("people", about),
            "client": text("words", client),
            "operation": text("words", operation)?,
            "community": text("words", community),
            "rows": rows,
            "outcome": text("words", outcome)?,
            "request": request,
        }));
    }
    Some(Value::Array(entries).to_string())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        loop {
            let packed = Query::select()
                .columns(["id", "entries", "content"])
                .from("audit_batch")
                .and_where(Expr::col("content").like("{%"))
                .limit(BATCHES)
                .take();
            let rows = connection.query_all(&packed).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                let id: Uuid = row.try_get("", "id")?;
                let entries: i64 = row.try_get("", "entries")?;
                let content: String = row.try_get("", "content")?;
                let list = unpacked(&content)
                    .ok_or_else(|| DbErr::Custom(format!("the batch {id} of the audit trail is broken")))?;
                // Rows of the trail are never updated.
                let delete =
                    Query::delete().from_table("audit_batch").and_where(Expr::col("id").eq(id)).take();
                connection.execute(&delete).await?;
                let insert = Query::insert()
                    .into_table("audit_batch")
                    .columns(["id", "entries", "content"])
                    .values_panic([id.into(), entries.into(), list.into()])
                    .take();
                connection.execute(&insert).await?;
            }
        }
    }
}
