//! The areas, operators and grid nodes of a community.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::fields::{Fields, seen};
use super::member::done;
use crate::domain::closed_set;
use crate::domain::community::{Community, known_keys};
use crate::domain::error::Error;
use crate::domain::identifier::CommunityKey;
use crate::domain::node::Node;
use crate::graphql::enums::TopologyNodeType;
use crate::graphql::scalar::Json;
use crate::graphql::scope::Scope;
use crate::graphql::types::{self, Area, CommunityView, Operator, TopologyNode};
use crate::service::write::{area, operator, topology_node};

/// The primary substation that bounds an area.
#[derive(InputObject)]
pub struct AreaBoundaryInput {
    /// The register that the id comes from: `gse_cabine_primarie`.
    source: String,
    /// The id in that register, 1 to 64 characters; also that of a primary substation of the grid.
    id: String,
    /// Any other data, an object.
    extra: Option<Json>,
}

/// An area, all of it.
#[derive(InputObject)]
pub struct PutAreaInput {
    /// The key of the community.
    community_key: String,
    /// The key of the area: letters, digits, `-` and `_`, a letter or digit first, at most 128.
    key: String,
    /// The name, at most 256 characters.
    name: String,
    /// Its boundary. Needed when every area of the community has one.
    boundary: Option<AreaBoundaryInput>,
    /// The ids of its grid nodes; of a bounded area that of its boundary alone.
    node_ids: Option<Vec<String>>,
    /// A point, an object: `lat` and `lon` in degrees.
    location: Option<Json>,
    /// GeoJSON.
    geometry: Option<Json>,
    /// Any other data, an object.
    extra: Option<Json>,
    /// The version of the community that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The area that was put.
#[derive(SimpleObject)]
pub struct PutAreaPayload {
    /// The area.
    area: Option<Area>,
    /// The community as it is now.
    community: types::Community,
}

/// The area that is to go.
#[derive(InputObject)]
pub struct RemoveAreaInput {
    /// The key of the community.
    community_key: String,
    /// The key of the area.
    key: String,
    /// The version of the community that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The community that lost an area.
#[derive(SimpleObject)]
pub struct RemoveAreaPayload {
    /// The community as it is now.
    community: types::Community,
}

/// A new key for an area.
#[derive(InputObject)]
pub struct RenameAreaInput {
    /// The key of the community.
    community_key: String,
    /// The key that the area has.
    key: String,
    /// The key that it is to have: letters, digits, `-` and `_`, a letter or digit first, at most 128.
    new_key: String,
    /// The version of the community that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The area that was renamed.
#[derive(SimpleObject)]
pub struct RenameAreaPayload {
    /// The key that it had.
    old_key: String,
    /// The area under its new key.
    area: Option<Area>,
    /// How many members, whatever their status, moved with it.
    members_moved: u64,
    /// The community as it is now.
    community: types::Community,
}

/// A distribution system operator, all of it.
#[derive(InputObject)]
pub struct PutOperatorInput {
    /// The key of the community.
    community_key: String,
    /// The key of the operator, at most 128 characters.
    key: String,
    /// The name, at most 256 characters.
    name: String,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    /// How to reach it: a text or an object.
    contact: Option<Json>,
    /// Any other data, an object.
    extra: Option<Json>,
    /// The version of the community that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The operator that was put.
#[derive(SimpleObject)]
pub struct PutOperatorPayload {
    /// The operator.
    operator: Option<Operator>,
    /// The community as it is now.
    community: types::Community,
}

/// The operator that is to go.
#[derive(InputObject)]
pub struct RemoveOperatorInput {
    /// The key of the community.
    community_key: String,
    /// The key of the operator.
    key: String,
    /// The version of the community that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The community that lost an operator.
#[derive(SimpleObject)]
pub struct RemoveOperatorPayload {
    /// The community as it is now.
    community: types::Community,
}

/// A node of the grid, all of it.
#[derive(InputObject)]
pub struct PutTopologyNodeInput {
    /// The key of the community.
    community_key: String,
    /// Unique in the community, at most 128 characters.
    id: String,
    /// The kind.
    #[graphql(name = "type")]
    node_type: TopologyNodeType,
    /// The name.
    name: Option<String>,
    /// The key of its operator.
    operator_key: Option<String>,
    /// The id of the node above it.
    parent_id: Option<String>,
    /// The ids of the nodes below it, beside those that name it as their parent.
    child_ids: Option<Vec<String>>,
    /// GeoJSON.
    geometry: Option<Json>,
    /// Any other data, an object.
    extra: Option<Json>,
    /// The version of the community that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The grid node that was put.
#[derive(SimpleObject)]
pub struct PutTopologyNodePayload {
    /// The node.
    topology_node: Option<TopologyNode>,
    /// The community as it is now.
    community: types::Community,
}

/// The grid node that is to go.
#[derive(InputObject)]
pub struct RemoveTopologyNodeInput {
    /// The key of the community.
    community_key: String,
    /// The id of the node.
    id: String,
    /// The version of the community that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The community that lost a grid node.
#[derive(SimpleObject)]
pub struct RemoveTopologyNodePayload {
    /// The community as it is now.
    community: types::Community,
}

/// The areas, operators and grid nodes of a community.
#[derive(Default)]
pub struct Grids;

#[Object]
impl Grids {
    /// Adds an area, or says something else of one. Needs the grant
    /// `rec-registry.community.write`. Reasons: `invalid_area_key`, `invalid_area_boundary`, `changed`.
    async fn put_area(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What it is to be.")] input: PutAreaInput,
    ) -> Result<Option<PutAreaPayload>> {
        let scope = Scope::of(context)?;
        let community = CommunityKey::from(input.community_key.as_str());
        let (key, seen) = (input.key.clone(), seen(input.expected_version));
        let put = area::put(scope.ctx(), &community, &key, &input.into_body()?, &seen).await?;
        let view = changed(scope, put).await?;
        let area = view.areas().position(&key).map(|at| Area::new(Arc::clone(&view), at));
        Ok(Some(PutAreaPayload { area, community: types::Community(view) }))
    }

