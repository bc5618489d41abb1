//! The schema goes up, down and up again, and is the same each time.

use rec_registry::service::{DatabaseSettings, Registry};
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement, TransactionTrait as _};

use crate::support::federation::Federation;
use crate::support::{Backend, Fixture as _, TestApp, TestDatabase, on_both_databases};

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

    async fn a_large_import_leaves_the_schema_as_it_was(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        let schema = objects(&database).await;
        let imports = [(1, true), (2, false)];
        for (edition, takes_away) in imports {
            app.statements.take();
            app.import(Federation { communities: 2, members: 1_001, edition }.to_yaml()).await;
            let statements = app.statements.take();
            let dropped = statements.iter().any(|statement| statement.contains("DROP INDEX"));
            // SQLite does so again where as much comes as there is; PostgreSQL when nothing is there alone.
            assert_eq!(dropped, takes_away || database.backend == Backend::Sqlite, "edition {edition}");
            let first = |words: &str| statements.iter().position(|statement| statement.contains(words));
            let cleared = first("DELETE FROM \"asset\"");
            assert_eq!(cleared.is_some(), edition == 2, "what is there goes: {statements:?}");
            if database.backend == Backend::Sqlite && edition == 2 {
                assert!(first("DROP INDEX") < cleared, "what goes is not looked for in every index");
            }
            assert_eq!(objects(&database).await, schema, "edition {edition}");
        }
        let members = app.get("/admin/communities/valley-001/members?limit=1&offset=1000").admin().await;
        assert_eq!(members.json(200)["items"].as_array().map(Vec::len), Some(1));
    }

    async fn a_large_import_into_tables_in_use_waits_for_nobody(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        let schema = objects(&database).await;
        let reader = Database::connect(&database.url).await.expect("the database answers");
        let reading = reader.begin().await.expect("a transaction begins");
        let count = Statement::from_string(reading.get_database_backend(), "SELECT COUNT(*) AS n FROM asset");
        reading.query_one_raw(count).await.expect("a reader reads");
        app.import(Federation { communities: 1, members: 2_001, edition: 1 }.to_yaml()).await;
        reading.rollback().await.expect("the reader ends");
        assert_eq!(objects(&database).await, schema);
    }

    async fn a_large_import_takes_away_nothing_that_something_else_leans_on(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        // PostgreSQL groups by the primary key, on which the view depends then.
        execute(&database, &["CREATE VIEW report AS SELECT id, name FROM member GROUP BY id"]).await;
        let schema = objects(&database).await;
        let report = app.import(Federation { communities: 1, members: 2_001, edition: 1 }.to_yaml()).await;
        assert_eq!(report["reports"][0]["inserted"]["member"], 2_001);
        assert_eq!(objects(&database).await, schema);
    }

    async fn a_large_import_needs_no_more_than_to_write(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        let schema = objects(&database).await;
        let Some((_, name)) = database.url.rsplit_once('/').filter(|_| database.backend == Backend::Postgres) else {
            // SQLite knows no owners.
            return;
        };
        let (name, _) = name.split_once('?').unwrap_or((name, ""));
        let role = format!("writer_of_{name}");
        let on = format!("ALTER DATABASE \"{name}\"");
        execute(&database, &[
            &format!("CREATE ROLE \"{role}\" IN ROLE pg_read_all_data, pg_write_all_data"),
            &format!("{on} SET role = \"{role}\""),
        ])
        .await;
        drop(app);
        let app = TestApp::on(&database).await;
        app.statements.take();
        let report = app.import(Federation { communities: 1, members: 2_001, edition: 1 }.to_yaml()).await;
        execute(&database, &["SET ROLE NONE", &format!("{on} RESET role"), &format!("DROP ROLE \"{role}\"")]).await;
        assert_eq!(report["reports"][0]["inserted"]["member"], 2_001);
        assert!(app.statements.take().iter().any(|statement| statement.contains("DROP INDEX")), "it was tried");
        assert_eq!(objects(&database).await, schema);
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

async fn execute(database: &TestDatabase, statements: &[&str]) {
    let connection = Database::connect(&database.url).await.expect("the database answers");
    let transaction = connection.begin().await.expect("a transaction begins");
    for statement in statements {
        transaction.execute_unprepared(statement).await.expect(statement);
    }
    transaction.commit().await.expect("it is done");
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
