//! A PostgreSQL server to test against: the one that `REC_REGISTRY_TEST_DATABASE_URL` names, or a throw-away one made of the
//! server programs of this machine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
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

/// Mounts a disk of a size on a folder, in a namespace of its own, and runs what follows there as nobody.
const ON_DISK: &str = "mount -t tmpfs -o \"size=$1,mode=777\" tmpfs \"$2\" || exit 1; shift 2; \
    unshare --user --map-user=65534 --map-group=65534 \"$@\"; exit $?";

struct Keeper {
    process: Child,
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
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "postgres.sh", SCRIPT, options]);
        Self::started(command)
    }

    /// The same, asked over TCP at this address of the machine, where whoever comes while it is away is refused.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub fn start_at(address: SocketAddr) -> Result<Self, String> {
        let (host, port) = (address.ip(), address.port());
        let own = Self::start(&format!("-c listen_addresses={host} -c port={port}"))?;
        let maintenance = Url::parse(&format!("postgres://postgres@{address}/postgres"));
        Ok(Self { maintenance: maintenance.map_err(|error| error.to_string())?, ..own })
    }

    /// The same, with all its data on a disk of this size that nobody else sees, at a folder.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub fn start_on_disk(disk: &Path, size: &str, options: &str) -> Result<Self, String> {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", ON_DISK, "sh", size]).arg(disk);
        command.args(["sh", "-c", SCRIPT, "postgres.sh", SCRIPT, options]).arg(disk.join("data"));
        Self::started(command)
    }

    /// Gives its disk another size.
    pub fn resize_disk(&self, disk: &Path, size: &str) {
        let process = self.keeper.as_ref().expect("a server of one's own").process.id().to_string();
        let status = Command::new("nsenter")
            .args(["--target", &process, "--mount", "--user", "mount", "-o", &format!("remount,size={size}")])
            .arg(disk)
            .status();
        assert!(status.is_ok_and(|status| status.success()), "the disk is mounted anew");
    }

    fn started(mut command: Command) -> Result<Self, String> {
        let mut process = command
            .current_dir("/")
            // A group of its own: what kills the tests' group must leave somebody to tidy up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
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
        Ok(Self { maintenance, keeper: Some(Keeper { process, orders, answers }) })
    }

    /// Stops a server of one's own at once, as when its machine loses power.
    pub fn stop_now(&mut self) {
        self.order("stop");
    }

    /// Starts it again.
    pub fn start_again(&mut self) {
        self.order("start");
    }

    /// Starts a second server, which follows this one and confirms what is committed; the directory of its Unix socket.
    pub async fn follow(&mut self) -> PathBuf {
        self.order("follow");
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        self.execute("SELECT pg_reload_conf()").await;
        self.directory().join("standby")
    }

    /// Lets the second server follow nobody from now on.
    pub fn promote(&mut self) {
        self.order("promote");
    }

    /// The directory of the Unix socket of a server of one's own.
    pub fn directory(&self) -> PathBuf {
        let host = self.maintenance.query_pairs().find(|(name, _)| name == "host");
        host.map(|(_, directory)| PathBuf::from(directory.into_owned())).expect("a server of one's own")
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