    /// Takes an area out in which nobody sits. Needs the grant
    /// `rec-registry.community.write`. Reasons: `area_not_found`, `area_in_use`, `changed`.
    async fn remove_area(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is to go.")] input: RemoveAreaInput,
    ) -> Result<Option<RemoveAreaPayload>> {
        let scope = Scope::of(context)?;
        let (community, seen) = (CommunityKey::from(input.community_key), seen(input.expected_version));
        let rest = area::remove(scope.ctx(), &community, &input.key, &seen).await?;
        Ok(Some(RemoveAreaPayload { community: types::Community(changed(scope, rest).await?) }))
    }

    /// Gives an area another key, and moves its members along. Needs the grant `rec-registry.community.write`. Reasons:
    /// `area_not_found`, `area_key_taken`, `invalid_area_key`, `changed`.
    async fn rename_area(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The area and its new key.")] input: RenameAreaInput,
    ) -> Result<Option<RenameAreaPayload>> {
        let scope = Scope::of(context)?;
        let (community, seen) = (CommunityKey::from(input.community_key), seen(input.expected_version));
        let body = Fields::default().text("new_key", input.new_key).into_node();
        let outcome = area::rename(scope.ctx(), &community, &input.key, &body, &seen, None).await?;
        let renamed = done(outcome)?;
        let view = changed(scope, renamed.community).await?;
        let area = view.areas().position(&renamed.new_key).map(|at| Area::new(Arc::clone(&view), at));
        let (old_key, members_moved) = (renamed.old_key, renamed.members_moved);
        Ok(Some(RenameAreaPayload { old_key, area, members_moved, community: types::Community(view) }))
    }

    /// Adds a distribution system operator, or says something else of one. Needs the grant
    /// `rec-registry.community.write`. Reasons: `changed`.
    async fn put_operator(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What it is to be.")] input: PutOperatorInput,
    ) -> Result<Option<PutOperatorPayload>> {
        let scope = Scope::of(context)?;
        let community = CommunityKey::from(input.community_key.as_str());
        let (key, seen) = (input.key.clone(), seen(input.expected_version));
        let put = operator::put(scope.ctx(), &community, &key, &input.into_body()?, &seen).await?;
        let view = changed(scope, put).await?;
        let operator = view.operators().position(&key).map(|at| Operator::new(Arc::clone(&view), at));
        Ok(Some(PutOperatorPayload { operator, community: types::Community(view) }))
    }

