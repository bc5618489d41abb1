//! The schema goes up, down and up again, and is the same each time.

use rec_registry::service::{DatabaseSettings, Registry};
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};

use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    async fn the_schema_goes_up_and_down_and_up_again(database: TestDatabase) {
        let registry = connect(&database).await;
        let names: Vec<String> = status(&registry).await.into_iter().map(|(name, _)| name).collect();
        assert!(registry.ready().await.is_err(), "an empty database is not ready");

        registry.migrate().await.expect("the schema goes up");
        assert!(status(&registry).await.iter().all(|(_, applied)| *applied));
        registry.ready().await.expect("a migrated database is ready");
        let schema = objects(&database).await;
        assert!(schema.iter().any(|object| object.contains("member")), "{schema:?}");

        registry.migrate_down(names.len() as u32).await.expect("the schema goes down");
        assert!(status(&registry).await.iter().all(|(_, applied)| !applied));
        assert_eq!(objects(&database).await, Vec::<String>::new(), "nothing is left");

        registry.migrate().await.expect("the schema goes up again");
        assert_eq!(objects(&database).await, schema);
    }

    async fn every_step_goes_down_and_up_again(database: TestDatabase) {
        let registry = connect(&database).await;
        registry.migrate().await.expect("the schema goes up");
        let schema = objects(&database).await;
        for steps in 1..=status(&registry).await.len() {
            let down = registry.migrate_down(steps as u32).await;
            assert!(down.is_ok(), "{steps} steps do not go down: {down:?}");
            registry.migrate().await.expect("they go up again");
            assert_eq!(objects(&database).await, schema, "after {steps} steps down and up");
        }
    }

    async fn a_schema_that_is_up_stays_as_it_is(database: TestDatabase) {
        let registry = connect(&database).await;
        registry.migrate().await.expect("the schema goes up");
        let schema = objects(&database).await;
        registry.migrate().await.expect("there is nothing to do");
        assert_eq!(objects(&database).await, schema);
    }
}

async fn connect(database: &TestDatabase) -> Registry {
    Registry::connect(&database.url, &DatabaseSettings::default()).await.expect("the database answers")
}

async fn status(registry: &Registry) -> Vec<(String, bool)> {
    registry.migrations().await.expect("the migrations are listed")
}

/// Every column and index of the schema, but for those of the list of migrations itself.
async fn objects(database: &TestDatabase) -> Vec<String> {
    let connection = Database::connect(&database.url).await.expect("the database answers");
    let sql = match connection.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT type || ' ' || name || ': ' || COALESCE(sql, '') AS object FROM sqlite_master
             WHERE tbl_name <> 'seaql_migrations' ORDER BY object"
        }
        _ => {
            "SELECT object FROM (
                 SELECT concat_ws(' ', table_name, column_name, data_type, collation_name, is_nullable) AS object
                     FROM information_schema.columns
                     WHERE table_schema = 'public' AND table_name <> 'seaql_migrations'
                 UNION ALL SELECT indexdef FROM pg_indexes
                     WHERE schemaname = 'public' AND tablename <> 'seaql_migrations'
                 UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
                     WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'seaql_migrations'
             ) AS objects ORDER BY object"
        }
    };
    let rows = connection
        .query_all_raw(Statement::from_string(connection.get_database_backend(), sql))
        .await
        .expect("the schema is read");
    connection.close().await.expect("the connection closes");
    rows.iter().map(|row| row.try_get("", "object").expect("a text")).collect()
}
