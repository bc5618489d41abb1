//! The plan of a replace: a community becomes exactly what a bundle says.

use std::collections::HashMap;

use entity::{asset, delivery_point, member};
use sea_orm::sea_query::ExprTrait;
use uuid::Uuid;

use super::{Identity, Plan, PlannedAsset, PlannedMember, PlannedPoint, Released};
use crate::domain::asset::{Asset, AssetContent};
use crate::domain::community::Community;
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::digest::ContentDigest;
use crate::domain::import::{CommunityGraph, MemberGraph};
use crate::domain::member::Member;
use crate::domain::timestamp::Timestamp;
use crate::store::{Handle, Result, Scope, communities, table};

/// What is stored of one member.
struct Stored {
    member: Member,
    points: Vec<DeliveryPoint>,
}

impl<'g> Plan<'g> {
    /// Compares a bundle, which has this digest, with what is stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace(
        handle: &Handle,
        (graph, digest): (&'g CommunityGraph, &'g ContentDigest),
        now: Timestamp,
    ) -> Result<Self> {
        let existing = communities::by_key(handle, &Scope::Everything, &graph.community.key).await?;
        let mut plan = Self::new(&graph.community, existing.as_ref(), now);
        plan.released = Released::Everybody;
        plan.digest = Some(digest);
        let (mut members, mut assets) = match &existing {
            Some(community) => plan.read_stored(handle, community).await?,
            None => (HashMap::new(), HashMap::new()),
        };
        for graph in &graph.members {
            let stored = members.remove(graph.content.key.as_str());
            plan.replace_member(graph, stored, &mut assets);
        }
        let mut gone: Vec<Stored> = members.into_values().collect();
        gone.sort_by(|a, b| a.member.content.key.cmp(&b.member.content.key));
        for stored in &gone {
            plan.note_member(Some(stored), None);
            plan.clear_member(stored);
        }
        let mut gone: Vec<Asset> = assets.into_values().collect();
        gone.sort_by(|a, b| a.content.key.cmp(&b.content.key));
        for asset in &gone {
            plan.note_asset(Some(asset), None);
            plan.clear_asset(asset.id);
        }
        Ok(plan)
    }

    async fn read_stored(
        &mut self,
        handle: &Handle,
        community: &Community,
    ) -> Result<(HashMap<String, Stored>, HashMap<String, Asset>)> {
        self.unchanged.community = u64::from(!self.community.changed);
        self.stored.community = 1;

        let mut select = table::rows::<Member>(handle);
        select.and_where(table::column::<Member>(member::Column::CommunityId).eq(community.id));
        let members = table::all::<Member>(handle, &select).await?;
        self.stored.member = members.len() as u64;
        let mut by_id: HashMap<Uuid, Stored> =
            members.into_iter().map(|member| (member.id, Stored { member, points: Vec::new() })).collect();

        let mut select = table::rows::<DeliveryPoint>(handle);
        select
            .and_where(table::column::<DeliveryPoint>(delivery_point::Column::CommunityId).eq(community.id));
        for point in table::all::<DeliveryPoint>(handle, &select).await? {
            self.stored.delivery_point += 1;
            if let Some(stored) = by_id.get_mut(&point.member.id) {
                stored.points.push(point);
            }
        }

        let mut select = table::rows::<Asset>(handle);
        select.and_where(table::column::<Asset>(asset::Column::CommunityId).eq(community.id));
        let assets = table::all::<Asset>(handle, &select).await?;
        self.stored.asset = assets.len() as u64;
        let members =
            by_id.into_values().map(|stored| (stored.member.content.key.to_string(), stored)).collect();
        Ok((members, assets.into_iter().map(|asset| (asset.content.key.to_string(), asset)).collect()))
    }

    fn replace_member(
        &mut self,
        graph: &'g MemberGraph,
        stored: Option<Stored>,
        assets: &mut HashMap<String, Asset>,
    ) {
        let Some(stored) = stored else {
            self.note_member(None, Some(graph));
            self.fill_member(Identity::new(self.now), graph, &HashMap::new(), assets);
            return;
        };
        let kept = Identity::kept(
            stored.member.id,
            stored.member.version,
            stored.member.created_at,
            stored.member.updated_at,
        );
        let points: HashMap<String, &DeliveryPoint> =
            stored.points.iter().map(|point| (point.content.code.folded(), point)).collect();
        let same_points = graph
            .delivery_points
            .iter()
            .filter(|content| {
                points.get(&content.code.folded()).is_some_and(|point| point.content == **content)
            })
            .count();
        self.unchanged.delivery_point += same_points as u64;
        if stored.member.content == graph.content
            && same_points == graph.delivery_points.len()
            && same_points == stored.points.len()
        {
            self.unchanged.member += 1;
            self.holders.push((kept.id, graph));
            self.replace_assets(graph, kept.id, false, assets);
            return;
        }
        self.note_member(Some(&stored), Some(graph));
        self.clear_member(&stored);
        self.fill_member(kept.changed(self.now), graph, &points, assets);
    }

    /// Notes what becomes of a member and its delivery points.
    fn note_member(&mut self, stored: Option<&Stored>, graph: Option<&MemberGraph>) {
        let member = stored.map(|stored| &stored.member.content);
        let Some(content) = graph.map(|graph| &graph.content).or(member) else { return };
        if !self.community_exists {
            return;
        }
        self.difference.note_member(member, graph.map(|graph| &graph.content));
        let before = stored.iter().flat_map(|stored| &stored.points).map(|point| &point.content);
        let after = graph.iter().flat_map(|graph| &graph.delivery_points);
        self.difference.note_points(content.key.as_str(), before, after);
    }

    /// Notes what becomes of an asset; `after` with the key of its member.
    fn note_asset(&mut self, stored: Option<&Asset>, after: Option<(&AssetContent, &str)>) {
        if self.community_exists {
            let before = stored.map(|asset| (&asset.content, asset.owner.key.as_str()));
            self.difference.note_asset(before, after);
        }
    }

    fn clear_member(&mut self, stored: &Stored) {
        self.cleared_members.push(stored.member.id);
        self.unsearched.push(stored.member.id);
        self.unsearched.extend(stored.points.iter().map(|point| point.id));
    }

    /// Plans that an asset goes.
    pub(super) fn clear_asset(&mut self, id: Uuid) {
        self.cleared_assets.push(id);
        self.unsearched.push(id);
    }

    /// Plans a member with everything it has; a point that it had keeps its id.
    fn fill_member(
        &mut self,
        identity: Identity,
        graph: &'g MemberGraph,
        points: &HashMap<String, &DeliveryPoint>,
        assets: &mut HashMap<String, Asset>,
    ) {
        self.holders.push((identity.id, graph));
        self.members.push(PlannedMember { identity, content: &graph.content });
        self.points.extend(graph.delivery_points.iter().map(|content| PlannedPoint {
            id: points.get(&content.code.folded()).map_or_else(Uuid::now_v7, |point| point.id),
            member_id: identity.id,
            member_key: graph.content.key.as_str(),
            content,
        }));
        self.replace_assets(graph, identity.id, true, assets);
    }

    /// Plans the assets of a member; all of them are filled in when the member is.
    fn replace_assets(
        &mut self,
        graph: &'g MemberGraph,
        member_id: Uuid,
        fill_all: bool,
        assets: &mut HashMap<String, Asset>,
    ) {
        for content in &graph.assets {
            let stored = assets.remove(content.key.as_str());
            self.note_asset(stored.as_ref(), Some((content, graph.content.key.as_str())));
            let identity = match &stored {
                None => Identity::new(self.now),
                Some(stored) => {
                    let kept =
                        Identity::kept(stored.id, stored.version, stored.created_at, stored.updated_at);
                    let same = stored.content == *content && stored.owner.id == member_id;
                    self.unchanged.asset += u64::from(same);
                    if same && !fill_all {
                        continue;
                    }
                    self.clear_asset(stored.id);
                    if same { kept } else { kept.changed(self.now) }
                }
            };
            self.assets.push(PlannedAsset { identity, member_id, owner: &graph.content, content });
        }
    }
}
