//! GraphQL over HTTP: media types, methods, statuses, and what is refused before anything runs.

use axum::http::Method;
use serde_json::{Value, json};

use super::support::app::{Answer, TestApp};
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
        let nested = |levels: usize| format!("{{ a(b: {}) }}", "{a:".repeat(levels) + "1" + &"}".repeat(levels));
        let mut spreads = "{ ...f0 }".to_owned();
        for at in 0..60 {
            spreads += &format!(" fragment f{at} on Query {{ ...f{next} ...f{next} }}", next = at + 1);
        }
        spreads += " fragment f60 on Query { __typename }";
        let aliases: String = (0..1_000).map(|at| format!("a{at}: communities {{ totalCount }} ")).collect();
        let unknown: String = (0..9_000).map(|at| format!("u{at} ")).collect();
        let deep_introspection = format!("{{ __schema {} }}", "{ types ".repeat(50) + "{ name }" + &"}".repeat(50));
        for (query, expected) in [
            ("{ a ".repeat(1_000) + &"}".repeat(1_000), &["QUERY_TOO_DEEP"][..]),
            (nested(1_500), &["QUERY_TOO_DEEP"]),
            (nested(100_000), &["PAYLOAD_TOO_LARGE"]),
            (spreads, &["QUERY_TOO_DEEP", "QUERY_TOO_COMPLEX"]),
            (format!("{{ {aliases} }}"), &["QUERY_TOO_COMPLEX"]),
            (format!("{{ {unknown} }}"), &["QUERY_TOO_COMPLEX"]),
            (format!("{{ {} }}", "__typename ".repeat(10_000)), &["PAYLOAD_TOO_LARGE", "QUERY_TOO_COMPLEX"]),
            (format!("{{ __typename {} }}", "@skip(if: false) ".repeat(1_000)), &["QUERY_TOO_COMPLEX"]),
            ("{ ...a } fragment a on Query { ...a }".to_owned(), &["GRAPHQL_VALIDATION_FAILED"]),
            (deep_introspection, &["QUERY_TOO_DEEP"]),
            ("{ community(key: \"\\u0000\") { name } }".to_owned(), &["BAD_USER_INPUT"]),
        ] {
            let refused = ask(&app, MODERN, &json!({"query": query})).await;
            assert!(expected.contains(&code(&refused).as_str()), "{}: {}", &query[..query.len().min(60)], code(&refused));
            assert!(refused.status.is_client_error());
        }
        let large = json!({"query": "{ __typename }", "variables": {"x": "x".repeat(10_000_000)}});
        assert_eq!(ask(&app, MODERN, &large).await.status, 413);
        let deep = format!(r#"{{"query":"{{ __typename }}","variables":{{"x":{}}}}}"#, "[".repeat(400_000) + &"]".repeat(400_000));
        let refused = app.request(Method::POST, "/graphql").body("application/json", deep).await;
        assert_eq!(code(&refused), "QUERY_TOO_DEEP");
        assert_eq!(ask(&app, MODERN, &json!({"query": "{ __typename }"})).await.data(), json!({"__typename": "Query"}));
    }

    async fn a_browser_gets_a_page_and_anybody_the_schema(app: TestApp) {
        let page = app.get("/graphql").header("accept", "text/html,application/xhtml+xml,*/*;q=0.8").await;
        assert!(page.text(200).contains("rec-registry"));
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(app.get("/graphql/playground.js").await.status, 200);
        assert_eq!(app.get("/graphql/playground.css").await.status, 200);
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
