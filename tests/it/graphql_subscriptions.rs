//! Changes as they happen, over `graphql-transport-ws`: who hears of what, how a connection begins and ends, what is refused.

use std::process::Command;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use super::support::app::TestApp;
use super::support::database::{Backend, TestDatabase};
use super::support::server::{self, Server};
use super::support::socket::Socket;
use super::support::{on_both_databases, run};

const CHANGES: &str = "subscription($key: String) { communityChanged(communityKey: $key) {
    kind communityKey revision at community { key name revision } } }";

/// A community with one member, in one of its editions.
fn bundle(key: &str, user: &str, edition: u32) -> String {
    format!(
        "schema_version: '0.5'\ncommunity: {{id: {key}, name: Edition {edition}, areas: {{a: {{name: A}}}}}}\n\
         members: {{m: {{user_id: {user}, name: N, role: consumer, area: a, status: active}}}}\n"
    )
}

/// Imports one edition after the other until the subscriber hears of one: the protocol does not say when a
/// subscription has begun. Returns what was heard of the last one, and the next edition.
async fn first_change(socket: &mut Socket, mut import: impl AsyncFnMut(u32)) -> (Value, u32) {
    for edition in 1.. {
        import(edition).await;
        if let Some(mut heard) = socket.hear_within(Duration::from_millis(200)).await {
            let last = format!("Edition {edition}");
            while change(&heard)["community"]["name"] != last.as_str() {
                heard = socket.hear().await;
            }
            return (heard, edition + 1);
        }
        assert!(edition < 300, "nothing is heard of any change");
    }
    unreachable!("editions do not end");
}

/// What an operation of this id was told of a change.
#[track_caller]
fn change(message: &Value) -> &Value {
    assert_eq!(message["type"], "next", "{message:#}");
    assert!(message["payload"].get("errors").is_none(), "{message:#}");
    &message["payload"]["data"]["communityChanged"]
}

