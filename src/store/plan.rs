//! Replacing a community by what a bundle says. A plan compares the bundle with what is stored: rows
//! that say the same stay, all others are cleared and filled in again under the ids they had. With
//! several communities in one transaction, all are cleared before any is filled, so that an identifier
//! may move from one to the other.

use std::collections::{BTreeSet, HashMap};

use entity::{asset, asset_measure, community, delivery_point, holding, member, search_text};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable};
use uuid::Uuid;

use super::bulk::insert_all;
use super::table;
use super::{Handle, Result, Scope, communities, set};
use crate::domain::asset::{Asset, AssetContent};
use crate::domain::change::CommunityChange;
use crate::domain::closed_set::{ChangeKind, ClosedSet, MemberStatus};
use crate::domain::community::{Community, CommunityContent};
use crate::domain::delivery_point::{DeliveryPoint, DeliveryPointContent};
use crate::domain::fold::folded;
use crate::domain::import::{CommunityGraph, Counts, MemberGraph};
use crate::domain::member::Member;
use crate::domain::search::Searchable;
use crate::domain::stats::Quantities;
use crate::domain::timestamp::Timestamp;

/// What is to be done so that a stored community says what a bundle says.
pub struct Plan<'g> {
    graph: &'g CommunityGraph,
    now: Timestamp,
    community: Identity,
    community_exists: bool,
    /// The revision that the community will have.
    revision: i64,
    /// Members that go, or that are filled in again with everything they have.
    cleared_members: Vec<Uuid>,
    /// Assets that go, or are filled in again, of members that stay.
    cleared_assets: Vec<Uuid>,
    /// Members to fill in.
    members: Vec<PlannedMember<'g>>,
    /// Assets to fill in under members that stay.
    assets: Vec<PlannedAsset<'g>>,
    /// Every member that the bundle names, with its id.
    named: Vec<(Uuid, &'g MemberGraph)>,
    /// What the community held before.
    pub stored: Counts,
    /// How much of it the bundle says again.
    pub unchanged: Counts,
}

/// What a row keeps when its content is written again.
#[derive(Clone, Copy)]
struct Identity {
    id: Uuid,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    changed: bool,
}

impl Identity {
    fn new(now: Timestamp) -> Self {
        Self { id: Uuid::now_v7(), version: 1, created_at: now, updated_at: now, changed: true }
    }

    fn kept(id: Uuid, version: i64, created_at: Timestamp, updated_at: Timestamp) -> Self {
        Self { id, version, created_at, updated_at, changed: false }
    }

    fn changed(self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, changed: true, ..self }
    }
}

struct PlannedMember<'g> {
    identity: Identity,
    graph: &'g MemberGraph,
    points: Vec<Uuid>,
}

struct PlannedAsset<'g> {
    identity: Identity,
    member_id: Uuid,
    content: &'g AssetContent,
}

/// What is stored of one member.
struct Stored {
    member: Member,
    points: Vec<DeliveryPoint>,
}

