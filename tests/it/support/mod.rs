//! What every test stands on: a fresh database on both systems, the program on it, callers, bodies.

pub mod app;
pub mod browser;
pub mod command;
pub mod console;
pub mod database;
pub mod federation;
pub mod hostile;
pub mod neighbours;
pub mod node;
pub mod pooler;
pub mod postgres;
pub mod program;
pub mod provider;
#[expect(dead_code, reason = "the measurements print whole sections")]
pub mod report;
pub mod sample;
pub mod server;
pub mod socket;
pub mod statements;

pub use app::{Asked, TestApp};
pub use database::{Backend, TestDatabase};

/// Something that a test is given, made on a database that nobody used before.
pub trait Fixture: Sized {
    /// Makes it.
    fn on(database: &TestDatabase) -> impl Future<Output = Self>;
}

impl Fixture for TestDatabase {
    async fn on(database: &TestDatabase) -> Self {
        database.clone()
    }
}

/// Runs a test on a fresh database of one system, and removes the database when the test has passed.
pub async fn run<F: Fixture, R: Future<Output = ()>>(backend: Backend, test: impl FnOnce(F) -> R) {
    if let Some(database) = TestDatabase::create(backend).await {
        test(F::on(&database).await).await;
        database.remove().await;
    }
}

/// Each function is a test on SQLite and a test on PostgreSQL: `name::sqlite` and `name::postgres`. It takes one [`Fixture`].
macro_rules! on_both_databases {
    ($($(#[$note:meta])* async fn $name:ident($fixture:ident: $kind:ty) $body:block)+) => {$(
        $(#[$note])*
        mod $name {
            use super::*;

            async fn test($fixture: $kind) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::support::run($crate::support::Backend::Sqlite, test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::support::run($crate::support::Backend::Postgres, test).await;
            }
        }
    )+};
}
pub(crate) use on_both_databases;
