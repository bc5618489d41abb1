//! A SQLite file that may only be read for a while, as when its disk was mounted anew after an error.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use futures_util::future::join_all;

use super::{FORGETFUL, assert_unavailable, import, name_of, note, read, write};
use crate::support::database::missing;
use crate::support::server::Server;
use crate::support::{Backend, TestDatabase, run};

/// Whether the file could be shut to whoever opens it to write: by its permissions, which do not hold for root, or by a
/// mark of the file system.
fn shut(file: &Path, is_shut: bool) -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if is_root {
        let mark = if is_shut { "+i" } else { "-i" };
        return Command::new("chattr").arg(mark).arg(file).status().is_ok_and(|status| status.success());
    }
    let mode = if is_shut { 0o444 } else { 0o644 };
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).is_ok()
}

/// A file that nobody can open to write, until this is dropped.
struct Shut<'f>(&'f Path);

impl<'f> Shut<'f> {
    /// Shuts it; none where that cannot be done.
    fn new(file: &'f Path) -> Option<Self> {
        shut(file, true).then_some(Self(file))
    }
}

impl Drop for Shut<'_> {
    fn drop(&mut self) {
        assert!(shut(self.0, false) || std::thread::panicking(), "the file can be written again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_that_may_only_be_read_for_a_while() {
    run(Backend::Sqlite, async |database: TestDatabase| {
        let file = database.directory().join("registry.db");
        Server::start(database.directory(), &database.url).await.kill();
        if Shut::new(&file).is_none() {
            missing(
                "a SQLite file that may only be read",
                "This file system marks no file as immutable (chattr)",
            );
            return;
        }
        let server = Server::told(database.directory(), &database.url, &FORGETFUL).await;
        import(&server).await;

        let Some(is_shut) = Shut::new(&file) else { panic!("it could be shut before") };
        // Connections that are open go on; those that are opened from now on can only read.
        let mut refused = None;
        for round in 0..100 {
            let name = format!("Round {round}");
            let (written, looks) = tokio::join!(
                join_all((0..4).map(|_| write(&server, &name))),
                join_all((0..12).map(|_| read(&server))),
            );
            assert!(looks.iter().all(|asked| asked.status == 200), "whoever reads is answered");
            refused = written.into_iter().find(|asked| asked.status != 200);
            if refused.is_some() {
                break;
            }
        }
        let Some(refused) = refused else { panic!("no write met a file that may only be read") };
        assert_unavailable(&refused, "can only be read");
        let reads = read(&server).await;

        drop(is_shut);
        let begun = Instant::now();
        // Whatever was opened meanwhile is not kept.
        for round in 0..40 {
            let name = format!("After {round}");
            let (written, looks) =
                tokio::join!(write(&server, &name), join_all((0..6).map(|_| read(&server))));
            assert_eq!(written.status, 200, "round {round}: {}", written.detail);
            assert!(looks.iter().all(|asked| asked.status == 200));
            assert_eq!(name_of(&server).await, name);
            if round == 0 {
                note("SQLite", "its file may only be read", &reads, &refused, begun.elapsed());
            }
        }
    })
    .await;
}
