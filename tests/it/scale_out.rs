//! Several processes on one PostgreSQL database: they come up together, one of them migrates, old ones go on beside
//! new ones, and what one writes the others tell.

use std::path::PathBuf;
use std::process::Command;

use futures_util::future::join_all;
use rec_registry::service::{DatabaseSettings, Registry};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use serde_json::{Value, json};

use crate::support::command::run as said;
use crate::support::provider::Provider;
use crate::support::server::{PROGRAM, Server};
use crate::support::{Backend, TestDatabase, run};

const BUNDLE: &str = "
community: {id: rec, name: First, areas: {n: {name: North}}}
members: {a: {user_id: ann, name: Ann, role: consumer, area: n, status: active}}
";
const MEMBER: &str = "/admin/communities/rec/members/a";

/// A migration that no program of today knows.
const NEWER: &str = "m20991231_000001_of_a_newer_program";

/// How many processes come up at the same moment.
const PROCESSES: usize = 4;

/// The processes, each with a directory and a log of its own.
async fn together(database: &TestDatabase, provider: &Provider, count: usize) -> Vec<Server> {
    let directories: Vec<PathBuf> =
        (0..count).map(|number| database.directory().join(format!("process-{number}"))).collect();
    for directory in &directories {
        std::fs::create_dir_all(directory).expect("a directory");
    }
    join_all(directories.iter().map(|directory| Server::serve(directory, &database.url, provider))).await
}

async fn connection(database: &TestDatabase) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(&database.url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("the database answers")
}

async fn steps(database: &TestDatabase) -> (Registry, u32) {
    let registry =
        Registry::connect(&database.url, &DatabaseSettings::default()).await.expect("the database answers");
    let steps = registry.migrations().await.expect("the migrations are listed").len();
    (registry, u32::try_from(steps).expect("a few"))
}

/// The migrations that processes say they have applied, each as often as it is said.
fn applied(servers: &[Server]) -> Vec<String> {
    let logs: String = servers.iter().map(Server::said).collect();
    let behind = |line: &str| {
        line.split("Migration '").nth(1)?.split_once("' has been applied").map(|(name, _)| name.to_owned())
    };
    logs.lines().filter_map(behind).collect()
}

async fn status(server: &Server, path: &str) -> u16 {
    server.get(path, server.token()).send().await.expect("an answer").status().as_u16()
}

async fn name_of(server: &Server) -> String {
    let answer = server.get(MEMBER, server.token()).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let member: Value = answer.json().await.expect("JSON");
    member["name"].as_str().unwrap_or_default().to_owned()
}

/// Waits until a process tells the name that another one wrote: it hears of it from the database, in a moment.
async fn hears_of(server: &Server, name: &str) {
    for _ in 0..1_000 {
        if name_of(server).await == name {
            return;
        }
    }
    panic!("{name:?} is never heard of");
}

async fn rename(server: &Server, name: &str) {
    let url = format!("{}{MEMBER}/name", server.base_url());
    let request = reqwest::Client::new().put(url).bearer_auth(server.token()).json(&json!({"name": name}));
    assert_eq!(request.send().await.expect("an answer").status(), 200);
}

async fn import(server: &Server) {
    assert_eq!(server.import(BUNDLE).send().await.expect("an answer").status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_on_an_empty_database_all_come_up_and_one_migrates() {
    run(Backend::Postgres, async |database: TestDatabase| {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        let servers = together(&database, &provider, PROCESSES).await;
        let (registry, steps) = steps(&database).await;
        registry.ready().await.expect("the schema is up");
        assert_eq!(
            applied(&servers).len(),
            steps as usize,
            "each migration is applied once: {:?}",
            applied(&servers)
        );
        import(&servers[0]).await;
        for server in &servers {
            assert_eq!(name_of(server).await, "Ann");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_on_an_older_schema_all_come_up_and_one_migrates() {
    run(Backend::Postgres, async |database: TestDatabase| {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        const STEPS_BACK: u32 = 2;
        let (registry, _) = steps(&database).await;
        registry.migrate().await.expect("the schema goes up");
        registry.migrate_down(STEPS_BACK).await.expect("and back");
        registry.clone().ready().await.expect_err("it is older than the program");
        let servers = together(&database, &provider, PROCESSES).await;
        registry.ready().await.expect("the schema is up");
        assert_eq!(applied(&servers).len(), STEPS_BACK as usize, "{:?}", applied(&servers));
        for server in &servers {
            assert_eq!(status(server, "/admin/communities").await, 200);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_processes_go_on_and_come_up_beside_a_newer_schema() {
    run(Backend::Postgres, async |database: TestDatabase| {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        let servers = together(&database, &provider, 1).await;
        let old = &servers[0];
        import(old).await;
        // What a newer program does when it comes up beside them: it adds, and takes nothing away.
        let newer = connection(&database).await;
        for sql in [
            "BEGIN".to_owned(),
            "ALTER TABLE member ADD COLUMN of_a_newer_program TEXT".to_owned(),
            "CREATE TABLE of_a_newer_program (id BIGINT PRIMARY KEY)".to_owned(),
            format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{NEWER}', 0)"),
        ] {
            newer.execute_unprepared(&sql).await.expect("a newer program migrates");
        }
        // Until it commits, it holds the table.
        newer.execute_unprepared("COMMIT").await.expect("the migration is committed");
        assert_eq!(status(old, "/ready").await, 200, "the schema is at least what it needs");
        rename(old, "Written by an old process").await;
        assert_eq!(name_of(old).await, "Written by an old process");

        // An old one that is started again, as when its machine goes down in the middle of it.
        let again = together(&database, &provider, 2).await;
        for server in &again {
            assert_eq!(status(server, "/ready").await, 200);
            rename(server, "Written by another").await;
            hears_of(old, "Written by another").await;
        }
        let migrate = |words: &[&str]| {
            let mut command = Command::new(PROGRAM);
            said(command.arg("migrate").args(words).env("DATABASE_URL", &database.url))
        };
        let table = migrate(&["status"]).expect("the schema is looked at");
        assert!(table.contains(NEWER) && table.contains("newer program"), "{table}");
        migrate(&["up"]).expect("there is nothing to do");
        let refusal =
            migrate(&["down"]).expect_err("what a newer program did is not for this one to take back");
        assert!(refusal.contains(NEWER), "{refusal}");

        // A schema that lacks what is needed, and has what is not known, is nobody's.
        newer
            .execute_unprepared("DELETE FROM seaql_migrations WHERE version LIKE '%batch_audit%'")
            .await
            .expect("a step is forgotten");
        assert_eq!(status(old, "/ready").await, 503);
        let refusal = migrate(&["up"]).expect_err("it is not known whether they fit together");
        assert!(refusal.contains(NEWER), "{refusal}");
        newer.close().await.expect("the connection closes");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_writes_the_others_tell_at_once() {
    run(Backend::Postgres, async |database: TestDatabase| {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        let servers = together(&database, &provider, 3).await;
        import(&servers[0]).await;
        for round in 0..10 {
            // Each has it in memory before it changes elsewhere.
            for server in &servers {
                name_of(server).await;
                name_of(server).await;
            }
            let name = format!("Round {round}");
            rename(&servers[round % servers.len()], &name).await;
            assert_eq!(name_of(&servers[round % servers.len()]).await, name, "who writes sees it");
            for server in &servers {
                hears_of(server, &name).await;
            }
        }
    })
    .await;
}
