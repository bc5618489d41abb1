//! A community and the documents it carries.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use super::area::Area;
use super::asset::{Asset, assets_page, meters_page};
use super::asset_kinds::MeterAsset;
use super::delivery_point::{DeliveryPoint, delivery_points_page};
use super::documents::{Contact, LegalInfo, Links, Settings};
use super::member::{Member, members_page};
use super::operator::Operator;
use super::revision::CommunityRevision;
use super::stats::CommunityStats;
use super::topology_node::TopologyNode;
use crate::domain::community;
use crate::domain::cursor::ListKind;
use crate::domain::error::Error;
use crate::domain::filter::{Filter, RevisionField};
use crate::domain::grant::Operation;
use crate::domain::grid::Grid;
use crate::domain::identifier::{AssetKey, MemberKey};
use crate::graphql::connection::{Connection, MemberConnection, PageArgs};
use crate::graphql::filter::{AssetFilter, DeliveryPointFilter, MemberFilter, domain_filter};
use crate::graphql::id::GlobalId;
use crate::graphql::loaders::{AssetByKey, CommunityById, MemberByKey, OfCommunity};
use crate::graphql::order::{AssetOrder, MemberOrder};
use crate::graphql::scalar::{DateTime, Json};
use crate::graphql::scope::Scope;
use crate::service::{ListArgs, history};

/// A community whose documents are read at most once, however many members look into them.
pub struct CommunityView {
    community: community::Community,
    areas: OnceLock<Indexed<community::Area>>,
    topology: OnceLock<Indexed<community::TopologyNode>>,
    operators: OnceLock<Indexed<community::Operator>>,
    grid: OnceLock<Grid>,
}

impl CommunityView {
    /// The view of a community.
    pub fn new(community: community::Community) -> Self {
        Self {
            community,
            areas: OnceLock::new(),
            topology: OnceLock::new(),
            operators: OnceLock::new(),
            grid: OnceLock::new(),
        }
    }

    /// The public id of the community.
    pub fn id(&self) -> Uuid {
        self.community.id
    }

    /// Whether the caller may see everything in the community.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when not.
    pub fn readable_in(&self, scope: &Scope) -> Result<(), Error> {
        if scope.ctx().sees_community(&self.community.content.key) {
            Ok(())
        } else {
            Err(Error::Forbidden(Operation::Read))
        }
    }

    /// The areas, by key.
    pub fn areas(&self) -> &Indexed<community::Area> {
        self.areas.get_or_init(|| Indexed::new(self.community.content.areas(), |area| &area.key))
    }

    /// The grid nodes, in the order given.
    pub fn topology(&self) -> &Indexed<community::TopologyNode> {
        self.topology.get_or_init(|| Indexed::new(self.community.content.topology(), |node| &node.id))
    }

    /// What lies above and below each grid node.
    pub fn grid(&self) -> &Grid {
        self.grid.get_or_init(|| Grid::new(self.topology().all(), self.areas().all()))
    }

    /// The operators, by key.
    pub fn operators(&self) -> &Indexed<community::Operator> {
        self.operators
            .get_or_init(|| Indexed::new(self.community.content.operators(), |operator| &operator.key))
    }
}

/// A list whose entries are found by name.
pub struct Indexed<T> {
    entries: Vec<T>,
    places: HashMap<String, usize>,
}

impl<T> Indexed<T> {
    fn new(entries: Vec<T>, name: impl Fn(&T) -> &String) -> Self {
        let places = entries.iter().enumerate().rev().map(|(at, entry)| (name(entry).clone(), at)).collect();
        Self { entries, places }
    }

    /// Every entry, in order.
    pub fn all(&self) -> &[T] {
        &self.entries
    }

    /// The entry at a place that [`Self::position`] or [`Self::all`] named.
    pub fn at(&self, place: usize) -> &T {
        &self.entries[place]
    }

    /// Where the entry with this name stands; the first, when several have it.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

/// A renewable energy community.
pub struct Community(pub Arc<CommunityView>);

impl Community {
    /// The community that an edge leads to: its public part.
    ///
    /// # Errors
    /// [`Error::Internal`] when there is none, which the database does not allow.
    pub async fn load(context: &Context<'_>, id: Uuid) -> Result<Self, Error> {
        let community = Scope::of(context)?.load(CommunityById(id)).await?;
        community.map(Self).ok_or_else(|| Error::internal("an edge leads to a community that is not there"))
    }

    /// The parent of the lists in the community, if the caller may see what is in it.
    fn parent_in(&self, scope: &Scope) -> Result<OfCommunity, Error> {
        self.0.readable_in(scope)?;
        Ok(OfCommunity(self.0.id()))
    }
}

/// A renewable energy community: a legal body whose members share energy.
#[Object]
impl Community {
    /// Opaque, global, stable across re-imports.
    async fn id(&self) -> ID {
        GlobalId::Community(self.0.id()).into()
    }

    /// Unique in the registry.
    async fn key(&self) -> &str {
        self.0.community.content.key.as_str()
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.community.content.name
    }

    /// A sentence about it.
    async fn description(&self) -> Option<&str> {
        self.0.community.content.description.as_deref()
    }

    /// Its legal data.
    async fn legal(&self) -> LegalInfo {
        (&self.0.community.content.legal).into()
    }

    /// Its web addresses.
    async fn links(&self) -> Links {
        (&self.0.community.content.links).into()
    }

    /// How to reach it.
    async fn contact(&self) -> Contact {
        (&self.0.community.content.contact).into()
    }

    /// Its settings.
    async fn settings(&self) -> Settings {
        (&self.0.community.content.settings).into()
    }

