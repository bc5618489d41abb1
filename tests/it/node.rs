//! What tools from npm say of the GraphQL door and its schema. `tests/node/` has the scripts.

use std::path::Path;
use std::process::Command;

use crate::support::command::run;
use crate::support::node::{folder, sources};
use crate::support::server::Server;
use crate::support::{TestDatabase, on_both_databases};

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");

/// A script in a folder.
fn script(folder: &Path, name: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(name).current_dir(folder);
    command
}

on_both_databases! {
    async fn every_audit_of_graphql_over_http_passes(database: TestDatabase) {
        let Some(folder) = folder().await else { return };
        let mut server = Server::start(database.directory(), &database.url).await;
        let mut audit = script(&folder, "audit.mjs");
        audit.arg(format!("{}/graphql", server.base_url()));
        let outcome = tokio::task::spawn_blocking(move || run(&mut audit)).await.expect("the script is run");
        let said = outcome.unwrap_or_else(|said| panic!("{said}\n{}", server.account()));
        let passed = said.lines().filter(|line| line.starts_with("ok ")).count();
        assert!(passed > 60, "{said}");
    }
}

#[tokio::test]
async fn the_schema_keeps_the_recommended_rules_and_those_of_relay() {
    let Some(folder) = folder().await else { return };
    std::fs::copy(SCHEMA, folder.join("schema.graphql")).expect("the schema is copied");
    let mut lint = script(&folder, "node_modules/eslint/bin/eslint.js");
    let said =
        run(lint.args(["--max-warnings", "0", "schema.graphql"])).unwrap_or_else(|said| panic!("{said}"));
    assert_eq!(said.trim(), "");
}

#[tokio::test]
async fn the_schema_breaks_nothing_that_was_released() {
    let Some(folder) = folder().await else { return };
    let compared = |current: &Path| {
        let files = ["released.graphql", "accepted-breaks.json"].map(|name| sources().join(name));
        run(script(&folder, "breaking.mjs").args(files).arg(current))
    };
    compared(Path::new(SCHEMA)).unwrap_or_else(|said| panic!("{said}"));

    // The check itself: a field less is noticed.
    let schema = std::fs::read_to_string(SCHEMA).expect("the schema is read");
    let without = schema.replacen("apiVersion: String!", "version: String!", 1);
    assert_ne!(without, schema);
    let broken = folder.join("broken.graphql");
    std::fs::write(&broken, without).expect("a schema is written");
    let said = compared(&broken).expect_err("a field less is a break");
    assert!(said.contains("BREAKING  ServiceInfo.apiVersion was removed."), "{said}");
}
