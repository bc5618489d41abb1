//! A bundle as YAML: blocks for the levels that the format describes, flow style for free data. The
//! same content gives the same bytes, and a member at a time is enough, so that an export needs no more
//! memory than its largest community and member.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{check, flow, keys, quote};
use crate::domain::asset::AssetContent;
use crate::domain::closed_set::{ClosedSet, TopologyNodeType};
use crate::domain::community::CommunityContent;
use crate::domain::delivery_point::DeliveryPointContent;
use crate::domain::document::Document;
use crate::domain::import::{CommunityGraph, MemberGraph};

/// Writes bundles one after the other: each community, then its members by key in byte order.
#[derive(Debug, Default)]
pub struct Writer {
    has_community: bool,
    has_members: bool,
}

impl Writer {
    /// A writer at the start of a file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends everything of a bundle but its members.
    pub fn community(&mut self, community: &CommunityContent, out: &mut String) {
        if self.has_community {
            out.push_str("---\n");
        }
        self.has_community = true;
        self.has_members = false;
        envelope(community, out);
        out.push_str("community:\n");
        field(2, "id", community.key.as_str(), out);
        field(2, "name", &community.name, out);
        optional(2, "description", community.description.as_deref(), out);
        block(2, "areas", &community.areas, out);
        topology(&community.topology, out);
        block(2, "operators", &community.operators, out);
        document(2, "legal", &community.legal, out);
        document(2, "links", &community.links, out);
        document(2, "contact", &community.contact, out);
        document(2, "settings", &community.settings, out);
        extra(2, &community.extra, keys::COMMUNITY, out);
    }

    /// Appends a member of the last community. The order of members is the caller's; that of points and
    /// assets does not matter.
    pub fn member(&mut self, member: &MemberGraph, out: &mut String) {
        if !self.has_members {
            out.push_str("members:\n");
            self.has_members = true;
        }
        let content = &member.content;
        begin(2, content.key.as_str(), out);
        out.push('\n');
        field(4, "user_id", content.user_id.as_str(), out);
        optional(4, "did", content.did.as_ref().map(|did| did.as_str()), out);
        field(4, "name", &content.name, out);
        optional(4, "type", content.member_type.as_deref(), out);
        field(4, "role", content.role.as_str(), out);
        field(4, "area", &content.area, out);
        field(4, "status", content.status.as_str(), out);
        delivery_points(&member.delivery_points, out);
        assets(&member.assets, out);
        extra(4, &content.extra, keys::MEMBER, out);
    }

    /// Appends a whole bundle.
    pub fn bundle(&mut self, bundle: &CommunityGraph, out: &mut String) {
        self.community(&bundle.community, out);
        for member in &bundle.members {
            self.member(member, out);
        }
    }
}

/// The highest published schema version whose rules a community keeps: 0.7 when each area, if there are
/// any, has the boundary that 0.7 asks for, else 0.6.
///
/// An import holds whatever claims 0.7 to these very rules, so an export is never refused for its claim.
#[must_use]
pub fn schema_version(community: &CommunityContent) -> &'static str {
    if areas_are_bounded(community) { keys::BOUNDED_AREAS } else { keys::UNBOUNDED_AREAS }
}

/// The rules of schema 0.7: one area is one primary substation, and no two share one.
fn areas_are_bounded(community: &CommunityContent) -> bool {
    let areas = community.areas();
    if areas.is_empty() {
        return true;
    }
    let topology = community.topology();
    let substations: HashSet<&str> = topology
        .iter()
        .filter(|node| node.node_type == TopologyNodeType::PrimarySubstation)
        .map(|node| node.id.as_str())
        .collect();
    let mut seen = HashSet::new();
    areas.iter().all(|area| {
        area.boundary.as_ref().is_some_and(|boundary| {
            check::boundary_flaw(&boundary.source, &boundary.id, &area.topology, |id| {
                substations.contains(id)
            })
            .is_none()
                && seen.insert(boundary.id.clone())
        })
    })
}

fn envelope(community: &CommunityContent, out: &mut String) {
    let entries = flow::entries(community.envelope.as_str());
    let is_version = |key: &Cow<'_, str>| *key == "version";
    for (key, value) in entries.iter().filter(|(key, _)| is_version(key)) {
        raw(0, key, value, out);
    }
    field(0, "schema_version", schema_version(community), out);
    for (key, value) in entries.iter().filter(|(key, _)| !is_version(key)) {
        raw(0, key, value, out);
    }
}

fn topology(nodes: &Document, out: &mut String) {
    if nodes.is_empty() {
        return;
    }
    out.push_str("  topology:\n");
    for node in flow::items(nodes.as_str()) {
        out.push_str("    - ");
        flow::write(node, out);
        out.push('\n');
    }
}

