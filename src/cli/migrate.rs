//! `rec-registry migrate`: the schema of the database.

use std::process::ExitCode;

use super::output::say;
use super::report::new_table;
use super::target::{Database, told};

/// Bring the database's schema up, take steps of it down, or say where it stands.
#[derive(Debug, clap::Args)]
pub struct Migrate {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    /// Apply the migrations that are pending.
    Up(Database),
    /// Take the last migrations back. What their tables hold is gone.
    Down {
        /// How many of them.
        #[arg(long, default_value_t = 1)]
        steps: u32,
        #[command(flatten)]
        database: Database,
    },
    /// Say which migrations are applied.
    Status(Database),
}

impl Migrate {
    /// Does the step.
    ///
    /// # Errors
    /// When the database cannot be reached, or a migration fails.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let database = match &self.step {
            Step::Up(database) | Step::Status(database) | Step::Down { database, .. } => database,
        };
        let lock = match &self.step {
            Step::Status(_) => None,
            _ => database.lock()?,
        };
        let registry = database.connect().await?;
        match &self.step {
            Step::Up(_) => registry.migrate().await.map_err(told)?,
            Step::Down { steps, .. } => registry.migrate_down(*steps).await.map_err(told)?,
            Step::Status(_) => {}
        }
        let mut table = new_table(&["migration", "status"]);
        for (name, applied) in registry.migrations().await.map_err(told)? {
            table.add_row(vec![name, if applied { "applied" } else { "pending" }.to_owned()]);
        }
        for name in registry.newer_migrations().await.map_err(told)? {
            table.add_row(vec![name, "applied by a newer program".to_owned()]);
        }
        say!("{table}");
        drop(lock);
        Ok(ExitCode::SUCCESS)
    }
}
