//! How long the import and the export of a whole federation take over HTTP, and how much memory: 20 communities of
//! 500 members with three assets each, into an empty database, again unchanged, and again with other content.
//!
//! `cargo bench --bench import_export [-- COMMUNITIES MEMBERS]`. On SQLite, and on a PostgreSQL server with its
//! ordinary, durable settings: the one that `REC_REGISTRY_TEST_DATABASE_URL` names, or a throw-away one.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot be made ends")]

#[path = "../tests/it/support/federation.rs"]
mod federation;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../tests/it/support/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../tests/it/support/server.rs"]
mod server;

use std::time::{Duration, Instant};

use federation::Federation;
use futures_util::StreamExt as _;
use postgres::Postgres;
use server::Server;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// What the largest body needs.
const WORDS: &[&str] = &["--max-body-mib", "1024", "--request-timeout", "3600s"];

#[tokio::main]
async fn main() {
    // Cargo adds `--bench`; what is left are the numbers.
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let communities = numbers.first().copied().unwrap_or(20);
    let members = numbers.get(1).copied().unwrap_or(500);
    let [first, second] = [1, 2].map(|edition| Federation { communities, members, edition }.to_yaml());
    let rows = communities + communities * members * 5;
    println!(
        "{communities} communities, {} members, {} delivery points, {} assets: {:.1} MB of YAML",
        communities * members,
        communities * members,
        communities * members * 3,
        first.len() as f64 / 1e6
    );
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let url = format!("sqlite://{}?mode=rwc", directory.path().join("registry.db").display());
    measure("SQLite", &url, &first, &second, rows).await;
    match Postgres::find("") {
        Ok(postgres) => {
            let name = format!("rec_registry_bench_{}", std::process::id());
            let url = postgres.create_database(&name).await;
            measure("PostgreSQL", &url, &first, &second, rows).await;
            postgres.drop_database(&name).await;
        }
        Err(reason) => println!("\nPostgreSQL is not measured: {reason}"),
    }
}

async fn measure(system: &str, database_url: &str, first: &str, second: &str, rows: usize) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    println!("\n{system}");
    // Each in a process of its own, so that a peak is nobody else's.
    let told = || Server::told(directory.path(), database_url, WORDS);
    import("import into an empty database", first, rows, &told().await).await;
    import("import of the same again", first, rows, &told().await).await;
    export("export of everything", rows, &told().await).await;
    import("import of other content", second, rows, &told().await).await;
    export("export behind that", rows, &told().await).await;
}

async fn import(what: &str, body: &str, rows: usize, server: &Server) {
    let started = Instant::now();
    let answer = server.import(body.to_owned()).send().await.expect("the import is answered");
    let status = answer.status();
    let report = answer.text().await.expect("the report is read");
    assert!(status.is_success(), "{status}: {}", &report[..report.len().min(2_000)]);
    print(what, started.elapsed(), body.len(), rows, server);
}

async fn export(what: &str, rows: usize, server: &Server) {
    let started = Instant::now();
    let answer = server.export().send().await.expect("the export is answered");
    assert!(answer.status().is_success(), "{}", answer.status());
    let mut length = 0;
    let mut stream = answer.bytes_stream();
    while let Some(chunk) = stream.next().await {
        length += chunk.expect("the export is read to its end").len();
    }
    print(what, started.elapsed(), length, rows, server);
}

fn print(what: &str, time: Duration, bytes: usize, rows: usize, server: &Server) {
    let seconds = time.as_secs_f64();
    let peak = peak_memory(server.process.id())
        .map_or_else(|| "unknown".to_owned(), |peak| format!("{:.0} MiB", peak as f64 / MEBIBYTE));
    println!(
        "  {what:<30} {seconds:>6.2} s  {:>6.1} MB/s  {:>9.0} rows/s  peak memory {peak}",
        bytes as f64 / 1e6 / seconds,
        rows as f64 / seconds
    );
}

/// The peak of a process's resident memory in bytes, where the system tells.
fn peak_memory(process_id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
