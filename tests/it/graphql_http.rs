//! GraphQL over HTTP: media types, methods, statuses, and what is refused before anything runs.

use axum::http::Method;
use serde_json::{Value, json};

use super::support::app::{Answer, TestApp};
use super::support::hostile::{self, Hostile};
use super::support::on_both_databases;

const MODERN: &str = "application/graphql-response+json";

async fn ask(app: &TestApp, accept: &str, body: &Value) -> Answer {
    app.post_json("/graphql", body).header("accept", accept).await
}

fn code(answer: &Answer) -> String {
    answer.error_codes().remove(0)
}

on_both_databases! {
    async fn the_status_says_whether_the_operation_was_run(app: TestApp) {
        for (query, status, expected) in [
            ("{ __typename", 400, "GRAPHQL_PARSE_FAILED"),
            ("{ unknown }", 400, "GRAPHQL_VALIDATION_FAILED"),
            ("query($x: ID!) { node(id: $x) { id } }", 400, "BAD_USER_INPUT"),
            ("{ me { sub } }", 200, "UNAUTHENTICATED"),
            ("{ communities(first: 0) { totalCount } }", 200, "BAD_USER_INPUT"),
            ("{ communities(first: 1, last: 1) { totalCount } }", 200, "BAD_USER_INPUT"),
            ("{ communities(after: \"x\") { totalCount } }", 200, "BAD_USER_INPUT"),
        ] {
            let modern = ask(&app, MODERN, &json!({"query": query})).await;
            let whole = modern.json(status);
            assert_eq!(whole.get("data").is_none(), status == 400, "{query}");
            assert_eq!(code(&modern), expected, "{query}");
            assert!(modern.header("content-type").starts_with(MODERN));
            let legacy = ask(&app, "application/json", &json!({"query": query})).await;
            legacy.json(200);
            assert_eq!(code(&legacy), expected, "{query}");
        }
    }

    async fn only_json_by_post_and_queries_by_get_are_executed(app: TestApp) {
        let query = json!({"query": "{ __typename }"}).to_string();
        for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let asked = app.request(Method::POST, "/graphql").body(media, query.clone());
            assert_eq!(asked.await.status, 415, "{media}");
        }
        let charset = app.request(Method::POST, "/graphql").body("application/json; charset=utf-8", query.clone());
        assert_eq!(charset.await.data(), json!({"__typename": "Query"}));
        for method in [Method::PUT, Method::DELETE, Method::PATCH] {
            let refused = app.request(method.clone(), "/graphql").body("application/json", query.clone()).await;
            assert_eq!(refused.status, 405, "{method}");
            assert_eq!(refused.header("allow"), "GET, HEAD, POST");
        }
        let got = app.get("/graphql?query=query+a($x:+ID!){__typename,node(id:$x){id}}query+b{__typename}&operationName=b").await;
        assert_eq!(got.data(), json!({"__typename": "Query"}));
        let mutation = app.get("/graphql?query=mutation{importYaml(yaml:%22%22){dryRun}}").admin().await;
        assert_eq!((mutation.status.as_u16(), mutation.header("allow")), (405, "POST"));
        assert_eq!(app.get("/graphql").await.status, 400);
    }

    async fn what_is_no_request_is_refused(app: TestApp) {
        for body in ["", "{", "[]", "1", "{}", r#"{"query":1}"#, r#"{"query":"{a}","variables":[]}"#, r#"{"query":"{a}","operationName":{}}"#] {
            let asked = app.request(Method::POST, "/graphql").body("application/json", body.to_owned());
            let answer = asked.await;
            assert_eq!(answer.status, 400, "{body}");
            assert_eq!(code(&answer), "BAD_USER_INPUT", "{body}");
        }
        let batch: Vec<Value> = vec![json!({"query": "{ __typename }"}); 1_000];
        assert_eq!(app.post_json("/graphql", &json!(batch)).await.status, 400);
        assert_eq!(app.post_json("/graphql", &json!(batch[..2])).await.json(200).as_array().map(Vec::len), Some(2));
    }

    async fn hostile_requests_are_refused_and_the_next_one_is_served(app: TestApp) {
        let one_type = json!({"query": "{ __typename }"});
        for Hostile { name, body, codes } in hostile::all() {
            let asked = app.request(Method::POST, "/graphql").body("application/json", body);
            let (refused, statements) = app.counted(asked.header("accept", MODERN)).await;
            assert!(codes.contains(&code(&refused).as_str()), "{name}: {}", code(&refused));
            assert!(refused.status.is_client_error(), "{name}: {}", refused.status);
            assert!(refused.json(refused.status.as_u16()).get("data").is_none(), "{name}");
            assert!(refused.body.len() < 2_000, "{name}: an answer of {} bytes", refused.body.len());
            assert!(statements.is_empty(), "{name}: {statements:?}");
            assert_eq!(ask(&app, MODERN, &one_type).await.data(), json!({"__typename": "Query"}), "after {name}");
        }
    }

    async fn every_limit_can_be_set(app: TestApp) {
        let query = "{ a: service { apiVersion } b: service { apiVersion } communities { nodes { name } } }";
        let directives = "{ __typename @skip(if: false) service @skip(if: false) { apiVersion } }";
        let batch = json!([{"query": "{ __typename }"}, {"query": "{ __typename }"}]);
        for (flag, value, query, expected) in [
            ("query-bytes", "20", query, "PAYLOAD_TOO_LARGE"),
            ("tokens", "5", query, "QUERY_TOO_COMPLEX"),
            ("bracket-depth", "2", query, "QUERY_TOO_DEEP"),
            ("depth", "2", query, "QUERY_TOO_DEEP"),
            ("fields", "6", query, "QUERY_TOO_COMPLEX"),
            ("complexity", "50", query, "QUERY_TOO_COMPLEX"),
            ("aliases", "1", query, "QUERY_TOO_COMPLEX"),
            ("directives", "1", directives, "QUERY_TOO_COMPLEX"),
            ("body-bytes", "30", query, "PAYLOAD_TOO_LARGE"),
        ] {
            let body = json!({"query": query});
            assert_eq!(ask(&app, MODERN, &body).await.status, 200, "{flag}");
            let told = app.told(&[&format!("--graphql-{flag}"), value]).await;
            assert_eq!(code(&ask(&told, MODERN, &body).await), expected, "{flag}");
        }
        let told = app.told(&["--graphql-batch", "1", "--graphql-errors", "1"]).await;
        assert_eq!(code(&ask(&told, MODERN, &batch).await), "BAD_USER_INPUT");
        assert_eq!(ask(&app, MODERN, &json!({"query": "{ x { y } z }"})).await.error_codes().len(), 2);
        assert_eq!(ask(&told, MODERN, &json!({"query": "{ x }"})).await.error_codes().len(), 1);
        assert_eq!(ask(&told, MODERN, &json!({"query": "{ me { sub } communities { totalCount } }"})).await.error_codes().len(), 1);
    }

    async fn a_browser_gets_a_page_and_anybody_the_schema(app: TestApp) {
        let page = app.get("/graphql").header("accept", "text/html,application/xhtml+xml,*/*;q=0.8").await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
        let plain = app.get("/graphql/plain").await;
        assert!(plain.text(200).contains("rec-registry"));
        assert!(!plain.header("content-security-policy").contains("unsafe"));
        for file in ["plain.js", "plain.css", "examples.js"] {
            let asset = app.get(format!("/graphql/playground/{file}")).await;
            assert_eq!((asset.status.as_u16(), asset.header("x-content-type-options")), (200, "nosniff"), "{file}");
        }
        assert_eq!(app.get("/graphql/playground/nothing.js").await.status, 404);
        assert_eq!(app.get("/schema.graphql").await.text(200), rec_registry::graphql::sdl());
    }

    async fn introspection_as_tools_send_it_is_within_the_limits(app: TestApp) {
        let of_type = "ofType { kind name ".repeat(9) + &"}".repeat(9);
        let query = format!("query IntrospectionQuery {{ __schema {{ description queryType {{ name }} mutationType {{ name }}
            subscriptionType {{ name }} types {{ ...FullType }} directives {{ name description isRepeatable locations
            args(includeDeprecated: true) {{ ...InputValue }} }} }} }}
            fragment FullType on __Type {{ kind name description specifiedByURL isOneOf fields(includeDeprecated: true) {{ name description
                args(includeDeprecated: true) {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason }}
                inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }}
                enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
                possibleTypes {{ ...TypeRef }} }}
            fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue isDeprecated deprecationReason }}
            fragment TypeRef on __Type {{ kind name {of_type} }}");
        let schema = app.graphql(&query, json!({})).await.data();
        let types = schema["__schema"]["types"].as_array().unwrap();
        // The library's own `ID` has no description.
        let undescribed = types.iter().filter(|found| found["description"].is_null() && found["name"] != "ID");
        let undescribed: Vec<&Value> = undescribed.map(|found| &found["name"]).collect();
        assert!(undescribed.is_empty(), "{undescribed:?}");
        for found in types.iter().filter(|found| !found["name"].as_str().unwrap().starts_with("__")) {
            for list in ["fields", "inputFields", "enumValues"] {
                for member in found[list].as_array().into_iter().flatten() {
                    assert!(!member["description"].is_null(), "{}.{}", found["name"], member["name"]);
                    for argument in member["args"].as_array().into_iter().flatten() {
                        assert!(!argument["description"].is_null(), "{}.{}({})", found["name"], member["name"], argument["name"]);
                    }
                }
            }
        }
    }
}
