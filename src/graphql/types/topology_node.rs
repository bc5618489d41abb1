//! A node of the grid. Every edge is looked up when it is asked for, and a walk takes each node once, so
//! nodes that name each other in a circle are no trouble.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};

use super::area::Area;
use super::asset::meters_page;
use super::asset_kinds::MeterAsset;
use super::community::CommunityView;
use super::member::members_page;
use super::operator::Operator;
use super::stats::CommunityStats;
use crate::domain::community;
use crate::domain::filter::Filter;
use crate::graphql::connection::{Connection, MemberConnection, PageArgs};
use crate::graphql::enums::TopologyNodeType;
use crate::graphql::filter::{AssetFilter, MemberFilter};
use crate::graphql::loaders::OfAreas;
use crate::graphql::order::MemberOrder;
use crate::graphql::scalar::Json;
use crate::graphql::scope::Scope;

/// A node of a community's grid.
pub struct TopologyNode {
    community: Arc<CommunityView>,
    at: usize,
}

impl TopologyNode {
    /// The node at this place of its community.
    pub fn new(community: Arc<CommunityView>, at: usize) -> Self {
        Self { community, at }
    }

    fn content(&self) -> &community::TopologyNode {
        self.community.topology().at(self.at)
    }

    /// The nodes at these places, as a list of an operation.
    fn list(&self, context: &Context<'_>, places: Vec<usize>) -> Result<Vec<Self>> {
        Self::list_in(context, &self.community, places)
    }

    /// The nodes of a community at these places, as a list of an operation.
    ///
    /// # Errors
    /// When the operation has taken too many entries.
    pub fn list_in(
        context: &Context<'_>,
        community: &Arc<CommunityView>,
        places: Vec<usize>,
    ) -> Result<Vec<Self>> {
        Scope::of(context)?.take_entries(places.len())?;
        Ok(places.into_iter().map(|at| Self::new(Arc::clone(community), at)).collect())
    }

    /// The areas at the node and below it as a parent of lists, if the caller may see what is in the
    /// community.
    fn below_in(&self, scope: &Scope) -> Result<OfAreas> {
        let community = &self.community;
        community.readable_in(scope)?;
        let areas = community.grid().areas_below(self.at, community.id(), community.areas().all());
        scope.take_entries(areas.keys.len())?;
        Ok(OfAreas(areas))
    }
}

/// A node of a community's grid.
#[Object]
impl TopologyNode {
    /// Unique in the community.
    async fn id(&self) -> &str {
        &self.content().id
    }

    /// The kind of node.
    #[graphql(name = "type")]
    async fn node_type(&self) -> TopologyNodeType {
        self.content().node_type.into()
    }

    /// The name.
    async fn name(&self) -> Option<&str> {
        self.content().name.as_deref()
    }

    /// Who runs it; null when its operator is none of the community's.
    async fn operator(&self) -> Option<Operator> {
        let at = self.community.operators().position(self.content().operator_id.as_deref()?)?;
        Some(Operator::new(Arc::clone(&self.community), at))
    }

    /// The node above it; null at the top, and where the parent is no node of the community.
    async fn parent(&self) -> Option<TopologyNode> {
        let at = self.community.topology().position(self.content().parent.as_deref()?)?;
        Some(Self::new(Arc::clone(&self.community), at))
    }

    /// The nodes below it: those it names and those that name it as parent, in the order of the nodes.
    async fn children(&self, context: &Context<'_>) -> Result<Vec<TopologyNode>> {
        let topology = self.community.topology();
        let places = self.content().children.iter().filter_map(|id| topology.position(id)).collect();
        self.list(context, places)
    }

    /// The nodes above it up to the top, nearest first: those that it names as parent or that name it among
    /// their children, and theirs. Each stands there once, the node itself never.
    async fn ancestors(&self, context: &Context<'_>) -> Result<Vec<TopologyNode>> {
        self.list(context, self.community.grid().ancestors(self.at))
    }

    /// The nodes below it down to the last, breadth first: its children, then theirs, in the order of
    /// `children`. Each stands there once, the node itself never.
    async fn descendants(&self, context: &Context<'_>) -> Result<Vec<TopologyNode>> {
        self.list(context, self.community.grid().descendants(self.at))
    }

    /// Whether the way down from the node leads back to it: a mistake in the data. The lists of ancestors,
    /// descendants and what is below are cut there.
    async fn in_cycle(&self) -> bool {
        self.community.grid().in_cycle(self.at)
    }

    /// The areas that name the node.
    async fn areas(&self, context: &Context<'_>) -> Result<Vec<Area>> {
        Area::list_in(context, &self.community, self.community.grid().areas_of(self.at).to_vec())
    }

    /// The members below it: those in the areas that name the node or one of its descendants. Needs the
    /// grant `rec-registry.read`.
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
        let parent = self.below_in(scope)?;
        let page = PageArgs { first, after, last, before };
        Ok(Some(members_page(scope, parent, page, filter, order_by).await?))
    }

    /// The meters of the members below it, by key. Needs the grant `rec-registry.read`.
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
        let parent = self.below_in(scope)?;
        let page = PageArgs { first, after, last, before };
        Ok(Some(meters_page(scope, parent, page, filter).await?))
    }

    /// The numbers of the members below it, such as the power installed there. Needs the grant
    /// `rec-registry.read`.
    async fn stats(&self, context: &Context<'_>) -> Result<Option<CommunityStats>> {
        let scope = Scope::of(context)?;
        let parent = self.below_in(scope)?;
        Ok(Some(CommunityStats(scope.stats_under(parent, Filter::everything()).await?)))
    }

    /// What it covers, as GeoJSON.
    async fn geometry(&self) -> Option<Json> {
        self.content().area.as_ref().map(Json::from)
    }

    /// Everything else that was given.
    async fn extra(&self) -> Json {
        Json::from_entries(self.content().extra.clone())
    }
}
