//! `rec-registry tree`: one community with everything in it.

use std::process::ExitCode;

use serde_json::json;

use super::output::say;
use super::target::{Database, told};
use crate::domain::asset::Asset;
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::filter::Filter;
use crate::domain::identifier::CommunityKey;
use crate::domain::member::Member;
use crate::domain::order::Order;
use crate::domain::page::{End, MAX_PAGE, PageRequest};
use crate::service::{Ctx, ListArgs, asset, community, delivery_point, member};

/// Show one community as a tree: its members, their delivery points and assets.
#[derive(Debug, clap::Args)]
pub struct Tree {
    /// The key of the community.
    community: String,
    /// As JSON instead of a tree.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

/// A member with what it has.
struct Branch {
    member: Member,
    points: Vec<DeliveryPoint>,
    assets: Vec<Asset>,
}

impl Tree {
    /// Prints the tree.
    ///
    /// # Errors
    /// When there is no such community, or the database cannot be read.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let local = self.database.open_to_read().await?;
        let ctx = local.context();
        let key = CommunityKey::from(self.community);
        let community = community::get(&ctx, &key).await.map_err(told)?;
        let branches = branches(&ctx, &key).await?;
        if self.json {
            let members: Vec<_> = branches.iter().map(Branch::json).collect();
            let tree = json!({"key": key.as_str(), "name": community.content.name, "members": members});
            say!("{}", serde_json::to_string_pretty(&tree)?);
        } else {
            say!("{key}  {}", community.content.name);
            for (at, branch) in branches.iter().enumerate() {
                branch.print(at + 1 == branches.len())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn branches(ctx: &Ctx, key: &CommunityKey) -> anyhow::Result<Vec<Branch>> {
    let mut page = PageRequest { size: MAX_PAGE, end: End::First, after: None, before: None };
    let mut branches = Vec::new();
    loop {
        let args = ListArgs { filter: Filter::everything(), order: Order::default(), page: page.clone() };
        let members = member::list(ctx, Some(key), &args).await.map_err(told)?;
        let ids: Vec<_> = members.rows.iter().map(|row| row.value.id).collect();
        let mut points = delivery_point::of_members(ctx, &ids).await.map_err(told)?;
        let mut assets = asset::of_members(ctx, &ids).await.map_err(told)?;
        page.after = members.rows.last().map(|row| row.cursor.clone());
        branches.extend(members.rows.into_iter().map(|row| Branch {
            points: points.remove(&row.value.id).unwrap_or_default(),
            assets: assets.remove(&row.value.id).unwrap_or_default(),
            member: row.value,
        }));
        if !members.has_next {
            return Ok(branches);
        }
    }
}

impl Branch {
    fn json(&self) -> serde_json::Value {
        json!({
            "key": self.member.content.key.as_str(),
            "name": self.member.content.name,
            "role": self.member.content.role.to_string(),
            "status": self.member.content.status.to_string(),
            "delivery_points": self.points.iter().map(|point| json!({
                "id": point.content.code.as_str(),
                "type": point.content.point_type,
            })).collect::<Vec<_>>(),
            "assets": self.assets.iter().map(|asset| json!({
                "key": asset.content.key.as_str(),
                "asset_type": asset.content.asset_type.to_string(),
                "name": asset.content.name,
                "sensor_id": asset.content.sensor_id.as_ref().map(|sensor| sensor.as_str()),
            })).collect::<Vec<_>>(),
        })
    }

    fn print(&self, last: bool) -> anyhow::Result<()> {
        let content = &self.member.content;
        let (own, below) = if last { ("└──", "    ") } else { ("├──", "│   ") };
        say!("{own} {}  {} ({}, {})", content.key, content.name, content.role, content.status);
        let points =
            self.points.iter().map(|point| format!("{}  {}", point.content.point_type, point.content.code));
        let assets = self.assets.iter().map(|asset| {
            let sensor = asset.content.sensor_id.as_ref().map(|sensor| format!("  [{sensor}]"));
            let content = &asset.content;
            format!("{}  {}  {}{}", content.asset_type, content.key, content.name, sensor.unwrap_or_default())
        });
        let leaves: Vec<String> = points.chain(assets).collect();
        for (at, leaf) in leaves.iter().enumerate() {
            say!("{below}{} {leaf}", if at + 1 == leaves.len() { "└──" } else { "├──" });
        }
        Ok(())
    }
}
