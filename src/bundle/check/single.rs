//! One entity of a community alone, as a write gives it: held to the rules of a bundle, in their words.
//! Paths start at the entity. What is merely odd is not said.

use std::collections::HashMap;

use super::area::{self, Areas, Grid};
use super::community::{Header, check_node, check_operator, collection_key, header};
use super::document::AreaKeys;
use super::fields::{Fields, characters, key_characters};
use super::findings::Findings;
use super::member::{self, Members};
use super::{MAX_REFUSALS, asset, delivery_point};
use crate::bundle::model::Finding;
use crate::bundle::path::Path;
use crate::domain::asset::AssetContent;
use crate::domain::community::CommunityContent;
use crate::domain::delivery_point::DeliveryPointContent;
use crate::domain::document::Document;
use crate::domain::identifier::MemberKey;
use crate::domain::import::MemberGraph;
use crate::domain::node::{Entries, Node};

/// What is wrong with an entity, all of it.
type Checked<T> = Result<T, Vec<Finding>>;

fn checked<T>(node: Node, check: impl FnOnce(Node, &mut Findings) -> Option<T>) -> Checked<T> {
    let mut findings = Findings::strict(MAX_REFUSALS);
    characters(&node, &Path::Root, &mut findings);
    let value = check(node, &mut findings);
    let found = findings.into_found();
    match value {
        Some(value) if found.is_empty() => Ok(value),
        _ => Err(found),
    }
}

/// A key that a path gave, under the name of its field.
fn path_key(key: &str, field: &str, findings: &mut Findings) {
    let path = Path::Key(&Path::Root, field);
    key_characters(key, &path, findings);
    collection_key(key, &path, findings);
}

/// A member with its delivery points and assets, as far as they are given; `areas` are the keys that it
/// may name.
///
/// # Errors
/// What is wrong with it.
pub fn check_member(key: &str, node: Node, areas: &AreaKeys) -> Checked<MemberGraph> {
    checked(node, |node, findings| {
        path_key(key, "key", findings);
        let fields = Fields::of(node, Path::Root, "a member", findings)?;
        let mut members = Members::new(areas);
        members.check_one(MemberKey::from(key), fields, findings);
        member::finished(members.drafts, &mut Vec::new()).pop()
    })
}

/// A delivery point.
///
/// # Errors
/// What is wrong with it.
pub fn check_delivery_point(node: Node) -> Checked<DeliveryPointContent> {
    checked(node, |node, findings| delivery_point::check_one(node, Path::Root, findings))
}

/// An asset of the kind that a word names; without one there is none.
///
/// # Errors
/// What is wrong with it.
pub fn check_asset(key: &str, asset_type: Option<&str>, node: Node) -> Checked<AssetContent> {
    checked(node, |node, findings| {
        let path = Path::Key(&Path::Root, "key");
        key_characters(key, &path, findings);
        asset::is_usable_key(key, &path, findings);
        let path = Path::Key(&Path::Root, "asset_type");
        let asset_type = asset_type.and_then(|word| asset::known_type(word, &path, findings));
        let fields = Fields::of(node, Path::Root, "an asset", findings)?;
        // What a meter's `pod` names is no reason to refuse it.
        let points = HashMap::new();
        let asset_type = asset_type?;
        let draft = findings.as_in_a_bundle(|findings| {
            asset::check_one(key.to_owned(), asset_type, fields, &points, findings)
        });
        Some(draft?.content)
    })
}

/// What a community says of itself, without its areas, grid and operators.
///
/// # Errors
/// What is wrong with it.
pub fn check_header(node: Node) -> Checked<Header> {
    checked(node, |node, findings| {
        let fields = Fields::of(node, Path::Root, "a community", findings)?;
        header(fields, findings).1
    })
}

/// Operators by key.
///
/// # Errors
/// What is wrong with them.
pub fn check_operators(operators: Entries) -> Checked<Document> {
    checked(Node::Map(operators), |node, findings| {
        let Node::Map(operators) = node else { return None };
        let (operators, _) =
            super::community::check_operators(operators, &Path::Key(&Path::Root, "operators"), findings);
        Some(Document::from_canonical(&Node::Map(operators)))
    })
}

/// An operator.
///
/// # Errors
/// What is wrong with it.
pub fn check_one_operator(key: &str, node: Node) -> Checked<Node> {
    checked(node, |node, findings| {
        path_key(key, "key", findings);
        check_operator(node, Path::Root, findings).map(Node::Map)
    })
}

/// A topology node.
///
/// # Errors
/// What is wrong with it.
pub fn check_topology_node(node: Node) -> Checked<Node> {
    checked(node, |node, findings| Some(Node::Map(check_node(node, Path::Root, findings)?.entries)))
}

/// The key of an area.
///
/// # Errors
/// What is wrong with it.
pub fn check_area_key(key: &str, field: &str) -> Checked<()> {
    checked(Node::text(key), |_, findings| {
        area::check_key(key, &Path::Key(&Path::Root, field), findings);
        Some(())
    })
}

/// An area beside the others of a community, whose boundaries it may not share.
///
/// # Errors
/// What is wrong with it.
pub fn check_area(key: &str, node: Node, community: &CommunityContent, is_bounded: bool) -> Checked<Node> {
    let grid = grid_of(community);
    let others = community.areas().into_iter().filter(|area| area.key != key);
    let boundaries = others.filter_map(|area| Some(area.boundary?.id)).collect();
    checked(node, |node, findings| {
        area::check_key(key, &Path::Key(&Path::Root, "key"), findings);
        let mut areas = Areas { is_bounded, grid: &grid, boundaries };
        areas.check_one(node, Path::Root, findings).map(|(entries, _)| Node::Map(entries))
    })
}

fn grid_of(community: &CommunityContent) -> Grid {
    let mut grid = Grid::default();
    for node in community.topology() {
        grid.insert(&node.id, Some(node.node_type));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::check_yaml;

    fn node(json: &str) -> Node {
        Node::from_json(json.as_bytes()).unwrap().node
    }

    fn places<T>(checked: Checked<T>) -> Vec<String> {
        checked.err().unwrap_or_default().into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn digits_are_no_text_in_a_request_but_in_what_a_member_owns() {
        assert_eq!(
            places(check_delivery_point(node(r#"{"id": 1, "type": "pod", "tariff": 2}"#))),
            ["id", "tariff"]
        );
        let meter = r#"{"name": 5, "sensor_id": 12, "pod": 7}"#;
        assert_eq!(check_asset("m", Some("meter"), node(meter)).unwrap().name, "5");
        let areas = AreaKeys::from(["n".to_owned()]);
        let member = |name: &str| {
            let text = r#"{"user_id": "u", "name": NAME, "role": "admin", "area": "n", "status": "active",
                "assets": {"meter": {"m": METER}}}"#;
            check_member("k", node(&text.replace("NAME", name).replace("METER", meter)), &areas)
        };
        assert_eq!(places(member("5")), ["name"]);
        assert_eq!(places(member("\"N\"")), [""; 0]);
    }

    #[test]
    fn what_is_documented_as_a_mapping_is_one() {
        let mut body = check_yaml(b"schema_version: '0.6'\ncommunity: {id: x, name: X}\n").unwrap();
        let community = body.documents.remove(0).bundle.unwrap().community;
        let area = node(r#"{"name": "N", "location": "here", "geometry": [1]}"#);
        assert_eq!(places(check_area("n", area, &community, false)), ["location", "geometry"]);
        assert_eq!(
            places(check_topology_node(node(r#"{"id": "a", "type": "feeder", "area": 7}"#))),
            ["area"]
        );
    }
}
