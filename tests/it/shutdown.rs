//! A server that is told to stop finishes what runs: nothing that was acknowledged is lost, and it ends well.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::{JoinHandle, block_in_place};

use crate::support::federation::Federation;
use crate::support::report;
use crate::support::server::{Server, free_address};
use crate::support::{Backend, TestDatabase, on_both_databases};

const WRITERS: usize = 8;
const ROUNDS: u32 = 4;

/// Somebody who renames one member again and again, until the server is gone.
struct Writer {
    acknowledged: Arc<AtomicU32>,
    task: JoinHandle<Outcome>,
}

/// What a writer knows in the end: the number that was acknowledged last, and the one that was sent last.
struct Outcome {
    acknowledged: u32,
    sent: u32,
}

fn path(member: usize) -> String {
    format!("/admin/communities/{}/members/mb-{member:05}", Federation::community_key(0))
}

impl Writer {
    /// Begins to write from a number on.
    fn start(server: &Server, member: usize, from: u32) -> Self {
        let acknowledged = Arc::new(AtomicU32::new(from));
        let last = Arc::clone(&acknowledged);
        let (url, token) = (format!("{}{}/name", server.base_url(), path(member)), server.token().to_owned());
        let task = tokio::spawn(async move {
            let client = reqwest::Client::new();
            let mut sent = from;
            loop {
                sent += 1;
                let request = client.put(&url).bearer_auth(&token).json(&json!({"name": name(sent)}));
                // Whoever stops answers what it has heard of; what it has not heard of is a connection that is closed.
                let Ok(answer) = request.send().await else { break };
                assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap_or_default());
                last.store(sent, Ordering::Release);
            }
            Outcome { acknowledged: last.load(Ordering::Acquire), sent }
        });
        Self { acknowledged, task }
    }
}

fn name(number: u32) -> String {
    format!("Number {number}")
}

async fn number_of(server: &Server, member: usize) -> u32 {
    let answer = server.get(&path(member), server.token()).send().await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    let name = answer["name"].as_str().unwrap_or_default();
    name.strip_prefix("Number ").and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Tells a server to stop, waits until it has, and checks that it ended well.
async fn stop(server: &mut Server) {
    terminate(server);
    let status = block_in_place(|| server.process.wait()).expect("the server is waited for");
    assert_eq!(status.code(), Some(0), "{}", server.account());
}

fn terminate(server: &Server) {
    let process = server.process.id().to_string();
    let status = Command::new("kill").args(["-TERM", &process]).status();
    assert!(status.is_ok_and(|status| status.success()), "the signal is sent");
}

on_both_databases! {
    async fn whatever_was_acknowledged_is_there_after_a_stop_under_load(database: TestDatabase) {
        let mut server = Server::start(database.directory(), &database.url).await;
        let body = Federation { communities: 1, members: WRITERS, edition: 1 }.to_yaml();
        assert_eq!(server.import(body).send().await.expect("an answer").status(), 200);
        let mut numbers = [0; WRITERS];
        let mut acknowledged = 0;
        let mut longest = Duration::ZERO;
        for round in 1..=ROUNDS {
            let writers: Vec<_> =
                (0..WRITERS).map(|member| Writer::start(&server, member, numbers[member])).collect();
            let heard = |writer: &Writer| writer.acknowledged.load(Ordering::Acquire);
            // Each time after other numbers of writes.
            while writers.iter().zip(&numbers).any(|(writer, from)| heard(writer) < from + 3 * round) {
                assert!(writers.iter().all(|writer| !writer.task.is_finished()), "{}", server.account());
                tokio::task::yield_now().await;
            }
            let begun = Instant::now();
            stop(&mut server).await;
            longest = longest.max(begun.elapsed());
            server = Server::start(database.directory(), &database.url).await;
            for (member, writer) in writers.into_iter().enumerate() {
                let Outcome { acknowledged: last, sent } = writer.task.await.expect("no write was refused");
                let found = number_of(&server, member).await;
                assert!((last..=sent).contains(&found), "member {member}: {found} is there, {last} was acknowledged");
                acknowledged += last - numbers[member];
                numbers[member] = found;
            }
        }
        let system = match database.backend {
            Backend::Sqlite => "SQLite",
            Backend::Postgres => "PostgreSQL",
        };
        let system = format!("{system}: {ROUNDS} stops while {WRITERS} clients write");
        let figures = [format!("{acknowledged} writes"), "none".to_owned(), format!("{:.2} s", longest.as_secs_f64())];
        report::note("stops", &system, &figures);
    }

    async fn what_does_not_end_in_time_is_broken_off_and_the_process_ends_well(database: TestDatabase) {
        let words = ["--send-timeout", "10m"];
        let mut server = Server::told(database.directory(), &database.url, &words).await;
        let body = Federation { communities: 10, members: 1_000, edition: 1 }.to_yaml();
        assert_eq!(server.import(body).send().await.expect("an answer").status(), 200);
        let unread = server.export().send().await.expect("an answer");
        assert_eq!(unread.status(), 200);
        let begun = Instant::now();
        stop(&mut server).await;
        assert!(begun.elapsed() > Duration::from_secs(29), "it is waited for");
        assert!(server.account().contains("broken off"), "{}", server.account());
        drop(unread);
    }

    async fn an_import_that_runs_is_finished_before_the_end(database: TestDatabase) {
        let figures = free_address();
        let words = ["--metrics-listen", &figures];
        let mut server = Server::told(database.directory(), &database.url, &words).await;
        let body = Federation { communities: 2, members: 300, edition: 1 }.to_yaml();
        let importing = tokio::spawn(server.import(body).send());
        // The signal comes when the import has come in and is not done.
        while !text(&figures).await.contains("http_requests_in_flight 1") {
            assert!(!importing.is_finished(), "the import was over before anybody could look");
        }
        stop(&mut server).await;
        let answer = importing.await.expect("the import is asked for").expect("the import is answered");
        assert_eq!(answer.status(), 200);
        let server = Server::start(database.directory(), &database.url).await;
        let export = server.export().send().await.expect("an answer").text().await.expect("a text");
        for community in 0..2 {
            assert!(export.contains(&Federation::community_key(community)), "it is not there");
        }
    }
}

/// What the server counts of itself.
async fn text(figures: &str) -> String {
    let answer = reqwest::get(format!("http://{figures}/metrics")).await.expect("an answer");
    answer.text().await.expect("a text")
}
