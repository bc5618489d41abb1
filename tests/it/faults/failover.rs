//! A PostgreSQL server that is lost, and another that followed it and takes its place under the same name.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{ask, assert_unavailable, import, name_of, note, own_postgres, read, recovered, write};
use crate::support::server::Server;

/// Lets the name that the program was told lead to another server, as an address or a name in the net would.
fn lead(name: &Path, to: &Path) {
    let next = name.with_extension("next");
    symlink(to, &next).expect("a name is made");
    std::fs::rename(&next, name).expect("it takes the place of the old one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_is_lost_and_another_that_takes_its_place() {
    let Some(mut first) = own_postgres() else { return };
    let mut url = reqwest::Url::parse(&first.create_database("failover").await).expect("a URL");
    let directory = tempfile::tempdir().expect("a directory");
    let name = directory.path().join("database");
    lead(&name, &first.directory());
    url.set_query(None);
    url.query_pairs_mut().append_pair("host", &name.to_string_lossy());
    // What is remembered while all is well is not to be told when another server may know better.
    let server = Server::told(directory.path(), url.as_str(), &["--database-acquire-timeout", "2s"]).await;
    import(&server).await;
    let second = first.follow().await;

    let server = Arc::new(server);
    let acknowledged = Arc::new(AtomicU32::new(0));
    let (writing, last) = (Arc::clone(&server), Arc::clone(&acknowledged));
    let writer = tokio::spawn(async move {
        let mut number = 0;
        loop {
            number += 1;
            let asked = write(&writing, &format!("Number {number}")).await;
            if asked.status != 200 {
                return (number, asked);
            }
            last.store(number, Ordering::Release);
        }
    });
    while acknowledged.load(Ordering::Acquire) < 20 {
        assert!(!writer.is_finished(), "a write was refused while all was well");
        tokio::task::yield_now().await;
    }
    first.stop_now();
    let (sent, writes) = writer.await.expect("the writer is answered");
    assert_unavailable(&writes, "does not answer");
    let reads = ask(&server, reqwest::Method::GET, "/admin/communities/rec/members?limit=7", None).await;
    assert_unavailable(&reads, "does not answer");

    first.promote();
    lead(&name, &second);
    let back = recovered(&server).await;
    note("PostgreSQL", "lost, and a standby promoted in its place", &reads, &writes, back);
    let found = name_of(&server).await;
    let number: u32 = found.strip_prefix("Number ").and_then(|text| text.parse().ok()).expect("a number");
    let last = acknowledged.load(Ordering::Acquire);
    // The last one was sent and not acknowledged: nobody knows whether it is there.
    assert!((last..=sent).contains(&number), "{found}, and {last} was acknowledged");
    assert_eq!(write(&server, "Written to the second").await.status, 200);
    assert_eq!(name_of(&server).await, "Written to the second");
    assert_eq!(read(&server).await.status, 200);
    assert_eq!(ask(&server, reqwest::Method::GET, "/ready", None).await.status, 200);
}
