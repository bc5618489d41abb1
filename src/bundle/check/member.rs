//! The members of a document.

use std::collections::{HashMap, HashSet};

use super::asset::{self, AssetDraft};
use super::community::{collection_key, extra};
use super::delivery_point;
use super::document::AreaKeys;
use super::fields::{Fields, keyed};
use super::findings::Findings;
use crate::bundle::keys;
use crate::bundle::model::{BundledDid, Held, Warning};
use crate::bundle::path::{Path, shown};
use crate::domain::closed_set::{ClosedSet, MemberRole, MemberStatus};
use crate::domain::code::Code;
use crate::domain::delivery_point::{DeliveryPointContent, HoldingKind};
use crate::domain::document::Document;
use crate::domain::identifier::{Did, MemberKey, UserId};
use crate::domain::import::{Counts, MemberGraph};
use crate::domain::member::MemberContent;
use crate::domain::node::Node;

/// A member, the warnings of its assets still beside them.
pub struct MemberDraft {
    content: MemberContent,
    delivery_points: Vec<DeliveryPointContent>,
    assets: Vec<AssetDraft>,
}

/// The members of a document, as they are checked.
pub struct Members<'a> {
    areas: &'a AreaKeys,
    keys: HashSet<String>,
    user_ids: HashSet<String>,
    asset_keys: HashSet<String>,
    pub drafts: Vec<MemberDraft>,
    pub held: Vec<Held>,
    pub dids: Vec<BundledDid>,
    pub counts: Counts,
}

impl<'a> Members<'a> {
    pub fn new(areas: &'a AreaKeys) -> Self {
        Self {
            areas,
            keys: HashSet::new(),
            user_ids: HashSet::new(),
            asset_keys: HashSet::new(),
            drafts: Vec::new(),
            held: Vec::new(),
            dids: Vec::new(),
            counts: Counts::default(),
        }
    }

    pub fn check(&mut self, node: Node, findings: &mut Findings) {
        self.counts.member = match &node {
            Node::Map(entries) => entries.len() as u64,
            Node::List(items) => items.len() as u64,
            _ => 0,
        };
        let path = Path::Key(&Path::Root, "members");
        keyed(node, &path, "a member", findings, |key, node, findings| {
            let path = path.key(&key);
            collection_key(&key, &path, findings);
            if !self.keys.insert(key.clone()) {
                findings.refuse(Code::DuplicateKey, &path, || {
                    "another member of the community has the same key".to_owned()
                });
            }
            if let Some(fields) = Fields::of(node, path, "a member", findings) {
                self.check_one(MemberKey::from(key.as_str()), fields, findings);
            }
        });
    }

    /// Checks one member, its key aside.
    pub fn check_one(&mut self, key: MemberKey, mut fields: Fields<'_>, findings: &mut Findings) {
        let path = fields.path;
        let user_id = fields.required_id("user_id", keys::NAME_CHARS, findings);
        if let Some(user_id) = &user_id
            && !self.user_ids.insert(user_id.clone())
        {
            findings.refuse(Code::UserIdTaken, &path.key("user_id"), || {
                "another member of the bundle has the same user_id".to_owned()
            });
        }
        let did = fields.text("did", keys::DID_CHARS, findings).filter(|did| !did.trim().is_empty());
        if let Some(did) = &did {
            let path = path.key("did").text();
            self.dids.push(BundledDid { did: did.clone(), document: 0, member: key.clone(), path });
        }
        let name = fields.required_text("name", keys::NAME_CHARS, findings);
        let member_type = fields.text("type", keys::NAME_CHARS, findings);
        let role = word::<MemberRole>(&mut fields, "role", Code::InvalidRole, findings);
        let area = self.area(&mut fields, findings);
        let status = word::<MemberStatus>(&mut fields, "status", Code::InvalidStatus, findings);

        let points = fields.list("delivery_points", findings).unwrap_or_default();
        self.counts.delivery_point += points.len() as u64;
        let points = delivery_point::check(points, &path.key("delivery_points"), findings);
        let assets = fields.map("assets", findings);
        let assets = findings.as_in_a_bundle(|findings| {
            asset::check(assets, &path.key("assets"), &points.by_folded_code, &mut self.asset_keys, findings)
        });
        self.counts.asset += assets.count;
        if status == Some(MemberStatus::Active) {
            self.holds(&key, &path, points.by_folded_code, assets.sensors);
        }
        let extra = Document::from_entries(extra(fields, findings), &[]);
        let (Some(user_id), Some(name), Some(role), Some(area), Some(status)) =
            (user_id, name, role, area, status)
        else {
            return;
        };
        let content = MemberContent {
            key,
            user_id: UserId::from(user_id),
            did: did.map(Did::from),
            name,
            member_type,
            role,
            area,
            status,
            extra,
        };
        let draft = MemberDraft { content, delivery_points: points.contents, assets: assets.drafts };
        self.drafts.push(draft);
    }

