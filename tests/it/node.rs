//! What tools from npm say of the GraphQL door and its schema. `tests/node/` has the scripts.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, TypeKind, TypeSystemDefinition};
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

/// Records that nobody asks for again by themselves, and so no nodes.
const RECORDS: &[&str] = &["AuditEntry", "CommunityRevision"];

#[test]
fn what_an_edge_leads_to_is_a_node_or_a_record() {
    let schema = parse_schema(rec_registry::graphql::sdl()).expect("the schema is one");
    let types: Vec<_> = schema
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(&definition.node),
            _ => None,
        })
        .collect();
    let interfaces = |name: &str| {
        types.iter().find(|found| found.name.node == name).map(|found| match &found.kind {
            TypeKind::Object(object) => object.implements.clone(),
            TypeKind::Interface(interface) => interface.implements.clone(),
            _ => Vec::new(),
        })
    };
    let mut records = Vec::new();
    for edge in types.iter().filter(|found| found.name.node.ends_with("Edge")) {
        let TypeKind::Object(object) = &edge.kind else { continue };
        let node = object.fields.iter().find(|field| field.node.name.node == "node").expect("a node");
        let BaseType::Named(name) = &node.node.ty.node.base else { panic!("{}", edge.name) };
        let interfaces = interfaces(name).expect("a type of the schema");
        if !interfaces.iter().any(|interface| interface.node == "Node") {
            records.push(name.as_str());
        }
    }
    assert_eq!(records, RECORDS);
}
