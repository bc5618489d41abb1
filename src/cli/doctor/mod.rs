//! `rec-registry doctor`: whether a deployment is sound, and how to mend what is not. One file a subject.

mod data;
mod database;
mod diagnosis;
mod file;
mod issuer;
mod machine;
mod postgres;
mod running;
mod settings;
mod sqlite;

use std::process::ExitCode;

use self::diagnosis::Diagnosis;
use super::output::write_json;
use super::progress::Progress;
use super::target::Database;
use crate::config::{AuditArgs, AuthArgs, HttpArgs};

/// Check a deployment, and say how to mend what is wrong with it.
///
/// Takes the settings of `serve`, from the same environment. Looks at the settings, the database and its schema,
/// what is stored, the issuer of tokens and its keys, the clocks, the machine, and at a server that runs. Nothing is
/// changed. Ends with status 0 when the deployment is sound, with 1 when there is a warning or an error, and with 2
/// when the database cannot be looked at.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// As JSON instead of lines.
    #[arg(long)]
    json: bool,
    /// Show only what is wrong.
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
    /// Look at every entry of every index of a SQLite database as well; takes longer.
    #[arg(long)]
    thorough: bool,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    auth: AuthArgs,
    #[command(flatten)]
    audit: AuditArgs,
    #[command(flatten)]
    http: HttpArgs,
}

impl Doctor {
    /// Looks at everything, and tells it.
    ///
    /// # Errors
    /// When the result cannot be written.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut found = Diagnosis::default();
        let progress = Progress::of("looking at the settings");
        settings::examine(&self, &mut found);
        machine::examine(&self.http.limits, &mut found);
        progress.now("asking the issuer");
        issuer::examine(&self.auth, &mut found).await;
        progress.now("asking a server that runs");
        running::examine(self.http.listen, &mut found).await;
        progress.now("looking at the database");
        if database::examine(&self, &mut found).await {
            data::examine(&self.database, &progress, &mut found).await;
        }
        drop(progress);
        if self.json {
            write_json(&found)?;
        } else {
            found.print(self.quiet)?;
        }
        Ok(ExitCode::from(found.status()))
    }
}
