//! Clients go while they are answered: whatever was under way for them is over then.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};

use crate::support::federation::Federation;
use crate::support::{Asked, Backend, Fixture as _, TestApp, TestDatabase, on_both_databases};

/// How often an answer is asked for before its client goes, at most: more than any of these takes.
const MOST_TURNS: usize = 40;

on_both_databases! {
    async fn a_client_who_goes_leaves_no_transaction_behind(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        app.import_sample("valley-v0.5.yaml").await;
        let members = "/admin/communities/valley-rec/members";
        let first = app.get(format!("{members}?limit=1")).admin().await.json(200)["items"][0].clone();
        let of = |field: &str| first[field].as_str().expect("a text").to_owned();
        let (user, name) = (of("user_id"), format!("{members}/{}/name", of("key")));
        let query = "{ communities(first: 5) { nodes { name members(first: 5) { nodes { name } } } } }";
        let looking = Database::connect(&database.url).await.expect("the database answers");
        for turns in 0..MOST_TURNS {
            for asked in [
                app.get("/user").by(&user, "openid"),
                app.get(members).admin(),
                app.graphql(query, Value::Null).admin(),
                app.put_json(&name, &json!({"name": format!("Ada {turns}")})).admin(),
            ] {
                go_after(turns, asked).await;
                if database.backend == Backend::Postgres {
                    assert_eq!(left_in_a_transaction(&looking).await, 0, "after {turns} turns");
                }
            }
        }
        looking.close().await.expect("the connection closes");
        // And whoever comes next sees what is, on whichever connection.
        app.import_sample("valley-v0.5.yaml").await;
        for _ in 0..20 {
            app.get("/user").by(&user, "openid").await.json(200);
            let shown = app.get(format!("{members}?limit=1")).admin().await.json(200)["items"][0].clone();
            assert_eq!(shown["name"], first["name"]);
        }
    }
}

/// How often the answer to an import is asked for, at most, and how much more often each time.
const MOST_TURNS_OF_AN_IMPORT: usize = 120;
const MORE_TURNS: usize = 3;

on_both_databases! {
    /// Among them whoever goes while rows are on their way: PostgreSQL waits for the rest of them then, and for no statement.
    async fn a_client_who_goes_while_it_imports_leaves_nothing_behind(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        let edition = |edition| Federation { communities: 2, members: 200, edition }.to_yaml();
        app.import(edition(1)).await;
        let before = app.export().await;
        let looking = Database::connect(&database.url).await.expect("the database answers");
        let mut kept = 0;
        for turns in (0..MOST_TURNS_OF_AN_IMPORT).step_by(MORE_TURNS) {
            go_after(turns, app.post_yaml("/admin/import/yaml", edition(2)).admin()).await;
            if database.backend == Backend::Postgres {
                assert_eq!(left_in_a_transaction(&looking).await, 0, "after {turns} turns");
            }
            if app.export().await == before {
                kept += 1;
            } else {
                app.import(edition(1)).await;
                assert!(app.export().await == before, "after {turns} turns");
            }
        }
        assert!(kept > 5, "nearly all were done before their clients went: more members are needed");
        looking.close().await.expect("the connection closes");
    }
}

/// Asks for an answer so often, and goes.
async fn go_after(turns: usize, asked: Asked) {
    let mut answer = asked.into_future();
    let mut taken = 0;
    poll_fn(|context| {
        if taken == turns {
            return Poll::Ready(());
        }
        taken += 1;
        answer.as_mut().poll(context).map(drop)
    })
    .await;
}

/// How many connections are in a transaction that nobody works in, once those had time to end that do.
async fn left_in_a_transaction(looking: &DatabaseConnection) -> i64 {
    let count = "SELECT COUNT(*) AS left_over FROM pg_stat_activity \
                 WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let mut left_over = i64::MAX;
    for _ in 0..50 {
        let statement = Statement::from_string(looking.get_database_backend(), count);
        let row = looking.query_one_raw(statement).await.expect("it is counted").expect("a row");
        left_over = row.try_get("", "left_over").expect("a number");
        if left_over == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    left_over
}
