//! How often one may ask: each subject, each address, each lookup; over both doors and on sockets.

use serde_json::{Value, json};

use crate::support::app::Answer;
use crate::support::socket::Socket;
use crate::support::{TestApp, on_both_databases};

/// Ten ids, none of which anybody has.
fn ids(count: usize) -> Value {
    (0..count).map(|at| format!("nobody-{at}")).collect()
}

#[track_caller]
fn assert_too_often(answer: &Answer) {
    let body = answer.json(429);
    assert_eq!(body["code"], "rate_limited");
    assert!(body["detail"].is_string());
    let wait: u64 = answer.header("retry-after").parse().expect("a number of seconds");
    assert!((1..=60).contains(&wait), "{wait}");
}

#[track_caller]
fn assert_error_too_often(error: &Value) {
    let extensions = &error["extensions"];
    assert_eq!((&extensions["code"], &extensions["reason"]), (&json!("FORBIDDEN"), &json!("rate_limited")));
    assert!(extensions["retryAfter"].as_u64() >= Some(1), "{error}");
}

on_both_databases! {
    async fn nothing_is_limited_until_it_is_set(app: TestApp) {
        for _ in 0..50 {
            app.get("/user").by("ann", "").await.json(200);
        }
    }

    async fn a_subject_asks_so_often_over_both_doors_together(app: TestApp) {
        let app = app.told(&["--rate-limit-per-subject", "2:4"]).await;
        let graphql = |user: &str| app.graphql("{ me { sub } }", json!({})).by(user, "");
        app.get("/user").by("ann", "").await.json(200);
        graphql("ann").await.data();
        let batch = json!([{"query": "{ me { sub } }"}, {"query": "{ me { sub } }"}, {"query": "{ me { sub } }"}]);
        let answers = app.post_json("/graphql", &batch).by("ann", "").await.json(200);
        assert_eq!((&answers[1]["data"]["me"]["sub"], &answers[2]["data"]), (&answers[0]["data"]["me"]["sub"], &Value::Null));
        assert_error_too_often(&answers[2]["errors"][0]);
        assert_too_often(&app.get("/user").by("ann", "").await);
        let refused = graphql("ann").await;
        assert_eq!(refused.status, 429);
        assert!(!refused.header("retry-after").is_empty());
        assert_error_too_often(&refused.json(429)["errors"][0]);
        // Nobody else waits for that, and who has no token is told so.
        app.get("/user").by("bea", "").await.json(200);
        app.get("/user").await.json(401);
    }

    async fn lookups_are_counted_by_the_identifier_over_both_doors(app: TestApp) {
        let app = app.told(&["--rate-limit-lookup", "1:1"]).await;
        let lookup = "rec-registry.lookup rec-registry.read";
        // A whole batch always fits.
        app.post_json("/admin/lookup/assets-by-sensor-ids", &ids(499)).bearer(lookup).await.json(200);
        app.get("/admin/lookup/member-by-user-id/nobody").bearer(lookup).await.json(404);
        assert_too_often(&app.get("/admin/lookup/member-by-user-id/nobody").bearer(lookup).await);
        assert_too_often(&app.post_json("/admin/lookup/members-by-dids", &ids(1)).bearer(lookup).await);
        let query = "query($ids: [String!]!) { membersByDids(dids: $ids) { key } memberByUserId(userId: \"n\") { key } communities { totalCount } }";
        let answer = app.graphql(query, json!({"ids": ids(2)})).bearer(lookup).await.json(200);
        assert_eq!(answer["data"], json!({"membersByDids": null, "memberByUserId": null, "communities": {"totalCount": 0}}));
        answer["errors"].as_array().expect("errors").iter().for_each(assert_error_too_often);
        // Whatever is no lookup goes on, and so do other subjects.
        app.get("/admin/communities").bearer(lookup).await.json(200);
        app.post_json("/admin/lookup/members-by-dids", &ids(500)).by("bea", lookup).await.json(200);
        // Who may not look up is told that, however often.
        for _ in 0..3 {
            app.get("/admin/lookup/member-by-user-id/nobody").by("cleo", "").await.json(403);
        }
    }

    async fn an_address_asks_so_often_with_a_token_or_without(app: TestApp) {
        let words = ["--rate-limit-per-address", "2:2", "--trusted-proxies", "0.0.0.0,10.0.0.0/8"];
        let app = app.told(&words).await;
        // Requests of a test come from no connection, so from 0.0.0.0.
        let from = |address: &str| app.get("/user").header("x-forwarded-for", address);
        from("192.0.2.1").by("ann", "").await.json(200);
        from("192.0.2.1").await.json(401);
        assert_too_often(&from("192.0.2.1").by("bea", "").await);
        assert_too_often(&from("203.0.113.9, 192.0.2.1, 10.1.2.3").await);
        from("192.0.2.2").await.json(401);
        for host in ["1", "2"] {
            from(&format!("2001:db8:0:1::{host}")).await.json(401);
        }
        assert_too_often(&from("2001:db8:0:1::3").await);
        from("2001:db8:0:2::3").await.json(401);
        let refused = app.graphql("{ service { apiVersion } }", json!({})).header("x-forwarded-for", "192.0.2.1").await;
        assert_error_too_often(&refused.json(429)["errors"][0]);
        for _ in 0..5 {
            app.get("/health").header("x-forwarded-for", "192.0.2.1").await.json(200);
        }
    }

    async fn the_header_of_who_is_no_trusted_proxy_counts_for_nothing(app: TestApp) {
        let app = app.told(&["--rate-limit-per-address", "2:2"]).await;
        for at in 0..2 {
            app.get("/user").header("x-forwarded-for", &format!("192.0.2.{at}")).await.json(401);
        }
        assert_too_often(&app.get("/user").header("x-forwarded-for", "192.0.2.9").await);
    }

    async fn operations_on_a_socket_count_as_well(app: TestApp) {
        let app = app.told(&["--rate-limit-per-subject", "2:2"]).await;
        let mut socket = Socket::of(&app.listen().await, &app.token("ann", "rec-registry.read")).await;
        for id in ["1", "2"] {
            socket.ask(id, "{ me { sub } }", json!({})).await;
            assert_eq!(socket.hear().await["type"], "next");
            assert_eq!(socket.hear().await["type"], "complete");
        }
        for query in ["{ me { sub } }", "subscription { communityChanged { at } }"] {
            socket.ask("3", query, json!({})).await;
            let refused = socket.hear().await;
            assert_eq!(refused["type"], "error");
            assert_error_too_often(&refused["payload"][0]);
        }
        assert_too_often(&app.get("/user").by("ann", "").await);
    }
}