    fn area(&self, fields: &mut Fields<'_>, findings: &mut Findings) -> Option<String> {
        let area = fields.required_text("area", usize::MAX, findings)?;
        if !self.areas.contains(&area) {
            findings.refuse(Code::UnknownArea, &fields.path.key("area"), || {
                format!("`{}` is no key of community.areas; {}", shown(&area), allowed_areas(self.areas))
            });
            return None;
        }
        Some(area)
    }

    fn holds(
        &mut self,
        member: &MemberKey,
        path: &Path<'_>,
        points: HashMap<String, usize>,
        sensors: HashMap<String, String>,
    ) {
        let from = self.held.len();
        let held = |kind, folded, path| Held { kind, folded, document: 0, member: member.clone(), path };
        self.held.extend(points.into_iter().map(|(folded, index)| {
            let place = path.key("delivery_points").index(index).key("id").text();
            held(HoldingKind::DeliveryPoint, folded, place)
        }));
        let sensors = sensors.into_iter().map(|(sensor, place)| held(HoldingKind::Sensor, sensor, place));
        self.held.extend(sensors);
        // A hash map has no order of its own, and the report must.
        self.held[from..].sort_by(|a, b| (a.kind, &a.path).cmp(&(b.kind, &b.path)));
    }
}

fn word<S: ClosedSet>(fields: &mut Fields<'_>, key: &str, code: Code, findings: &mut Findings) -> Option<S> {
    let word = fields.required_text(key, usize::MAX, findings)?;
    let value = S::parse(&word);
    if value.is_none() {
        findings.refuse(code, &fields.path.key(key), || {
            format!("`{}` is no {key}; allowed are {}", shown(&word), S::allowed())
        });
    }
    value
}

/// The areas that a member may name, as many as a sentence takes.
fn allowed_areas(areas: &AreaKeys) -> String {
    const FEW: usize = 20;
    let mut names: Vec<&str> = areas.iter().map(|area| shown(area)).collect();
    names.sort_unstable();
    match names.len() {
        0 => "the community has no areas".to_owned(),
        1..=FEW => format!("allowed are {}", names.join(", ")),
        more => format!("allowed are {} and {} more", names[..FEW].join(", "), more - FEW),
    }
}

/// The members by key, and in that order what is odd about their assets; whether a relationship
/// resolves can only be said now that every asset key of the community is known.
pub fn finished(mut drafts: Vec<MemberDraft>, warnings: &mut Vec<Warning>) -> Vec<MemberGraph> {
    drafts.sort_by(|a, b| a.content.key.cmp(&b.content.key));
    let keys: HashSet<&str> =
        drafts.iter().flat_map(|draft| &draft.assets).map(|asset| asset.content.key.as_str()).collect();
    for asset in drafts.iter().flat_map(|draft| &draft.assets) {
        warnings.extend_from_slice(&asset.warnings);
        let unresolved = asset.references.iter().filter(|named| !keys.contains(named.key.as_str()));
        warnings.extend(unresolved.map(|named| {
            let asset = shown(&named.key);
            Warning::dangling(format!("{}: `{asset}` is no asset of the community", named.path))
        }));
    }
    drafts
        .into_iter()
        .map(|draft| MemberGraph {
            content: draft.content,
            delivery_points: draft.delivery_points,
            assets: draft.assets.into_iter().map(|asset| asset.content).collect(),
        })
        .collect()
}
