//! PgBouncer before the PostgreSQL server of the tests, lending connections for a transaction at a time.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::Url;

use super::database::{missing, must_be_complete};
use super::server::free_address;

/// A running pooler. It is killed when it is dropped.
pub struct Pooler {
    process: Child,
    /// The database behind the pooler.
    pub url: String,
}

/// Where packages put it, which is not on everybody's path.
const PROGRAMS: &[&str] = &["pgbouncer", "/usr/sbin/pgbouncer"];

impl Pooler {
    /// Starts one before a database; none when the program is not to be had here, which is said loudly.
    pub async fn before(database_url: &str, directory: &Path) -> Option<Self> {
        let program = PROGRAMS.iter().find(|name| Command::new(name).arg("--version").output().is_ok());
        let Some(program) = program else {
            missing("a pooler before PostgreSQL", "pgbouncer is not there");
            assert!(!must_be_complete(), "CI=true demands it");
            return None;
        };
        let behind = Url::parse(database_url).expect("a URL");
        let option = |name: &str| {
            behind.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let host = option("host").or_else(|| behind.host_str().map(str::to_owned)).expect("a host");
        let (user, port) = (behind.username(), behind.port().unwrap_or(5432));
        let name = behind.path().trim_start_matches('/');
        let password = behind.password().map(|password| format!(" password={password}")).unwrap_or_default();
        let address = free_address();
        let (_, own_port) = address.rsplit_once(':').expect("a port");
        let settings = format!(
            "[databases]\n{name} = host={host} port={port} user={user}{password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {own_port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             ignore_startup_parameters = extra_float_digits\n"
        );
        let file = directory.join("pgbouncer.ini");
        std::fs::write(&file, settings).expect("a file is written");
        let log = std::fs::File::create(directory.join("pgbouncer.log")).expect("the pooler's log");
        let mut command = Command::new(program);
        command.arg(&file).stdin(Stdio::null()).stdout(log.try_clone().expect("a log is shared")).stderr(log);
        if let Some((user, group)) = unprivileged(directory, Path::new(&host)) {
            command.uid(user).gid(group);
        }
        let process = command.spawn().expect("the pooler starts");
        let mut pooler = Self { process, url: format!("postgres://{user}@{address}/{name}") };
        for _ in 0..600 {
            if tokio::net::TcpStream::connect(&address).await.is_ok() {
                return Some(pooler);
            }
            let ended = pooler.process.try_wait().is_ok_and(|status| status.is_some());
            let said = || std::fs::read_to_string(directory.join("pgbouncer.log")).unwrap_or_default();
            assert!(!ended, "the pooler ended: {}", said());
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the pooler does not listen after a minute")
    }
}

/// It does not run as root: then whoever the server's socket belongs to runs it, and must be able to read its settings.
fn unprivileged(directory: &Path, socket: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    const NOBODY: (u32, u32) = (65_534, 65_534);
    (std::fs::metadata(directory).expect("a directory").uid() == 0).then(|| {
        let (user, group) = std::fs::metadata(socket).map_or(NOBODY, |owned| (owned.uid(), owned.gid()));
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o711))
            .expect("a directory opens");
        for file in ["pgbouncer.ini", "pgbouncer.log"] {
            chown(directory.join(file), Some(user), Some(group)).expect("a file is given away");
        }
        (user, group)
    })
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // Both fail only when the process has ended already, which is what is wanted.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
