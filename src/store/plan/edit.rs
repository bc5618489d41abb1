//! The plan of an edit: a few members become what they should be, and the community's own documents do.
//! Whatever is not named stays as it is.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{Identity, Plan, PlannedAsset, PlannedMember, PlannedPoint, Released};
use crate::domain::asset::Asset;
use crate::domain::closed_set::MemberStatus;
use crate::domain::community::{Community, CommunityContent};
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::identifier::{MemberKey, UserId};
use crate::domain::import::MemberGraph;
use crate::domain::member::Member;
use crate::domain::timestamp::Timestamp;
use crate::store::{Handle, Result, assets, delivery_points, members};

/// A member as it is stored, with everything it has.
#[derive(Debug, Clone)]
pub struct StoredMember {
    /// The member itself.
    pub member: Member,
    /// Its delivery points, by code.
    pub points: Vec<DeliveryPoint>,
    /// Its assets, by key.
    pub assets: Vec<Asset>,
}

impl StoredMember {
    /// The member of a community with a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_key(handle: &Handle, community: Uuid, key: &MemberKey) -> Result<Option<Self>> {
        let Some(member) = members::by_key(handle, community, key).await? else { return Ok(None) };
        let id = member.id;
        let points = delivery_points::of_members(handle, &[id]).await?.remove(&id).unwrap_or_default();
        let assets = assets::of_member(handle, id, None).await?;
        Ok(Some(Self { member, points, assets }))
    }

    /// What is said of it.
    #[must_use]
    pub fn graph(&self) -> MemberGraph {
        MemberGraph {
            content: self.member.content.clone(),
            delivery_points: self.points.iter().map(|point| point.content.clone()).collect(),
            assets: self.assets.iter().map(|asset| asset.content.clone()).collect(),
        }
    }
}

/// What is to become of a member.
#[derive(Debug, Clone)]
pub struct MemberEdit {
    /// The member as it is stored; none when it is new.
    pub stored: Option<StoredMember>,
    /// What it should be; none when it goes.
    pub wanted: Option<MemberGraph>,
}

impl MemberEdit {
    /// Who the member is.
    #[must_use]
    pub fn user_id(&self) -> Option<&UserId> {
        let stored = self.stored.as_ref().map(|stored| &stored.member.content);
        stored.or(self.wanted.as_ref().map(|wanted| &wanted.content)).map(|content| &content.user_id)
    }
}

impl<'g> Plan<'g> {
    /// Compares a community's own documents and some of its members with what is stored of them.
    #[must_use]
    pub fn edit(
        community: &Community,
        content: &'g CommunityContent,
        members: &'g [MemberEdit],
        now: Timestamp,
    ) -> Self {
        let mut plan = Self::new(content, Some(community), now);
        for edit in members {
            match (&edit.stored, &edit.wanted) {
                (None, Some(wanted)) => plan.add_member(wanted),
                (Some(stored), Some(wanted)) => plan.change_member(stored, wanted),
                (Some(stored), None) => plan.remove_member(stored),
                (None, None) => {}
            }
        }
        plan
    }

    fn add_member(&mut self, wanted: &'g MemberGraph) {
        let identity = Identity::new(self.now);
        self.members.push(PlannedMember { identity, content: &wanted.content });
        self.holders.push((identity.id, wanted));
        self.difference.note_member(None, Some(&wanted.content));
        self.change_points(&[], wanted, identity.id);
        self.change_assets(&[], wanted, identity.id);
    }

    fn change_member(&mut self, stored: &StoredMember, wanted: &'g MemberGraph) {
        let Member { id, version, created_at, updated_at, .. } = stored.member;
        self.difference.note_member(Some(&stored.member.content), Some(&wanted.content));
        let has_other_points = self.change_points(&stored.points, wanted, id);
        if has_other_points || stored.member.content != wanted.content {
            let identity = Identity::kept(id, version, created_at, updated_at).changed(self.now);
            self.rewritten.push(PlannedMember { identity, content: &wanted.content });
            self.unsearched.push(id);
        }
        self.change_assets(&stored.assets, wanted, id);
        let held = |graph: &MemberGraph| {
            if graph.content.status == MemberStatus::Active { graph.held() } else { BTreeSet::new() }
        };
        if held(&stored.graph()) != held(wanted) {
            self.release_member(id);
            self.holders.push((id, wanted));
        }
    }

    fn remove_member(&mut self, stored: &StoredMember) {
        let id = stored.member.id;
        let content = &stored.member.content;
        self.difference.note_member(Some(content), None);
        let points = stored.points.iter().map(|point| &point.content);
        self.difference.note_points(content.key.as_str(), points, []);
        self.cleared_members.push(id);
        self.release_member(id);
        self.unsearched.push(id);
        self.unsearched.extend(stored.points.iter().map(|point| point.id));
        for asset in &stored.assets {
            self.difference.note_asset(Some((&asset.content, content.key.as_str())), None);
            self.clear_asset(asset.id);
        }
    }

    fn release_member(&mut self, id: Uuid) {
        if let Released::Members(ids) = &mut self.released {
            ids.push(id);
        }
    }

    /// Plans the points of a member; says whether any is other than stored.
    fn change_points(&mut self, stored: &[DeliveryPoint], wanted: &'g MemberGraph, member_id: Uuid) -> bool {
        let before = stored.iter().map(|point| &point.content);
        self.difference.note_points(wanted.content.key.as_str(), before, &wanted.delivery_points);
        let mut stored: HashMap<String, &DeliveryPoint> =
            stored.iter().map(|point| (point.content.code.folded(), point)).collect();
        let planned_before = self.points.len();
        for content in &wanted.delivery_points {
            let id = match stored.remove(&content.code.folded()) {
                Some(point) if point.content == *content => continue,
                Some(point) => {
                    self.clear_point(point.id);
                    point.id
                }
                None => Uuid::now_v7(),
            };
            let member_key = wanted.content.key.as_str();
            self.points.push(PlannedPoint { id, member_id, member_key, content });
        }
        for point in stored.values() {
            self.clear_point(point.id);
        }
        !stored.is_empty() || self.points.len() > planned_before
    }

    fn clear_point(&mut self, id: Uuid) {
        self.cleared_points.push(id);
        self.unsearched.push(id);
    }

    fn change_assets(&mut self, stored: &[Asset], wanted: &'g MemberGraph, member_id: Uuid) {
        let owner = wanted.content.key.as_str();
        let mut stored: HashMap<&str, &Asset> =
            stored.iter().map(|asset| (asset.content.key.as_str(), asset)).collect();
        for content in &wanted.assets {
            let identity = match stored.remove(content.key.as_str()) {
                Some(asset) if asset.content == *content => continue,
                Some(asset) => {
                    self.difference.note_asset(Some((&asset.content, owner)), Some((content, owner)));
                    self.clear_asset(asset.id);
                    Identity::kept(asset.id, asset.version, asset.created_at, asset.updated_at)
                        .changed(self.now)
                }
                None => {
                    self.difference.note_asset(None, Some((content, owner)));
                    Identity::new(self.now)
                }
            };
            self.assets.push(PlannedAsset { identity, member_id, owner: &wanted.content, content });
        }
        for asset in stored.values() {
            self.difference.note_asset(Some((&asset.content, owner)), None);
            self.clear_asset(asset.id);
        }
    }
}
