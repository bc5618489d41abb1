//! A fresh, empty database for one test.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;

use super::postgres::Postgres;

/// A database system that the registry runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file in a directory of its own.
    Sqlite,
    /// A database of its own on the server of the whole run.
    Postgres,
}

/// Options of a server whose data nobody will miss.
const CARELESS: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";

/// An empty database that only one test knows. Clones are the same database.
#[derive(Clone)]
pub struct TestDatabase {
    /// The system that it runs on.
    pub backend: Backend,
    /// Where it is.
    pub url: String,
    name: String,
    directory: Arc<TempDir>,
}

impl TestDatabase {
    /// Makes one; none when the system is not to be had here, which is said loudly, and is a failure under `CI=true`.
    pub async fn create(backend: Backend) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("rec_registry_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = TempDir::with_prefix("rec-registry-test").expect("a temporary directory can be made");
        let url = match backend {
            Backend::Sqlite => sqlite_url(directory.path()),
            Backend::Postgres => server()?.create_database(&name).await,
        };
        Some(Self { backend, url, name, directory: Arc::new(directory) })
    }

    /// A directory that lives as long as the database.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Removes it. A test that fails leaves its PostgreSQL database to be looked at, if the server stays.
    pub async fn remove(self) {
        if self.backend == Backend::Postgres
            && let Some(server) = server()
        {
            server.drop_database(&self.name).await;
        }
    }
}

/// The URL of the SQLite database in a directory.
fn sqlite_url(directory: &Path) -> String {
    format!("sqlite://{}?mode=rwc", directory.join("registry.db").display())
}

/// The PostgreSQL server of this run, looked for once.
fn server() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
    let server =
        SERVER.get_or_init(|| Postgres::find(CARELESS).map_err(|reason| missing("PostgreSQL", &reason)).ok());
    assert!(
        server.is_some() || !must_be_complete(),
        "no PostgreSQL server to test on, and CI=true demands one"
    );
    server.as_ref()
}

/// Whether a part of the suite that cannot run is a failure.
pub fn must_be_complete() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Says that a part of the suite does not run: on the standard error itself, which the harness does not capture.
pub fn missing(what: &str, reason: &str) {
    let mut error = std::io::stderr().lock();
    _ = writeln!(
        error,
        "\n*** NOT TESTED: {what}. {reason}\n*** These tests count as passed; CI=true makes them fail.\n"
    );
}
