//! More than can be done at the same time: who finds no place is turned away soon and told when to come again.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Asked, Backend, Fixture as _, TestApp, TestDatabase, on_both_databases};

const BUNDLE: &str = "
community: {id: rec, name: First, areas: {n: {name: North}}}
members: {a: {user_id: ann, name: Ann, role: consumer, area: n, status: active}}
";

/// Somebody else who holds what writers need, until it is told to let go.
struct Holder(DatabaseConnection);

impl Holder {
    async fn of(database: &TestDatabase) -> Self {
        let mut options = sea_orm::ConnectOptions::new(&database.url);
        options.max_connections(1).sqlx_logging(false);
        let connection = Database::connect(options).await.expect("the database answers");
        let hold = match database.backend {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN; LOCK TABLE community IN EXCLUSIVE MODE",
        };
        connection.execute_unprepared(hold).await.expect("the lock is taken");
        Self(connection)
    }

    async fn let_go(self) {
        self.0.execute_unprepared("ROLLBACK").await.expect("the lock is given back");
        self.0.close().await.expect("the connection closes");
    }
}

/// What is answered over a connection that stays open: an object.
async fn answer(connection: &mut TcpStream) -> String {
    let mut said = Vec::new();
    while !said.ends_with(b"}") {
        let read = connection.read_buf(&mut said).await.expect("it is answered");
        assert_ne!(read, 0, "the connection stays open");
    }
    String::from_utf8(said).expect("text")
}

on_both_databases! {
    async fn who_finds_no_place_is_turned_away_and_the_rest_goes_on(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        app.import(BUNDLE).await;
        let app = app.told(&["--max-requests", "2"]).await;
        let holder = Holder::of(&database).await;
        let writes: Vec<_> = ["One", "Two"].map(|name| {
            let app = app.clone();
            tokio::spawn(async move {
                app.put_json("/admin/communities/rec/members/a/name", &json!({"name": name})).admin().await.status
            })
        }).into();
        while !app.registry.metrics().text().expect("figures").contains("http_requests_in_flight 2") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let begun = Instant::now();
        let third = app.put_json("/admin/communities/rec/members/a/name", &json!({"name": "Three"}));
        let turned_away = third.admin().await;
        assert!(begun.elapsed() >= Duration::from_millis(250), "it waited a moment: {:?}", begun.elapsed());
        let body = turned_away.json(503);
        assert!(body["detail"].as_str().is_some_and(|detail| detail.contains("try again")), "{body}");
        assert_eq!(turned_away.header("retry-after"), "1");
        let rename = r#"mutation { updateMember(input: {communityKey: "rec", key: "a", name: "Four"}) { member { key } } }"#;
        let asked = app.graphql(rename, json!({})).admin().await;
        let error = &asked.json(503)["errors"][0];
        assert_eq!((&error["extensions"]["code"], &error["extensions"]["retryAfter"]),
            (&json!("INTERNAL_SERVER_ERROR"), &json!(1)), "{error}");
        assert_eq!(asked.header("retry-after"), "1");
        app.get("/health").await.json(200);
        // Who waits to write keeps nobody from reading.
        app.get("/admin/communities").admin().await.json(200);
        app.post_json("/admin/lookup/assets-by-sensor-ids", &json!(["x"])).admin().await.json(200);
        app.graphql("{ communities { totalCount } }", json!({})).admin().await.json(200);
        app.get("/ready").await.json(200);
        assert!(app.registry.metrics().text().expect("figures").contains(r#"shed_total{kind="Request"} 2"#));
        holder.let_go().await;
        for write in writes {
            assert_eq!(write.await.expect("the write is answered"), 200, "who had a place was not disturbed");
        }
        app.get("/admin/communities").admin().await.json(200);
    }

    async fn who_reads_is_turned_away_when_all_who_read_wait(database: TestDatabase) {
        let app = TestApp::over(&database, Some(1)).await;
        app.import(BUNDLE).await;
        let app = app.told(&["--max-requests", "2"]).await;
        let holder = Holder::of(&database).await;
        let in_flight = async |requests: usize| {
            let figure = format!("http_requests_in_flight {requests}");
            while !app.registry.metrics().text().expect("figures").contains(&figure) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let ask = |asked: Asked| tokio::spawn(async move { asked.admin().await.status });
        // It waits with the only connection.
        let write = ask(app.put_json("/admin/communities/rec/members/a/name", &json!({"name": "One"})));
        in_flight(1).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let reads = ["/admin/communities/rec", "/admin/communities/rec/members"].map(|path| ask(app.get(path)));
        in_flight(3).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(app.get("/admin/communities").admin().await.status, 503);
        let posted = app.post_json("/admin/lookup/assets-by-sensor-ids", &json!(["x"])).admin().await;
        assert_eq!(posted.status, 503);
        let asked = app.graphql("{ communities { totalCount } }", json!({})).admin().await;
        assert_eq!(asked.json(503)["errors"][0]["extensions"]["retryAfter"], 1);
        assert!(app.registry.metrics().text().expect("figures").contains(r#"shed_total{kind="Request"} 3"#));
        holder.let_go().await;
        assert_eq!(write.await.expect("the write is answered"), 200);
        for read in reads {
            assert_eq!(read.await.expect("the read is answered"), 200);
        }
    }

    async fn who_waits_to_write_leaves_connections_to_those_who_read(database: TestDatabase) {
        let app = TestApp::over(&database, Some(4)).await;
        app.import(BUNDLE).await;
        let holder = Holder::of(&database).await;
        let writes: Vec<_> = (0..8)
            .map(|number| {
                let name = json!({"name": format!("Name {number}")});
                let write = app.put_json("/admin/communities/rec/members/a/name", &name);
                tokio::spawn(async move { write.admin().await.status })
            })
            .collect();
        while !app.registry.metrics().text().expect("figures").contains("http_requests_in_flight 8") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        for _ in 0..3 {
            assert_eq!(app.get("/admin/communities/rec").admin().await.status, 200);
        }
        assert!(writes.iter().all(|write| !write.is_finished()), "a write did not wait");
        holder.let_go().await;
        for write in writes {
            assert_eq!(write.await.expect("the write is answered"), 200);
        }
    }

    async fn more_connections_than_have_a_turn_at_once_are_all_answered(database: TestDatabase) {
        let address = TestApp::on(&database).await.listen().await;
        let connect = async || TcpStream::connect(&address).await.expect("a connection");
        let mut connections = join_all((0..400).map(|_| connect())).await;
        for _ in 0..5 {
            for connection in &mut connections {
                connection.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it is asked");
            }
            let answers = join_all(connections.iter_mut().map(answer)).await;
            assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200")), "{answers:?}");
        }
    }

    async fn nobody_keeps_a_place_by_sending_slowly(database: TestDatabase) {
        let app = TestApp::on(&database).await.told(&["--max-requests", "1"]).await;
        let address = app.listen().await;
        let mut slow = TcpStream::connect(&address).await.expect("a connection");
        let token = app.token("slow", "rec-registry.admin");
        let head = format!(
            "POST /admin/lookup/assets-by-sensor-ids HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 5\r\n\r\n[\"a"
        );
        slow.write_all(head.as_bytes()).await.expect("half a request is sent");
        while !app.registry.metrics().text().expect("figures").contains("http_requests_in_flight 1") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        app.get("/admin/communities").admin().await.json(200);
        slow.write_all(b"\"]").await.expect("the rest is sent");
        let mut answer = [0; 12];
        slow.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
}
