//! The yardstick: a handler that compares the bearer header and answers the same bytes, as a process of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use super::server::free_address;

/// The word that makes this program the bare handler.
pub const WORD: &str = "bare-handler";

/// Serves until it is killed.
pub fn serve(address: &str, token: &str, body: &str) {
    let expected = format!("Bearer {token}");
    let body = Bytes::from(std::fs::read(body).expect("the answer is there"));
    let router = Router::new().fallback(answer).with_state((expected, body));
    tokio::runtime::Runtime::new().expect("a runtime starts").block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await.expect("the address is free");
        axum::serve(listener, router).await.expect("it serves");
    });
}

async fn answer(State((expected, body)): State<(String, Bytes)>, headers: HeaderMap) -> Response {
    match headers.get(header::AUTHORIZATION) {
        Some(given) if given.as_bytes() == expected.as_bytes() => {
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// The handler, running. It is killed when it is dropped.
pub struct Bare {
    process: Child,
    address: String,
}

impl Bare {
    /// Starts it and waits until it answers.
    pub async fn start(token: &str, body: &Path) -> Self {
        let address = free_address();
        let process = Command::new(std::env::current_exe().expect("this program has a file"))
            .args([WORD, &address, token])
            .arg(body)
            .stdin(Stdio::null())
            .spawn()
            .expect("the bare handler starts");
        let bare = Self { process, address };
        for _ in 0..1_000 {
            if tokio::net::TcpStream::connect(&bare.address).await.is_ok() {
                return bare;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the bare handler does not answer")
    }

    /// Its host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
