//! A browser that a script of `playground/test/` drives. `REC_REGISTRY_TEST_SCREENSHOTS` names a directory for its screenshots.

use std::path::Path;
use std::process::Command;

use super::TestDatabase;
use super::command::run;
use super::database::{missing, must_be_complete};
use super::server::Server;

/// How what is needed is made.
pub const BUILD: &str = "run `npm ci && npm run build` in playground/, and compile again";

/// Whether this machine has what drives a browser; when it has not, that is said loudly.
pub fn is_there(what: &str) -> bool {
    let chromium = ["chromium", "chromium-browser", "google-chrome"];
    if !folder().join("node_modules/playwright-core").exists() {
        return is_missing(what, &format!("What drives the browser is not installed: {BUILD}"));
    }
    if !chromium.iter().any(|name| Command::new(name).arg("--version").output().is_ok()) {
        return is_missing(what, "There is no Chromium");
    }
    true
}

/// Says what is not tested, which is a failure under `CI=true`.
pub fn is_missing(what: &str, reason: &str) -> bool {
    missing(what, reason);
    assert!(!must_be_complete(), "{reason}");
    false
}

/// Imports the example communities.
pub async fn fill(server: &Server) {
    for example in [
        include_str!("../../../examples/valle-chiara.yaml"),
        include_str!("../../../examples/ribera-solar.yaml"),
    ] {
        let imported = server.import(example).send().await.expect("the import is answered");
        assert!(imported.status().is_success(), "{}", imported.status());
    }
}

/// Runs a script of `playground/test/` against a server, with a token.
pub async fn drive(script: &str, server: &mut Server, token: &str, database: &TestDatabase) {
    let screenshots = std::env::var("REC_REGISTRY_TEST_SCREENSHOTS");
    let screenshots = screenshots
        .map_or(database.directory().to_owned(), |name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let mut drive = Command::new("node");
    drive.arg(folder().join("test").join(script)).args([server.base_url(), token]).arg(screenshots);
    let outcome = tokio::task::spawn_blocking(move || run(&mut drive)).await.expect("the script is run");
    outcome.unwrap_or_else(|said| panic!("{said}\n{}", server.account()));
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/playground"))
}