fn delivery_points(points: &[DeliveryPointContent], out: &mut String) {
    if points.is_empty() {
        return;
    }
    let mut points: Vec<_> = points.iter().collect();
    points.sort_by(|a, b| a.code.cmp(&b.code));
    out.push_str("    delivery_points:\n");
    for point in points {
        out.push_str("      - {id: ");
        quote::write_text(point.code.as_str(), out);
        inline("type", Some(&point.point_type), out);
        inline("description", point.description.as_deref(), out);
        inline("address", point.address.as_deref(), out);
        inline("tariff", point.tariff.as_deref(), out);
        out.push_str(if point.active { ", active: true" } else { ", active: false" });
        for (key, value) in flow::entries(point.extra.as_str()) {
            out.push_str(", ");
            quote::write_text(&key, out);
            out.push_str(": ");
            flow::write(value, out);
        }
        out.push_str("}\n");
    }
}

fn assets(assets: &[AssetContent], out: &mut String) {
    if assets.is_empty() {
        return;
    }
    let mut assets: Vec<_> = assets.iter().collect();
    assets.sort_by(|a, b| a.asset_type.cmp(&b.asset_type).then_with(|| a.key.cmp(&b.key)));
    out.push_str("    assets:\n");
    let mut last_type = None;
    for asset in assets {
        if last_type != Some(asset.asset_type) {
            last_type = Some(asset.asset_type);
            begin(6, asset.asset_type.as_str(), out);
            out.push('\n');
        }
        begin(8, asset.key.as_str(), out);
        out.push('\n');
        field(10, "name", &asset.name, out);
        optional(10, "sensor_id", asset.sensor_id.as_ref().map(|sensor| sensor.as_str()), out);
        for (key, value) in flow::entries(asset.properties.as_str()) {
            raw(10, &key, value, out);
        }
        document(10, "device", &asset.device, out);
        relationships(&asset.relationships, out);
        document(10, "extra", &asset.extra, out);
    }
}

/// `measures` is there without being said, so an empty one is left out.
fn relationships(relationships: &Document, out: &mut String) {
    if relationships.is_empty() || relationships.as_str() == r#"{"measures":[]}"# {
        return;
    }
    out.push_str("          relationships: {");
    let entries = flow::entries(relationships.as_str());
    let said = entries.iter().filter(|(key, value)| !(*key == "measures" && *value == "[]"));
    for (index, (key, value)) in said.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        quote::write_text(key, out);
        out.push_str(": ");
        flow::write(value, out);
    }
    out.push_str("}\n");
}

/// Free data of a level, among its fields where no field has the same key, else under `extra`.
fn extra(indent: usize, extra: &Document, fields: &[&str], out: &mut String) {
    let mut hidden = Vec::new();
    for (key, value) in flow::entries(extra.as_str()) {
        if fields.contains(&key.as_ref()) {
            hidden.push((key, value));
        } else {
            raw(indent, &key, value, out);
        }
    }
    if hidden.is_empty() {
        return;
    }
    begin(indent, "extra", out);
    out.push('\n');
    for (key, value) in hidden {
        raw(indent + 2, &key, value, out);
    }
}

/// A mapping by key, one entry a line.
fn block(indent: usize, key: &str, document: &Document, out: &mut String) {
    if document.is_empty() {
        return;
    }
    begin(indent, key, out);
    out.push('\n');
    for (key, value) in flow::entries(document.as_str()) {
        raw(indent + 2, &key, value, out);
    }
}

fn document(indent: usize, key: &str, document: &Document, out: &mut String) {
    if !document.is_empty() {
        raw(indent, key, document.as_str(), out);
    }
}

/// One entry of free data. Nothing is what a level means by a key that is not there.
fn raw(indent: usize, key: &str, json: &str, out: &mut String) {
    if json == "null" {
        return;
    }
    begin(indent, key, out);
    out.push(' ');
    flow::write(json, out);
    out.push('\n');
}

fn optional(indent: usize, key: &'static str, text: Option<&str>, out: &mut String) {
    if let Some(text) = text {
        field(indent, key, text, out);
    }
}

fn field(indent: usize, key: &'static str, text: &str, out: &mut String) {
    begin_field(indent, key, out);
    out.push(' ');
    quote::write_text(text, out);
    out.push('\n');
}

fn inline(key: &str, text: Option<&str>, out: &mut String) {
    if let Some(text) = text {
        out.push_str(", ");
        out.push_str(key);
        out.push_str(": ");
        quote::write_text(text, out);
    }
}

/// Begins the line of a key that is data.
fn begin(indent: usize, key: &str, out: &mut String) {
    out.push_str(&SPACES[..indent]);
    quote::write_text(key, out);
    out.push(':');
}

/// Begins the line of a field of the format, whose names need no quotes.
fn begin_field(indent: usize, name: &'static str, out: &mut String) {
    out.push_str(&SPACES[..indent]);
    out.push_str(name);
    out.push(':');
}

const SPACES: &str = "            ";