impl<'g> Plan<'g> {
    /// Compares a bundle with what is stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn make(handle: &Handle, graph: &'g CommunityGraph, now: Timestamp) -> Result<Self> {
        let key = &graph.community.key;
        let mut plan = Self {
            graph,
            now,
            community: Identity::new(now),
            community_exists: false,
            revision: 1,
            cleared_members: Vec::new(),
            cleared_assets: Vec::new(),
            members: Vec::new(),
            assets: Vec::new(),
            named: Vec::new(),
            stored: Counts::default(),
            unchanged: Counts::default(),
        };
        let existing = communities::by_key(handle, &Scope::Everything, key).await?;
        let (mut members, mut assets) = match &existing {
            Some(community) => plan.read_stored(handle, community).await?,
            None => (HashMap::new(), HashMap::new()),
        };
        for graph in &graph.members {
            let stored = members.remove(graph.content.key.as_str());
            plan.plan_member(graph, stored, &mut assets);
        }
        plan.cleared_members.extend(members.into_values().map(|stored| stored.member.id));
        plan.cleared_assets.extend(assets.into_values().map(|asset| asset.id));
        Ok(plan)
    }

    /// Whether the community is stored already.
    #[must_use]
    pub fn community_exists(&self) -> bool {
        self.community_exists
    }

    /// The id of the community.
    #[must_use]
    pub fn community_id(&self) -> Uuid {
        self.community.id
    }

    async fn read_stored(
        &mut self,
        handle: &Handle,
        community: &Community,
    ) -> Result<(HashMap<String, Stored>, HashMap<String, Asset>)> {
        self.community_exists = true;
        self.revision = community.revision + 1;
        let kept =
            Identity::kept(community.id, community.version, community.created_at, community.updated_at);
        let same = community.content == self.graph.community;
        self.community = if same { kept } else { kept.changed(self.now) };
        self.unchanged.community = u64::from(same);
        self.stored.community = 1;

        let mut select = table::rows::<Member>();
        select.and_where(table::column::<Member>(member::Column::CommunityId).eq(community.id));
        let members = table::all::<Member>(handle, &select).await?;
        self.stored.member = members.len() as u64;
        let mut by_id: HashMap<Uuid, Stored> =
            members.into_iter().map(|member| (member.id, Stored { member, points: Vec::new() })).collect();

        let mut select = table::rows::<DeliveryPoint>();
        select
            .and_where(table::column::<DeliveryPoint>(delivery_point::Column::CommunityId).eq(community.id));
        for point in table::all::<DeliveryPoint>(handle, &select).await? {
            self.stored.delivery_point += 1;
            if let Some(stored) = by_id.get_mut(&point.member.id) {
                stored.points.push(point);
            }
        }

        let mut select = table::rows::<Asset>();
        select.and_where(table::column::<Asset>(asset::Column::CommunityId).eq(community.id));
        let assets = table::all::<Asset>(handle, &select).await?;
        self.stored.asset = assets.len() as u64;
        let members =
            by_id.into_values().map(|stored| (stored.member.content.key.to_string(), stored)).collect();
        Ok((members, assets.into_iter().map(|asset| (asset.content.key.to_string(), asset)).collect()))
    }

    fn plan_member(
        &mut self,
        graph: &'g MemberGraph,
        stored: Option<Stored>,
        assets: &mut HashMap<String, Asset>,
    ) {
        let Some(stored) = stored else {
            let identity = Identity::new(self.now);
            let points = graph.delivery_points.iter().map(|_| Uuid::now_v7()).collect();
            self.named.push((identity.id, graph));
            self.members.push(PlannedMember { identity, graph, points });
            self.plan_assets(graph, identity.id, true, assets);
            return;
        };
        let kept = Identity::kept(
            stored.member.id,
            stored.member.version,
            stored.member.created_at,
            stored.member.updated_at,
        );
        self.named.push((kept.id, graph));
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
            self.plan_assets(graph, kept.id, false, assets);
            return;
        }
        let ids = graph
            .delivery_points
            .iter()
            .map(|content| points.get(&content.code.folded()).map_or_else(Uuid::now_v7, |point| point.id))
            .collect();
        self.cleared_members.push(kept.id);
        self.members.push(PlannedMember { identity: kept.changed(self.now), graph, points: ids });
        self.plan_assets(graph, kept.id, true, assets);
    }

    /// Plans the assets of a member; all of them are filled in when the member is.
    fn plan_assets(
        &mut self,
        graph: &'g MemberGraph,
        member_id: Uuid,
        fill_all: bool,
        assets: &mut HashMap<String, Asset>,
    ) {
        for content in &graph.assets {
            let stored = assets.remove(content.key.as_str());
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
                    self.cleared_assets.push(stored.id);
                    if same { kept } else { kept.changed(self.now) }
                }
            };
            self.assets.push(PlannedAsset { identity, member_id, content });
        }
    }

    /// Whether the bundle says what is stored already.
    fn is_noop(&self) -> bool {
        !self.community.changed
            && self.members.is_empty()
            && self.assets.is_empty()
            && self.cleared_members.is_empty()
            && self.cleared_assets.is_empty()
    }

    /// Takes out what goes and what will be filled in again. The derived tables first: they are found
    /// through the rows that they are derived from. Every asset of a cleared member is a cleared asset.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clear(&self, handle: &Handle) -> Result<()> {
        if !self.community_exists || self.is_noop() {
            return Ok(());
        }
        let backend = handle.get_database_backend();
        let members = Query::select()
            .column(member::Column::Id)
            .from(member::Entity)
            .and_where(Expr::col(member::Column::CommunityId).eq(self.community.id))
            .take();
        delete(handle, holding::Entity, Expr::col(holding::Column::MemberId).in_subquery(members)).await?;
        if self.community.changed {
            let id = Expr::col(search_text::Column::Id).eq(self.community.id);
            delete(handle, search_text::Entity, self.searched().and(id)).await?;
        }
        if !self.cleared_members.is_empty() {
            let of = |column| set::is_one_of_ids(backend, column, &self.cleared_members);
            let searched = self.searched().and(of(Expr::col(search_text::Column::MemberId)));
            delete(handle, search_text::Entity, searched).await?;
            delete(handle, member::Entity, of(Expr::col(member::Column::Id))).await?;
        }
        if !self.cleared_assets.is_empty() {
            let of = |column| set::is_one_of_ids(backend, column, &self.cleared_assets);
            let searched = self.searched().and(of(Expr::col(search_text::Column::Id)));
            delete(handle, search_text::Entity, searched).await?;
            delete(handle, asset_measure::Entity, of(Expr::col(asset_measure::Column::AssetId))).await?;
            delete(handle, asset::Entity, of(Expr::col(asset::Column::Id))).await?;
        }
        Ok(())
    }

    /// What a search looks through in this community.
    fn searched(&self) -> SimpleExpr {
        Expr::col(search_text::Column::CommunityId).eq(self.community.id)
    }

    /// Fills in what the bundle says and is not stored, and announces it.
    ///
    /// # Errors
    /// When the database fails; when another writer took what the bundle says in the meantime.
    pub async fn fill(&self, handle: &Handle) -> Result<()> {
        if self.is_noop() {
            return Ok(());
        }
        self.fill_community(handle).await?;
        insert_all(handle, Box::new(self.members.iter().map(|planned| self.member_row(planned)))).await?;
        insert_all(handle, Box::new(self.members.iter().flat_map(|planned| self.point_rows(planned))))
            .await?;
        insert_all(handle, Box::new(self.assets.iter().map(|planned| self.asset_row(planned)))).await?;
        insert_all(handle, Box::new(self.assets.iter().flat_map(|planned| self.measure_rows(planned))))
            .await?;
        insert_all(handle, Box::new(self.holding_rows())).await?;
        insert_all(handle, Box::new(self.search_rows())).await?;
        handle.changed(self.change())
    }

    fn change(&self) -> CommunityChange {
        CommunityChange {
            id: self.community.id,
            key: self.graph.community.key.clone(),
            kind: if self.community_exists { ChangeKind::Updated } else { ChangeKind::Created },
            revision: self.revision,
            at: self.now,
        }
    }

    async fn fill_community(&self, handle: &Handle) -> Result<()> {
        if !self.community_exists {
            return insert_all(handle, Box::new(std::iter::once(self.community_row()))).await;
        }
        let mut update = Query::update();
        update.table(community::Entity).value(community::Column::Revision, self.revision);
        if self.community.changed {
            let row = self.community_row().into_active_model();
            for column in community::Column::iter() {
                let fixed = matches!(column, community::Column::Id | community::Column::Revision);
                if let (false, Some(value)) = (fixed, row.get(column).into_value()) {
                    update.value(column, value);
                }
            }
        }
        update.and_where(Expr::col(community::Column::Id).eq(self.community.id));
        handle.execute(&update).await?;
        Ok(())
    }

    fn community_row(&self) -> community::Model {
        let content: &CommunityContent = &self.graph.community;
        community::Model {
            id: self.community.id,
            key: content.key.to_string(),
            name: content.name.clone(),
            name_folded: folded(&content.name),
            description: content.description.clone(),
            description_folded: content.description.as_deref().map(folded),
            legal: content.legal.as_str().to_owned(),
            links: content.links.as_str().to_owned(),
            contact: content.contact.as_str().to_owned(),
            settings: content.settings.as_str().to_owned(),
            operators: content.operators.as_str().to_owned(),
            areas: content.areas.as_str().to_owned(),
            topology: content.topology.as_str().to_owned(),
            extra: content.extra.as_str().to_owned(),
            envelope: content.envelope.as_str().to_owned(),
            version: self.community.version,
            revision: self.revision,
            created_at: self.community.created_at.as_micros(),
            updated_at: self.community.updated_at.as_micros(),
        }
    }

    fn member_row(&self, planned: &PlannedMember<'g>) -> member::Model {
        let content = &planned.graph.content;
        member::Model {
            id: planned.identity.id,
            community_id: self.community.id,
            key: content.key.to_string(),
            key_folded: folded(content.key.as_str()),
            user_id: content.user_id.to_string(),
            user_id_folded: folded(content.user_id.as_str()),
            did: content.did.as_ref().map(ToString::to_string),
            did_folded: content.did.as_ref().map(|did| folded(did.as_str())),
            name: content.name.clone(),
            name_folded: folded(&content.name),
            member_type: content.member_type.clone(),
            member_type_folded: content.member_type.as_deref().map(folded),
            role: content.role.to_string(),
            area: content.area.clone(),
            area_folded: folded(&content.area),
            status: content.status.to_string(),
            extra: content.extra.as_str().to_owned(),
            version: planned.identity.version,
            created_at: planned.identity.created_at.as_micros(),
            updated_at: planned.identity.updated_at.as_micros(),
        }
    }

    fn point_rows<'a>(
        &'a self,
        planned: &'a PlannedMember<'g>,
    ) -> impl Iterator<Item = delivery_point::Model> + 'a {
        planned.points.iter().zip(&planned.graph.delivery_points).map(|(&id, content)| {
            let DeliveryPointContent { code, point_type, description, address, tariff, active, extra } =
                content;
            delivery_point::Model {
                id,
                community_id: self.community.id,
                member_id: planned.identity.id,
                member_key: planned.graph.content.key.to_string(),
                code: code.to_string(),
                code_folded: code.folded(),
                point_type: point_type.clone(),
                point_type_folded: folded(point_type),
                description: description.clone(),
                description_folded: description.as_deref().map(folded),
                address: address.clone(),
                address_folded: address.as_deref().map(folded),
                tariff: tariff.clone(),
                tariff_folded: tariff.as_deref().map(folded),
                active: *active,
                extra: extra.as_str().to_owned(),
            }
        })
    }

    fn asset_row(&self, planned: &PlannedAsset<'g>) -> asset::Model {
        let content = planned.content;
        let Quantities { power_w, heat_w, energy_wh, controllable_w } = content.quantities();
        asset::Model {
            id: planned.identity.id,
            community_id: self.community.id,
            member_id: planned.member_id,
            key: content.key.to_string(),
            key_folded: folded(content.key.as_str()),
            asset_type: content.asset_type.to_string(),
            name: content.name.clone(),
            name_folded: folded(&content.name),
            sensor_id: content.sensor_id.as_ref().map(ToString::to_string),
            sensor_id_folded: content.sensor_id.as_ref().map(|sensor| folded(sensor.as_str())),
            pod_folded: content.pod().map(|pod| pod.folded()),
            properties: content.properties.as_str().to_owned(),
            device: content.device.as_str().to_owned(),
            relationships: content.relationships.as_str().to_owned(),
            extra: content.extra.as_str().to_owned(),
            power_w,
            heat_w,
            energy_wh,
            controllable_w,
            version: planned.identity.version,
            created_at: planned.identity.created_at.as_micros(),
            updated_at: planned.identity.updated_at.as_micros(),
        }
    }

    fn measure_rows(&self, planned: &PlannedAsset<'g>) -> Vec<asset_measure::Model> {
        let keys: BTreeSet<String> = planned.content.measures().into_iter().collect();
        keys.into_iter()
            .map(|measured_key| asset_measure::Model {
                asset_id: planned.identity.id,
                measured_key,
                community_id: self.community.id,
            })
            .collect()
    }

    /// What a search looks through, of the rows that are filled in.
    fn search_rows(&self) -> impl Iterator<Item = search_text::Model> {
        let community = self.community.changed.then(|| {
            let id = self.community.id;
            self.search_row(id, id, &self.graph.community)
        });
        let members = self.members.iter().flat_map(move |planned| {
            let (id, graph) = (planned.identity.id, planned.graph);
            let points = planned.points.iter().zip(&graph.delivery_points);
            let points = points.map(move |(&point, content)| self.search_row(point, id, content));
            std::iter::once(self.search_row(id, id, &graph.content)).chain(points)
        });
        let assets = self
            .assets
            .iter()
            .map(move |planned| self.search_row(planned.identity.id, planned.member_id, planned.content));
        community.into_iter().chain(members).chain(assets)
    }

    fn search_row<S: Searchable>(&self, id: Uuid, member_id: Uuid, content: &S) -> search_text::Model {
        search_text::Model {
            community_id: self.community.id,
            id,
            member_id,
            kind: S::KIND.as_str().to_owned(),
            text: content.search_text(),
        }
    }

    /// What the active members hold. An identifier that stands twice with one member is held once.
    fn holding_rows(&self) -> impl Iterator<Item = holding::Model> {
        let active = self.named.iter().filter(|(_, graph)| graph.content.status == MemberStatus::Active);
        active.flat_map(move |&(member_id, graph)| {
            graph.held().into_iter().map(move |(kind, folded_id)| holding::Model {
                kind: kind.as_str().to_owned(),
                folded_id,
                community_id: self.community.id,
                member_id,
            })
        })
    }
}

async fn delete(handle: &Handle, table: impl EntityTrait, rows: SimpleExpr) -> Result<()> {
    handle.execute(&Query::delete().from_table(table).and_where(rows).take()).await?;
    Ok(())
}
