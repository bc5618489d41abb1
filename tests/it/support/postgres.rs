//! A PostgreSQL server to test against: the one that `REC_REGISTRY_TEST_DATABASE_URL` names, or a throw-away one made of the
//! server programs of this machine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use reqwest::Url;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database};

/// Makes, watches and removes the throw-away server.
const SCRIPT: &str = include_str!("postgres.sh");

/// Names a server that is there already: a URL of a database on it whose user may create databases.
pub const URL_VARIABLE: &str = "REC_REGISTRY_TEST_DATABASE_URL";

/// A server to make databases on.
pub struct Postgres {
    /// The URL of a database to connect to in order to create others.
    maintenance: Url,
    /// The shell that watches the throw-away server. It stops the server and removes its files when its
    /// standard input closes: when this value is dropped, or this process ends in whatever way.
    keeper: Option<Keeper>,
}

struct Keeper {
    _process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Postgres {
    /// The server that the environment names, or a new one with these options of `postgres`.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub fn find(options: &str) -> Result<Self, String> {
        match std::env::var(URL_VARIABLE) {
            Ok(url) => {
                let maintenance = Url::parse(&url).map_err(|error| format!("{URL_VARIABLE}: {error}"))?;
                Ok(Self { maintenance, keeper: None })
            }
            Err(_) => Self::start(options),
        }
    }

    /// A new server of its own, with these options of `postgres`.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub fn start(options: &str) -> Result<Self, String> {
        let mut process = Command::new("sh")
            .args(["-c", SCRIPT, "postgres.sh", SCRIPT, options])
            .current_dir("/")
            // A group of its own: what kills the tests' group must leave somebody to tidy up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("sh: {error}"))?;
        let (Some(orders), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("sh has no input and output".to_owned());
        };
        let (mut answer, mut answers) = (String::new(), BufReader::new(output));
        answers.read_line(&mut answer).map_err(|error| error.to_string())?;
        let answer = answer.trim();
        if !answer.starts_with('/') {
            return Err(answer.to_owned());
        }
        let maintenance =
            Url::parse_with_params("postgres://postgres@localhost/postgres", [("host", answer)])
                .map_err(|error| error.to_string())?;
        Ok(Self { maintenance, keeper: Some(Keeper { _process: process, orders, answers }) })
    }

    /// Stops a server of one's own at once, as when its machine loses power.
    pub fn stop_now(&mut self) {
        self.order("stop");
    }

    /// Starts it again.
    pub fn start_again(&mut self) {
        self.order("start");
    }

    fn order(&mut self, order: &str) {
        let keeper = self.keeper.as_mut().expect("a server of one's own");
        writeln!(keeper.orders, "{order}").expect("the keeper hears");
        let mut answer = String::new();
        keeper.answers.read_line(&mut answer).expect("the keeper answers");
        assert_eq!(answer.trim(), "done");
    }

    /// Creates an empty database and returns its URL.
    pub async fn create_database(&self, name: &str) -> String {
        self.execute(&format!("CREATE DATABASE {name}")).await;
        let mut url = self.maintenance.clone();
        url.set_path(name);
        url.into()
    }

    /// Removes a database, whoever is connected to it.
    pub async fn drop_database(&self, name: &str) {
        self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    }

    /// Does something as the server's superuser.
    pub async fn execute(&self, sql: &str) {
        let mut options = ConnectOptions::new(self.maintenance.as_str());
        // A busy machine takes its time.
        let patience = Duration::from_secs(180);
        options.max_connections(1).sqlx_logging(false).connect_timeout(patience).acquire_timeout(patience);
        let database = Database::connect(options).await.expect("the PostgreSQL server of the tests answers");
        database.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        database.close().await.expect("a connection closes");
    }
}
