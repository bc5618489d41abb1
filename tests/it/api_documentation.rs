//! The API documentation in a browser: a token is pasted, and routes are tried with what they need, writes and imports among
//! them; every route with `REC_REGISTRY_TEST_EVERY_ROUTE=1`. `playground/test/docs.js` says what is done there.

use rec_registry::rest;
use serde_json::Value;

use crate::support::browser::{drive, fill, is_there};
use crate::support::server::{Server, token};
use crate::support::{TestApp, TestDatabase, on_both_databases};

on_both_databases! {
    async fn routes_can_be_tried_in_a_browser(database: TestDatabase) {
        if !is_there("the API documentation") {
            return;
        }
        let mut server = Server::start(database.directory(), &database.url).await;
        fill(&server).await;
        // A member who may do everything, so that one token is enough.
        let token = token(database.directory(), "giulia.conti", "rec-registry.admin");
        drive("docs.js", &mut server, &token, &database).await;
    }

    async fn a_page_that_a_browser_knows_keeps_its_policy(app: TestApp) {
        let first = app.get("/docs").await;
        let policy = first.header("content-security-policy").to_owned();
        assert!(policy.contains("script-src"), "{policy}");
        let again = app.get("/docs").header("if-none-match", first.header("etag")).await;
        assert_eq!((again.status.as_u16(), again.header("content-security-policy")), (304, policy.as_str()));
    }

    async fn the_schema_of_a_bundle_is_published_where_it_says(app: TestApp) {
        let path = "/schemas/community/v0.7";
        let answer = app.get(path).await;
        assert_eq!(answer.header("content-type"), "application/schema+json");
        let published: Value = answer.json(200);
        assert_eq!(published["$id"], path);
        let stored = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/community/v0.7.json"));
        assert_eq!(answer.text(200), stored.expect("the schema is in the repository"));
        assert!(serde_json::to_value(rest::openapi()).expect("a document")["paths"][path].is_object());
        app.get("/schemas/community/v0.6").await.json(404);
    }
}
