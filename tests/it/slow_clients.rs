//! Clients that take their time, or send too much of what nobody needs: the real program lets go of them.

use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::server::{PROGRAM, Server};
use crate::support::{TestDatabase, on_both_databases};

const PATIENCE: Duration = Duration::from_secs(30);

async fn patient(database: &TestDatabase) -> Server {
    let words = ["--head-timeout", "1s", "--request-timeout", "1s"];
    Server::told(database.directory(), &database.url, &words).await
}

async fn connected(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).await.expect("a connection")
}

/// What comes until the other end closes.
async fn rest_of(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // A connection that is reset has been closed just as well.
    _ = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("the connection is closed");
    String::from_utf8_lossy(&said).into_owned()
}

/// A connection that has a place and asks nothing. Whoever waited for the server to be there may have one that is quiet.
async fn holding(server: &Server) -> TcpStream {
    sleep(Duration::from_secs(1)).await;
    let stream = connected(server).await;
    sleep(Duration::from_millis(300)).await;
    stream
}

/// The answer to a request over a connection that is closed then.
async fn asked(mut stream: TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: registry\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the request is sent");
    rest_of(&mut stream).await
}

on_both_databases! {
    async fn whoever_comes_when_all_places_are_taken_waits_for_one(database: TestDatabase) {
        let words = ["--max-connections", "2", "--head-timeout", "30s"];
        let server = Server::told(database.directory(), &database.url, &words).await;
        let (first, _second) = (holding(&server).await, holding(&server).await);
        let third = tokio::spawn(asked(connected(&server).await, "/admin/communities"));
        sleep(Duration::from_millis(100)).await;
        assert!(!third.is_finished(), "a third connection is answered");
        drop(first);
        assert!(third.await.expect("an answer").starts_with("HTTP/1.1 401"), "it needs a token, and has a place");
    }

    async fn whoever_finds_no_place_is_told_so_and_how_the_process_is(database: TestDatabase) {
        let words = ["--max-connections", "1", "--head-timeout", "30s"];
        let server = Server::told(database.directory(), &database.url, &words).await;
        let kept = holding(&server).await;
        let ask = async |path| asked(connected(&server).await, path).await.to_ascii_lowercase();
        let refused = ask("/admin/communities").await;
        assert!(refused.starts_with("http/1.1 503"), "{refused}");
        for header in ["retry-after: 1", "connection: close", "content-type: application/json", "x-request-id: "] {
            assert!(refused.contains(header), "{header}: {refused}");
        }
        let refused = ask("/graphql?query=%7B__typename%7D").await;
        assert!(refused.contains(r#""retryafter":1"#), "{refused}");
        for path in ["/health", "/ready", "/version"] {
            let answer = ask(path).await;
            assert!(answer.starts_with("http/1.1 200"), "{path}: {answer}");
        }
        // Who says nothing for two seconds does not keep everybody else out.
        sleep(Duration::from_secs(2)).await;
        assert!(ask("/admin/communities").await.starts_with("http/1.1 401"));
        drop(kept);
    }

    async fn whoever_asks_has_the_place_of_somebody_who_does_not(database: TestDatabase) {
        let words = ["--max-connections", "2", "--head-timeout", "2m"];
        let server = Server::told(database.directory(), &database.url, &words).await;
        let mut kept = Vec::new();
        for _ in 0..2 {
            let mut stream = connected(&server).await;
            stream.write_all(b"GET /health HTTP/1.1\r\nHost: registry\r\n\r\n").await.expect("the request is sent");
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.expect("an answer");
            assert_eq!(&answer, b"HTTP/1.1 200");
            kept.push(stream);
        }
        sleep(Duration::from_secs(1)).await;
        for _ in 0..5 {
            let answer = asked(connected(&server).await, "/admin/communities").await;
            assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        }
    }

    async fn more_clients_than_the_system_gives_files_for_leave_the_database_its_own(database: TestDatabase) {
        let mut dev = Command::new("sh");
        // Few are given at first, and not many more when asked for.
        let script = "ulimit -S -n 100 && ulimit -H -n 500 && exec \"$@\"";
        dev.args(["-c", script, "sh", PROGRAM, "dev", "--empty", "--memory-mib", "0", "--head-timeout", "1s"]);
        dev.args(["--database-url", &database.url, "--data-dir"]).arg(database.directory());
        let server = Server::run_dev(dev, database.directory()).await;
        assert!(server.said().contains("ulimit"), "{}", server.said());
        let mut clients = Vec::new();
        for _ in 0..600 {
            clients.push(connected(&server).await);
        }
        // Those who were taken and say nothing are let go of, and the others have their turn.
        let asked = (0..20).map(async |_| {
            loop {
                let answer = server.get("/admin/communities", server.token()).send().await.expect("an answer");
                if answer.status() != 503 {
                    return answer.status();
                }
                sleep(Duration::from_secs(1)).await;
            }
        });
        for status in timeout(PATIENCE, join_all(asked)).await.expect("nobody is refused for ever") {
            assert_eq!(status, 200);
        }
    }

    async fn a_head_that_does_not_come_to_its_end_is_not_waited_for(database: TestDatabase) {
        let server = patient(&database).await;
        let mut idle = Vec::new();
        for _ in 0..100 {
            idle.push(connected(&server).await);
        }
        let started = Instant::now();
        let mut slow = connected(&server).await;
        for byte in "GET /health HTTP/1.1\r\nHost: registry\r\nX-Slow: ".bytes().cycle() {
            if slow.write_all(&[byte]).await.is_err() || started.elapsed() > PATIENCE {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        assert!(started.elapsed() < PATIENCE, "a byte now and then keeps a connection open");
        for stream in &mut idle {
            assert!(!rest_of(stream).await.starts_with("HTTP/1.1 200"));
        }
        let health = reqwest::get(format!("{}/health", server.base_url())).await.expect("an answer");
        assert_eq!(health.status(), 200);
    }

    async fn a_head_behind_an_answer_has_as_long(database: TestDatabase) {
        let server = patient(&database).await;
        let mut stream = connected(&server).await;
        let request = b"GET /health HTTP/1.1\r\nHost: registry\r\n\r\n";
        // Each within its own second.
        for _ in 0..3 {
            sleep(Duration::from_millis(700)).await;
            stream.write_all(request).await.expect("it is sent");
            let mut answer = [0; 4096];
            let length = stream.read(&mut answer).await.expect("an answer");
            assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
        }
        stream.write_all(&request[..20]).await.expect("it is sent");
        let started = Instant::now();
        assert_eq!(rest_of(&mut stream).await, "", "half a head is not answered");
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    async fn an_answer_that_is_taken_slowly_is_told_to_its_end(database: TestDatabase) {
        let server = Server::told(database.directory(), &database.url, &["--head-timeout", "1s"]).await;
        // More than the system keeps between the two ends.
        let words = "x".repeat(3_000);
        let members: String =
            (0..6_000).map(|at| format!("  m{at}: {{user_id: u{at}, name: N, role: consumer, status: active, area: a, note: {words}}}\n")).collect();
        let yaml = format!("community: {{id: slow, name: Slow, areas: {{a: {{name: A}}}}}}\nmembers:\n{members}");
        let imported = server.import(yaml).send().await.expect("an answer");
        assert_eq!(imported.status(), 200);
        let mut stream = connected(&server).await;
        let request = format!(
            "GET /admin/export HTTP/1.1\r\nHost: registry\r\nAuthorization: Bearer {}\r\n\r\n",
            server.token()
        );
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        sleep(Duration::from_secs(4)).await;
        let export = rest_of(&mut stream).await;
        assert!(export.starts_with("HTTP/1.1 200"), "{}", &export[..export.len().min(400)]);
        assert!(export.len() > 18_000_000, "{}", export.len());
        assert!(export.ends_with("\r\n0\r\n\r\n"), "the last piece of it");
    }

    async fn whoever_takes_nothing_of_an_answer_is_let_go_of(database: TestDatabase) {
        let words = ["--max-connections", "1", "--send-timeout", "2s"];
        let server = Server::told(database.directory(), &database.url, &words).await;
        let mut stuck = holding(&server).await;
        // As many answers as no two ends keep between them.
        let requests = "GET /openapi.json HTTP/1.1\r\nHost: registry\r\n\r\n".repeat(100);
        stuck.write_all(requests.as_bytes()).await.expect("they are sent");
        sleep(Duration::from_millis(500)).await;
        assert!(asked(connected(&server).await, "/admin/communities").await.starts_with("HTTP/1.1 503"), "it has the only place");
        sleep(Duration::from_secs(4)).await;
        assert!(asked(connected(&server).await, "/admin/communities").await.starts_with("HTTP/1.1 401"), "the place is free");
        drop(stuck);
    }

    async fn an_export_that_nobody_reads_is_broken_off(database: TestDatabase) {
        let words = ["--max-transfers", "1", "--transfer-timeout", "15s"];
        let server = Server::told(database.directory(), &database.url, &words).await;
        let words = "x".repeat(3_000);
        let members: String =
            (0..10_000).map(|at| format!("  m{at}: {{user_id: u{at}, name: N, role: consumer, status: active, area: a, note: {words}}}\n")).collect();
        let yaml = format!("community: {{id: slow, name: Slow, areas: {{a: {{name: A}}}}}}\nmembers:\n{members}");
        let imported = server.import(yaml).send().await.expect("an answer");
        assert_eq!(imported.status(), 200, "{}", imported.text().await.unwrap_or_default());
        let mut unread = connected(&server).await;
        let request =
            format!("GET /admin/export HTTP/1.1\r\nHost: registry\r\nAuthorization: Bearer {}\r\n\r\n", server.token());
        unread.write_all(request.as_bytes()).await.expect("it is sent");
        sleep(Duration::from_secs(16)).await;
        let export = server.export().send().await.expect("an answer");
        assert_eq!(export.status(), 200, "the only place for transfers is free");
        let rest = rest_of(&mut unread).await;
        assert!(rest.starts_with("HTTP/1.1 200") && !rest.ends_with("\r\n0\r\n\r\n"), "it does not look whole");
    }

    async fn a_body_that_does_not_come_is_not_waited_for(database: TestDatabase) {
        let server = patient(&database).await;
        for path in ["/graphql", "/admin/lookup/members-by-dids"] {
            let started = Instant::now();
            let mut slow = connected(&server).await;
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: registry\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
                 Content-Length: 100\r\nConnection: close\r\n\r\n[",
                server.token()
            );
            slow.write_all(head.as_bytes()).await.expect("it is sent");
            let answer = rest_of(&mut slow).await;
            assert!(answer.starts_with("HTTP/1.1 408") || answer.starts_with("HTTP/1.1 503"), "{path}: {answer}");
            assert!(started.elapsed() < Duration::from_secs(10), "{path}");
        }
    }

    async fn a_head_without_bounds_is_refused(database: TestDatabase) {
        let server = patient(&database).await;
        let large = format!("X-Large: {}\r\n", "x".repeat(1_000_000));
        let many: String = (0..200).map(|at| format!("X-{at}: 1\r\n")).collect();
        for headers in [large, many] {
            let mut stream = connected(&server).await;
            let head = format!("GET /health HTTP/1.1\r\nHost: registry\r\n{headers}\r\n");
            // The other end may have closed before everything was sent.
            _ = stream.write_all(head.as_bytes()).await;
            let answer = rest_of(&mut stream).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        }
        // A token of a hundred thousand bytes is read, and refused as what it is.
        let refused = reqwest::Client::new().get(format!("{}/user", server.base_url())).bearer_auth("x".repeat(100_000));
        assert_eq!(refused.send().await.expect("an answer").status(), 401);
    }
}
