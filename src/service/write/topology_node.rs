//! The grid of a community.

use super::body::Body;
use super::{Write, unless_changed};
use crate::bundle::check_topology_node;
use crate::domain::closed_set::{ClosedSet, TopologyNodeType};
use crate::domain::code::Code;
use crate::domain::community::{Community, CommunityContent};
use crate::domain::document::Document;
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::identifier::CommunityKey;
use crate::domain::node::Node;
use crate::domain::precondition::Seen;
use crate::service::{Ctx, Result};

/// Most areas or nodes that a sentence names.
const NAMED: usize = 5;

/// Adds a node behind the others, or says something else of one where it stands: all of it. Needs the grant
/// `community.write`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community; changed since it was seen; what is wrong with the node; an area
/// is bounded by it and it would be no primary substation any more; a failure of the database.
pub async fn put(
    ctx: &Ctx,
    community: &CommunityKey,
    id: &str,
    body: &Node,
    seen: &Seen,
) -> Result<Community> {
    Write::new(ctx, "topology_node.put", community)
        .run(&[Operation::WriteCommunity], |edit| {
            Box::pin(async move {
                unless_changed(seen, Some(&edit.community))?;
                let content = &edit.community.content;
                let mut fields = Body::open(body.clone());
                fields.take_same("id", id, |text| text == id);
                fields.put("id", Node::text(id));
                without_what_is_shown(&mut fields, content, id);
                let (entries, problems) = fields.into_parts();
                let node = problems.with(check_topology_node(Node::Map(entries)))?;
                stays_a_boundary(content, id, &node)?;
                let mut nodes = content.topology.items();
                match nodes.iter_mut().find(|known| id_of(known) == Some(id)) {
                    Some(known) => *known = node,
                    None => nodes.push(node),
                }
                edit.save_content(&with_nodes(content, nodes)).await
            })
        })
        .await
}

/// Takes a node out that nothing names. Needs the grant `community.write`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; an area or another node names it, or nodes
/// stand below it; a failure of the database.
pub async fn remove(ctx: &Ctx, community: &CommunityKey, id: &str, seen: &Seen) -> Result<Community> {
    Write::new(ctx, "topology_node.remove", community)
        .run(&[Operation::WriteCommunity], |edit| {
            Box::pin(async move {
                let content = &edit.community.content;
                let mut nodes = content.topology.items();
                let known = nodes.len();
                nodes.retain(|node| id_of(node) != Some(id));
                if nodes.len() == known {
                    let detail = "There is no such topology node";
                    return Err(Error::not_found(Code::TopologyNodeNotFound, detail).into());
                }
                unless_changed(seen, Some(&edit.community))?;
                let users = users_of(content, id);
                if !users.is_empty() {
                    return Err(Error::conflict(Code::TopologyNodeInUse, in_use(&users)).into());
                }
                edit.save_content(&with_nodes(content, nodes)).await
            })
        })
        .await
}

/// A client that reads a node and sends it back sends what was made for it to read: the operator by its older name, an area where
/// there is none, and those among the children that name the node as their parent themselves.
fn without_what_is_shown(fields: &mut Body, content: &CommunityContent, id: &str) {
    if fields.has("operator_id") && fields.get("operator") == fields.get("operator_id") {
        fields.take("operator");
    }
    if fields.get("area").and_then(Node::as_map).is_some_and(<[_]>::is_empty) {
        fields.take("area");
    }
    let nodes = content.topology.items();
    let stored = nodes.iter().find(|node| id_of(node) == Some(id));
    let is_given = |child: &str| stored.is_some_and(|node| children_of(node).any(|given| given == child));
    let names_it = |child: &str| {
        let child = nodes.iter().find(|node| id_of(node) == Some(child));
        child.is_some_and(|child| child.get("parent").and_then(Node::as_text) == Some(id))
    };
    if let Some(Node::List(mut children)) = fields.get("children").cloned() {
        children.retain(|child| child.as_text().is_none_or(|child| is_given(child) || !names_it(child)));
        fields.take("children");
        fields.put("children", Node::List(children));
    }
}

fn id_of(node: &Node) -> Option<&str> {
    node.get("id").and_then(Node::as_text)
}

fn with_nodes(content: &CommunityContent, nodes: Vec<Node>) -> CommunityContent {
    CommunityContent { topology: Document::from_canonical(&Node::List(nodes)), ..content.clone() }
}

/// A node that bounds an area is a primary substation and stays one.
fn stays_a_boundary(content: &CommunityContent, id: &str, node: &Node) -> Result<()> {
    let substation = TopologyNodeType::PrimarySubstation.as_str();
    if node.get("type").and_then(Node::as_text) == Some(substation) {
        return Ok(());
    }
    let bounds = |boundary: &crate::domain::community::AreaBoundary| boundary.id == id;
    match content.areas().into_iter().find(|area| area.boundary.as_ref().is_some_and(bounds)) {
        None => Ok(()),
        Some(area) => Err(Error::Unprocessable {
            code: Code::InvalidAreaBoundary,
            detail: format!("The area {} is bounded by this node, which must stay a {substation}", area.key),
        }),
    }
}

/// What names a node: areas by their grid nodes or their boundary, nodes that name it as their parent or among
/// their children, and the children that it names itself.
fn users_of(content: &CommunityContent, id: &str) -> Vec<String> {
    let areas = content.areas().into_iter().filter(|area| {
        let bounds = area.boundary.as_ref().is_some_and(|boundary| boundary.id == id);
        bounds || area.topology.iter().any(|named| named == id)
    });
    let nodes = content.topology.items();
    let own = nodes.iter().find(|node| id_of(node) == Some(id));
    let names = |node: &Node, id: &str| children_of(node).any(|child| child == id);
    let users = nodes.iter().filter(|node| id_of(node) != Some(id)).filter(|node| {
        let is_child = id_of(node).is_some_and(|child| own.is_some_and(|own| names(own, child)));
        is_child || names(node, id) || node.get("parent").and_then(Node::as_text) == Some(id)
    });
    let users = users.filter_map(id_of).map(|user| format!("the node {user}"));
    areas.map(|area| format!("the area {}", area.key)).chain(users).collect()
}

/// The children that a node names itself.
fn children_of(node: &Node) -> impl Iterator<Item = &str> {
    node.get("children").and_then(Node::as_list).unwrap_or_default().iter().filter_map(Node::as_text)
}

fn in_use(users: &[String]) -> String {
    let named = users[..users.len().min(NAMED)].join(", ");
    match users.len().checked_sub(NAMED) {
        None | Some(0) => format!("This node is used by {named}"),
        Some(more) => format!("This node is used by {named} and {more} more"),
    }
}
