//! What can befall a database, done for real: the answer is a clear 503, nothing is half-written, and the process goes
//! on when the database does, without being started again.

mod failover;
mod postgres_disk;
mod read_only;
mod silent;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, StatusCode};
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use serde_json::{Value, json};

use crate::support::database::{Backend, missing, must_be_complete};
use crate::support::federation::Federation;
use crate::support::postgres::Postgres;
use crate::support::server::{PROGRAM, Server, free_address};
use crate::support::{TestDatabase, report, run};

const BUNDLE: &str = "
community: {id: rec, name: First, areas: {n: {name: North}}}
members: {a: {user_id: ann, name: Ann, role: consumer, area: n, status: active}}
";
const NAME: &str = "/admin/communities/rec/members/a/name";

/// What nobody remembers is asked of the database each time.
const FORGETFUL: [&str; 2] = ["--memory-mib", "0"];

struct Asked {
    status: StatusCode,
    detail: String,
    retry_after: bool,
}

async fn ask(server: &Server, method: Method, path: &str, body: Option<Value>) -> Asked {
    let url = format!("{}{path}", server.base_url());
    let mut request = reqwest::Client::new().request(method, url).bearer_auth(server.token());
    if let Some(body) = body {
        request = request.json(&body);
    }
    told(request).await
}

async fn told(request: RequestBuilder) -> Asked {
    let answer = request.send().await.expect("the server answers, whatever befell its database");
    let (status, retry_after) = (answer.status(), answer.headers().contains_key("retry-after"));
    let body: Value = serde_json::from_str(&answer.text().await.unwrap_or_default()).unwrap_or_default();
    Asked { status, retry_after, detail: body["detail"].as_str().unwrap_or_default().to_owned() }
}

async fn read(server: &Server) -> Asked {
    ask(server, Method::GET, "/admin/communities/rec/members", None).await
}

async fn write(server: &Server, name: &str) -> Asked {
    ask(server, Method::PUT, NAME, Some(json!({"name": name}))).await
}

#[track_caller]
fn assert_unavailable(asked: &Asked, words: &str) {
    assert_eq!(asked.status, 503, "{}", asked.detail);
    assert!(asked.detail.contains(words), "{:?} does not say {words:?}", asked.detail);
    assert!(asked.retry_after, "no word about when to come again");
}

/// Puts a row into `docs/reliability.md`: what befell which database, what whoever reads and whoever writes is told
/// meanwhile, and how long it takes from the end of it until all is well.
fn note(system: &str, fault: &str, read: &Asked, write: &Asked, back: Duration) {
    let told = |asked: &Asked| match asked.status.as_u16() {
        200 => "200".to_owned(),
        status => format!("{status} {}", asked.detail),
    };
    let back = format!("{:.2} s", back.as_secs_f64());
    report::note("faults", &format!("{system}: {fault}"), &[told(read), told(write), back]);
}

