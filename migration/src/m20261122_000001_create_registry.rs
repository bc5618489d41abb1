//! Communities, members, delivery points, assets, and who holds what.

use sea_orm_migration::prelude::*;

use crate::IN_A_TRANSACTION;
use crate::column::{Columns, boolean, document, integer, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// An index: its name, its table, its columns.
type Listed = (&'static str, &'static str, &'static [&'static str]);

/// One index for every uniqueness rule of the model.
const UNIQUE: &[Listed] = &[
    ("community_key", "community", &["key"]),
    ("member_community_key", "member", &["community_id", "key"]),
    ("member_community_user_id", "member", &["community_id", "user_id"]),
    ("member_did", "member", &["did"]),
    ("delivery_point_member_code", "delivery_point", &["member_id", "code_folded"]),
    ("asset_community_key", "asset", &["community_id", "key"]),
];

/// One index for every order of a list, registry-wide and in a community, and for every lookup.
const PLAIN: &[Listed] = &[
    ("community_by_name", "community", &["name", "key"]),
    ("community_by_created_at", "community", &["created_at", "key"]),
    ("community_by_updated_at", "community", &["updated_at", "key"]),
    ("member_by_key", "member", &["key", "id"]),
    ("member_by_name", "member", &["name", "key", "id"]),
    ("member_by_created_at", "member", &["created_at", "key", "id"]),
    ("member_by_updated_at", "member", &["updated_at", "key", "id"]),
    ("member_of_community_by_name", "member", &["community_id", "name", "key"]),
    ("member_of_community_by_created_at", "member", &["community_id", "created_at", "key"]),
    ("member_of_community_by_updated_at", "member", &["community_id", "updated_at", "key"]),
    ("member_of_area_by_key", "member", &["community_id", "area", "key"]),
    ("member_by_user_id", "member", &["user_id"]),
    ("delivery_point_by_code", "delivery_point", &["code", "member_key", "id"]),
    ("delivery_point_of_community_by_code", "delivery_point", &["community_id", "code", "member_key"]),
    ("delivery_point_by_code_folded", "delivery_point", &["code_folded"]),
    ("asset_by_key", "asset", &["key", "id"]),
    ("asset_by_name", "asset", &["name", "key", "id"]),
    ("asset_by_created_at", "asset", &["created_at", "key", "id"]),
    ("asset_by_updated_at", "asset", &["updated_at", "key", "id"]),
    ("asset_of_community_by_name", "asset", &["community_id", "name", "key"]),
    ("asset_of_community_by_created_at", "asset", &["community_id", "created_at", "key"]),
    ("asset_of_community_by_updated_at", "asset", &["community_id", "updated_at", "key"]),
    ("asset_of_community_by_type", "asset", &["community_id", "asset_type", "key"]),
    ("asset_of_member_by_key", "asset", &["member_id", "key"]),
    ("asset_by_sensor_id", "asset", &["sensor_id"]),
    ("asset_measure_by_measured_key", "asset_measure", &["community_id", "measured_key"]),
    ("holding_of_member", "holding", &["member_id"]),
];

