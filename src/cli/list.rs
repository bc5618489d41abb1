//! `rec-registry list`: which communities are stored.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::output::{say, write_json};
use super::progress::Progress;
use super::remote::{Remote, Server};
use super::report::new_table;
use super::target::{Database, Target, told};
use crate::domain::filter::Filter;
use crate::domain::order::Order;
use crate::domain::page::{End, MAX_PAGE, PageRequest};
use crate::service::{Ctx, ListArgs, asset, community, delivery_point, member};

/// List the communities that are stored.
#[derive(Debug, clap::Args)]
pub struct List {
    /// As JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    remote: Remote,
}

/// A community and how much is in it.
#[derive(Serialize)]
struct Line {
    key: String,
    name: String,
    members: u64,
    delivery_points: u64,
    assets: u64,
    revision: i64,
    updated_at: String,
}

/// What a server is asked for. GraphQL, since no route of REST says all of it.
const QUERY: &str = "query List($after: String) { communities(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
        key name revision updatedAt
        members(first: 1) { totalCount } deliveryPoints(first: 1) { totalCount } assets(first: 1) { totalCount }
    }
} }";

#[derive(Deserialize)]
struct Data {
    communities: Connection,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    page_info: PageInfo,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    key: String,
    name: String,
    revision: i64,
    updated_at: String,
    members: Count,
    delivery_points: Count,
    assets: Count,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    total_count: u64,
}

impl List {
    /// Prints the list.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let target = Target::to_read(&self.remote, &self.database).await?;
        let progress = Progress::of("reading");
        let lines = match target {
            Target::Database(local) => stored(&local.context()).await?,
            Target::Server(server) => served(&server).await?,
        };
        drop(progress);
        if self.json {
            write_json(&lines)?;
        } else {
            let mut table =
                new_table(&["key", "name", "members", "delivery points", "assets", "revision", "changed"]);
            for line in lines {
                table.add_row(vec![
                    line.key,
                    line.name,
                    line.members.to_string(),
                    line.delivery_points.to_string(),
                    line.assets.to_string(),
                    line.revision.to_string(),
                    line.updated_at,
                ]);
            }
            say!("{table}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn stored(ctx: &Ctx) -> anyhow::Result<Vec<Line>> {
    let mut page = PageRequest { size: MAX_PAGE, end: End::First, after: None, before: None };
    let mut lines = Vec::new();
    loop {
        let args = ListArgs { filter: Filter::everything(), order: Order::default(), page: page.clone() };
        let communities = community::list(ctx, &args).await.map_err(told)?;
        let ids: Vec<_> = communities.rows.iter().map(|row| row.value.id).collect();
        let members = member::counts_of_communities(ctx, &ids, &Filter::everything()).await.map_err(told)?;
        let points =
            delivery_point::counts_of_communities(ctx, &ids, &Filter::everything()).await.map_err(told)?;
        let assets = asset::counts_of_communities(ctx, &ids, &Filter::everything()).await.map_err(told)?;
        page.after = communities.rows.last().map(|row| row.cursor.clone());
        lines.extend(communities.rows.into_iter().map(|row| row.value).map(|community| {
            let [members, points, assets] =
                [&members, &points, &assets].map(|counts| counts.get(&community.id).copied().unwrap_or(0));
            Line {
                key: community.content.key.into_string(),
                name: community.content.name,
                members,
                delivery_points: points,
                assets,
                revision: community.revision,
                updated_at: community.updated_at.to_string(),
            }
        }));
        if !communities.has_next {
            return Ok(lines);
        }
    }
}

async fn served(server: &Server) -> anyhow::Result<Vec<Line>> {
    let (mut lines, mut after) = (Vec::new(), None::<String>);
    loop {
        let Data { communities } = server.query(QUERY, json!({"after": after})).await?;
        lines.extend(communities.nodes.into_iter().map(|node| Line {
            key: node.key,
            name: node.name,
            members: node.members.total_count,
            delivery_points: node.delivery_points.total_count,
            assets: node.assets.total_count,
            revision: node.revision,
            updated_at: node.updated_at,
        }));
        after = communities.page_info.end_cursor;
        if !communities.page_info.has_next_page {
            return Ok(lines);
        }
    }
}
