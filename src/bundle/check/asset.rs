//! The assets of one member.

use std::collections::{HashMap, HashSet};

use super::community::{put_text, with_rest};
use super::fields::{Fields, free_keys, free_keys_within, keyed};
use super::findings::Findings;
use crate::bundle::keys;
use crate::bundle::model::Warning;
use crate::bundle::path::{Path, shown};
use crate::domain::asset::{AssetContent, DEVICE_KEYS, properties_of};
use crate::domain::closed_set::{AssetType, ClosedSet};
use crate::domain::code::Code;
use crate::domain::document::Document;
use crate::domain::fold::folded_code;
use crate::domain::identifier::{AssetKey, SensorId};
use crate::domain::node::{Entries, Node};

/// An asset, what is odd about it, and what it names of others.
pub struct AssetDraft {
    pub content: AssetContent,
    pub warnings: Vec<Warning>,
    pub references: Vec<Reference>,
}

/// An asset key that an asset's relationships name.
pub struct Reference {
    pub path: String,
    pub key: String,
}

/// The assets of one member.
#[derive(Default)]
pub struct Assets {
    pub drafts: Vec<AssetDraft>,
    pub count: u64,
    /// Each sensor with the place that names it first.
    pub sensors: HashMap<String, String>,
}

/// Checks the assets of a member. `taken` holds the asset keys of the community so far.
pub fn check(
    collections: Entries,
    path: &Path<'_>,
    points: &HashMap<String, usize>,
    taken: &mut HashSet<String>,
    findings: &mut Findings,
) -> Assets {
    let mut assets = Assets::default();
    for (word, collection) in collections {
        let path = path.key(&word);
        assets.count += match &collection {
            Node::Map(entries) => entries.len() as u64,
            Node::List(items) => items.len() as u64,
            _ => 0,
        };
        let Some(asset_type) = known_type(&word, &path, findings) else { continue };
        keyed(collection, &path, "an asset", findings, |key, node, findings| {
            let path = path.key(&key);
            if !is_usable_key(&key, &path, findings) {
                return;
            }
            if !taken.insert(key.clone()) {
                findings.refuse(Code::DuplicateKey, &path, || {
                    "another asset of the community has the same key".to_owned()
                });
            }
            let Some(fields) = Fields::of(node, path, "an asset", findings) else { return };
            let draft = check_one(key.clone(), asset_type, fields, points, findings);
            let Some(draft) = draft else { return };
            if let Some(sensor) = &draft.content.sensor_id {
                let place = || path.key("sensor_id").text();
                assets.sensors.entry(sensor.as_str().to_owned()).or_insert_with(place);
            }
            assets.drafts.push(draft);
        });
    }
    assets
        .drafts
        .sort_by(|a, b| (a.content.asset_type, &a.content.key).cmp(&(b.content.asset_type, &b.content.key)));
    shared_sensors(&mut assets.drafts, path);
    assets
}

/// The kind of asset that a word names.
pub fn known_type(word: &str, path: &Path<'_>, findings: &mut Findings) -> Option<AssetType> {
    let asset_type = AssetType::parse(word);
    if asset_type.is_none() {
        findings.refuse(Code::UnknownAssetType, path, || {
            format!("`{}` is no asset type; the types are {}", shown(word), AssetType::allowed())
        });
    }
    asset_type
}

/// Whether a text may be the key of an asset.
pub fn is_usable_key(key: &str, path: &Path<'_>, findings: &mut Findings) -> bool {
    if key.trim().is_empty() {
        findings.invalid(path, || "a key must not be blank".to_owned());
        return false;
    }
    if keys::fits(key, keys::KEY_CHARS) {
        return true;
    }
    findings.refuse(Code::AssetKeyTooLong, path, || {
        format!("the key of an asset has at most {} characters", keys::KEY_CHARS)
    });
    false
}