#[track_caller]
fn error_code(message: &Value) -> &str {
    assert_eq!(message["type"], "error", "{message:#}");
    message["payload"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

on_both_databases! {
    async fn a_change_is_told_once_it_is_committed(app: TestApp) {
        let mut socket = Socket::of(&app.listen().await, &app.token("reader", "rec-registry.read")).await;
        socket.ask("1", CHANGES, json!({})).await;
        let (first, edition) = first_change(&mut socket, async |edition| { app.import(bundle("aurora", "ann", edition)).await; }).await;
        let first = change(&first);
        assert_eq!(first["communityKey"], "aurora");

        app.import(bundle("aurora", "ann", edition)).await;
        let second = socket.hear().await;
        let second = change(&second);
        let name = format!("Edition {edition}");
        assert_eq!(second["kind"], "UPDATED");
        assert_eq!(second["revision"].as_i64(), first["revision"].as_i64().map(|revision| revision + 1));
        assert_eq!(second["community"], json!({"key": "aurora", "name": name, "revision": second["revision"]}));
        assert!(second["at"].as_str() > first["at"].as_str());

        // What is refused, tried or said again changes nothing, and nobody is told.
        let refused = app.post_yaml("/admin/import/yaml", bundle("aurora", "ann", 0).replace("consumer", "king")).admin();
        assert_eq!(refused.await.status, 422);
        app.post_yaml("/admin/import/yaml?dry_run=true", bundle("aurora", "ann", 0)).admin().await.json(200);
        app.import(bundle("aurora", "ann", edition)).await;
        app.import(bundle("boreas", "bea", 1)).await;
        let third = socket.hear().await;
        assert_eq!((&change(&third)["kind"], &change(&third)["communityKey"]), (&json!("CREATED"), &json!("boreas")));
        assert_eq!(change(&third)["revision"], 1);
    }

    async fn a_change_is_told_to_a_member_over_a_single_connection(database: TestDatabase) {
        let app = TestApp::over(&database, Some(1)).await;
        app.import(bundle("aurora", "ann", 0)).await;
        let mut socket = Socket::of(&app.listen().await, &app.token("ann", "openid")).await;
        socket.ask("1", CHANGES, json!({})).await;
        // Whoever had the connection while waiting for another would be told so after the time that one is waited for.
        let (heard, _) = first_change(&mut socket, async |edition| { app.import(bundle("aurora", "ann", edition)).await; }).await;
        assert_eq!(change(&heard)["communityKey"], "aurora");
    }

    async fn nobody_hears_of_communities_outside_their_reach(app: TestApp) {
        let address = app.listen().await;
        let both = |edition| bundle("aurora", "ann", edition) + "---\n" + &bundle("boreas", "bea", edition);
        for scope in ["rec-registry.read:boreas", "rec-registry.admin:boreas openid"] {
            let mut socket = Socket::of(&address, &app.token("reader", scope)).await;
            socket.ask("all", CHANGES, json!({})).await;
            let (first, edition) = first_change(&mut socket, async |edition| { app.import(both(edition)).await; }).await;
            assert_eq!(change(&first)["communityKey"], "boreas");
            // One that is not within reach is silent like one that does not exist.
            socket.ask("other", CHANGES, json!({"key": "aurora"})).await;
            socket.ask("none", CHANGES, json!({"key": "nowhere"})).await;
            for edition in edition..edition + 3 {
                app.import(both(edition)).await;
                let heard = socket.hear().await;
                assert_eq!((&heard["id"], &change(&heard)["communityKey"]), (&json!("all"), &json!("boreas")));
            }
        }
    }

    async fn members_hear_of_their_own_community_as_long_as_they_are_in_it(app: TestApp) {
        let address = app.listen().await;
        app.import(bundle("aurora", "ann", 0)).await;
        app.import(bundle("boreas", "bea", 0)).await;
        let mut socket = Socket::of(&address, &app.token("ann", "openid")).await;
        socket.ask("1", CHANGES, json!({"key": "boreas"})).await;
        assert_eq!(error_code(&socket.hear().await), "FORBIDDEN");
        socket.ask("2", CHANGES, json!({})).await;
        let (first, edition) = first_change(&mut socket, async |edition| { app.import(bundle("aurora", "ann", edition)).await; }).await;
        assert_eq!(change(&first)["communityKey"], "aurora");

        app.import(bundle("boreas", "bea", edition)).await;
        app.import(bundle("aurora", "somebody-else", edition)).await;
        app.import(bundle("boreas", "ann", edition)).await;
        let joined = socket.hear().await;
        assert_eq!(change(&joined)["communityKey"], "boreas");

        let mut nobody = Socket::of(&address, &app.token("nobody", "openid")).await;
        nobody.ask("1", CHANGES, json!({})).await;
        let refused = nobody.hear().await;
        assert_eq!((error_code(&refused), &refused["payload"][0]["extensions"]["required"]), ("FORBIDDEN", &json!("rec-registry.read")));
    }

    async fn queries_and_mutations_are_answered_as_over_http(app: TestApp) {
        let mut socket = Socket::of(&app.listen().await, &app.token("operator", "rec-registry.admin")).await;
        let import = "mutation($yaml: String!) { importYaml(yaml: $yaml) { reports { communityKey inserted { member } } } }";
        socket.ask("m", import, json!({"yaml": bundle("aurora", "ann", 1)})).await;
        let report = json!({"reports": [{"communityKey": "aurora", "inserted": {"member": 1}}]});
        assert_eq!(socket.hear().await, json!({"type": "next", "id": "m", "payload": {"data": {"importYaml": report}}}));
        assert_eq!(socket.hear().await, json!({"type": "complete", "id": "m"}));

        let query = "query($key: String!) { community(key: $key) { members { nodes { name } } } }";
        for _ in 0..2 {
            // The id is free again once its operation is complete.
            socket.ask("q", query, json!({"key": "aurora"})).await;
            let over_http = app.graphql(query, json!({"key": "aurora"})).admin().await.json(200);
            assert_eq!(socket.hear().await, json!({"type": "next", "id": "q", "payload": over_http}));
            assert_eq!(socket.hear().await["type"], "complete");
        }
        socket.say(&json!({"type": "ping", "payload": {"x": 1}})).await;
        assert_eq!(socket.hear().await, json!({"type": "pong"}));

        let over_http = app.graphql("subscription { communityChanged { kind } }", json!({})).admin().await;
        assert_eq!(over_http.error_codes(), ["BAD_USER_INPUT"]);
        let plain = app.get("/graphql/ws").admin().await;
        assert!(plain.status.is_client_error(), "{}", plain.status);
        assert!(plain.header("content-type").starts_with("application/"), "{}", plain.header("content-type"));
    }

    async fn hostile_operations_are_refused_and_the_next_one_is_served(app: TestApp) {
        let address = app.listen().await;
        let token = app.token("reader", "rec-registry.read");
        let mut socket = Socket::of(&address, &token).await;
        let nested = |levels: usize| format!("{{ a(b: {}) }}", "{a:".repeat(levels) + "1" + &"}".repeat(levels));
        let mut spreads = "subscription { communityChanged { ...f0 } }".to_owned();
        for at in 0..60 {
            spreads += &format!(" fragment f{at} on CommunityChange {{ ...f{next} ...f{next} }}", next = at + 1);
        }
        spreads += " fragment f60 on CommunityChange { kind }";
        for (query, expected) in [
            ("{", &["GRAPHQL_PARSE_FAILED"][..]),
            (&nested(1_500), &["QUERY_TOO_DEEP"]),
            (&nested(50_000), &["PAYLOAD_TOO_LARGE"]),
            (&spreads, &["QUERY_TOO_DEEP", "QUERY_TOO_COMPLEX"]),
            ("subscription { unknown }", &["GRAPHQL_VALIDATION_FAILED"]),
            ("subscription { communityChanged(communityKey: 5) { kind } }", &["GRAPHQL_VALIDATION_FAILED"]),
            ("subscription { communityChanged(communityKey: \"\\u0000\") { kind } }", &["BAD_USER_INPUT"]),
            ("subscription { a: communityChanged { kind } b: communityChanged { kind } }", &["GRAPHQL_VALIDATION_FAILED"]),
            ("subscription { ...f } fragment f on Subscription { communityChanged { kind } }", &["GRAPHQL_VALIDATION_FAILED"]),
            ("subscription { __typename }", &["GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"]),
        ] {
            socket.ask("1", query, json!({})).await;
            let refused = socket.hear().await;
            assert!(expected.contains(&error_code(&refused)), "{}: {refused}", &query[..query.len().min(60)]);
        }
        let deep = format!(r#"{{"type":"subscribe","id":"1","payload":{{"query":"{{a}}","variables":{{"x":{}}}}}}}"#, "[".repeat(100_000) + &"]".repeat(100_000));
        socket.say_text(deep).await;
        assert_eq!(error_code(&socket.hear().await), "QUERY_TOO_DEEP");
        socket.ask("1", "{ __typename }", json!({})).await;
        assert_eq!(socket.hear().await["payload"], json!({"data": {"__typename": "Query"}}));
        assert_eq!(socket.hear().await["type"], "complete");

        for at in 0..50 {
            socket.ask(&at.to_string(), CHANGES, json!({})).await;
        }
        socket.ask("one more", CHANGES, json!({})).await;
        assert_eq!(error_code(&socket.hear().await), "BAD_USER_INPUT");
        socket.say(&json!({"type": "complete", "id": "7"})).await;
        socket.ask("now", "{ __typename }", json!({})).await;
        assert_eq!(socket.hear().await["type"], "next");
        assert_eq!(socket.hear().await, json!({"type": "complete", "id": "now"}));

        socket.ask("large", "{ __typename }", json!({"x": "x".repeat(2_000_000)})).await;
        assert_eq!(socket.closed().await, 1009);
    }

    async fn a_connection_is_closed_with_the_code_of_the_protocol(app: TestApp) {
        let address = app.listen().await;
        let token = app.token("reader", "rec-registry.read");
        let with = |authorization: &str| json!({"type": "connection_init", "payload": {"Authorization": authorization}});
        let query = json!({"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}});
        for (message, code) in [
            (query, 4401),
            (with("Bearer x.y.z"), 4403),
            (with(&token), 4403),
            (json!({"type": "connection_init"}), 4403),
            (json!({"type": "connection_init", "payload": {}}), 4403),
            (json!({"type": "connection_init", "payload": []}), 4400),
            (json!({"type": "start"}), 4400),
            (json!("hello"), 4400),
        ] {
            let mut socket = Socket::open(&address).await;
            socket.say(&message).await;
            assert_eq!(socket.closed().await, code, "{message}");
        }
        let mut twice = Socket::of(&address, &token).await;
        twice.say(&with(&format!("Bearer {token}"))).await;
        assert_eq!(twice.closed().await, 4429);

        let mut same = Socket::of(&address, &token).await;
        same.ask("1", CHANGES, json!({})).await;
        same.ask("1", CHANGES, json!({})).await;
        assert_eq!(same.closed().await, 4409);

        let mut unnamed = Socket::speaking(&address, "").await.expect("a socket opens");
        assert_eq!(unnamed.closed().await, 4406);
        // This client ends the handshake by itself when none of its protocols is taken.
        assert!(Socket::speaking(&address, "graphql-ws").await.is_err());
        Socket::speaking(&address, "graphql-ws, graphql-transport-ws").await.expect("one of the two is spoken");
    }

    async fn a_connection_lives_no_longer_than_its_token(app: TestApp) {
        let token = app.token_for("reader", "rec-registry.read", Duration::from_secs(2));
        let mut socket = Socket::of(&app.listen().await, &token).await;
        socket.ask("1", CHANGES, json!({})).await;
        assert_eq!(socket.closed().await, 4403);
    }

    async fn a_connection_that_says_nothing_is_closed(app: TestApp) {
        let hasty = app.told(&["--socket-init-timeout", "10ms"]).await;
        assert_eq!(Socket::open(&hasty.listen().await).await.closed().await, 4408);
        let full = app.told(&["--graphql-sockets", "1"]).await;
        let address = full.listen().await;
        let _only = Socket::open(&address).await;
        assert!(Socket::speaking(&address, "graphql-transport-ws").await.is_err());
    }

    async fn a_server_that_stops_says_so(database: TestDatabase) {
        let mut server = Server::start(database.directory(), &database.url).await;
        let mut socket = Socket::of(server.address(), server.token()).await;
        socket.ask("1", CHANGES, json!({})).await;
        let told = Command::new("kill").args(["-TERM", &server.process.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()));
        assert_eq!(socket.closed().await, 1001);
        let ended = server.process.wait().expect("the server ends");
        assert!(ended.success(), "{}", server.account());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_changes_is_told_by_another() {
    run(Backend::Postgres, async |database: TestDatabase| {
        let writer = Server::start(database.directory(), &database.url).await;
        let teller = Server::start(database.directory(), &database.url).await;
        let import = async |edition: u32| {
            let answer = writer.import(bundle("aurora", "ann", edition)).send().await.expect("an answer");
            assert!(answer.status().is_success(), "{}", answer.status());
        };
        let mut socket = Socket::of(teller.address(), teller.token()).await;
        let mut member = Socket::of(teller.address(), &server::token(database.directory(), "ann", "openid")).await;
        socket.ask("1", CHANGES, json!({"key": "aurora"})).await;
        let (first, edition) = first_change(&mut socket, import).await;
        import(edition).await;
        let second = socket.hear().await;
        assert_eq!(change(&second)["revision"].as_i64(), change(&first)["revision"].as_i64().map(|revision| revision + 1));
        assert_eq!(change(&second)["community"]["name"], format!("Edition {edition}"));

        member.ask("1", CHANGES, json!({})).await;
        let (heard, mut edition) = first_change(&mut member, import).await;
        assert_eq!(change(&heard)["communityKey"], "aurora");

        // The connection that listens is cut; what is changed in the meantime is told all the same.
        let other = Database::connect(&database.url).await.expect("the database answers");
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        for _ in 0..5 {
            other.execute_unprepared(cut).await.expect("connections are cut");
            edition += 1_000;
            import(edition).await;
            let name = format!("Edition {edition}");
            while change(&socket.hear().await)["community"]["name"] != name.as_str() {}
        }
        other.close().await.expect("a connection closes");
    })
    .await;
}
