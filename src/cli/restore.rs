//! `rec-registry restore`: a community as it was.

use std::process::ExitCode;

use super::output::say;
use super::report::{Report, table};
use super::target::{Database, told};
use crate::domain::identifier::CommunityKey;
use crate::domain::node::Node;
use crate::service::history;

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
    #[command(flatten)]
    database: Database,
}

impl Restore {
    /// Restores it, and prints what that did.
    ///
    /// # Errors
    /// When there is no such community or revision, the registry does not allow it, or the database cannot be had.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let local = self.database.open_to_write().await?;
        let key = CommunityKey::from(self.community);
        let revision = Node::Number(self.revision.to_string());
        let done =
            history::restore(&local.context(), &key, Some(&revision), self.dry_run).await.map_err(told)?;
        let reports = [Report::from(done)];
        say!("{}", table(&reports));
        reports[0].print_findings()?;
        Ok(if reports[0].refusals.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
