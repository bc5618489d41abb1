//! `rec-registry audit`: who looked at or wrote what.

use std::process::ExitCode;

use serde_json::json;

use super::output::say;
use super::report::new_table;
use super::target::{Database, told};
use crate::domain::audit::{AuditEntry, AuditFilter};
use crate::domain::closed_set::{AuditOutcome, ClosedSet as _};
use crate::domain::page::{End, MAX_PAGE, PageRequest};
use crate::domain::timestamp::Timestamp;
use crate::service::audit;

/// Show who looked at or wrote what, the newest first. People stand there by pseudonyms.
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// Not before this: RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since: Option<Timestamp>,
    /// Before this: RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,
    /// Of the community with this key.
    #[arg(long, value_name = "KEY")]
    community: Option<String>,
    /// By the person with this user name, or about that person alone.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Of this operation, e.g. member.get.
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// That ended so: ok, denied, not_found, refused or failed.
    #[arg(long, value_name = "WORD", value_parser = outcome)]
    outcome: Option<AuditOutcome>,
    /// How many entries at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// As JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "write it like 2026-01-31T08:15:00Z".to_owned())
}

fn outcome(text: &str) -> Result<AuditOutcome, String> {
    AuditOutcome::parse(text).ok_or_else(|| format!("one of {}", AuditOutcome::allowed()))
}

impl Audit {
    /// Prints the entries.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let local = self.database.open_to_read().await?;
        let ctx = local.context();
        let filter = AuditFilter {
            since: self.since,
            until: self.until,
            community: self.community.map(Into::into),
            user: self.user.map(Into::into),
            operation: self.operation,
            outcome: self.outcome,
        };
        let mut page = PageRequest { size: MAX_PAGE, end: End::First, after: None, before: None };
        let mut entries: Vec<AuditEntry> = Vec::new();
        while entries.len() < self.limit {
            let some = audit::list(&ctx, &filter, &page).await.map_err(told)?;
            page.after = some.rows.last().map(|row| row.cursor.clone());
            entries.extend(some.rows.into_iter().map(|row| row.value));
            if !some.has_next {
                break;
            }
        }
        entries.truncate(self.limit);
        if self.json {
            let lines: Vec<_> = entries.iter().map(line).collect();
            say!("{}", serde_json::to_string_pretty(&lines)?);
        } else {
            say!("{}", table(entries));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(entry: &AuditEntry) -> serde_json::Value {
    json!({
        "id": entry.id.to_string(),
        "at": entry.at.to_string(),
        "subject": entry.subject,
        "about": entry.about,
        "client": entry.client,
        "operation": entry.operation,
        "community_key": entry.community.as_ref().map(|key| key.as_str()),
        "rows": entry.rows,
        "outcome": entry.outcome.to_string(),
        "request_id": entry.request_id,
    })
}

fn table(entries: Vec<AuditEntry>) -> comfy_table::Table {
    let mut table =
        new_table(&["at", "subject", "about", "client", "operation", "community", "rows", "outcome"]);
    for entry in entries {
        table.add_row(vec![
            entry.at.to_string(),
            entry.subject,
            entry.about.unwrap_or_default(),
            entry.client.unwrap_or_default(),
            entry.operation,
            entry.community.map(|key| key.to_string()).unwrap_or_default(),
            entry.rows.to_string(),
            entry.outcome.to_string(),
        ]);
    }
    table
}
