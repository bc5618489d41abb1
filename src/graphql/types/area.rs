//! An area of a community.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};

use super::community::{Community, CommunityView};
use super::member::members_page;
use super::stats::CommunityStats;
use super::topology_node::TopologyNode;
use crate::domain::community::{self, known_keys};
use crate::domain::filter::Filter;
use crate::domain::grid::AreaSet;
use crate::domain::node::Node;
use crate::graphql::connection::{MemberConnection, PageArgs};
use crate::graphql::filter::MemberFilter;
use crate::graphql::loaders::OfAreas;
use crate::graphql::order::MemberOrder;
use crate::graphql::scalar::Json;
use crate::graphql::scope::Scope;

/// An area: a regulatory zone in which members sit.
pub struct Area {
    community: Arc<CommunityView>,
    at: usize,
}

impl Area {
    /// The area at this place of its community.
    pub fn new(community: Arc<CommunityView>, at: usize) -> Self {
        Self { community, at }
    }

    /// The areas of a community at these places, as a list of an operation.
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

    fn content(&self) -> &community::Area {
        self.community.areas().at(self.at)
    }
}

/// An area: a regulatory zone in which members sit.
#[Object]
impl Area {
    /// Unique in the community.
    async fn key(&self) -> &str {
        &self.content().key
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.content().name
    }

    /// The primary substation that bounds it, in a public register.
    async fn boundary(&self) -> Option<AreaBoundary<'_>> {
        self.content().boundary.as_ref().map(AreaBoundary)
    }

    /// A point that stands for it.
    async fn location(&self) -> Option<Location<'_>> {
        self.content().location.as_ref().map(Location)
    }

    /// Its shape, as GeoJSON.
    async fn geometry(&self) -> Option<Json> {
        self.content().geometry.as_ref().map(Json::from)
    }

    /// Everything else that was given.
    async fn extra(&self) -> Json {
        Json::from_entries(self.content().extra.clone())
    }

    /// Its grid nodes, in the order given; those that are no nodes of the community are left out.
    async fn nodes(&self, context: &Context<'_>) -> Result<Vec<TopologyNode>> {
        let topology = self.community.topology();
        let places = self.content().topology.iter().filter_map(|id| topology.position(id)).collect();
        TopologyNode::list_in(context, &self.community, places)
    }

    /// The community it belongs to.
    async fn community(&self) -> Community {
        Community(Arc::clone(&self.community))
    }

    /// The members that sit in it. Needs the grant `rec-registry.read`.
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
        self.community.readable_in(scope)?;
        let parent = OfAreas(AreaSet::one(self.community.id(), &self.content().key));
        let page = PageArgs { first, after, last, before };
        Ok(Some(members_page(scope, parent, page, filter, order_by).await?))
    }

    /// The numbers of the members that sit in it. Needs the grant `rec-registry.read`.
    async fn stats(&self, context: &Context<'_>) -> Result<Option<CommunityStats>> {
        let scope = Scope::of(context)?;
        self.community.readable_in(scope)?;
        let parent = OfAreas(AreaSet::one(self.community.id(), &self.content().key));
        Ok(Some(CommunityStats(scope.stats_under(parent, Filter::everything()).await?)))
    }
}

/// The boundary of an area: one primary substation in a public register.
pub struct AreaBoundary<'a>(&'a community::AreaBoundary);

/// The boundary of an area: one primary substation in a public register.
#[Object]
impl AreaBoundary<'_> {
    /// The register, e.g. `gse_cabine_primarie`.
    async fn source(&self) -> &str {
        &self.0.source
    }

    /// The id in that register.
    async fn id(&self) -> &str {
        &self.0.id
    }

    /// Everything else that was given.
    async fn extra(&self) -> Json {
        rest_of(&self.0.document, known_keys::BOUNDARY)
    }
}

/// A point on the earth, WGS 84.
pub struct Location<'a>(&'a Node);

/// A point on the earth, WGS 84.
#[Object]
impl Location<'_> {
    /// The latitude in degrees, positive to the north.
    async fn lat(&self) -> Option<f64> {
        self.0.get("lat").and_then(Node::as_f64)
    }

    /// The longitude in degrees, positive to the east.
    async fn lon(&self) -> Option<f64> {
        self.0.get("lon").and_then(Node::as_f64)
    }

    /// Everything else that was given.
    async fn extra(&self) -> Json {
        rest_of(self.0, known_keys::LOCATION)
    }
}

fn rest_of(document: &Node, known: &[&str]) -> Json {
    let entries = document.as_map().unwrap_or_default();
    Json::from_entries(entries.iter().filter(|(key, _)| !known.contains(&key.as_str())).cloned().collect())
}
