//! What the past of a community takes: room on disk, and the time to go back.
//!
//! `cargo bench --bench history [-- CHANGES]` starts the program itself on SQLite, imports a community of 1000 members, changes
//! it one small thing at a time, and prints how much the database grew and how long an export of the past takes.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot be made ends")]

#[path = "../tests/it/support/federation.rs"]
mod federation;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../tests/it/support/server.rs"]
mod server;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use federation::Federation;
use reqwest::Client;
use serde_json::{Value, json};
use server::Server;

const MEMBERS: usize = 1_000;

#[tokio::main]
async fn main() {
    // Cargo adds `--bench`; what is left is a number.
    let changes: usize = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let file = directory.path().join("registry.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let federation = Federation { communities: 1, members: MEMBERS, edition: 1 };

    let server = Server::start(directory.path(), &url).await;
    let imported = server.import(federation.to_yaml()).send().await.expect("the import is answered");
    assert!(imported.status().is_success(), "{}", imported.status());
    stop(server);
    let before = size(&file);

    let server = Server::start(directory.path(), &url).await;
    let community = format!("{}/admin/communities/{}", server.base_url(), Federation::community_key(0));
    let members = keys(&server, &community).await;
    let client = Client::new();
    let started = Instant::now();
    for n in 0..changes {
        let member = format!("{community}/members/{}", members[n % members.len()]);
        let request = match n % 5 {
            0..3 => client.patch(&member).json(&json!({"name": format!("Name {n}")})),
            3 => client.patch(&member).json(&json!({"extra": {"note": n}})),
            _ => client
                .put(format!("{member}/assets/new-{}", n % members.len()))
                .json(&json!({"asset_type": "load", "name": format!("Load {n}"), "rated_power": n})),
        };
        let answer = request.bearer_auth(server.token()).send().await.expect("a write is answered");
        assert!(answer.status().is_success(), "{}", answer.status());
    }
    let took = started.elapsed();
    println!("{changes} changes, one after the other, took {:.1} s", took.as_secs_f64());
    for number in [1, changes / 2, changes] {
        let path = format!("/admin/export?community={}&at={number}", Federation::community_key(0));
        let started = Instant::now();
        let answer = server.get(&path, server.token()).send().await.expect("an export is answered");
        assert!(answer.status().is_success(), "{}", answer.status());
        let bytes = answer.bytes().await.expect("it is read").len();
        println!(
            "export at revision {number:>6}: {bytes} bytes in {:.0} ms",
            started.elapsed().as_secs_f64() * 1e3
        );
    }
    stop(server);
    let after = size(&file);
    println!(
        "the database grew from {:.1} to {:.1} MB: {:.0} bytes a change",
        before as f64 / 1e6,
        after as f64 / 1e6,
        (after.saturating_sub(before)) as f64 / changes.max(1) as f64
    );
}

/// Ends the server in order, so that everything is in the one file.
fn stop(mut server: Server) {
    let told = Command::new("kill").args(["-TERM", &server.process.id().to_string()]).status();
    assert!(told.is_ok_and(|status| status.success()), "the server is told to stop");
    assert!(server.process.wait().expect("the server ends").success(), "{}", server.account());
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).expect("the database is there").len()
}

async fn keys(server: &Server, community: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{}/members?limit=500{cursor}", community.trim_start_matches(server.base_url()));
        let answer = server.get(&path, server.token()).send().await.expect("a page is answered");
        let page: Value = answer.json().await.expect("JSON");
        keys.extend(
            page["items"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|item| Some(item["key"].as_str()?.to_owned())),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return keys,
        }
    }
}
