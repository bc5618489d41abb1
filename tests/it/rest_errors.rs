//! What holds for every REST route: who may ask, how a refusal looks, trailing slashes, HEAD, entity tags, the documentation.

use axum::http::Method;
use rec_registry::rest;
use serde_json::{Value, json};

use crate::support::{TestApp, on_both_databases};

/// Every operation of the OpenAPI document, with `x` for each parameter of its path, and whether it needs a token.
fn operations() -> Vec<(Method, String, bool)> {
    let document = serde_json::to_value(rest::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").clone();
    let mut found = Vec::new();
    for (path, item) in paths {
        let concrete: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
        for (method, operation) in item.as_object().expect("operations") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            found.push((method, concrete.join("/"), operation["security"].is_null()));
        }
    }
    assert!(found.len() > 30, "{found:?}");
    found
}

/// The grant that a route needs which changes nothing, or everything.
fn of_reading(path: &str) -> &'static str {
    match path {
        "/admin/import" | "/admin/import/yaml" => "rec-registry.import",
        "/admin/export" => "rec-registry.export",
        "/admin/audit" => "rec-registry.audit",
        path if path.starts_with("/admin/lookup") => "rec-registry.lookup",
        _ => "rec-registry.read",
    }
}

on_both_databases! {
    async fn every_route_but_those_about_the_process_needs_a_token(app: TestApp) {
        for (method, path, needs_token) in operations() {
            let answer = app.request(method.clone(), &path).await;
            if !needs_token {
                answer.text(200);
                continue;
            }
            assert!(answer.json(401)["detail"].is_string(), "{method} {path}");
            assert!(answer.header("www-authenticate").starts_with("Bearer error="), "{method} {path}");
            let forged = app.request(method, &path).header("authorization", "Bearer a.b.c").await;
            forged.json(401);
        }
    }

    async fn every_admin_route_needs_its_grant(app: TestApp) {
        for (method, path, _) in operations().into_iter().filter(|(_, path, _)| path.starts_with("/admin")) {
            let required = match (&method, path.as_str()) {
                (&Method::DELETE, "/admin/communities/x") => "rec-registry.community.delete",
                (&Method::PUT | &Method::DELETE, path) if path.contains("/assets/") => "rec-registry.assets.write",
                (&Method::PUT | &Method::DELETE, path) if path.contains("/delivery-points/") => {
                    "rec-registry.members.delivery_points.write"
                }
                (&Method::PUT, path) if path.ends_with("/name") => "rec-registry.members.name.write",
                (&Method::PUT, path) if path.ends_with("/role") => "rec-registry.members.role.write",
                (&Method::PUT, path) if path.ends_with("/area") => "rec-registry.members.area.write",
                (&Method::PATCH, path) if path.ends_with("/profile") => "rec-registry.members.profile.write",
                (&Method::POST | &Method::PATCH | &Method::DELETE, path) if path.starts_with("/admin/communities/x/members") => {
                    "rec-registry.members.write"
                }
                (&Method::PUT | &Method::PATCH | &Method::DELETE, _) => "rec-registry.community.write",
                (_, path) if path.ends_with("/restore") => "rec-registry.import",
                (_, path) if path.ends_with("/rename") => "rec-registry.community.write",
                (_, path) => of_reading(path),
            };
            let others = ["read", "lookup", "import", "export", "members.purge", "community.delete", "community.write",
                "members.write", "assets.write", "audit"];
            // What is needed is included in what is wider.
            let is_wider = |scope: &str| scope == required || (scope == "rec-registry.members.write" && required.starts_with("rec-registry.members."));
            let others = others.map(|name| format!("rec-registry.{name}"));
            let others: Vec<&str> = others.iter().map(String::as_str).filter(|scope| !is_wider(scope)).collect();
            let answer = app.request(method.clone(), &path).body("application/json", "[]").bearer(&others.join(" ")).await;
            assert_eq!(
                answer.json(403),
                json!({"detail": format!("This operation needs the grant {required}"), "code": "forbidden",
                       "required": required}),
                "{method} {path}"
            );
        }
    }

    async fn every_problem_of_a_request_is_listed(app: TestApp) {
        let path = "/admin/communities/a%00b/members?limit=501&cursor=x&role=boss&status=%FF&area=north";
        let answer = app.get(path).admin().await.json(422);
        assert_eq!(answer["code"], "validation_error");
        let problems = answer["detail"].as_array().expect("problems");
        let places: Vec<&Value> = problems.iter().map(|one| &one["loc"]).collect();
        for place in [["path", "community_key"], ["query", "limit"], ["query", "cursor"], ["query", "role"], ["query", "status"]] {
            assert!(places.contains(&&json!(place)), "{place:?}: {answer}");
        }
        assert_eq!(places.len(), 5);
        for problem in problems {
            assert!(problem["msg"].is_string() && problem["type"].is_string(), "{problem}");
        }
        let role = problems.iter().find(|one| one["loc"][1] == "role").expect("the role");
        assert_eq!((&role["type"], &role["input"]), (&json!("enum"), &json!("boss")));
        assert!(role["msg"].as_str().expect("a sentence").contains("consumer, prosumer, producer, operator, admin"));
    }

    async fn a_segment_that_is_not_utf_8_is_refused(app: TestApp) {
        for path in ["/admin/communities/%FF", "/user/assets/%ff%fe", "/admin/lookup/member-by-user-id/a/%C3"] {
            let answer = app.get(path).admin().await.json(422);
            assert_eq!((&answer["detail"][0]["loc"][0], &answer["detail"][0]["type"]), (&json!("path"), &json!("string_unicode")));
        }
    }

    async fn nothing_in_a_path_a_query_or_a_body_is_a_fault_of_the_server(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let long = "x".repeat(5_000);
        let odd = ["%00", "%FF", "%F0%9F%92%A9", "..", "%2E%2E%2F", "%2F", "'--", "%25", "%", "%zz", "+", "*", "{x}", "%0d%0a", &long];
        for (method, path, _) in operations() {
            for value in odd {
                let segment = if path.ends_with("/x") { path.replace("/x", &format!("/{value}")) } else { path.clone() };
                let query = ["key", "limit", "cursor", "role", "area", "type", "owner", "community", "force"].map(|name| format!("{name}={value}"));
                for path in [segment.replace('{', "%7B").replace('}', "%7D"), format!("{path}?{}", query.join("&")).replace('{', "%7B").replace('}', "%7D")] {
                    let answer = app.request(method.clone(), &path).admin().await;
                    assert!(answer.status.as_u16() < 500, "{method} {path}: {answer:?}");
                    if answer.status.is_client_error() {
                        let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
                        assert!(!body["detail"].is_null(), "{method} {path}: {body}");
                    }
                }
            }
        }
        let deep = "[".repeat(100_000);
        let bodies: [&[u8]; 9] = [b"", b"null", b"{", b"[1e999999]", b"\xff", b"[\"\\ud800\"]", b"[\"\\u0000\"]", b"\0", deep.as_bytes()];
        for (method, path, _) in operations().into_iter().filter(|(method, ..)| method == Method::POST) {
            for body in bodies {
                let answer = app.request(method.clone(), &path).body("application/json", body.to_vec()).admin().await;
                assert!(answer.status.as_u16() < 500, "{path}: {answer:?}");
            }
        }
    }

    async fn an_unknown_route_or_method_is_answered_in_json(app: TestApp) {
        for path in ["/", "/nothing", "/admin", "/admin/communities//members", "/user/nothing", "/docs/nothing"] {
            assert!(app.get(path).admin().await.json(404)["detail"].is_string(), "{path}");
        }
        for (method, path) in [
            (Method::POST, "/user"),
            (Method::GET, "/admin/import"),
            (Method::DELETE, "/admin/export"),
            (Method::GET, "/admin/lookup/members-by-dids"),
        ] {
            let answer = app.request(method, path).admin().await;
            assert!(answer.json(405)["detail"].is_string(), "{path}");
            assert!(!answer.header("allow").is_empty(), "{path}");
        }
    }

    async fn a_trailing_slash_changes_nothing(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        for path in ["/admin/communities", "/admin/communities/valley-rec", "/user", "/docs", "/openapi.json", "/health"] {
            assert_eq!(app.get(format!("{path}/")).admin().await.text(200), app.get(path).admin().await.text(200), "{path}");
        }
    }

    async fn head_answers_what_get_does_without_the_body(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        for path in ["/admin/communities", "/admin/communities/valley-rec/members/gl-00001", "/docs", "/openapi.json", "/health"] {
            let get = app.get(path).admin().await;
            let head = app.request(Method::HEAD, path).admin().await;
            assert_eq!(head.text(200), "", "{path}");
            for name in ["etag", "content-type", "content-length"] {
                assert_eq!(head.header(name), get.header(name), "{path} {name}");
            }
        }
    }

    async fn an_answer_is_not_sent_again_to_who_has_it(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        for path in ["/admin/communities", "/admin/communities/valley-rec", "/admin/communities/valley-rec/assets", "/openapi.json"] {
            let tag = app.get(path).admin().await.header("etag").to_owned();
            assert!(!tag.is_empty(), "{path}");
            for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
                let answer = app.get(path).header("if-none-match", &known).admin().await;
                assert_eq!((answer.text(304), answer.header("etag")), (String::new(), tag.as_str()), "{path}");
            }
            app.get(path).header("if-none-match", "\"other\"").admin().await.text(200);
        }
        // Who may not see it is not told that it is unchanged.
        let path = "/admin/communities/valley-rec";
        let tag = app.get(path).admin().await.header("etag").to_owned();
        app.get(path).header("if-none-match", &tag).bearer("").await.json(403);
    }

    async fn the_documentation_comes_from_the_program_itself(app: TestApp) {
        let page = app.get("/docs").await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let html = page.text(200);
        assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
        for asset in html.split('"').filter(|part| part.starts_with("/docs/")) {
            assert!(!app.get(asset).await.text(200).is_empty(), "{asset}");
        }
        let document = app.get("/openapi.json").await;
        assert_eq!(document.header("content-type"), "application/json");
        let document = document.json(200);
        assert_eq!(document["info"]["title"], "rec-registry");
        assert_eq!(document, serde_json::to_value(rest::openapi()).expect("JSON"));
    }
}
