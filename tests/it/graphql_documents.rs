//! Documents that are named by their SHA-256, lists of the only ones that run, and how much the schema tells of itself.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::support::app::{Answer, TestApp};
use super::support::on_both_databases;

const QUERY: &str = "query Versions { service { apiVersion } }";

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The extensions that name a document.
fn naming(hash: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

async fn ask(app: &TestApp, body: Value) -> Answer {
    app.post_json("/graphql", &body).header("accept", "application/graphql-response+json").await
}

async fn code(app: &TestApp, body: Value) -> String {
    ask(app, body).await.error_codes().remove(0)
}

/// The path of a GET that names a document.
fn get(hash: &str, query: &str) -> String {
    let extensions = naming(hash).to_string();
    let encoded: String = extensions.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/graphql?extensions={encoded}{query}")
}

on_both_databases! {
    async fn a_document_that_came_once_is_asked_for_by_its_digest(app: TestApp) {
        let hash = sha256(QUERY);
        let unknown = app.post_json("/graphql", &json!({"extensions": naming(&hash)})).await;
        assert_eq!(unknown.error_codes(), ["PERSISTED_QUERY_NOT_FOUND"]);
        assert_eq!(unknown.json(200)["errors"][0]["message"], "PersistedQueryNotFound");
        assert_eq!(code(&app, json!({"extensions": naming(&hash)})).await, "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(app.get(get(&hash, "")).await.error_codes(), ["PERSISTED_QUERY_NOT_FOUND"]);

        let first = ask(&app, json!({"query": QUERY, "extensions": naming(&hash)})).await.data();
        assert!(first["service"]["apiVersion"].is_string());
        assert_eq!(ask(&app, json!({"extensions": naming(&hash)})).await.data(), first);
        assert_eq!(app.get(get(&hash, "")).await.data(), first);
        assert_eq!(app.get(get(&hash.to_uppercase(), "&operationName=Versions")).await.data(), first);
    }

    async fn variables_and_mutations_go_with_a_digest(app: TestApp) {
        let ask_as_admin = async |body: Value| app.post_json("/graphql", &body).admin().await.data();
        let query = "query($key: String!) { community(key: $key) { key } }";
        let body = json!({"query": query, "variables": {"key": "x"}, "extensions": naming(&sha256(query))});
        assert_eq!(ask_as_admin(body).await, json!({"community": null}));
        let named = json!({"variables": {"key": "y"}, "extensions": naming(&sha256(query))});
        assert_eq!(ask_as_admin(named).await, json!({"community": null}));

        let mutation = "mutation { importYaml(yaml: \"\") { dryRun } }";
        ask(&app, json!({"query": mutation, "extensions": naming(&sha256(mutation))})).await.json(200);
        let by_get = app.get(get(&sha256(mutation), "")).await;
        assert_eq!((by_get.status.as_u16(), by_get.header("allow")), (405, "POST"));
    }

    async fn what_does_not_fit_the_protocol_is_refused(app: TestApp) {
        let other = json!({"query": "{ __typename }", "extensions": naming(&sha256(QUERY))});
        assert_eq!(code(&app, other).await, "BAD_USER_INPUT");
        for (extensions, expected) in [
            (json!({"persistedQuery": {"version": 2, "sha256Hash": sha256(QUERY)}}), "BAD_USER_INPUT"),
            (json!({"persistedQuery": {"version": 1}}), "BAD_USER_INPUT"),
            (json!({"persistedQuery": "x"}), "BAD_USER_INPUT"),
            (json!({"persistedQuery": null}), "BAD_USER_INPUT"),
            (json!({}), "BAD_USER_INPUT"),
            (naming("x"), "PERSISTED_QUERY_NOT_FOUND"),
        ] {
            let refused = ask(&app, json!({"extensions": extensions})).await;
            assert_eq!((refused.status.as_u16(), refused.error_codes()), (400, vec![expected.to_owned()]), "{extensions}");
        }
        // What was refused is not remembered.
        let broken = "{ __typename ";
        assert_eq!(code(&app, json!({"query": broken, "extensions": naming(&sha256(broken))})).await, "GRAPHQL_PARSE_FAILED");
        assert_eq!(code(&app, json!({"extensions": naming(&sha256(broken))})).await, "PERSISTED_QUERY_NOT_FOUND");
    }

    async fn a_server_of_listed_operations_runs_nothing_else(app: TestApp) {
        let lookup = "query Lookup($id: String!) { assetBySensorId(sensorId: $id) { key } }";
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain.json");
        std::fs::write(&plain, json!({sha256(QUERY): QUERY, sha256(lookup): lookup}).to_string()).unwrap();
        let apollo = folder.path().join("apollo.json");
        let operations: Vec<Value> = [QUERY, lookup].map(|body| json!({"id": sha256(body), "name": "x", "type": "query", "body": body})).into();
        std::fs::write(&apollo, json!({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}).to_string()).unwrap();
        for manifest in [plain, apollo] {
            let told = app.told(&["--persisted-only", manifest.to_str().unwrap()]).await;
            ask(&told, json!({"query": QUERY})).await.data();
            ask(&told, json!({"extensions": naming(&sha256(QUERY))})).await.data();
            told.get(get(&sha256(QUERY), "")).await.data();
            let found = json!({"extensions": naming(&sha256(lookup)), "variables": {"id": "x"}});
            let answer = told.post_json("/graphql", &found).admin().await;
            assert_eq!(answer.data(), json!({"assetBySensorId": null}));
            for refused in [
                json!({"query": format!("{QUERY} ")}),
                json!({"query": "{ __typename }"}),
                json!({"query": "{ __schema { types { name } } }"}),
                json!({"query": "{ __typename }", "extensions": naming(&sha256("{ __typename }"))}),
                json!({"extensions": naming(&sha256("{ __typename }"))}),
                json!({"query": "{"}),
            ] {
                assert_eq!(code(&told, refused.clone()).await, "PERSISTED_QUERY_NOT_IN_LIST", "{refused}");
            }
        }
    }

    async fn introspection_can_be_switched_off(app: TestApp) {
        let told = app.told(&["--introspection", "off"]).await;
        for query in ["{ __schema { types { name } } }", "{ x: __type(name: \"Query\") { name } }", "query { ...f } fragment f on Query { __schema { types { name } } }"] {
            assert_eq!(code(&told, json!({"query": query})).await, "GRAPHQL_VALIDATION_FAILED", "{query}");
            ask(&app, json!({"query": query})).await.data();
        }
        let names = ask(&told, json!({"query": "{ __typename service { __typename apiVersion } }"})).await.data();
        assert_eq!((&names["__typename"], &names["service"]["__typename"]), (&json!("Query"), &json!("ServiceInfo")));
        assert_eq!(told.get("/schema.graphql").await.status, 404);
        let unknown = ask(&told, json!({"query": "{ servic { apiVersion } }"})).await.text(400);
        assert!(!unknown.contains("Did you mean"), "{unknown}");
    }

    async fn suggestions_can_be_switched_off(app: TestApp) {
        let told = app.told(&["--suggestions", "off"]).await;
        for query in ["{ servic { apiVersion } }", "{ communities(ordrBy: KEY_ASC) { totalCount } }"] {
            let with = ask(&app, json!({"query": query})).await.text(400);
            assert!(with.contains("Did you mean"), "{with}");
            let without = ask(&told, json!({"query": query})).await.text(400);
            assert!(!without.contains("Did you mean"), "{without}");
        }
        assert_eq!(told.get("/schema.graphql").await.status, 200);
    }
}

#[test]
fn a_server_does_not_start_on_a_manifest_with_mistakes() {
    use super::support::server::PROGRAM;
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("operations.json");
    std::fs::write(&manifest, json!({sha256("{ unknown }"): "{ unknown }", "x": QUERY}).to_string()).unwrap();
    let output = std::process::Command::new(PROGRAM)
        .args(["dev", "--empty", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder.path())
        .arg("--persisted-only")
        .arg(&manifest)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.contains("Unknown field") && said.contains("operation x: its id is not the SHA-256"),
        "{said}"
    );
}
