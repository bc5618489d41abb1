//! `rec-registry check`: what is wrong with what is stored.

use std::process::ExitCode;

use serde_json::json;

use super::output::{fail, say, write_json};
use super::progress::Progress;
use super::report::new_table;
use super::target::{Database, told};
use super::{NO, NO_ANSWER};
use crate::service::check::{self, Flaw};

/// Find what is wrong with what is stored: sensors and delivery points with two active holders, references that
/// lead nowhere, whatever an import would refuse. Ends with status 1 when there is any, and with 2 when the
/// registry cannot be read.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// As JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

impl Check {
    /// Prints what is wrong.
    ///
    /// # Errors
    /// When the result cannot be written.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let flaws = match self.flaws().await {
            Ok(flaws) => flaws,
            Err(error) => {
                fail(&error);
                return Ok(ExitCode::from(NO_ANSWER));
            }
        };
        if self.json {
            let lines: Vec<_> = flaws.iter().map(line).collect();
            write_json(&lines)?;
        } else if flaws.is_empty() {
            say!("Nothing is wrong");
        } else {
            let mut table = new_table(&["community", "code", "where", "what"]);
            for flaw in &flaws {
                table.add_row(vec![flaw.community.as_str(), flaw.code, &flaw.path, &flaw.detail]);
            }
            say!("{table}");
        }
        Ok(if flaws.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NO) })
    }

    async fn flaws(&self) -> anyhow::Result<Vec<Flaw>> {
        let progress = Progress::of_count("communities");
        let local = self.database.open_to_read().await?;
        check::check(&local.context(), &|done, of| progress.counted(done, of)).await.map_err(told)
    }
}

fn line(flaw: &Flaw) -> serde_json::Value {
    json!({
        "community_key": flaw.community.as_str(),
        "code": flaw.code,
        "path": flaw.path,
        "detail": flaw.detail,
    })
}
