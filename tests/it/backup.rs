//! A backup taken under a server that is written to is one state of it, and is restored to the byte.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::database::{Backend, missing, must_be_complete};
use crate::support::program::{ran, run};
use crate::support::server::{PROGRAM, Server};
use crate::support::{TestDatabase, neighbours, on_both_databases, sample};

/// Whether a backup can be made here at all: PostgreSQL's client programs are not everywhere that its server is.
fn can_back_up(database: &TestDatabase) -> bool {
    let is_there = |name: &str| Command::new(name).arg("--version").output().is_ok();
    if database.backend == Backend::Sqlite || (is_there("pg_dump") && is_there("pg_restore")) {
        return true;
    }
    missing("backups of PostgreSQL", "pg_dump and pg_restore are not there (postgresql-client)");
    assert!(!must_be_complete(), "CI=true demands them");
    false
}

fn path(directory: &Path, name: &str) -> String {
    directory.join(name).to_str().expect("a path in UTF-8").to_owned()
}

/// A database that nobody used yet, of the same kind.
async fn another(database: &TestDatabase) -> TestDatabase {
    TestDatabase::create(database.backend).await.expect("there is one already")
}

/// What the audit trail has of imports.
fn imports(url: &str) -> Vec<Value> {
    let trail = run(&["audit", "--json", "--operation", "import", "--limit", "1000", "--database-url", url]);
    trail.with_status(0).json().as_array().expect("a list").clone()
}

async fn text(server: &Server, path: &str) -> String {
    let answer = server.get(path, server.token()).send().await.expect("the server answers");
    assert!(answer.status().is_success(), "{path}: {}", server.said());
    answer.text().await.expect("a text")
}

/// A community that is another one each time.
fn churning(turn: usize) -> String {
    let members: String = (0..200)
        .map(|n| {
            format!("  m{n}: {{user_id: u{n}, name: Turn {turn}, role: consumer, area: a, status: active}}\n")
        })
        .collect();
    format!("community: {{id: churn, name: Turn {turn}, areas: {{a: {{name: A}}}}}}\nmembers:\n{members}")
}

