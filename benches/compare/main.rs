//! What the registry makes of the machine, measured against the least that could answer at all: a bare axum
//! handler that compares the bearer header with the expected text and answers the same bytes from memory. Both run
//! on the same machine and are loaded in turn by `wrk` with 16 connections; what counts is the ratio.
//!
//! `cargo bench --bench compare [-- COMMUNITIES MEMBERS [ROUNDS [SECONDS]]]`; see the README beside this file.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot be made ends")]

mod bare;
mod load;
mod operations;

#[path = "../../tests/it/support/federation.rs"]
mod federation;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../../tests/it/support/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../../tests/it/support/server.rs"]
mod server;

use federation::Federation;
use load::{Load, Run};
use operations::{Operation, operations};
use postgres::Postgres;
use server::Server;

/// The size of the registry, and how long each is loaded how often.
#[derive(Clone, Copy)]
struct Size {
    communities: usize,
    members: usize,
    rounds: usize,
    seconds: usize,
}

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
        communities: number(0, 20),
        members: number(1, 500),
        rounds: number(2, 3),
        seconds: number(3, 3),
    };
    tokio::runtime::Runtime::new().expect("a runtime starts").block_on(measure_all(size));
}

async fn measure_all(size: Size) {
    println!(
        "{} communities of {} members with 3 assets each; {} rounds of {} s, 16 connections",
        size.communities, size.members, size.rounds, size.seconds
    );
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let url = format!("sqlite://{}?mode=rwc", directory.path().join("registry.db").display());
    measure("SQLite", &url, size).await;
    match Postgres::find("") {
        Ok(postgres) => {
            let name = format!("rec_registry_compare_{}", std::process::id());
            let url = postgres.create_database(&name).await;
            measure("PostgreSQL", &url, size).await;
            postgres.drop_database(&name).await;
        }
        Err(reason) => println!("\nPostgreSQL is not measured: {reason}"),
    }
}

async fn measure(system: &str, database_url: &str, size: Size) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let server = Server::start(directory.path(), database_url).await;
    let yaml = Federation { communities: size.communities, members: size.members, edition: 1 }.to_yaml();
    let operations = operations(&yaml);
    let imported = server.import(yaml).send().await.expect("the import is answered");
    assert!(imported.status().is_success(), "{}", imported.status());
    println!(
        "\n{system}\n  {:<44} {:>9} {:>9} {:>8} {:>8} {:>8} {:>7} {:>6} {:>6}",
        "operation", "req/s", "bare", "p50", "p99", "CPU us", "MiB", "ratio", "goal"
    );
    for operation in operations {
        let line = compared(&server, directory.path(), &operation, size).await;
        let goal = if system == "SQLite" { operation.goals.0 } else { operation.goals.1 };
        println!("  {:<44} {line} {goal:>6.2}", operation.name);
    }
}

/// Loads both in turn; the medians as a line.
async fn compared(server: &Server, directory: &std::path::Path, operation: &Operation, size: Size) -> String {
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
    for _ in 0..size.rounds {
        ours.push(load.run(server.address(), server.process.id(), size.seconds));
        theirs.push(load.run(bare.address(), bare.process_id(), size.seconds));
    }
    let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.rate / theirs.rate);
    let of = |runs: &[Run], figure: fn(&Run) -> f64| median(runs.iter().map(figure));
    format!(
        "{:>9.0} {:>9.0} {:>6.2}ms {:>6.2}ms {:>8.0} {:>7.0} {:>6.2}",
        of(&ours, |run| run.rate),
        of(&theirs, |run| run.rate),
        of(&ours, |run| run.p50),
        of(&ours, |run| run.p99),
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
