//! A server that is killed while it imports leaves the graph that was there, or the new one, and never a mixture.
//!
//! `REC_REGISTRY_TEST_CRASH_MEMBERS` (default 600) and `REC_REGISTRY_TEST_CRASH_POINTS` (default 12) make it longer; the
//! long profile, for a release build, is 10 000 members and 100 points.

use std::time::{Duration, Instant};

use crate::support::federation::Federation;
use crate::support::server::Server;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    async fn a_server_killed_while_it_imports_leaves_the_old_graph_whole(database: TestDatabase) {
        let members = setting("REC_REGISTRY_TEST_CRASH_MEMBERS", 600);
        let points = setting("REC_REGISTRY_TEST_CRASH_POINTS", 12);
        let communities = 3;
        let edition = |edition| Federation { communities, members: members / communities, edition }.to_yaml();
        let (old_body, new_body) = (edition(1), edition(2));

        let mut server = Server::start(database.directory(), &database.url).await;
        import(&server, &old_body).await;
        let old = export(&server).await;
        let started = Instant::now();
        import(&server, &new_body).await;
        let duration = started.elapsed();
        let new = export(&server).await;
        assert!(old != new, "the two editions differ");
        import(&server, &old_body).await;

        let mut kept = 0;
        for point in 0..points {
            // Over the whole import, and a little beyond what it took undisturbed.
            let delay = duration * (2 * point as u32 + 1) / (2 * points as u32 - 2).max(1);
            let answered = is_answered_within(delay, &server, &new_body).await;
            server.kill();
            server = Server::start(database.directory(), &database.url).await;
            let found = export(&server).await;
            if found == new {
                import(&server, &old_body).await;
            } else {
                assert!(found == old, "killed after {delay:?}, the graph is neither the old nor the new one");
                assert!(!answered, "killed after {delay:?}, an import that was answered is gone");
                kept += 1;
            }
        }
        assert!(kept > 0, "not one kill met the import before its end: more members or more points are needed");
    }
}

async fn import(server: &Server, body: &str) {
    let answer = server.import(body.to_owned()).send().await.expect("the import is answered");
    let status = answer.status();
    assert!(status.is_success(), "{status}: {}", answer.text().await.unwrap_or_default());
}

async fn export(server: &Server) -> String {
    let answer = server.export().send().await.expect("the export is answered");
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.text().await.expect("the export is read to its end")
}

/// Sends an import and waits for its answer, but not longer than this.
async fn is_answered_within(delay: Duration, server: &Server, body: &str) -> bool {
    match tokio::time::timeout(delay, server.import(body.to_owned()).send()).await {
        Ok(answer) => answer.expect("the import is answered").status().is_success(),
        Err(_too_late) => false,
    }
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name)
        .map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}