    /// Takes a distribution system operator out; grid nodes that name it go on naming it. Needs the grant
    /// `rec-registry.community.write`. Reasons: `operator_not_found`, `changed`.
    async fn remove_operator(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is to go.")] input: RemoveOperatorInput,
    ) -> Result<Option<RemoveOperatorPayload>> {
        let scope = Scope::of(context)?;
        let (community, seen) = (CommunityKey::from(input.community_key), seen(input.expected_version));
        let rest = operator::remove(scope.ctx(), &community, &input.key, &seen).await?;
        Ok(Some(RemoveOperatorPayload { community: types::Community(changed(scope, rest).await?) }))
    }

    /// Adds a grid node, or says something else of one. Needs the grant
    /// `rec-registry.community.write`. Reasons: `invalid_area_boundary`, `changed`.
    async fn put_topology_node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What it is to be.")] input: PutTopologyNodeInput,
    ) -> Result<Option<PutTopologyNodePayload>> {
        let scope = Scope::of(context)?;
        let community = CommunityKey::from(input.community_key.as_str());
        let (key, seen) = (input.id.clone(), seen(input.expected_version));
        let put = topology_node::put(scope.ctx(), &community, &key, &input.into_body()?, &seen).await?;
        let view = changed(scope, put).await?;
        let topology_node = view.topology().position(&key).map(|at| TopologyNode::new(Arc::clone(&view), at));
        Ok(Some(PutTopologyNodePayload { topology_node, community: types::Community(view) }))
    }

    /// Takes a grid node out that nothing names. Needs the grant
    /// `rec-registry.community.write`. Reasons: `topology_node_not_found`, `topology_node_in_use`, `changed`.
    async fn remove_topology_node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is to go.")] input: RemoveTopologyNodeInput,
    ) -> Result<Option<RemoveTopologyNodePayload>> {
        let scope = Scope::of(context)?;
        let (community, seen) = (CommunityKey::from(input.community_key), seen(input.expected_version));
        let rest = topology_node::remove(scope.ctx(), &community, &input.id, &seen).await?;
        Ok(Some(RemoveTopologyNodePayload { community: types::Community(changed(scope, rest).await?) }))
    }
}

/// A community that was written, as the rest of the operation sees it.
async fn changed(scope: &Scope, community: Community) -> Result<Arc<CommunityView>, Error> {
    scope.after_write();
    Ok(scope.remember_community(community).await)
}

impl PutAreaInput {
    fn into_body(self) -> Result<Node, Error> {
        let boundary = self.boundary.map(AreaBoundaryInput::into_body).transpose()?;
        let fields = Fields::default()
            .text("key", self.key)
            .text("name", self.name)
            .node("boundary", boundary)
            .texts("topology", self.node_ids)
            .json("location", self.location)?
            .json("geometry", self.geometry)?
            .beside("extra", self.extra, known_keys::AREA)?;
        Ok(fields.into_node())
    }
}

impl AreaBoundaryInput {
    fn into_body(self) -> Result<Node, Error> {
        let fields = Fields::default().text("source", self.source).text("id", self.id).beside(
            "extra",
            self.extra,
            known_keys::BOUNDARY,
        )?;
        Ok(fields.into_node())
    }
}

impl PutOperatorInput {
    fn into_body(self) -> Result<Node, Error> {
        let fields = Fields::default()
            .text("key", self.key)
            .text("name", self.name)
            .text("country", self.country)
            .json("contact", self.contact)?
            .beside("extra", self.extra, known_keys::OPERATOR)?;
        Ok(fields.into_node())
    }
}

impl PutTopologyNodeInput {
    fn into_body(self) -> Result<Node, Error> {
        let fields = Fields::default()
            .text("id", self.id)
            .word::<closed_set::TopologyNodeType>("type", Some(self.node_type))
            .text("name", self.name)
            .text("operator_id", self.operator_key)
            .text("parent", self.parent_id)
            .json("area", self.geometry)?
            .texts("children", self.child_ids)
            .beside("extra", self.extra, known_keys::TOPOLOGY_NODE)?;
        Ok(fields.into_node())
    }
}