    /// The distribution system operators of its grid, by key.
    async fn operators(&self) -> Vec<Operator> {
        (0..self.0.operators().all().len()).map(|at| Operator::new(Arc::clone(&self.0), at)).collect()
    }

    /// Its areas, by key.
    async fn areas(&self, context: &Context<'_>) -> Result<Vec<Area>> {
        Area::list_in(context, &self.0, (0..self.0.areas().all().len()).collect())
    }

    /// One of its areas; null when there is none with this key.
    async fn area(&self, #[graphql(desc = "The key of the area.")] key: String) -> Option<Area> {
        self.0.areas().position(&key).map(|at| Area::new(Arc::clone(&self.0), at))
    }

    /// The nodes of its grid, in the order given.
    async fn topology(&self, context: &Context<'_>) -> Result<Vec<TopologyNode>> {
        TopologyNode::list_in(context, &self.0, (0..self.0.topology().all().len()).collect())
    }

    /// One node of its grid; null when there is none with this id.
    async fn topology_node(
        &self,
        #[graphql(desc = "The id of the node.")] id: String,
    ) -> Option<TopologyNode> {
        self.0.topology().position(&id).map(|at| TopologyNode::new(Arc::clone(&self.0), at))
    }

    /// Its members. Needs the grant `rec-registry.read`.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the schema")]
    async fn members(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which members.")] filter: Option<MemberFilter>,
        #[graphql(desc = "How they are sorted; by key when it is not said.")] order_by: Option<MemberOrder>,
    ) -> Result<Option<MemberConnection>> {
        let scope = Scope::of(context)?;
        let parent = self.parent_in(scope)?;
        let page = PageArgs { first, after, last, before };
        Ok(Some(members_page(scope, parent, page, filter, order_by).await?))
    }

    /// One of its members; null when there is none with this key that the caller may see.
    async fn member(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the member.")] key: String,
    ) -> Result<Option<Member>> {
        let key = MemberByKey((self.0.id(), MemberKey::from(key)));
        Ok(Scope::of(context)?.load(key).await?.map(Member))
    }

    /// The assets of its members. Needs the grant `rec-registry.read`.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the schema")]
    async fn assets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which assets.")] filter: Option<AssetFilter>,
        #[graphql(desc = "How they are sorted; by key when it is not said.")] order_by: Option<AssetOrder>,
    ) -> Result<Option<Connection<Asset>>> {
        let scope = Scope::of(context)?;
        let parent = self.parent_in(scope)?;
        let page = PageArgs { first, after, last, before };
        Ok(Some(assets_page(scope, parent, page, domain_filter(filter)?, order_by, Asset::from).await?))
    }

    /// One asset of its members; null when there is none with this key that the caller may see.
    async fn asset(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the asset.")] key: String,
    ) -> Result<Option<Asset>> {
        let key = AssetByKey((self.0.id(), AssetKey::from(key)));
        Ok(Scope::of(context)?.load(key).await?.map(Asset::from))
    }

    /// The delivery points of its members, by code. Needs the grant `rec-registry.read`.
    async fn delivery_points(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which delivery points.")] filter: Option<DeliveryPointFilter>,
    ) -> Result<Option<Connection<DeliveryPoint>>> {
        let scope = Scope::of(context)?;
        let parent = self.parent_in(scope)?;
        let page = PageArgs { first, after, last, before };
        Ok(Some(delivery_points_page(scope, parent, page, filter).await?))
    }

    /// The meters of its members, by key. Needs the grant `rec-registry.read`.
    async fn meters(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which meters.")] filter: Option<AssetFilter>,
    ) -> Result<Option<Connection<MeterAsset>>> {
        let scope = Scope::of(context)?;
        let parent = self.parent_in(scope)?;
        let page = PageArgs { first, after, last, before };
        Ok(Some(meters_page(scope, parent, page, filter).await?))
    }

    /// The numbers of its members, of every role and status. Needs the grant `rec-registry.read`.
    async fn stats(&self, context: &Context<'_>) -> Result<Option<CommunityStats>> {
        let scope = Scope::of(context)?;
        let parent = self.parent_in(scope)?;
        Ok(Some(CommunityStats(scope.stats_under(parent, Filter::everything()).await?)))
    }

    /// What became of it, change by change, the newest first. Needs the grant `rec-registry.read`.
    async fn revisions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<CommunityRevision>>> {
        let scope = Scope::of(context)?;
        let parent = self.parent_in(scope)?;
        let page = PageArgs { first, after, last, before }.request(ListKind::Revisions, history::ORDER)?;
        let args = ListArgs { filter: Filter::<RevisionField>::everything(), order: history::ORDER, page };
        let (page, count) = scope.page_under(parent, args).await?;
        Ok(Some(Connection::new(page, CommunityRevision, count)))
    }

    /// Every other key that was given. It is no public part of a community: empty without the grant
    /// `rec-registry.read`.
    async fn extra(&self, context: &Context<'_>) -> Result<Json> {
        Ok(match self.0.readable_in(Scope::of(context)?) {
            Ok(()) => (&self.0.community.content.extra).into(),
            Err(_) => Json::from_entries(Vec::new()),
        })
    }

    /// Grows by one with each change of the community itself.
    async fn version(&self) -> i64 {
        self.0.community.version
    }

    /// Grows with each committed change anywhere in the community.
    async fn revision(&self) -> i64 {
        self.0.community.revision
    }

    /// When it was first stored.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.community.created_at)
    }

    /// When its own content last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.community.updated_at)
    }
}
