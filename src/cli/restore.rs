//! `rec-registry restore`: a community as it was.

use std::process::ExitCode;

use reqwest::Method;
use serde_json::json;

use super::outcome::Outcome;
use super::output::write_json;
use super::progress::Progress;
use super::remote::{Remote, Server, granted, send};
use super::target::{Database, Target, told};
use crate::domain::identifier::CommunityKey;
use crate::domain::import::MultiImportReport;
use crate::domain::node::Node;
use crate::service::{Ctx, history};

/// Make a community what it was at a revision, as a new revision, through all checks of an import. Nobody comes back
/// who was erased.
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The key of the community.
    community: String,
    /// The number of the revision; the server lists them under /admin/communities/KEY/revisions.
    #[arg(long, value_name = "N")]
    revision: i64,
    /// Do everything but the write, and show what would be different.
    #[arg(long)]
    dry_run: bool,
    /// As JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    remote: Remote,
}

impl Restore {
    /// Restores it, and prints what that did.
    ///
    /// # Errors
    /// When there is no such community or revision, the registry does not allow it, or the database cannot be had.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let outcome = match Target::to_write(&self.remote, &self.database).await? {
            Target::Database(local) => self.in_database(&local.context()).await?,
            Target::Server(server) => self.through(&server).await?,
        };
        if self.json {
            write_json(&outcome)?;
        } else {
            outcome.print()?;
        }
        Ok(if outcome.is_refusal() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// What it is made of, as it is shown.
    fn name(&self) -> String {
        format!("{} at revision {}", self.community, self.revision)
    }

    async fn in_database(&self, ctx: &Ctx) -> anyhow::Result<Outcome> {
        let _progress = Progress::of("restoring");
        let key = CommunityKey::from(self.community.as_str());
        let revision = Node::Number(self.revision.to_string().into());
        let done = history::restore(ctx, &key, Some(&revision), self.dry_run).await.map_err(told)?;
        let done = MultiImportReport { reports: vec![done], dry_run: self.dry_run };
        Outcome::of_services(self.name(), self.dry_run, Ok(done))
    }

    async fn through(&self, server: &Server) -> anyhow::Result<Outcome> {
        let _progress = Progress::of("restoring");
        let path = ["admin", "communities", &self.community, "restore"];
        let request = server.request(Method::POST, &path).query(&[("dry_run", self.dry_run)]);
        let answer = granted(send(request.json(&json!({"revision": self.revision}))).await?).await?;
        Outcome::of_server(self.name(), self.dry_run, answer).await
    }
}
