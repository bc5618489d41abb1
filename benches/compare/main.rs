//! What the registry makes of the machine, measured against the least that could answer at all: a bare axum
//! handler that compares the bearer header with the expected text and answers the same bytes from memory. Both run
//! on the same machine and are loaded in turn by `wrk` with 16 connections; what counts is the ratio.
//!
//! `cargo bench --bench compare [-- [forgetful] COMMUNITIES MEMBERS [ROUNDS [SECONDS]]]`; see the README beside this file.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot be made ends")]

mod bare;
mod load;
mod operations;

#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../../tests/it/support/federation.rs"]
mod federation;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../../tests/it/support/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../../tests/it/support/server.rs"]
mod server;

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use federation::Federation;
use load::{Load, Run};
use operations::{Operation, operations};
use postgres::Postgres;
use server::Server;

/// The size of the registry, and how long each is loaded how often.
#[derive(Clone, Copy)]
struct Size {
    federation: Federation,
    rounds: usize,
    seconds: usize,
    /// Whether it is measured once more with nothing remembered.
    forgets_then: bool,
}

/// What is filled and measured.
#[derive(Clone, Copy)]
struct Database<'a> {
    system: &'a str,
    url: &'a str,
    /// Where its files are, if they are on this machine.
    files: Option<&'a Path>,
}

/// Communities of one import: a body of some 100 MB when each has 1 000 members.
const AT_ONCE: usize = 50;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, address, token, body] = words.as_slice()
        && word == bare::WORD
    {
        return bare::serve(address, token, body);
    }
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let number = |at: usize, otherwise| numbers.get(at).copied().unwrap_or(otherwise);
    let size = Size {
        federation: Federation { communities: number(0, 20), members: number(1, 500), edition: 1 },
        rounds: number(2, 3),
        seconds: number(3, 3),
        forgets_then: words.iter().any(|word| word == "forgetful"),
    };
    tokio::runtime::Runtime::new().expect("a runtime starts").block_on(measure_all(size));
}

async fn measure_all(size: Size) {
    println!(
        "{} communities of {} members with 3 assets each; {} rounds of {} s, 16 connections",
        size.federation.communities, size.federation.members, size.rounds, size.seconds,
    );
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let url = format!("sqlite://{}?mode=rwc", directory.path().join("registry.db").display());
    fill_and_measure(Database { system: "SQLite", url: &url, files: Some(directory.path()) }, size).await;
    match Postgres::find(&buffers()) {
        Ok(postgres) => {
            let name = format!("rec_registry_compare_{}", std::process::id());
            let url = postgres.create_database(&name).await;
            let is_own = std::env::var_os(postgres::URL_VARIABLE).is_none();
            let files = is_own.then(|| postgres.directory().join("data/base"));
            let files = files.as_deref();
            fill_and_measure(Database { system: "PostgreSQL", url: &url, files }, size).await;
            postgres.drop_database(&name).await;
        }
        Err(reason) => println!("\nPostgreSQL is not measured: {reason}"),
    }
}

/// A quarter of the machine's memory for PostgreSQL's buffers, as its manual advises, in place of 128 MB.
fn buffers() -> String {
    let memory = std::fs::read_to_string("/proc/meminfo").expect("the system tells its memory");
    let total = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    let kilobytes: u64 = total.trim().trim_end_matches("kB").trim().parse().expect("a number of kB");
    format!("-c shared_buffers={}kB", kilobytes / 4)
}

async fn fill_and_measure(database: Database<'_>, size: Size) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    // Whoever filled the registry is gone when it is asked, and with it the memory that it took.
    let filling = Server::told(directory.path(), database.url, &["--max-body-mib", "1024"]).await;
    for first in (0..size.federation.communities).step_by(AT_ONCE) {
        let part = first..(first + AT_ONCE).min(size.federation.communities);
        let imported = filling.import(size.federation.part_to_yaml(part)).send().await;
        let imported = imported.expect("the import is answered");
        assert!(imported.status().is_success(), "{}", imported.status());
    }
    stop(filling);
    measure(database, directory.path(), &[], size).await;
    if size.forgets_then {
        let system = &format!("{}, nothing remembered", database.system);
        measure(Database { system, ..database }, directory.path(), &["--memory-mib", "0"], size).await;
    }
}

