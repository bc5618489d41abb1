//! How long the service takes to refuse what somebody sends who wants it to fall over, and what that does to its memory.
//!
//! `cargo bench --bench hostile [-- ROUNDS]` starts the program itself on SQLite, sends each body over HTTP, and prints
//! the median and the worst time of its refusal, the code, and the memory before and after.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot be made ends")]

#[path = "../tests/it/support/hostile.rs"]
mod hostile;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../tests/it/support/server.rs"]
mod server;

use std::time::{Duration, Instant};

use hostile::Hostile;
use reqwest::Client;
use serde_json::Value;
use server::Server;

/// What each refusal is to stay below.
const TARGET: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() {
    // Cargo adds `--bench`; what is left is a number.
    let rounds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(20).max(1);
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let url = format!("sqlite://{}?mode=rwc", directory.path().join("registry.db").display());
    let server = Server::start(directory.path(), &url).await;
    let client = Client::new();
    // The connection, and what is made once.
    ask(&client, &server, r#"{"query": "{ __typename }"}"#.to_owned()).await;
    let at_first = memory(server.process.id());
    println!("{:<36} {:>10} {:>10} {:>10}  code, of {rounds} rounds", "", "bytes", "median", "worst");
    let mut slowest = Duration::ZERO;
    for Hostile { name, body, codes } in hostile::all() {
        let mut times = Vec::new();
        let mut code = String::new();
        for _ in 0..rounds {
            let body = body.clone();
            let started = Instant::now();
            let answer = ask(&client, &server, body).await;
            times.push(started.elapsed());
            code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
            assert!(codes.contains(&code.as_str()), "{name}: {answer}");
        }
        times.sort();
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        slowest = slowest.max(worst);
        println!(
            "{name:<36} {:>10} {:>7.2} ms {:>7.2} ms  {code}",
            body.len(),
            median.as_secs_f64() * 1e3,
            worst.as_secs_f64() * 1e3
        );
    }
    let answer = ask(&client, &server, r#"{"query": "{ __typename }"}"#.to_owned()).await;
    assert_eq!(answer["data"]["__typename"], "Query", "the next request is served");
    println!("\nslowest {:.2} ms; to stay below {} ms", slowest.as_secs_f64() * 1e3, TARGET.as_millis());
    let after = memory(server.process.id());
    let mebibytes =
        |kib: Option<u64>| kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib / 1024));
    println!(
        "memory before {}, after {}, peak {}",
        mebibytes(at_first.map(|memory| memory.now)),
        mebibytes(after.as_ref().map(|memory| memory.now)),
        mebibytes(after.as_ref().map(|memory| memory.peak))
    );
}

async fn ask(client: &Client, server: &Server, body: String) -> Value {
    let url = format!("{}/graphql", server.base_url());
    let request = client.post(url).header("content-type", "application/json").body(body);
    let answer = request.send().await.expect("the request is answered");
    let text = answer.text().await.expect("the answer is read");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The resident memory of a process, in KiB.
struct Memory {
    now: u64,
    peak: u64,
}

/// The memory of a process, where the system tells.
fn memory(process_id: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').trim().trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    Some(Memory { now: field("VmRSS")?, peak: field("VmHWM")? })
}
