//! A PostgreSQL server whose disk is full.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tempfile::TempDir;

use super::{
    FORGETFUL, assert_unavailable, has_namespaces, import, name_of, note, read, recovered, told, write,
};
use crate::support::database::{missing, must_be_complete};
use crate::support::federation::Federation;
use crate::support::postgres::Postgres;
use crate::support::server::Server;

/// A folder for a disk, where everybody may enter.
fn place() -> (TempDir, PathBuf) {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().expect("a directory");
    let disk = directory.path().join("disk");
    std::fs::create_dir(&disk).expect("a place for the disk");
    for folder in [directory.path(), &disk] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777))
            .expect("everybody may enter");
    }
    (directory, disk)
}

/// A server with all its data on a disk of this size; none where there can be none.
fn on_disk(disk: &Path, size: &str, options: &str) -> Option<Postgres> {
    if !has_namespaces() {
        return None;
    }
    let own = Postgres::start_on_disk(disk, size, options)
        .map_err(|reason| missing("PostgreSQL on a disk that is full", &reason))
        .ok();
    assert!(own.is_some() || !must_be_complete(), "CI=true demands PostgreSQL");
    own
}

/// What is stored, as a text; none while the database does not answer.
async fn export(server: &Server) -> Option<String> {
    let answer = server.export().send().await.expect("an answer");
    match answer.status().as_u16() {
        503 => None,
        status => {
            assert_eq!(status, 200);
            Some(answer.text().await.expect("a text"))
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_on_a_disk_that_is_full() {
    let (directory, disk) = place();
    let Some(mut postgres) = on_disk(&disk, "110m", "-c min_wal_size=32MB -c max_wal_size=32MB") else {
        return;
    };
    let url = postgres.create_database("crammed").await;
    let words = [&FORGETFUL[..], &["--database-acquire-timeout", "2s"]].concat();
    let server = Server::told(directory.path(), &url, &words).await;
    import(&server).await;
    let mut stored = export(&server).await;
    assert!(stored.is_some(), "there is room for a start");
    let of = |communities| Federation { communities, members: 500, edition: 1 }.to_yaml();
    let mut communities = 0;
    let writes = loop {
        communities += 1;
        assert!(communities < 50, "the disk is never full");
        // Those that are there already stay as they are.
        let asked = told(server.import(of(communities))).await;
        if asked.status != 200 {
            break asked;
        }
        // None where what PostgreSQL does behind the answer is what finds no room.
        stored = export(&server).await;
    };
    // Where it is its log that finds no room, the server goes down.
    let words = if writes.detail.contains("no room") { "no room left" } else { "does not answer" };
    assert_unavailable(&writes, words);
    let reads = read(&server).await;

    postgres.resize_disk(&disk, "600m");
    let begun = Instant::now();
    postgres.start_again();
    recovered(&server).await;
    note("PostgreSQL", "its disk is full", &reads, &writes, begun.elapsed());
    let kept = export(&server).await;
    if stored.is_none() {
        assert_eq!(told(server.import(of(communities - 1))).await.status, 200, "what is there already");
        stored = export(&server).await;
    }
    assert!(
        kept.is_some() && kept == stored,
        "something of the import that failed is there, or something else is not"
    );
    assert_eq!(write(&server, "Kept").await.status, 200);
    assert_eq!(name_of(&server).await, "Kept");
    assert_eq!(told(server.import(of(communities))).await.status, 200, "there is room again");
}