async fn measure(database: Database<'_>, directory: &Path, told: &[&str], size: Size) {
    let figures = server::free_address();
    let words = [&["--metrics-listen", &figures], told].concat();
    let begun = Instant::now();
    let server = Server::told(directory, database.url, &words).await;
    println!(
        "\n{}: started in {} ms, {:.0} MiB\n  {:<44} {:>9} {:>9} {:>8} {:>8} {:>6} {:>7} {:>5} {:>6} {:>6}",
        database.system,
        begun.elapsed().as_millis(),
        load::memory(server.process.id()),
        "operation",
        "req/s",
        "bare",
        "p50",
        "p99",
        "stmts",
        "CPU us",
        "MiB",
        "ratio",
        "goal"
    );
    for operation in operations(size.federation) {
        if let Some(files) = database.files {
            read_through(files).expect("the database's files are read");
        }
        let line = compared(&server, &figures, directory, &operation, size).await;
        let goal = if database.url.starts_with("sqlite") { operation.goals.0 } else { operation.goals.1 };
        println!("  {:<44} {line} {goal:>6.2}", operation.name);
    }
    stop(server);
}

/// Reads all files of a folder. Of a large database the system may have put away what nobody asked for while the rest was
/// measured, and it is not the disk that is measured.
fn read_through(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_through(&path)?;
        } else if let Ok(mut file) = File::open(path) {
            // What is gone by now is not needed.
            std::io::copy(&mut file, &mut std::io::sink())?;
        }
    }
    Ok(())
}

/// Lets a server finish what it does.
fn stop(mut server: Server) {
    let told = Command::new("kill").arg(server.process.id().to_string()).status().expect("it is told");
    assert!(told.success() && server.process.wait().is_ok_and(|status| status.success()));
}

/// How many statements requests have sent to the database by now.
async fn statements(figures: &str) -> f64 {
    let text = reqwest::get(format!("http://{figures}/metrics")).await.expect("the figures are told");
    let text = text.text().await.expect("the figures are read");
    let line = text.lines().find_map(|line| line.strip_prefix("rec_registry_database_statements_total "));
    line.and_then(|count| count.parse().ok()).expect("statements are counted")
}

/// Loads both in turn; the medians as a line.
async fn compared(
    server: &Server,
    figures: &str,
    directory: &Path,
    operation: &Operation,
    size: Size,
) -> String {
    let token = match &operation.user {
        Some(user) => server::token(directory, user, "openid"),
        None => server.token().to_owned(),
    };
    let load = Load::of(operation, &token, directory);
    let sample = load.sample(server.base_url()).await;
    let body = directory.join("answer.json");
    std::fs::write(&body, sample).expect("the answer is kept");
    let bare = bare::Bare::start(&token, &body).await;
    // What is asked for the first time is not what is measured.
    load.run(server.address(), server.process.id(), 1);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let sent = statements(figures).await;
    for _ in 0..size.rounds {
        ours.push(load.run(server.address(), server.process.id(), size.seconds));
        theirs.push(load.run(bare.address(), bare.process_id(), size.seconds));
    }
    let sent = statements(figures).await - sent;
    let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.rate / theirs.rate);
    let of = |runs: &[Run], figure: fn(&Run) -> f64| median(runs.iter().map(figure));
    format!(
        "{:>9.0} {:>9.0} {:>6.2}ms {:>6.2}ms {:>6.2} {:>7.0} {:>5.0} {:>6.2}",
        of(&ours, |run| run.rate),
        of(&theirs, |run| run.rate),
        of(&ours, |run| run.p50),
        of(&ours, |run| run.p99),
        sent / ours.iter().map(|run| run.requests).sum::<f64>().max(1.0),
        of(&ours, |run| run.cpu),
        of(&ours, |run| run.memory),
        median(ratios)
    )
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
