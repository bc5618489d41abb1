//! Files over GraphQL: multipart requests, and what is no proper one.

use axum::http::Method;
use serde_json::{Value, json};

use super::support::app::{Answer, Asked, TestApp};
use super::support::{on_both_databases, sample};

const IMPORT: &str = "mutation($file: Upload!, $dry: Boolean! = false, $force: Boolean) {
    importYamlFile(file: $file, dryRun: $dry, force: $force) { dryRun reports { communityKey
        inserted { community member deliveryPoint asset } deleted { member } unchanged { member } warnings
        refusals { code detail document path } } } }";

/// A part of a form: its name, the name of its file if it is one, and its content.
type Part<'p> = (&'p str, Option<&'p str>, &'p str);

fn form(app: &TestApp, parts: &[Part<'_>]) -> Asked {
    let mut body = String::new();
    for (name, file, content) in parts {
        let file = file.map_or_else(String::new, |file| {
            format!("; filename=\"{file}\"\r\nContent-Type: application/yaml")
        });
        body +=
            &format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n");
    }
    body += "--edge--\r\n";
    app.request(Method::POST, "/graphql").body("multipart/form-data; boundary=edge", body)
}

/// An import of a file.
fn upload(app: &TestApp, variables: &Value, yaml: &str) -> Asked {
    let mut variables = variables.clone();
    variables["file"] = Value::Null;
    let operations = json!({"query": IMPORT, "variables": variables}).to_string();
    let map = r#"{"0": ["variables.file"]}"#;
    form(app, &[("operations", None, &operations), ("map", None, map), ("0", Some("bundle.yaml"), yaml)])
        .header("graphql-require-preflight", "1")
}

async fn refusal(asked: Asked) -> (u16, String) {
    let answer: Answer = asked.header("accept", "application/graphql-response+json").admin().await;
    (answer.status.as_u16(), answer.error_codes().remove(0))
}

on_both_databases! {
    async fn a_file_is_imported_as_the_rest_route_does(app: TestApp) {
        let yaml = sample::text("federation.yaml");
        let dry_run = app.post_yaml("/admin/import/yaml?dry_run=true", yaml.clone()).admin().await.json(200);
        let report = upload(&app, &json!({"dry": true}), &yaml).admin().await.data()["importYamlFile"].take();
        assert_eq!(report["dryRun"], true);
        let reports = |report: &Value| report["reports"].as_array().unwrap().clone();
        assert_eq!(reports(&dry_run).len(), reports(&report).len());
        for (of_rest, of_graphql) in reports(&dry_run).iter().zip(reports(&report)) {
            assert_eq!(of_rest["community_key"], of_graphql["communityKey"]);
            assert_eq!(of_rest["inserted"]["delivery_point"], of_graphql["inserted"]["deliveryPoint"]);
            for field in ["warnings", "refusals"] {
                assert_eq!(of_rest[field], of_graphql[field]);
            }
        }
        assert_eq!(app.export().await, "");

        upload(&app, &json!({}), &yaml).admin().await.data();
        let through_graphql = app.export().await;
        assert!(!through_graphql.is_empty());
        let again = app.post_yaml("/admin/import/yaml", yaml).admin().await.json(200);
        assert_eq!(again["reports"][0]["inserted"]["member"], again["reports"][0]["unchanged"]["member"]);
        assert_eq!(app.export().await, through_graphql);
    }

    async fn a_file_that_is_refused_says_what_the_rest_route_says(app: TestApp) {
        let broken = "community: {id: x, name: X}\nmembers: {m: {user_id: u, name: N, role: king, area: a, status: active}}\n";
        let of_rest = app.post_yaml("/admin/import/yaml", broken).admin().await.json(422);
        let answer = upload(&app, &json!({}), broken).admin().await.json(200);
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!((&of_rest["code"], &of_rest["refusals"]), (&extensions["reason"], &extensions["refusals"]));

        upload(&app, &json!({}), "community: {id: x, name: X}\n").admin().await.data();
        let exists = upload(&app, &json!({"force": false}), "community: {id: x, name: X}\n").admin().await.json(200);
        assert_eq!(exists["errors"][0]["extensions"]["reason"], "community_exists");
        assert_eq!(upload(&app, &json!({}), "community: {id: x, name: X}\n").bearer("rec-registry.read").await.error_codes(), ["FORBIDDEN"]);
        assert_eq!(upload(&app, &json!({}), "community: {id: x, name: X}\n").await.error_codes(), ["UNAUTHENTICATED"]);
    }

    async fn a_file_may_be_larger_than_a_json_body(app: TestApp) {
        let yaml = format!("community: {{id: big, name: Big, notes: '{}'}}\n", "x".repeat(3_000_000));
        let report = upload(&app, &json!({"dry": true}), &yaml).admin().await.data();
        assert_eq!(report["importYamlFile"]["reports"][0]["communityKey"], "big");

        let told = app.told(&["--max-body-mib", "1", "--graphql-body-bytes", "2000"]).await;
        assert_eq!(refusal(upload(&told, &json!({}), &yaml)).await, (413, "PAYLOAD_TOO_LARGE".to_owned()));
        let operations = json!({"query": IMPORT, "variables": {"file": null}, "extensions": {"x": "x".repeat(2_000)}}).to_string();
        let large = form(&told, &[("operations", None, &operations), ("map", None, "{}")]).header("x-requested-with", "x");
        assert_eq!(refusal(large).await, (413, "PAYLOAD_TOO_LARGE".to_owned()));
    }

    async fn a_form_of_another_page_executes_nothing(app: TestApp) {
        let operations = json!({"query": "mutation { importYaml(yaml: \"community: {id: x, name: X}\") { dryRun } }"}).to_string();
        let parts = [("operations", None, operations.as_str()), ("map", None, "{}")];
        assert_eq!(refusal(form(&app, &parts)).await, (415, "BAD_USER_INPUT".to_owned()));
        assert_eq!(refusal(form(&app, &parts).header("graphql-require-preflight", "")).await.0, 415);
        assert_eq!(app.export().await, "");
        for header in ["graphql-require-preflight", "apollo-require-preflight", "x-requested-with"] {
            form(&app, &parts).header(header, "true").admin().await.data();
        }
        assert_ne!(app.export().await, "");
    }

    async fn what_is_no_proper_form_is_refused(app: TestApp) {
        let operations = json!({"query": IMPORT, "variables": {"file": null}}).to_string();
        let operations = ("operations", None, operations.as_str());
        let map = ("map", None, r#"{"0": ["variables.file"]}"#);
        let file = ("0", Some("x.yaml"), "community: {id: x, name: X}\n");
        let given = json!({"query": IMPORT, "variables": {"file": "x"}}).to_string();
        let as_json = json!({"query": "mutation($b: JSON!) { importBundle(bundle: $b) { communityKey } }", "variables": {"b": null}}).to_string();
        let many = Value::from_iter((0..11).map(|at| (at.to_string(), json!(["variables.file"])))).to_string();
        let batch = json!([{"query": IMPORT, "variables": {"file": null}}]).to_string();
        let cases: &[(&str, &[Part<'_>])] = &[
            ("no map", &[operations, file]),
            ("no operations", &[map, file]),
            ("the map first", &[map, operations, file]),
            ("no file", &[operations, map]),
            ("a file that the map does not name", &[operations, map, file, ("1", None, "x")]),
            ("a file twice", &[operations, map, file, file]),
            ("a map that is no JSON", &[operations, ("map", None, "{"), file]),
            ("a map of something else", &[operations, ("map", None, r#"{"0": "variables.file"}"#), file]),
            ("a path to another variable", &[operations, ("map", None, r#"{"0": ["variables.other"]}"#), file]),
            ("a path to no variable", &[operations, ("map", None, r#"{"0": ["file"]}"#), file]),
            ("a path of a batch", &[operations, ("map", None, r#"{"0": ["0.variables.file"]}"#), file]),
            ("a path into a variable", &[operations, ("map", None, r#"{"0": ["variables.file.0"]}"#), file]),
            ("a file for nothing", &[operations, ("map", None, r#"{"0": []}"#), file]),
            ("too many files", &[operations, ("map", None, &many), file]),
            ("a variable that is given", &[("operations", None, &given), map, file]),
            ("a variable that is no file", &[("operations", None, &as_json), ("map", None, r#"{"0": ["variables.b"]}"#), file]),
            ("a batch", &[("operations", None, &batch), ("map", None, r#"{"0": ["variables.file"]}"#), file]),
            ("no request", &[("operations", None, "1"), map, file]),
        ];
        for (what, parts) in cases {
            let asked = form(&app, parts).header("apollo-require-preflight", "1");
            assert_eq!(refusal(asked).await, (400, "BAD_USER_INPUT".to_owned()), "{what}");
        }
        for (media, body) in [
            ("multipart/form-data", "--edge--\r\n"),
            ("multipart/form-data; boundary=edge", ""),
            ("multipart/form-data; boundary=edge", "--edge\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{"),
        ] {
            let asked = app.request(Method::POST, "/graphql").body(media, body).header("x-requested-with", "x");
            assert_eq!(refusal(asked).await, (400, "BAD_USER_INPUT".to_owned()), "{media} {body}");
        }
        assert_eq!(app.export().await, "");
    }

    async fn nothing_else_stands_for_a_file(app: TestApp) {
        for file in [json!("#__graphql_file__:0"), json!("#__graphql_file__:x"), json!("x"), json!([1, 2]), json!({}), Value::Null] {
            let asked = app.graphql(IMPORT, json!({"file": file})).header("accept", "application/graphql-response+json").admin();
            assert_eq!(asked.await.status, 400, "{file}");
        }
        let literal = "mutation { importYamlFile(file: \"#__graphql_file__:0\") { dryRun } }";
        assert_eq!(app.graphql(literal, json!({})).admin().await.error_codes(), ["GRAPHQL_VALIDATION_FAILED"]);
    }
}
