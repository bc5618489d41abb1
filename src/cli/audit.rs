//! `rec-registry audit`: who looked at or wrote what.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use super::output::{say, write_json};
use super::progress::Progress;
use super::remote::{Remote, Server};
use super::report::new_table;
use super::target::{Database, Target, told};
use crate::domain::audit::{AuditEntry, AuditFilter};
use crate::domain::closed_set::{AuditOutcome, ClosedSet as _};
use crate::domain::page::{End, MAX_PAGE, PageRequest};
use crate::domain::timestamp::Timestamp;
use crate::service::{Ctx, audit};

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
    #[command(flatten)]
    remote: Remote,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "write it like 2026-01-31T08:15:00Z".to_owned())
}

fn outcome(text: &str) -> Result<AuditOutcome, String> {
    AuditOutcome::parse(text).ok_or_else(|| format!("one of {}", AuditOutcome::allowed()))
}

/// An entry as it is shown.
#[derive(Serialize, Deserialize)]
struct Line {
    id: String,
    at: String,
    subject: String,
    about: Option<String>,
    client: Option<String>,
    operation: String,
    community_key: Option<String>,
    rows: u64,
    outcome: String,
    request_id: Option<String>,
}

impl Audit {
    /// Prints the entries.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let target = Target::to_read(&self.remote, &self.database).await?;
        let progress = Progress::of("reading");
        let lines = match target {
            Target::Database(local) => self.stored(&local.context()).await?,
            Target::Server(server) => self.served(&server).await?,
        };
        drop(progress);
        if self.json {
            write_json(&lines)?;
        } else {
            say!("{}", table(lines));
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn stored(&self, ctx: &Ctx) -> anyhow::Result<Vec<Line>> {
        let filter = AuditFilter {
            since: self.since,
            until: self.until,
            community: self.community.clone().map(Into::into),
            user: self.user.clone().map(Into::into),
            operation: self.operation.clone(),
            outcome: self.outcome,
        };
        let mut page = PageRequest { size: MAX_PAGE, end: End::First, after: None, before: None };
        let mut lines = Vec::new();
        while lines.len() < self.limit {
            let some = audit::list(ctx, &filter, &page).await.map_err(told)?;
            page.after = some.rows.last().map(|row| row.cursor.clone());
            lines.extend(some.rows.into_iter().map(|row| Line::from(row.value)));
            if !some.has_next {
                break;
            }
        }
        lines.truncate(self.limit);
        Ok(lines)
    }

    async fn served(&self, server: &Server) -> anyhow::Result<Vec<Line>> {
        let filter = [
            ("since", self.since.map(|time| time.to_string())),
            ("until", self.until.map(|time| time.to_string())),
            ("community", self.community.clone()),
            ("user_id", self.user.clone()),
            ("operation", self.operation.clone()),
            ("outcome", self.outcome.map(|outcome| outcome.to_string())),
        ];
        let query: Vec<_> =
            filter.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        server.rows(&["admin", "audit"], &query, self.limit).await
    }
}

impl From<AuditEntry> for Line {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at.to_string(),
            subject: entry.subject,
            about: entry.about,
            client: entry.client,
            operation: entry.operation,
            community_key: entry.community.map(|key| key.into_string()),
            rows: entry.rows,
            outcome: entry.outcome.to_string(),
            request_id: entry.request_id,
        }
    }
}

fn table(lines: Vec<Line>) -> comfy_table::Table {
    let mut table =
        new_table(&["at", "subject", "about", "client", "operation", "community", "rows", "outcome"]);
    for line in lines {
        table.add_row(vec![
            line.at,
            line.subject,
            line.about.unwrap_or_default(),
            line.client.unwrap_or_default(),
            line.operation,
            line.community_key.unwrap_or_default(),
            line.rows.to_string(),
            line.outcome,
        ]);
    }
    table
}