on_both_databases! {
    async fn a_backup_taken_while_others_write_restores_to_the_same_bytes(database: TestDatabase) {
        if !can_back_up(&database) {
            return;
        }
        let server = Arc::new(Server::start(database.directory(), &database.url).await);
        for bundle in [sample::text("valley-v0.5.yaml"), sample::text("federation.yaml"), churning(0)] {
            assert!(server.import(bundle).send().await.is_ok_and(|answer| answer.status().is_success()));
        }
        let stays = "/admin/export?community=valley-rec";
        let before = text(&server, stays).await;
        let recorded = imports(&database.url);
        assert!(!recorded.is_empty());

        let (stop, turns) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let writing = tokio::spawn({
            let (server, stop, turns) = (Arc::clone(&server), Arc::clone(&stop), Arc::clone(&turns));
            async move {
                while !stop.load(Ordering::Relaxed) {
                    let turn = turns.fetch_add(1, Ordering::Relaxed) + 1;
                    let answer = server.import(churning(turn)).send().await.expect("the server answers");
                    assert!(answer.status().is_success(), "a writer is not held up by a backup");
                }
            }
        });
        let file = path(database.directory(), "registry.backup");
        let taken = {
            let (file, url) = (file.clone(), database.url.clone());
            let take = move || run(&["backup", "take", &file, "--json", "--database-url", &url]);
            tokio::task::spawn_blocking(take).await.expect("it ends")
        };
        let taken = taken.with_status(0).json();
        assert!(taken["bytes"].as_u64().is_some_and(|bytes| bytes > 10_000), "{taken}");
        stop.store(true, Ordering::Relaxed);
        writing.await.expect("writers write");
        assert!(turns.load(Ordering::Relaxed) > 0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).expect("the backup is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "a backup is for its owner alone");
        }

        let fresh = another(&database).await;
        let restored = run(&["backup", "restore", &file, "--json", "--database-url", &fresh.url]);
        assert_eq!(restored.with_status(0).json()["pending_migrations"], 0);
        run(&["check", "--database-url", &fresh.url]).with_status(0);
        // Of what was written meanwhile all of one turn is there.
        let churned = run(&["export", "--community", "churn", "--database-url", &fresh.url]).with_status(0).output;
        let (_, turn) = churned.split_once("Turn ").expect("it says its turn");
        let turn = turn.split(|c: char| !c.is_ascii_digit()).next().expect("a number");
        assert_eq!(churned.matches(&format!("Turn {turn}")).count(), 201, "{churned}");
        let trail = imports(&fresh.url);
        assert!(recorded.iter().all(|entry| trail.contains(entry)), "the audit trail is part of it");

        let again = Server::start(fresh.directory(), &fresh.url).await;
        assert_eq!(text(&again, stays).await, before);
        for key in ["north-rec", "valley-rec"] {
            let (there, here) = (run(&["tree", key, "--database-url", &database.url]), run(&["tree", key, "--database-url", &fresh.url]));
            assert_eq!((there.status, there.output), (here.status, here.output));
        }
        let revisions = "/admin/communities/valley-rec/revisions";
        assert_eq!(text(&again, revisions).await, text(&server, revisions).await);
        // What was restored is written to like any other.
        assert!(again.import(churning(1)).send().await.is_ok_and(|answer| answer.status().is_success()));
        drop(again);
        fresh.remove().await;
    }

    async fn a_restore_that_would_lose_something_is_refused_and_changes_nothing(database: TestDatabase) {
        if !can_back_up(&database) {
            return;
        }
        let directory = database.directory();
        let bundle = path(directory, "own.yaml");
        std::fs::write(&bundle, neighbours::bundle("own")).expect("a file is written");
        let export = |url: &str| run(&["export", "--database-url", url]).with_status(0).output;
        let file = path(directory, "backup");
        run(&["import", &bundle, "--database-url", &database.url]).with_status(0);
        run(&["backup", "take", &file, "--database-url", &database.url]).with_status(0);
        let backed_up = export(&database.url);
        std::fs::write(&bundle, neighbours::bundle("other")).expect("a file is written");
        run(&["import", &bundle, "--database-url", &database.url]).with_status(0);
        let present = export(&database.url);
        let restore = |file: &str, words: &[&str]| {
            run(&[&["backup", "restore", file, "--database-url", &database.url], words].concat())
        };

        let refused = restore(&file, &[]).with_status(1);
        assert!(refused.error.contains("--replace"), "{refused:?}");
        let server = Server::start(directory, &database.url).await;
        let refused = restore(&file, &["--replace"]).with_status(1);
        assert!(refused.error.contains("stop"), "{refused:?}");
        drop(server);

        let whole = std::fs::read(&file).expect("the backup is there");
        let cut = path(directory, "cut");
        std::fs::write(&cut, &whole[..whole.len() / 2]).expect("a file is written");
        restore(&cut, &["--replace"]).with_status(1);
        let refused = restore(&bundle, &["--replace"]).with_status(1);
        assert!(refused.error.contains("is no backup"), "{refused:?}");
        let other_kind: &[u8] = if whole.starts_with(b"PGDMP") { b"SQLite format 3\0" } else { b"PGDMP" };
        std::fs::write(&cut, other_kind).expect("a file is written");
        let refused = restore(&cut, &["--replace"]).with_status(1);
        assert!(refused.error.contains("other kind"), "{refused:?}");
        assert_eq!(export(&database.url), present, "what was refused changed nothing");

        // PostgreSQL takes a moment to see that the server is gone.
        let mut restored = restore(&file, &["--replace"]);
        while restored.error.contains("stop them first") {
            restored = restore(&file, &["--replace"]);
        }
        restored.with_status(0);
        assert_eq!(export(&database.url), backed_up);
        if database.backend == Backend::Sqlite {
            let kept = format!("sqlite://{}", path(directory, "registry.db.replaced"));
            assert_eq!(export(&kept), present, "what was replaced is kept");
        }
        let left = std::fs::read_dir(directory).expect("a folder").filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        assert_eq!(left.filter(|name| name.contains(".part")).count(), 0);
    }

    async fn a_rehearsal_restores_the_newest_backup_and_looks_at_it(database: TestDatabase) {
        if !can_back_up(&database) {
            return;
        }
        let directory = database.directory();
        let folder = path(directory, "backups");
        let place = another(&database).await;
        let rehearse = |place: &str| {
            let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/backup/rehearse.sh"));
            let programs = Path::new(PROGRAM).parent().expect("the program lies in a folder");
            script.arg(&folder).env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default()));
            ran(script.env("REHEARSAL_DATABASE_URL", place).env("DATABASE_URL", &database.url))
        };
        std::fs::create_dir(&folder).expect("a folder is made");
        assert!(rehearse(&place.url).with_status(1).error.contains("no backup"));
        let bundle = path(directory, "bundle.yaml");
        let end = if database.backend == Backend::Sqlite { "db" } else { "dump" };
        for (key, time) in [("first", "20260131T081500Z"), ("second", "20260131T081501Z")] {
            std::fs::write(&bundle, neighbours::bundle(key)).expect("a file is written");
            run(&["import", &bundle, "--database-url", &database.url]).with_status(0);
            let file = path(directory, &format!("backups/registry-{time}.{end}"));
            run(&["backup", "take", &file, "--database-url", &database.url]).with_status(0);
            let said = rehearse(&place.url).with_status(0);
            assert!(said.output.contains(key) && said.output.contains("Nothing is wrong"), "{said:?}");
        }
        if database.backend == Backend::Postgres {
            rehearse(&database.url).with_status(1);
            assert!(run(&["list", "--database-url", &place.url]).with_status(0).output.contains("second"));
        }
        place.remove().await;
    }

    async fn what_a_backup_knows_nothing_of_is_not_left_beside_it(database: TestDatabase) {
        if !can_back_up(&database) || database.backend == Backend::Sqlite {
            return;
        }
        run(&["migrate", "up", "--database-url", &database.url]).with_status(0);
        let file = path(database.directory(), "backup");
        run(&["backup", "take", &file, "--database-url", &database.url]).with_status(0);
        let restore = || run(&["backup", "restore", &file, "--replace", "--database-url", &database.url]);
        restore().with_status(0);
        let admin = sea_orm::Database::connect(&database.url).await.expect("the database answers");
        sea_orm::ConnectionTrait::execute_unprepared(&admin, "CREATE TABLE of_a_newer_version (id int)").await.expect("it is made");
        admin.close().await.expect("it is closed");
        let refused = restore().with_status(1);
        assert!(refused.error.contains("of_a_newer_version") && refused.error.contains("createdb"), "{refused:?}");
    }

    async fn a_backup_that_cannot_be_taken_leaves_the_last_one_as_it_was(database: TestDatabase) {
        if !can_back_up(&database) {
            return;
        }
        let file = path(database.directory(), "backup");
        std::fs::write(&file, "the last one").expect("a file is written");
        run(&["migrate", "up", "--database-url", &database.url]).with_status(0);
        run(&["backup", "take", &file, "--pg-bin", "/nowhere", "--database-url", "postgres://127.0.0.1:1/x"]).with_status(1);
        run(&["backup", "take", &file, "--database-url", "sqlite:///nowhere/registry.db"]).with_status(1);
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "the last one");

        if database.backend == Backend::Sqlite {
            let own = path(database.directory(), "registry.db");
            let link = path(database.directory(), "link");
            std::os::unix::fs::symlink(&own, &link).expect("a link is made");
            for itself in [own.clone(), link, format!("{own}.lock")] {
                let refused = run(&["backup", "take", &itself, "--database-url", &database.url]).with_status(1);
                assert!(refused.error.contains("the database itself"), "{refused:?}");
            }
            run(&["check", "--database-url", &database.url]).with_status(0);
            // A database that is open is no backup of itself: its newest rows are in the log.
            let server = Server::start(database.directory(), &database.url).await;
            assert!(server.import(neighbours::bundle("own")).send().await.is_ok_and(|answer| answer.status().is_success()));
            let elsewhere = format!("sqlite://{}?mode=rwc", path(database.directory(), "elsewhere.db"));
            let refused = run(&["backup", "restore", &own, "--database-url", &elsewhere]).with_status(1);
            assert!(refused.error.contains("backup take"), "{refused:?}");
            drop(server);
        }

        let folder = path(database.directory(), "backups");
        for _ in 0..2 {
            let taken = run(&["backup", "take", "--into", &folder, "--keep", "1", "--json", "--database-url", &database.url]);
            let taken = taken.with_status(0).json();
            assert!(Path::new(taken["file"].as_str().expect("a name")).exists(), "{taken}");
        }
        assert_eq!(std::fs::read_dir(&folder).expect("the folder is there").count(), 1);
        run(&["backup", "take", "--database-url", &database.url]).with_status(2);
    }
}
