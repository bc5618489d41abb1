//! The program itself, as a process of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rec-registry");

/// A running `rec-registry`. It is killed when it is dropped.
pub struct Server {
    /// The process.
    pub process: Child,
    base_url: String,
    pub(super) token: String,
    client: Client,
    log: PathBuf,
}

impl Server {
    /// Starts `rec-registry dev --empty` on a database and waits until it is ready.
    pub async fn start(data_directory: &Path, database_url: &str) -> Self {
        Self::told(data_directory, database_url, &[]).await
    }

    /// The same, with more words on its command line.
    pub async fn told(data_directory: &Path, database_url: &str, words: &[&str]) -> Self {
        let mut dev = Command::new(PROGRAM);
        dev.args(["dev", "--empty", "--database-url", database_url, "--data-dir"])
            .arg(data_directory)
            .args(words);
        Self::run_dev(dev, data_directory).await
    }

    /// Runs a command that is `rec-registry dev` in the end, and waits until it is ready.
    pub async fn run_dev(command: Command, data_directory: &Path) -> Self {
        let mut server = Self::run(command, data_directory).await;
        server.token = token(data_directory, "operator", "rec-registry.admin");
        server
    }

    /// Runs a command that serves, and waits until it is ready.
    pub(super) async fn run(mut command: Command, directory: &Path) -> Self {
        let address = free_address();
        let log = directory.join("server.log");
        let output =
            std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("the server's log opens");
        let process = command
            .args(["--listen", &address])
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the server's log is shared"))
            .stderr(output)
            .spawn()
            .expect("the server starts");
        let mut server = Self {
            process,
            base_url: format!("http://{address}"),
            token: String::new(),
            client: Client::new(),
            log,
        };
        server.wait_until_ready().await;
        server
    }

    /// The address of the server, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The host and the port of the server.
    pub fn address(&self) -> &str {
        self.base_url.trim_start_matches("http://")
    }

    /// A token that grants everything.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A GET with a token.
    pub fn get(&self, path: &str, token: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base_url)).bearer_auth(token)
    }

    /// The import of a YAML body, by an administrator.
    pub fn import(&self, yaml: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client
            .post(format!("{}/admin/import/yaml", self.base_url))
            .bearer_auth(&self.token)
            .header("content-type", "application/yaml")
            .body(yaml)
    }

    /// The export of everything, by an administrator.
    pub fn export(&self) -> RequestBuilder {
        self.client.get(format!("{}/admin/export", self.base_url)).bearer_auth(&self.token)
    }

    /// Ends the process at once (SIGKILL), whatever it is doing.
    pub fn kill(mut self) {
        self.kill_now();
    }

    fn kill_now(&mut self) {
        // Both fail only when the process has ended already, which is what is wanted.
        _ = self.process.kill();
        _ = self.process.wait();
    }

    /// Whether the process still runs, and what it said: for the message of a test that fails.
    pub fn account(&mut self) -> String {
        let state = match self.process.try_wait() {
            Ok(None) => "the server runs".to_owned(),
            Ok(Some(status)) => format!("the server ended with {status}"),
            Err(error) => format!("the server cannot be waited for: {error}"),
        };
        format!("{state}; its log:\n{}", self.said())
    }

    /// Everything that it wrote, to its log and elsewhere.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    async fn wait_until_ready(&mut self) {
        let url = format!("{}/ready", self.base_url);
        let mut pause = tokio::time::interval(Duration::from_millis(10));
        for _ in 0..6_000 {
            pause.tick().await;
            if self.client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            let ended = self.process.try_wait().is_ok_and(|status| status.is_some());
            assert!(!ended, "{}", self.account());
        }
        panic!("not ready after a minute: {}", self.account());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill_now();
    }
}

/// A token signed with the development key of the directory.
pub fn token(data_directory: &Path, user: &str, scope: &str) -> String {
    let output = Command::new(PROGRAM)
        .args(["token", "--user", user, "--scope", scope, "--data-dir"])
        .arg(data_directory)
        .output()
        .expect("the token command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// An address of this machine that nobody listens on.
pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("a bound socket has an address").to_string()
}
