//! `rec-registry migrate`: the schema of the database.

use std::process::ExitCode;

use serde_json::json;

use super::output::{say, write_json};
use super::progress::Progress;
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
    Up(Schema),
    /// Take the last migrations back. What their tables hold is gone.
    Down {
        /// How many of them.
        #[arg(long, default_value_t = 1)]
        steps: u32,
        #[command(flatten)]
        schema: Schema,
    },
    /// Say which migrations are applied.
    Status(Schema),
}

/// Which schema, and how it is shown.
#[derive(Debug, clap::Args)]
struct Schema {
    /// As JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

impl Migrate {
    /// Does the step.
    ///
    /// # Errors
    /// When the database cannot be reached, or a migration fails.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let (Step::Up(schema) | Step::Status(schema) | Step::Down { schema, .. }) = &self.step;
        let lock = match &self.step {
            Step::Status(_) => None,
            _ => schema.database.lock()?,
        };
        let progress = Progress::of("migrating");
        let registry = schema.database.connect().await?;
        match &self.step {
            Step::Up(_) => registry.migrate().await.map_err(told)?,
            Step::Down { steps, .. } => registry.migrate_down(*steps).await.map_err(told)?,
            Step::Status(_) => {}
        }
        let migrations = registry.migrations().await.map_err(told)?;
        let newer = registry.newer_migrations().await.map_err(told)?;
        drop(progress);
        if schema.json {
            let known = migrations
                .iter()
                .map(|(name, is_applied)| json!({"migration": name, "applied": is_applied, "known": true}));
            let unknown =
                newer.iter().map(|name| json!({"migration": name, "applied": true, "known": false}));
            write_json(&known.chain(unknown).collect::<Vec<_>>())?;
        } else {
            let mut table = new_table(&["migration", "status"]);
            for (name, is_applied) in migrations {
                table.add_row(vec![name, if is_applied { "applied" } else { "pending" }.to_owned()]);
            }
            for name in newer {
                table.add_row(vec![name, "applied by a newer program".to_owned()]);
            }
            say!("{table}");
        }
        drop(lock);
        Ok(ExitCode::SUCCESS)
    }
}
