//! Indexes that cost every import more than they save: those of times within a community, whose rows are
//! few enough to be sorted, and the entries of members without a DID and of assets without a sensor.

use sea_orm_migration::prelude::*;

use crate::IN_A_TRANSACTION;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Table and column of a time that had an index by community.
const TIMES: [(&str, &str); 4] =
    [("member", "created_at"), ("member", "updated_at"), ("asset", "created_at"), ("asset", "updated_at")];

/// Name, table and column of an index that leaves out what is absent.
const SPARSE: [(&str, &str, &str); 2] =
    [("member_did", "member", "did"), ("asset_by_sensor_id", "asset", "sensor_id")];

fn dropped(name: &str, table: &str) -> IndexDropStatement {
    Index::drop().name(name).table(table.to_owned()).to_owned()
}

fn of_column(name: &str, table: &str, column: &str) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table.to_owned()).col(column.to_owned()).take();
    if name == "member_did" {
        index.unique();
    }
    index
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, time) in TIMES {
            manager.drop_index(dropped(&format!("{table}_of_community_by_{time}"), table)).await?;
        }
        for (name, table, column) in SPARSE {
            manager.drop_index(dropped(name, table)).await?;
            let is_there = Expr::col(column).is_not_null();
            manager.create_index(of_column(name, table, column).and_where(is_there).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, column) in SPARSE {
            manager.drop_index(dropped(name, table)).await?;
            manager.create_index(of_column(name, table, column)).await?;
        }
        for (table, time) in TIMES {
            let name = format!("{table}_of_community_by_{time}");
            let index =
                Index::create().name(name).table(table).col("community_id").col(time).col("key").take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
