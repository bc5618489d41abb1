//! What the process counts, and that nothing personal is among it.

use serde_json::json;

use crate::support::server::{Server, free_address};
use crate::support::{TestApp, TestDatabase, on_both_databases};

/// The figure of a name with its labels.
fn figure(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(found, _)| found == name))?;
    line.rsplit_once(' ').and_then(|(_, figure)| figure.parse().ok())
}

#[track_caller]
fn assert_figure(text: &str, name: &str, expected: f64) {
    assert_eq!(figure(text, name), Some(expected), "{name}\n{text}");
}

on_both_databases! {
    async fn requests_are_counted_by_template_and_operations_by_name(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        for key in ["valley-rec", "valley-rec", "nobody-knows-it"] {
            app.get(format!("/admin/communities/{key}")).admin().await;
        }
        app.get("/no-such-route/anna").admin().await.json(404);
        let named = "query Mine($key: String!) { community(key: $key) { name } }";
        for _ in 0..2 {
            app.graphql(named, json!({"key": "valley-rec"})).admin().await.data();
        }
        app.graphql("{ me { sub } }", json!({})).by("anna", "").await.data();
        app.graphql("query Made_up_by_anna { me { sub } }", json!({})).await;
        app.graphql("query {", json!({})).admin().await;
        let text = app.registry.metrics().text().expect("figures");
        let route = r#"method="GET",route="/admin/communities/{community_key}""#;
        assert_figure(&text, &format!(r#"rec_registry_http_requests_total{{{route},status="200"}}"#), 2.0);
        assert_figure(&text, &format!(r#"rec_registry_http_requests_total{{{route},status="404"}}"#), 1.0);
        assert_figure(&text, &format!("rec_registry_http_request_duration_seconds_count{{{route}}}"), 3.0);
        assert_figure(&text, r#"rec_registry_http_requests_total{method="GET",route="none",status="404"}"#, 1.0);
        for (kind, operation, outcome, count) in [
            ("Query", "Mine", "Ok", 2.0),
            ("Query", "anonymous", "Ok", 1.0),
            ("Query", "other", "Errors", 1.0),
            ("None", "anonymous", "Refused", 1.0),
        ] {
            let labels = format!(r#"{{kind="{kind}",operation="{operation}",outcome="{outcome}"}}"#);
            assert_figure(&text, &format!("rec_registry_graphql_operations_total{labels}"), count);
        }
        assert_figure(&text, r#"rec_registry_imports_total{outcome="Written"}"#, 1.0);
        assert_figure(&text, "rec_registry_import_rows_total", 15.0);
        assert!(figure(&text, "rec_registry_import_body_bytes_sum") > Some(1000.0), "{text}");
        assert!(figure(&text, "rec_registry_database_connections") >= Some(1.0), "{text}");
        assert!(figure(&text, "rec_registry_database_connections_max") >= Some(6.0), "{text}");
        assert!(figure(&text, "rec_registry_answers_recalled_total").is_some(), "{text}");
        assert_figure(&text, "rec_registry_http_requests_in_flight", 0.0);
        for word in ["anna", "valley-rec", "nobody-knows-it"] {
            assert!(!text.contains(word), "{word} is among the figures:\n{text}");
        }
    }

    async fn they_are_told_at_an_address_of_their_own(database: TestDatabase) {
        let address = free_address();
        let words = ["--metrics-listen", &address];
        let server = Server::told(database.directory(), &database.url, &words).await;
        let answer = reqwest::get(format!("http://{address}/metrics")).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let media = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
        assert_eq!(media, Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
        let text = answer.text().await.expect("a text");
        assert!(text.ends_with("# EOF\n"), "{text}");
        assert!(figure(&text, r#"rec_registry_http_requests_total{method="GET",route="/ready",status="200"}"#) >= Some(1.0));
        let elsewhere = server.get("/metrics", server.token()).send().await.expect("an answer");
        assert_eq!(elsewhere.status(), 404, "not where everybody is");
    }
}