/// Checks one asset; `points` are those of its member.
pub fn check_one(
    key: String,
    asset_type: AssetType,
    mut fields: Fields<'_>,
    points: &HashMap<String, usize>,
    findings: &mut Findings,
) -> Option<AssetDraft> {
    let path = fields.path;
    let mut warnings = Vec::new();
    let name = fields.required_text("name", keys::NAME_CHARS, findings);
    let sensor = fields.text("sensor_id", usize::MAX, findings);
    let sensor_id = sensor.as_deref().and_then(SensorId::new);
    if sensor_id.as_ref().is_some_and(|sensor| !keys::fits(sensor.as_str(), keys::NAME_CHARS)) {
        findings.invalid(&path.key("sensor_id"), || format!("has more than {} characters", keys::NAME_CHARS));
    }
    if sensor_id.is_none() && asset_type == AssetType::Meter {
        let sentence = format!("{path}: a meter without sensor_id is stored, but no sensor leads to it");
        warnings.push(Warning::odd(sentence));
    }
    let device = fields.document("device", DEVICE_KEYS, findings);
    let (relationships, references) = relationships(&mut fields, findings);
    let extra = fields.map("extra", findings);
    free_keys(&extra, &path.key("extra"), findings);
    let properties = properties(asset_type, fields, points, findings, &mut warnings);
    Some(AssetDraft {
        content: AssetContent {
            key: AssetKey::from(key),
            asset_type,
            name: name?,
            sensor_id,
            properties,
            device: Document::from_entries(device, DEVICE_KEYS),
            relationships,
            extra: Document::from_entries(extra, &[]),
        },
        warnings,
        references,
    })
}

fn relationships(fields: &mut Fields<'_>, findings: &mut Findings) -> (Document, Vec<Reference>) {
    let outer = fields.path;
    let path = outer.key("relationships");
    let mut references = Vec::new();
    let given = Node::Map(fields.map("relationships", findings));
    let mut entries = Entries::new();
    let mut rest = Entries::new();
    if let Some(mut given) = Fields::of(given, path, "`relationships`", findings) {
        let measures = given.texts("measures", findings).unwrap_or_default();
        for (index, key) in measures.iter().enumerate() {
            let place = path.key("measures").index(index).text();
            references.push(Reference { path: place, key: key.clone() });
        }
        entries.push(("measures".into(), Node::List(measures.into_iter().map(Node::text).collect())));
        let paired_with = given.text("paired_with", usize::MAX, findings);
        if let Some(key) = &paired_with {
            references.push(Reference { path: path.key("paired_with").text(), key: key.clone() });
        }
        put_text(&mut entries, "paired_with", paired_with);
        rest = given.rest(findings);
    }
    (Document::from_canonical(&Node::Map(with_rest(entries, rest))), references)
}

/// The properties of the kind in their order, then everything else.
fn properties(
    asset_type: AssetType,
    mut fields: Fields<'_>,
    points: &HashMap<String, usize>,
    findings: &mut Findings,
    warnings: &mut Vec<Warning>,
) -> Document {
    let path = fields.path;
    let mut entries = Entries::new();
    for property in properties_of(asset_type) {
        let Some(mut value) = fields.take(property.key) else { continue };
        let path = path.key(property.key);
        if asset_type == AssetType::Meter && property.key == "pod" {
            // An id, and digits without quotes are text where an id is asked for.
            if let Node::Number(digits) = value {
                value = Node::Text(digits);
            }
            if value.as_text().is_some_and(|pod| !points.contains_key(&folded_code(pod))) {
                warnings.push(Warning::dangling(format!("{path}: names no delivery point of the member")));
            }
        }
        if !property.property_type.fits(&value) {
            let allowed = property.property_type.allowed();
            warnings.push(Warning::odd(format!("{path}: is not {allowed}; it is kept as given")));
        }
        free_keys_within(&value, &path, findings);
        entries.push((property.key.into(), value.sorted()));
    }
    let rest = fields.rest(findings);
    for property in properties_of(asset_type) {
        let Some(older) = property.also_seen else { continue };
        if rest.iter().any(|(key, _)| key == older) {
            let path = path.key(older);
            let sentence = format!("{path}: an older spelling of `{}`; it is kept as given", property.key);
            warnings.push(Warning::odd(sentence));
        }
    }
    Document::from_canonical(&Node::Map(with_rest(entries, rest)))
}

/// A second asset of the same member on the same sensor is odd.
fn shared_sensors(drafts: &mut [AssetDraft], path: &Path<'_>) {
    let mut first: HashMap<SensorId, AssetKey> = HashMap::new();
    for draft in drafts {
        let Some(sensor) = &draft.content.sensor_id else { continue };
        if let Some(other) = first.get(sensor) {
            let path = path.key(draft.content.asset_type.as_str());
            let place = path.key(draft.content.key.as_str());
            let sentence =
                format!("{}: the sensor is also that of the member's asset {other}", place.key("sensor_id"));
            draft.warnings.push(Warning::odd(sentence));
        } else {
            first.insert(sensor.clone(), draft.content.key.clone());
        }
    }
}
