//! The playground in a browser: a query with a token, a change told as it happens, nothing loaded from elsewhere.
//! `playground/test/drive.js` says what is done there.

use crate::support::browser::{BUILD, drive, fill, is_missing, is_there};
use crate::support::server::Server;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    async fn the_playground_asks_and_is_told_in_a_browser(database: TestDatabase) {
        let mut server = Server::start(database.directory(), &database.url).await;
        if !is_there("the playground") || !is_built(&server).await {
            return;
        }
        fill(&server).await;
        let token = server.token().to_owned();
        drive("drive.js", &mut server, &token, &database).await;
    }
}

/// Whether this program holds the playground.
async fn is_built(server: &Server) -> bool {
    let page =
        reqwest::Client::new().get(format!("{}/graphql", server.base_url())).header("accept", "text/html");
    let page =
        page.send().await.expect("the page is answered").bytes().await.expect("the page is read to its end");
    // The plain page is not compressed.
    page.starts_with(&[0x1f, 0x8b]) || is_missing("the playground", &format!("It was not built: {BUILD}"))
}
