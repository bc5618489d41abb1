//! What runtime writes need: the last number that a community gave its members, and the answers that are
//! kept for whoever asks again.

use std::collections::HashMap;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;
use sea_orm_migration::sea_orm::prelude::Uuid;

use crate::column::{Columns, integer, uuid};
use crate::{IN_A_TRANSACTION, know_the_schema};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn kept_answer(columns: Columns) -> TableCreateStatement {
    Table::create()
        .table("kept_answer")
        .col(columns.text("id").primary_key())
        .col(columns.text("request"))
        .col(uuid("community_id"))
        .col(ColumnDef::new("member_id").uuid().null())
        .col(integer("status"))
        .col(columns.optional_text("entity_tag"))
        .col(columns.text("body"))
        .col(integer("expires_at"))
        .take()
}

fn index(name: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create().name(name).table("kept_answer").col(column).take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = Columns::of(manager);
        let mut numbered = columns.text("last_numbered_key");
        let numbered = Table::alter().table("community").add_column(numbered.default("")).take();
        manager.alter_table(numbered).await?;
        count_on(manager).await?;
        manager.create_table(kept_answer(columns)).await?;
        manager.create_index(index("kept_answer_by_expires_at", "expires_at")).await?;
        manager.create_index(index("kept_answer_of_member", "member_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        know_the_schema(manager).await?;
        manager.drop_table(Table::drop().table("kept_answer").take()).await?;
        manager.alter_table(Table::alter().table("community").drop_column("last_numbered_key").take()).await
    }
}

/// Communities that are stored already count on from the highest numbered key of their members.
async fn count_on(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let keys = Query::select().columns(["community_id", "key"]).from("member").take();
    let mut highest: HashMap<Uuid, String> = HashMap::new();
    for row in database.query_all(&keys).await? {
        let (community, key): (Uuid, String) = (row.try_get("", "community_id")?, row.try_get("", "key")?);
        if number(&key).is_some() {
            let known = highest.entry(community).or_default();
            if (number(known), &*known) < (number(&key), &key) {
                *known = key;
            }
        }
    }
    for (community, key) in highest {
        let update = Query::update()
            .table("community")
            .value("last_numbered_key", key)
            .and_where(Expr::col("id").eq(community))
            .take();
        database.execute(&update).await?;
    }
    Ok(())
}

/// The number at the end of a key, in a form that sorts as numbers do.
fn number(key: &str) -> Option<(usize, &str)> {
    let digits = key[key.trim_end_matches(|c: char| c.is_ascii_digit()).len()..].trim_start_matches('0');
    key.ends_with(|c: char| c.is_ascii_digit()).then_some((digits.len(), digits))
}
