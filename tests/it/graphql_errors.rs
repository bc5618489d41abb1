//! Every error of every answer has a code, and none tells what is inside.

use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::support::app::{Asked, TestApp};
use super::support::on_both_databases;

/// The codes of the contract.
const CODES: &[&str] = &[
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "BAD_USER_INPUT",
    "CONFLICT",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "QUERY_TOO_COMPLEX",
    "QUERY_TOO_DEEP",
    "PAYLOAD_TOO_LARGE",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_NOT_IN_LIST",
    "TIMEOUT",
    "INTERNAL_SERVER_ERROR",
];

/// Words of what lies inside, in small letters.
const INSIDE: &[&str] = &[
    "sqlx", "sqlite", "postgres", "sea_orm", "seaorm", "select ", "insert ", "panicked", "src/", ".rs:",
    "dberr",
];

/// The errors of an answer, of each answer of a batch.
fn errors(answer: &Value) -> Vec<Value> {
    match answer {
        Value::Array(answers) => answers.iter().flat_map(errors).collect(),
        answer => answer["errors"].as_array().cloned().unwrap_or_default(),
    }
}

fn requests(app: &TestApp) -> Vec<(&'static str, Asked)> {
    let post = |body: &str| app.request(Method::POST, "/graphql").body("application/json", body.to_owned());
    let ask = |query: &str| app.graphql(query, json!({})).admin();
    let with = |query: &str, variables: Value| app.graphql(query, variables).admin();
    let counted = "query($n: Int) { communities(first: $n) { totalCount } }";
    let by_id = "query($id: ID!) { node(id: $id) { id } }";
    let filtered = "query($f: MemberFilter) { members(filter: $f) { totalCount } }";
    let import = "mutation($y: String!) { importYaml(yaml: $y) { dryRun } }";
    vec![
        ("no JSON", post("{")),
        ("no UTF-8", app.request(Method::POST, "/graphql").body("application/json", vec![0xff, 0xfe])),
        ("no body", post("")),
        ("no query", post("{}")),
        ("another query", post(r#"{"query": 1}"#)),
        ("variables of another kind", post(r#"{"query": "{ __typename }", "variables": 1}"#)),
        ("extensions of another kind", post(r#"{"query": "{ __typename }", "extensions": []}"#)),
        ("another media type", app.request(Method::POST, "/graphql").body("text/plain", "{ __typename }")),
        ("no media type", app.request(Method::POST, "/graphql")),
        ("another answer", ask("{ __typename }").header("accept", "image/png")),
        ("another method", app.request(Method::DELETE, "/graphql")),
        ("a mutation by GET", app.get("/graphql?query=mutation%7BimportYaml(yaml:%22%22)%7BdryRun%7D%7D")),
        ("GET without a query", app.get("/graphql")),
        ("GET with broken variables", app.get("/graphql?query=%7B__typename%7D&variables=%7B")),
        ("GET that is no UTF-8", app.get("/graphql?query=%FF")),
        ("an empty batch", post("[]")),
        ("a large batch", post(&json!(vec![json!({"query": "{ __typename }"}); 11]).to_string())),
        ("a batch of something else", post("[1]")),
        (
            "a batch that fails in part",
            post(
                r#"[{"query":"{ __typename }"},{"query":"{"},{"query":"{ x }"},{"query":"{ me { sub } }"}]"#,
            ),
        ),
        ("no GraphQL", ask("{ __typename")),
        ("an empty query", ask("")),
        ("an unknown field", ask("{ unknown }")),
        ("an unknown argument", ask("{ community(id: 1) { name } }")),
        ("an argument that is missing", ask("{ community { name } }")),
        ("an argument of another type", ask("{ community(key: 1) { name } }")),
        ("an unknown fragment", ask("{ ...x }")),
        ("an unknown type", ask("{ ... on Unknown { x } }")),
        ("an unknown directive", ask("{ service @unknown { apiVersion } }")),
        ("a value selected in", ask("{ service { apiVersion { x } } }")),
        ("an object not selected in", ask("{ service }")),
        ("a variable that is not used", ask("query($x: Int) { __typename }")),
        ("a variable that is not declared", ask("{ community(key: $x) { name } }")),
        ("fields that conflict", ask("{ a: service { apiVersion } a: __typename }")),
        ("an operation of no name", post(r#"{"query": "query a { __typename } query b { __typename }"}"#)),
        (
            "an operation of another name",
            post(r#"{"query": "query a { __typename }", "operationName": "b"}"#),
        ),
        ("a subscription", ask("subscription { x }")),
        ("a variable that is missing", with(by_id, json!({}))),
        ("a variable that is null", with(by_id, json!({"id": null}))),
        ("a variable of another type", with(counted, json!({"n": "x"}))),
        ("a number out of range", with(counted, json!({"n": 1e300}))),
        ("a number with a fraction", with(counted, json!({"n": 1.5}))),
        ("an input of unknown fields", with(filtered, json!({"f": {"unknown": 1}}))),
        ("an input of another kind", with(filtered, json!({"f": [1]}))),
        ("an enum of another word", ask("{ members(orderBy: UNKNOWN) { totalCount } }")),
        ("a page of none", ask("{ communities(first: 0) { totalCount } }")),
        ("a broken cursor", ask("{ communities(after: \"x\") { totalCount } }")),
        ("a broken id", ask("{ node(id: \"x\") { id } }")),
        ("no token", app.graphql("{ me { sub } communities { totalCount } }", json!({}))),
        ("a bad token", app.graphql("{ me { sub } }", json!({})).header("authorization", "Bearer x.y.z")),
        ("no grant", app.graphql("{ communities { totalCount } }", json!({})).bearer("rec-registry.lookup")),
        ("YAML that is none", with(import, json!({"y": "a: ["}))),
        ("a bundle that is refused", with(import, json!({"y": "members: {}"}))),
        ("a NUL character", with(import, json!({"y": "a\u{0}b"}))),
        ("a bundle of another kind", ask("mutation { importBundle(bundle: 1) { communityKey } }")),
        (
            "an unknown persisted query",
            post(r#"{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}}"#),
        ),
        (
            "a form without its header",
            app.request(Method::POST, "/graphql").body("multipart/form-data; boundary=x", "--x--"),
        ),
    ]
}

on_both_databases! {
    async fn every_error_has_a_code_and_tells_nothing_of_the_inside(app: TestApp) {
        for accept in ["application/graphql-response+json", "application/json"] {
            for (what, asked) in requests(&app) {
                let asked = if what == "another answer" { asked } else { asked.header("accept", accept) };
                let answer = asked.await;
                assert!(!answer.status.is_server_error(), "{what}: {}", answer.status);
                let whole = answer.json(answer.status.as_u16());
                let found = errors(&whole);
                assert!(!found.is_empty(), "{what}: {whole}");
                for error in found {
                    let code = error["extensions"]["code"].as_str().unwrap_or_default();
                    assert!(CODES.contains(&code) && code != "INTERNAL_SERVER_ERROR", "{what}: {error}");
                    let message = error["message"].as_str().unwrap_or_default().to_lowercase();
                    assert!(!message.is_empty(), "{what}: {error}");
                    let inside: Vec<_> = INSIDE.iter().filter(|word| message.contains(**word)).collect();
                    assert!(inside.is_empty(), "{what}: {error}");
                }
            }
        }
    }

    async fn a_body_that_does_not_come_is_not_waited_for(app: TestApp) {
        let told = app.told(&["--request-timeout", "1ms"]).await;
        for media in ["application/json", "multipart/form-data; boundary=x"] {
            let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
            let request = Request::post("/graphql").header("content-type", media).header("x-requested-with", "x");
            let answer = told.router.clone().oneshot(request.body(never).unwrap()).await.unwrap();
            assert_eq!(answer.status(), 408, "{media}");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let answer: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(errors(&answer)[0]["extensions"]["code"], "TIMEOUT", "{media}");
        }
    }

    async fn a_failure_inside_is_an_internal_error_with_the_id_of_the_request(app: TestApp) {
        app.registry.clone().close().await.unwrap();
        let answer = app.graphql("{ communities { totalCount } }", json!({})).admin().await;
        let error = errors(&answer.json(200)).remove(0);
        assert_eq!(error["extensions"]["code"], "INTERNAL_SERVER_ERROR");
        assert_eq!(error["extensions"]["requestId"], answer.header("x-request-id"));
        let message = error["message"].as_str().unwrap().to_lowercase();
        assert!(INSIDE.iter().all(|word| !message.contains(word)), "{message}");
    }
}
