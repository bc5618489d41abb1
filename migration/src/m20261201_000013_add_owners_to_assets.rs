//! What an asset says of its owner and its community stands in its own row, so that a lookup of many sensors reads one table: in a
//! large registry each owner and each community is a page of its own.
//!
//! The database keeps it up: what of a member or a community is written by whomever, a server of an earlier version among them,
//! stands in the rows of its assets as well. Assets are inserted with it. A server of an earlier version does not know of it, and may
//! run beside on PostgreSQL, so that it is filled in behind it there. Not on SQLite, which has one server, and where a trigger of
//! inserts makes those of an import much slower.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::column::Columns;
use crate::{IN_A_TRANSACTION, know_the_schema};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const COLUMNS: [&str; 7] = [
    "community_key",
    "community_name",
    "owner_key",
    "owner_user_id",
    "owner_name",
    "owner_role",
    "owner_status",
];

/// The assets of one community, on both databases.
const FILL_IN: &str = "UPDATE asset SET community_key = $2, community_name = $3, \
     owner_key = member.key, owner_user_id = member.user_id, owner_name = member.name, owner_role = member.role, \
     owner_status = member.status FROM member WHERE member.id = asset.member_id AND asset.community_id = $1";

const UP_SQLITE: &[&str] = &[
    "CREATE TRIGGER asset_owner_changed AFTER UPDATE OF key, user_id, name, role, status ON member \
     WHEN (NEW.key, NEW.user_id, NEW.name, NEW.role, NEW.status) \
     IS NOT (OLD.key, OLD.user_id, OLD.name, OLD.role, OLD.status) \
     BEGIN UPDATE asset SET owner_key = NEW.key, owner_user_id = NEW.user_id, owner_name = NEW.name, \
     owner_role = NEW.role, owner_status = NEW.status WHERE member_id = NEW.id; END",
    "CREATE TRIGGER asset_community_renamed AFTER UPDATE OF name ON community WHEN NEW.name IS NOT OLD.name \
     BEGIN UPDATE asset SET community_name = NEW.name \
     WHERE community_id = NEW.id AND community_name IS NOT NEW.name; END",
];
const DOWN_SQLITE: &[&str] = &["DROP TRIGGER asset_owner_changed", "DROP TRIGGER asset_community_renamed"];

const UP_POSTGRES: &[&str] = &[
    "CREATE FUNCTION asset_owner_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     UPDATE asset SET owner_key = NEW.key, owner_user_id = NEW.user_id, owner_name = NEW.name, \
     owner_role = NEW.role, owner_status = NEW.status WHERE member_id = NEW.id; RETURN NULL; END $$",
    "CREATE TRIGGER asset_owner_changed AFTER UPDATE OF key, user_id, name, role, status ON member \
     FOR EACH ROW WHEN ((NEW.key, NEW.user_id, NEW.name, NEW.role, NEW.status) \
     IS DISTINCT FROM (OLD.key, OLD.user_id, OLD.name, OLD.role, OLD.status)) \
     EXECUTE FUNCTION asset_owner_changed()",
    "CREATE FUNCTION asset_community_renamed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     UPDATE asset SET community_name = NEW.name \
     WHERE community_id = NEW.id AND community_name <> NEW.name; RETURN NULL; END $$",
    "CREATE TRIGGER asset_community_renamed AFTER UPDATE OF name ON community \
     FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION asset_community_renamed()",
    "CREATE FUNCTION asset_without_owner() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     UPDATE asset SET community_key = community.key, community_name = community.name, \
     owner_key = member.key, owner_user_id = member.user_id, owner_name = member.name, owner_role = member.role, \
     owner_status = member.status FROM member, community \
     WHERE asset.id = NEW.id AND member.id = NEW.member_id AND community.id = NEW.community_id; RETURN NULL; END $$",
    "CREATE TRIGGER asset_without_owner AFTER INSERT ON asset \
     FOR EACH ROW WHEN (NEW.owner_key = '') EXECUTE FUNCTION asset_without_owner()",
];
const DOWN_POSTGRES: &[&str] = &[
    "DROP TRIGGER asset_without_owner ON asset",
    "DROP TRIGGER asset_community_renamed ON community",
    "DROP TRIGGER asset_owner_changed ON member",
    "DROP FUNCTION asset_without_owner()",
    "DROP FUNCTION asset_community_renamed()",
    "DROP FUNCTION asset_owner_changed()",
];

async fn run(manager: &SchemaManager<'_>, of_sqlite: &[&str], of_postgres: &[&str]) -> Result<(), DbErr> {
    let statements = match manager.get_database_backend() {
        DbBackend::Postgres => of_postgres,
        _ => of_sqlite,
    };
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Fills in the assets that are stored already, a community at a time: SQLite keeps what such a statement is to write in memory,
/// which of three million assets were 2 GB.
async fn fill_in(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let communities = Query::select().columns(["id", "key", "name"]).from("community").take();
    for community in connection.query_all(&communities).await? {
        let id: Uuid = community.try_get("", "id")?;
        let (key, name): (String, String) = (community.try_get("", "key")?, community.try_get("", "name")?);
        let values = [id.into(), key.into(), name.into()];
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), FILL_IN, values);
        connection.execute_raw(statement).await?;
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
        for column in COLUMNS {
            let mut column = columns.text(column).default("").take();
            manager.alter_table(Table::alter().table("asset").add_column(&mut column).take()).await?;
        }
        // What others write of members meanwhile waits for the triggers, and then does not miss them.
        run(manager, UP_SQLITE, UP_POSTGRES).await?;
        fill_in(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        know_the_schema(manager).await?;
        run(manager, DOWN_SQLITE, DOWN_POSTGRES).await?;
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("asset").drop_column(column).take()).await?;
        }
        Ok(())
    }
}
