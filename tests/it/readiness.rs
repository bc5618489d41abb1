//! What tells an operator that the program runs, and that it can serve.

use serde_json::json;

use crate::support::{TestApp, on_both_databases};

on_both_databases! {
    async fn health_is_said_without_a_look_at_the_database(app: TestApp) {
        let (answer, statements) = app.counted(app.get("/health")).await;
        assert_eq!(answer.json(200), json!({"status": "ok"}));
        assert_eq!(statements, Vec::<String>::new());
    }

    async fn the_version_is_that_of_the_program_and_of_the_newest_schema(app: TestApp) {
        let version = app.get("/version").await.json(200);
        assert_eq!(version, json!({"api_version": env!("CARGO_PKG_VERSION"), "schema_version": "0.7"}));
    }

    async fn a_registry_with_its_schema_is_ready(app: TestApp) {
        app.get("/ready").await.text(200);
    }

    async fn a_registry_without_its_schema_is_not_ready_and_says_why(app: TestApp) {
        let steps = app.registry.migrations().await.expect("the migrations are listed").len();
        app.registry.migrate_down(steps as u32).await.expect("the schema goes down");
        let answer = app.get("/ready").await.json(503);
        assert!(answer["detail"].as_str().is_some_and(|detail| detail.contains("migrations")), "{answer}");
    }
}
