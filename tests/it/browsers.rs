//! What a browser is told: which pages may ask, what a page may load, what is kept.

use axum::http::Method;
use serde_json::json;

use crate::support::{TestApp, on_both_databases};

on_both_databases! {
    async fn no_page_of_another_origin_may_ask_unless_it_is_configured(app: TestApp) {
        let preflight = |app: &TestApp, path: &str| {
            app.request(Method::OPTIONS, path)
                .header("origin", "https://app.example.org")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization,content-type")
        };
        for path in ["/graphql", "/user", "/admin/import"] {
            assert_eq!(preflight(&app, path).await.header("access-control-allow-origin"), "", "{path}");
            let asked = app.get(path).header("origin", "https://app.example.org").admin().await;
            assert_eq!(asked.header("access-control-allow-origin"), "", "{path}");
        }
    }

    async fn every_answer_says_what_it_is_and_is_framed_by_nobody(app: TestApp) {
        let answers = [
            app.get("/user").by("ann", "").await,
            app.get("/nothing").await,
            app.get("/docs").await,
            app.get("/docs/start.js").await,
            app.get("/openapi.json").await,
            app.get("/graphql").header("accept", "text/html").await,
            app.get("/graphql/plain").await,
            app.graphql("{ me { sub } }", json!({})).admin().await,
        ];
        for answer in answers {
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{answer:?}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("script-src 'self' 'unsafe-inline'"), "{policy}");
        }
    }

    async fn what_is_about_people_is_kept_by_no_cache_that_others_use(app: TestApp) {
        for asked in [app.get("/user").by("ann", ""), app.get("/admin/communities").admin()] {
            // Their own cache may keep it for If-None-Match, but asks first.
            assert_eq!(asked.await.header("cache-control"), "private, no-cache");
        }
        for asked in [
            app.graphql("{ me { sub } }", json!({})).admin(),
            app.get("/user"),
            app.get("/user/member").by("ann", ""),
            app.post_json("/admin/lookup/assets-by-user-ids", &json!(["ann"])).admin(),
        ] {
            assert_eq!(asked.await.header("cache-control"), "no-store");
        }
    }
}