/// A foreign key to the `id` of a table; a row goes with the row that it belongs to.
fn belongs_to(table: &'static str, column: &'static str, parent: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}"))
        .from(table, column)
        .to(parent, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

fn community(columns: Columns) -> TableCreateStatement {
    Table::create()
        .table("community")
        .col(uuid("id").primary_key())
        .col(columns.text("key"))
        .col(columns.text("name"))
        .col(columns.text("name_folded"))
        .col(columns.optional_text("description"))
        .col(columns.optional_text("description_folded"))
        .col(document("legal"))
        .col(document("links"))
        .col(document("contact"))
        .col(document("settings"))
        .col(document("operators"))
        .col(document("areas"))
        .col(document("topology"))
        .col(document("extra"))
        .col(document("envelope"))
        .col(integer("version"))
        .col(integer("revision"))
        .col(integer("created_at"))
        .col(integer("updated_at"))
        .take()
}

fn member(columns: Columns) -> TableCreateStatement {
    Table::create()
        .table("member")
        .col(uuid("id").primary_key())
        .col(uuid("community_id"))
        .col(columns.text("key"))
        .col(columns.text("key_folded"))
        .col(columns.text("user_id"))
        .col(columns.text("user_id_folded"))
        .col(columns.optional_text("did"))
        .col(columns.optional_text("did_folded"))
        .col(columns.text("name"))
        .col(columns.text("name_folded"))
        .col(columns.optional_text("member_type"))
        .col(columns.optional_text("member_type_folded"))
        .col(columns.text("role"))
        .col(columns.text("area"))
        .col(columns.text("area_folded"))
        .col(columns.text("status"))
        .col(document("extra"))
        .col(integer("version"))
        .col(integer("created_at"))
        .col(integer("updated_at"))
        .foreign_key(&mut belongs_to("member", "community_id", "community"))
        .take()
}

fn delivery_point(columns: Columns) -> TableCreateStatement {
    Table::create()
        .table("delivery_point")
        .col(uuid("id").primary_key())
        .col(uuid("community_id"))
        .col(uuid("member_id"))
        .col(columns.text("member_key"))
        .col(columns.text("code"))
        .col(columns.text("code_folded"))
        .col(columns.text("point_type"))
        .col(columns.text("point_type_folded"))
        .col(columns.optional_text("description"))
        .col(columns.optional_text("description_folded"))
        .col(columns.optional_text("address"))
        .col(columns.optional_text("address_folded"))
        .col(columns.optional_text("tariff"))
        .col(columns.optional_text("tariff_folded"))
        .col(boolean("active"))
        .col(document("extra"))
        .foreign_key(&mut belongs_to("delivery_point", "member_id", "member"))
        .take()
}

fn asset(columns: Columns) -> TableCreateStatement {
    Table::create()
        .table("asset")
        .col(uuid("id").primary_key())
        .col(uuid("community_id"))
        .col(uuid("member_id"))
        .col(columns.text("key"))
        .col(columns.text("key_folded"))
        .col(columns.text("asset_type"))
        .col(columns.text("name"))
        .col(columns.text("name_folded"))
        .col(columns.optional_text("sensor_id"))
        .col(columns.optional_text("sensor_id_folded"))
        .col(columns.optional_text("pod_folded"))
        .col(document("properties"))
        .col(document("device"))
        .col(document("relationships"))
        .col(document("extra"))
        .col(integer("version"))
        .col(integer("created_at"))
        .col(integer("updated_at"))
        .foreign_key(&mut belongs_to("asset", "member_id", "member"))
        .take()
}

/// Derived from the assets and written with them. No foreign key: PostgreSQL would check it with a query a row,
/// against what the same transaction has just written.
fn asset_measure(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("asset_measure")
        .col(uuid("asset_id"))
        .col(columns.text("measured_key"))
        .col(uuid("community_id"))
        .primary_key(Index::create().name("asset_measure_key").col("asset_id").col("measured_key"))
        .take()
}

/// Derived from the active members and their assets, and written with them; without foreign key, as above.
fn holding(columns: Columns) -> TableCreateStatement {
    columns
        .keyed_table()
        .table("holding")
        .col(columns.text("kind"))
        .col(columns.text("folded_id"))
        .col(uuid("community_id"))
        .col(uuid("member_id"))
        .primary_key(Index::create().name("holding_key").col("kind").col("folded_id"))
        .take()
}

fn index(&(name, table, columns): &Listed) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for &column in columns {
        index.col(column);
    }
    index
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = Columns::of(manager);
        for table in [community, member, delivery_point, asset, asset_measure, holding] {
            manager.create_table(table(columns)).await?;
        }
        for listed in UNIQUE {
            manager.create_index(index(listed).unique().take()).await?;
        }
        for listed in PLAIN {
            manager.create_index(index(listed)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["holding", "asset_measure", "asset", "delivery_point", "member", "community"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
