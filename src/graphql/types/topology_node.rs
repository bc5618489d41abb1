//! A node of the grid. Every edge is looked up when it is asked for, so nodes that name each other in a
//! circle are no trouble: a query ends where its selection does.

use std::sync::Arc;

use async_graphql::Object;

use super::area::Area;
use super::community::CommunityView;
use super::operator::Operator;
use crate::domain::community;
use crate::graphql::enums::TopologyNodeType;
use crate::graphql::scalar::Json;

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

    fn named(&self, id: &str) -> Option<Self> {
        let at = self.community.topology().position(id)?;
        Some(Self::new(Arc::clone(&self.community), at))
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
        self.named(self.content().parent.as_deref()?)
    }

    /// The nodes below it: those it names and those that name it as parent, in the order of the nodes.
    async fn children(&self) -> Vec<TopologyNode> {
        self.content().children.iter().filter_map(|id| self.named(id)).collect()
    }

    /// The areas that name the node.
    async fn areas(&self) -> Vec<Area> {
        let areas = self.community.areas().all().iter().enumerate();
        areas
            .filter(|(_, area)| area.topology.contains(&self.content().id))
            .map(|(at, _)| Area::new(Arc::clone(&self.community), at))
            .collect()
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