/// Asks until it is answered, within the time that a database takes to come back; says how long that was.
async fn recovered(server: &Server) -> Duration {
    let begun = Instant::now();
    for _ in 0..200 {
        if read(server).await.status == 200 {
            return begun.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not recover: {}", read(server).await.detail);
}

async fn import(server: &Server) {
    let answer = server.import(BUNDLE).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

async fn name_of(server: &Server) -> String {
    let answer =
        server.get("/admin/communities/rec/members/a", server.token()).send().await.expect("an answer");
    let member: Value = answer.json().await.expect("JSON");
    member["name"].as_str().unwrap_or_default().to_owned()
}

/// A PostgreSQL server of one's own; none where there are no programs of it.
fn own_postgres() -> Option<Postgres> {
    had(Postgres::start(""))
}

fn had(own: Result<Postgres, String>) -> Option<Postgres> {
    let own = own.map_err(|reason| missing("faults of PostgreSQL", &reason)).ok();
    assert!(own.is_some() || !must_be_complete(), "CI=true demands PostgreSQL");
    own
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_goes_away_and_comes_back() {
    let Some(mut postgres) = own_postgres() else { return };
    let url = postgres.create_database("faults").await;
    let directory = tempfile::tempdir().expect("a directory");
    let words = [&FORGETFUL[..], &["--database-acquire-timeout", "2s"]].concat();
    let server = Server::told(directory.path(), &url, &words).await;
    import(&server).await;
    for round in 0..2 {
        postgres.stop_now();
        let (reads, writes) = (read(&server).await, write(&server, "Lost").await);
        assert_unavailable(&reads, "does not answer");
        assert_unavailable(&writes, "does not answer");
        assert_eq!(ask(&server, Method::GET, "/ready", None).await.status, 503);
        assert_eq!(ask(&server, Method::GET, "/health", None).await.status, 200);
        postgres.start_again();
        note("PostgreSQL", "away, and started again", &reads, &writes, recovered(&server).await);
        assert_eq!(ask(&server, Method::GET, "/ready", None).await.status, 200);
        let name = format!("Kept {round}");
        assert_eq!(write(&server, &name).await.status, 200);
        assert_eq!(name_of(&server).await, name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_wait_for_postgres_to_come_back_and_a_balancer_does_not() {
    let address = free_address().parse().expect("an address");
    let Some(mut postgres) = had(Postgres::start_at(address)) else { return };
    let url = postgres.create_database("faults").await;
    let directory = tempfile::tempdir().expect("a directory");
    let words = [&FORGETFUL[..], &["--database-acquire-timeout", "60s"]].concat();
    let server = Server::told(directory.path(), &url, &words).await;
    import(&server).await;
    postgres.stop_now();
    // As many find a connection from before, and are told at once that it was cut; the others wait for a new one.
    let members = format!("{}/admin/communities/rec/members", server.base_url());
    let client = reqwest::Client::new();
    let asked = (0..20).map(|_| client.get(&members).bearer_auth(server.token()).send());
    let asked: Vec<_> = asked.map(tokio::spawn).collect();
    let ready = ask(&server, Method::GET, "/ready", None).await;
    assert_eq!(
        (ready.status.as_u16(), ready.detail.as_str()),
        (503, "The database does not answer; try again")
    );
    let waiting: Vec<_> = asked.into_iter().filter(|read| !read.is_finished()).collect();
    assert!(!waiting.is_empty(), "requests wait for longer");
    postgres.start_again();
    for read in waiting {
        let answer = read.await.expect("it is waited for").expect("an answer");
        assert_eq!(answer.status(), 200, "a restart is a slow answer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_and_a_server_that_follows_another() {
    run(Backend::Postgres, async |database: TestDatabase| {
        let server = Server::told(database.directory(), &database.url, &FORGETFUL).await;
        import(&server).await;
        let mut options = sea_orm::ConnectOptions::new(&database.url);
        options.max_connections(1).sqlx_logging(false);
        let admin = Database::connect(options).await.expect("the database answers");
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        for _ in 0..5 {
            admin.execute_unprepared(cut).await.expect("the connections are cut");
            let asked = read(&server).await;
            assert!(asked.status == 200 || asked.status == 503, "{} {}", asked.status, asked.detail);
            recovered(&server).await;
        }
        // After a failover a client may still be connected to what is now a standby.
        let name = database.url.rsplit('/').next().and_then(|name| name.split('?').next()).expect("a name");
        let follow = |on: &str| format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}");
        admin.execute_unprepared(&follow("on")).await.expect("the database is read-only");
        admin.execute_unprepared(cut).await.expect("the connections are cut");
        recovered(&server).await;
        let writes = write(&server, "Lost").await;
        assert_unavailable(&writes, "can only be read");
        let reads = read(&server).await;
        assert_eq!(name_of(&server).await, "Ann");
        for order in ["SET default_transaction_read_only = off".to_owned(), follow("off")] {
            admin.execute_unprepared(&order).await.expect("it can be written again");
        }
        // Its connections were made when it could not, and nobody cuts them.
        let back = Instant::now();
        assert_eq!(write(&server, "Kept").await.status, 200);
        note("PostgreSQL", "can only be read, as one that follows another", &reads, &writes, back.elapsed());
        admin.close().await.expect("the connection closes");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long_is_ended_by_the_database() {
    run(Backend::Postgres, async |database: TestDatabase| {
        let words = [&FORGETFUL[..], &["--request-timeout", "2s"]].concat();
        let server = Server::told(database.directory(), &database.url, &words).await;
        import(&server).await;
        let holder = Database::connect(&database.url).await.expect("the database answers");
        let running = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'rec-registry' \
                       AND datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'";
        let locked = sea_orm::TransactionTrait::begin(&holder).await.expect("a transaction");
        locked.execute_unprepared("LOCK TABLE member IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
        assert_eq!(read(&server).await.status, 503);
        for _ in 0..100 {
            let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, running);
            if holder.query_one_raw(statement).await.expect("a look").is_none() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, running);
        assert!(holder.query_one_raw(statement).await.expect("a look").is_none(), "the statement still runs");
        locked.rollback().await.expect("the lock is given back");
        recovered(&server).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_that_somebody_else_keeps_locked() {
    run(Backend::Sqlite, async |database: TestDatabase| {
        let server = Server::told(database.directory(), &database.url, &FORGETFUL).await;
        import(&server).await;
        let mut options = sea_orm::ConnectOptions::new(&database.url);
        options.max_connections(1).sqlx_logging(false);
        let holder = Database::connect(options).await.expect("the database opens");
        holder.execute_unprepared("BEGIN IMMEDIATE").await.expect("the lock is taken");
        let (writes, reads) = (write(&server, "Lost").await, read(&server).await);
        assert_unavailable(&writes, "else is writing");
        assert_eq!(reads.status, 200, "readers are not in the way");
        holder.execute_unprepared("ROLLBACK").await.expect("the lock is given back");
        let back = Instant::now();
        assert_eq!(write(&server, "Kept").await.status, 200);
        note("SQLite", "locked by somebody else for more than 10 s", &reads, &writes, back.elapsed());
        assert_eq!(name_of(&server).await, "Kept");
        holder.close().await.expect("the connection closes");
    })
    .await;
}

/// The program, with a small disk of its own at `disk`.
async fn on_small_disk(directory: &Path, disk: &Path, size: &str) -> Server {
    let script = format!(
        "mount -t tmpfs -o size={size},mode=777 tmpfs '{disk}' && exec '{PROGRAM}' \"$@\"",
        disk = disk.display()
    );
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "--map-root-user",
        "sh",
        "-c",
        &script,
        "sh",
        "dev",
        "--empty",
        "--database-url",
    ]);
    command.arg(format!("sqlite://{}?mode=rwc", disk.join("registry.db").display()));
    command.arg("--data-dir").arg(directory).args(FORGETFUL);
    Server::run_dev(command, directory).await
}

/// Whether this machine lets a process have mounts of its own.
fn has_namespaces() -> bool {
    let works = Command::new("unshare").args(["--mount", "--map-root-user", "true"]).status();
    let works = works.is_ok_and(|status| status.success());
    if !works {
        missing("a disk that is full", "This machine lets nobody have mounts of its own (unshare)");
    }
    works
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_on_a_disk_that_is_full() {
    if !has_namespaces() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let disk = directory.path().join("disk");
    std::fs::create_dir(&disk).expect("a place for the disk");
    let server = on_small_disk(directory.path(), &disk, "6m").await;
    import(&server).await;
    let large = Federation { communities: 1, members: 4_000, edition: 1 }.to_yaml();
    let writes = told(server.import(large)).await;
    assert_unavailable(&writes, "no room left");
    let reads = read(&server).await;
    assert_eq!(reads.status, 200, "what is stored can be read");
    let export = server.export().send().await.expect("an answer").text().await.expect("a text");
    assert!(export.contains("rec") && !export.contains("valley-000"), "nothing of it is there");
    assert_eq!(write(&server, "Kept").await.status, 200, "there is room for what is small");

    let remount = |how: &str| {
        let process = server.process.id().to_string();
        let status = Command::new("nsenter")
            .args(["--target", &process, "--mount", "--user", "mount", "-o", how])
            .arg(&disk)
            .status();
        assert!(status.is_ok_and(|status| status.success()), "the disk is mounted anew");
    };
    remount("remount,size=64m");
    let back = recovered(&server).await;
    note("SQLite", "its disk is full", &reads, &writes, back);
    let small = Federation { communities: 1, members: 1_000, edition: 1 }.to_yaml();
    assert_eq!(server.import(small).send().await.expect("an answer").status(), 200, "there is room again");
    assert_eq!(name_of(&server).await, "Kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_that_is_damaged_while_it_runs() {
    run(Backend::Sqlite, async |database: TestDatabase| {
        let directory = database.directory();
        let server = Server::told(directory, &database.url, &FORGETFUL).await;
        let large = Federation { communities: 4, members: 2_000, edition: 1 }.to_yaml();
        assert_eq!(server.import(large).send().await.expect("an answer").status(), 200);
        // What is in the log goes into the file, of which the larger part is no longer in anybody's memory.
        empty_log(&database.url).await;
        let file = directory.join("registry.db");
        let whole = std::fs::read(&file).expect("the file is read");
        let mut broken = whole.clone();
        // The head stays, and with it the schema.
        let schema = 512 * 1024;
        broken[schema..].fill(0xAB);
        overwrite(&file, &broken);
        let path = "/admin/communities/valley-003/members?limit=500";
        let asked = ask(&server, Method::GET, path, None).await;
        assert_unavailable(&asked, "its operator must");
        assert_eq!(ask(&server, Method::GET, "/health", None).await.status, 200);
        overwrite(&file, &whole);
        let back = Instant::now();
        for _ in 0..20 {
            if ask(&server, Method::GET, path, None).await.status == 200 {
                note("SQLite", "its file damaged, and mended", &asked, &asked, back.elapsed());
                return;
            }
        }
        panic!("it did not recover: {}", ask(&server, Method::GET, path, None).await.detail);
    })
    .await;
}

/// Has what is in the log of a SQLite database copied into its file, when the server has done with doing the same behind its import.
async fn empty_log(url: &str) {
    let holder = Database::connect(url).await.expect("the database opens");
    let copy = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
    for _ in 0..100 {
        let row =
            holder.query_one_raw(copy.clone()).await.expect("the log is copied").expect("it says how far");
        let is_busy: i64 = row.try_get_by_index(0).expect("it says whether somebody was in the way");
        if is_busy == 0 {
            return holder.close().await.expect("the connection closes");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("somebody stays in the way of copying the log");
}

/// Writes over what is in a file, which stays the same file.
fn overwrite(file: &Path, content: &[u8]) {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().write(true).open(file).expect("the file opens");
    file.write_all(content).expect("the file is written");
    file.sync_all().expect("the file is on the disk");
}
