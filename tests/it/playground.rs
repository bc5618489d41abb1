//! The playground in a browser: a query with a token, a change told as it happens, nothing loaded from elsewhere.
//! `playground/test/drive.js` says what is done there. `REC_REGISTRY_TEST_SCREENSHOTS` names a directory for its screenshots.

use std::path::Path;
use std::process::Command;

use crate::support::database::{missing, must_be_complete};
use crate::support::server::Server;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    async fn the_playground_asks_and_is_told_in_a_browser(database: TestDatabase) {
        let mut server = Server::start(database.directory(), &database.url).await;
        if let Err(reason) = is_there(&server).await {
            missing("the playground", &reason);
            assert!(!must_be_complete(), "{reason}");
            return;
        }
        for example in [include_str!("../../examples/valle-chiara.yaml"), include_str!("../../examples/ribera-solar.yaml")] {
            let imported = server.import(example).send().await.expect("the import is answered");
            assert!(imported.status().is_success(), "{}", imported.status());
        }
        let screenshots = std::env::var("REC_REGISTRY_TEST_SCREENSHOTS");
        let screenshots = screenshots.map_or(database.directory().to_owned(), |name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
        let mut drive = Command::new("node");
        drive.arg(folder().join("test/drive.js")).args([server.base_url(), server.token()]).arg(screenshots);
        let outcome = tokio::task::spawn_blocking(move || drive.output()).await.expect("the script is run").expect("node runs");
        let said = [outcome.stdout, outcome.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        assert!(outcome.status.success(), "{said}\n{}", server.account());
    }
}

/// Whether this program holds the playground, and this machine what drives it.
async fn is_there(server: &Server) -> Result<(), String> {
    let build = "run `npm ci && npm run build` in playground/, and compile again";
    let page =
        reqwest::Client::new().get(format!("{}/graphql", server.base_url())).header("accept", "text/html");
    let page =
        page.send().await.expect("the page is answered").bytes().await.expect("the page is read to its end");
    // The plain page is not compressed.
    if !page.starts_with(&[0x1f, 0x8b]) {
        return Err(format!("It was not built: {build}"));
    }
    if !folder().join("node_modules/playwright-core").exists() {
        return Err(format!("What drives the browser is not installed: {build}"));
    }
    let chromium = ["chromium", "chromium-browser", "google-chrome"];
    if !chromium.iter().any(|name| Command::new(name).arg("--version").output().is_ok()) {
        return Err("There is no Chromium".to_owned());
    }
    Ok(())
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/playground"))
}
