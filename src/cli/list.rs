//! `rec-registry list`: which communities are stored.

use std::process::ExitCode;

use serde_json::json;

use super::output::say;
use super::report::new_table;
use super::target::{Database, told};
use crate::domain::filter::Filter;
use crate::domain::order::Order;
use crate::domain::page::{End, MAX_PAGE, PageRequest};
use crate::service::{ListArgs, asset, community, delivery_point, member};

/// List the communities that are stored.
#[derive(Debug, clap::Args)]
pub struct List {
    /// As JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

impl List {
    /// Prints the list.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let local = self.database.open_to_read().await?;
        let ctx = local.context();
        let mut page = PageRequest { size: MAX_PAGE, end: End::First, after: None, before: None };
        let mut table =
            new_table(&["key", "name", "members", "delivery points", "assets", "revision", "changed"]);
        let mut lines = Vec::new();
        loop {
            let args = ListArgs { filter: Filter::everything(), order: Order::default(), page: page.clone() };
            let communities = community::list(&ctx, &args).await.map_err(told)?;
            let ids: Vec<_> = communities.rows.iter().map(|row| row.value.id).collect();
            let members =
                member::counts_of_communities(&ctx, &ids, &Filter::everything()).await.map_err(told)?;
            let points = delivery_point::counts_of_communities(&ctx, &ids, &Filter::everything())
                .await
                .map_err(told)?;
            let assets =
                asset::counts_of_communities(&ctx, &ids, &Filter::everything()).await.map_err(told)?;
            for row in &communities.rows {
                let community = &row.value;
                let counts = [&members, &points, &assets]
                    .map(|counts| counts.get(&community.id).copied().unwrap_or(0));
                let [members, points, assets] = counts;
                lines.push(json!({
                    "key": community.content.key.as_str(),
                    "name": community.content.name,
                    "members": members,
                    "delivery_points": points,
                    "assets": assets,
                    "revision": community.revision,
                    "updated_at": community.updated_at.to_string(),
                }));
                table.add_row(vec![
                    community.content.key.to_string(),
                    community.content.name.clone(),
                    members.to_string(),
                    points.to_string(),
                    assets.to_string(),
                    community.revision.to_string(),
                    community.updated_at.to_string(),
                ]);
            }
            page.after = communities.rows.last().map(|row| row.cursor.clone());
            if !communities.has_next {
                break;
            }
        }
        if self.json {
            say!("{}", serde_json::to_string_pretty(&lines)?);
        } else {
            say!("{table}");
        }
        Ok(ExitCode::SUCCESS)
    }
}
