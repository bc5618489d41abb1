//! `rec-registry tree`: one community with everything in it.

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::output::{FAINT, write_json, write_styled};
use super::progress::Progress;
use super::remote::{Remote, Server};
use super::target::{Database, Target, told};
use crate::domain::asset::Asset;
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::filter::Filter;
use crate::domain::identifier::CommunityKey;
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
    #[command(flatten)]
    remote: Remote,
}

/// A community with its members.
#[derive(Serialize)]
struct Root {
    key: String,
    name: String,
    members: Vec<Branch>,
}

/// A member with what it has.
#[derive(Serialize, Deserialize)]
struct Branch {
    key: String,
    name: String,
    role: String,
    status: String,
    #[serde(default)]
    delivery_points: Vec<PointLeaf>,
    #[serde(default)]
    assets: Vec<AssetLeaf>,
}

#[derive(Serialize, Deserialize)]
struct PointLeaf {
    id: String,
    #[serde(rename = "type")]
    point_type: String,
}

#[derive(Serialize, Deserialize)]
struct AssetLeaf {
    key: String,
    asset_type: String,
    name: String,
    sensor_id: Option<String>,
}

impl Tree {
    /// Prints the tree.
    ///
    /// # Errors
    /// When there is no such community, or the registry cannot be read.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let target = Target::to_read(&self.remote, &self.database).await?;
        let progress = Progress::of("reading");
        let root = match target {
            Target::Database(local) => stored(&local.context(), &self.community).await?,
            Target::Server(server) => served(&server, &self.community).await?,
        };
        drop(progress);
        if self.json {
            write_json(&root)?;
        } else {
            write_styled(root.text().as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn stored(ctx: &Ctx, key: &str) -> anyhow::Result<Root> {
    let key = CommunityKey::from(key);
    let community = community::get(ctx, &key).await.map_err(told)?;
    let mut page = PageRequest { size: MAX_PAGE, end: End::First, after: None, before: None };
    let mut branches = Vec::new();
    loop {
        let args = ListArgs { filter: Filter::everything(), order: Order::default(), page: page.clone() };
        let members = member::list(ctx, Some(&key), &args).await.map_err(told)?;
        let ids: Vec<_> = members.rows.iter().map(|row| row.value.id).collect();
        let mut points = delivery_point::of_members(ctx, &ids).await.map_err(told)?;
        let mut assets = asset::of_members(ctx, &ids).await.map_err(told)?;
        page.after = members.rows.last().map(|row| row.cursor.clone());
        branches.extend(members.rows.into_iter().map(|row| row.value).map(|member| Branch {
            key: member.content.key.into_string(),
            name: member.content.name,
            role: member.content.role.to_string(),
            status: member.content.status.to_string(),
            delivery_points: leaves(points.remove(&member.id)),
            assets: leaves(assets.remove(&member.id)),
        }));
        if !members.has_next {
            let (key, name) = (community.content.key.into_string(), community.content.name);
            return Ok(Root { key, name, members: branches });
        }
    }
}

fn leaves<T, L: From<T>>(rows: Option<Vec<T>>) -> Vec<L> {
    rows.unwrap_or_default().into_iter().map(L::from).collect()
}

impl From<DeliveryPoint> for PointLeaf {
    fn from(point: DeliveryPoint) -> Self {
        Self { id: point.content.code.into_string(), point_type: point.content.point_type }
    }
}

impl From<Asset> for AssetLeaf {
    fn from(asset: Asset) -> Self {
        Self {
            key: asset.content.key.into_string(),
            asset_type: asset.content.asset_type.to_string(),
            name: asset.content.name,
            sensor_id: asset.content.sensor_id.map(|sensor| sensor.into_string()),
        }
    }
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    name: String,
}

#[derive(Deserialize)]
struct OfMember {
    member_key: String,
    #[serde(flatten)]
    point: PointLeaf,
}

#[derive(Deserialize)]
struct OfOwner {
    owner_key: String,
    #[serde(flatten)]
    asset: AssetLeaf,
}

/// Three lists, each page by page: members, delivery points and assets.
async fn served(server: &Server, key: &str) -> anyhow::Result<Root> {
    let community = ["admin", "communities", key];
    let tag = server.get::<Tag>(&community, &[]).await?;
    let Tag { key, name } = tag.with_context(|| format!("There is no community {key:?}"))?;
    let below = |list| [community.as_slice(), &[list]].concat();
    let mut members: Vec<Branch> = server.rows(&below("members"), &[], usize::MAX).await?;
    let places: HashMap<_, _> =
        members.iter().enumerate().map(|(at, member)| (member.key.clone(), at)).collect();
    for OfMember { member_key, point } in server.rows(&below("delivery-points"), &[], usize::MAX).await? {
        if let Some(at) = places.get(&member_key) {
            members[*at].delivery_points.push(point);
        }
    }
    for OfOwner { owner_key, asset } in server.rows(&below("assets"), &[], usize::MAX).await? {
        if let Some(at) = places.get(&owner_key) {
            members[*at].assets.push(asset);
        }
    }
    Ok(Root { key, name, members })
}

impl Root {
    fn text(&self) -> String {
        let mut text = format!("{}  {}\n", self.key, self.name);
        for (at, branch) in self.members.iter().enumerate() {
            branch.write(at + 1 == self.members.len(), &mut text);
        }
        text
    }
}

impl Branch {
    fn write(&self, is_last: bool, text: &mut String) {
        let Self { key, name, role, status, delivery_points, assets } = self;
        let (own, below) = if is_last { ("└──", "    ") } else { ("├──", "│   ") };
        text.push_str(&format!("{FAINT}{own}{FAINT:#} {key}  {name} ({role}, {status})\n"));
        let points = delivery_points.iter().map(|point| format!("{}  {}", point.point_type, point.id));
        let assets = assets.iter().map(|asset| {
            let sensor = asset.sensor_id.as_ref().map(|sensor| format!("  [{sensor}]"));
            format!("{}  {}  {}{}", asset.asset_type, asset.key, asset.name, sensor.unwrap_or_default())
        });
        let leaves: Vec<String> = points.chain(assets).collect();
        for (at, leaf) in leaves.iter().enumerate() {
            let mark = if at + 1 == leaves.len() { "└──" } else { "├──" };
            text.push_str(&format!("{FAINT}{below}{mark}{FAINT:#} {leaf}\n"));
        }
    }
}
