//! What a bundle may look like, as a JSON Schema (2020-12): for editors, and for programs that write bundles. It is made of
//! the tables that the check uses, and says what one place of a document can say by itself. What places say of each other
//! (a key that stands twice, an area that is not there, two who hold one sensor) the check alone finds.
//!
//! Of what a place says by itself it refuses what the check refuses, with these exceptions, which no bundle needs: a number
//! where a community's id is asked for may have a fraction of zero; a sensor id that is too long is too long with the blanks
//! around it, too; and an area or operator that is null is held to the rule for its key.

use serde_json::{Map, Value, json};

use super::keys;
use crate::domain::asset::{DEVICE_KEYS, Property, RELATIONSHIP_KEYS, properties_of};
use crate::domain::closed_set::{AssetType, ClosedSet, MemberRole, MemberStatus, TopologyNodeType};
use crate::domain::community::known_keys;
use crate::domain::identifier::CommunityKey;

/// No control character: for keys, of which each may become a part of a path.
const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
const NO_NUL: &str = r"^[^\u0000]*$";
/// Something beside white space.
const NOT_BLANK: &str =
    r"[^\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]";

/// The keys of an asset that are no property of its kind.
const ASSET: &[&str] = &["key", "name", "sensor_id", "device", "relationships", "extra"];
/// The keys of a delivery point.
const DELIVERY_POINT: &[&str] = &["id", "type", "description", "address", "tariff", "active"];
/// The keys of a bundle.
const BUNDLE: &[&str] = &["version", "schema_version", "metadata", "community", "members"];

/// The JSON Schema of a bundle.
#[must_use]
pub fn json_schema() -> Value {
    let versions = keys::SCHEMA_VERSIONS.join(", ");
    let mut schema = mapping(BUNDLE, &["community"], |key| match key {
        "version" => bounded("text", keys::NAME_CHARS, "The version of the envelope: 1.0"),
        "schema_version" => reference(
            "text",
            &format!(
                "Which published version the content claims: {versions}. Another one, or none, is a warning. `{}` asks \
                 for a boundary of each area",
                keys::BOUNDED_AREAS
            ),
        ),
        "metadata" => reference("metadata", "Who wrote the bundle, and when"),
        "community" => reference("community", "The community itself"),
        _ => collection("member", "key", "The members, by key or as a list of mappings with `key`"),
    });
    merge(
        &mut schema,
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": format!("/schemas/community/v{}", keys::LATEST_SCHEMA_VERSION),
            "title": "A bundle: one community with its whole graph",
            "description": "What rec-registry imports, as JSON or as one document of YAML. Null is the same as a key that \
                            is not there. Keys that are not described are kept as they are. Digits without quotes are \
                            text where text is asked for.",
            "if": {
                "required": ["schema_version"],
                "properties": {"schema_version": {"enum": [keys::BOUNDED_AREAS, bounded_areas_as_number()]}},
            },
            "then": {"properties": {"community": {"properties": {"areas": {
                "additionalProperties": {"$ref": "#/$defs/bounded_area"},
            }}}}},
            "$defs": definitions(),
        }),
    );
    schema
}

/// YAML without quotes makes a number of the version.
fn bounded_areas_as_number() -> Value {
    keys::BOUNDED_AREAS.parse::<f64>().map_or(Value::Null, Value::from)
}

fn definitions() -> Value {
    let mut definitions = Map::new();
    let mut define = |name: &str, schema: Value| definitions.insert(name.to_owned(), schema);
    define("free", free());
    define("free_key", json!({"maxLength": keys::NAME_CHARS, "pattern": NO_CONTROL}));
    define(
        "key",
        json!({"maxLength": keys::KEY_CHARS, "allOf": [{"pattern": NOT_BLANK}, {"pattern": NO_CONTROL}]}),
    );
    define("stated_key", json!({"type": ["string", "number"], "$ref": "#/$defs/key"}));
    define(
        "area_key",
        json!({"pattern": format!("^[A-Za-z0-9][A-Za-z0-9_-]{{0,{}}}$", keys::KEY_CHARS - 1)}),
    );
    define("text", json!({"type": ["string", "number", "null"], "pattern": NO_NUL}));
    define("stated_text", json!({"type": ["string", "number"], "pattern": NO_NUL}));
    define("texts", json!({"type": ["array", "null"], "items": {"$ref": "#/$defs/stated_text"}}));
    define(
        "identifier",
        json!({"type": ["string", "number"], "allOf": [{"pattern": NOT_BLANK}, {"pattern": NO_NUL}]}),
    );
    define("free_mapping", optional(mapping(&[], &[], |_| free_reference())));
    define("metadata", optional(mapping(keys::METADATA, &[], metadata_field)));
    define("community", mapping(keys::COMMUNITY, &["id", "name"], community_field));
    for (name, known) in [
        ("legal", known_keys::LEGAL),
        ("links", known_keys::LINKS),
        ("contact", known_keys::CONTACT),
        ("settings", known_keys::SETTINGS),
        ("device", DEVICE_KEYS),
    ] {
        define(name, optional(mapping(known, &[], |key| reference("text", document_field(name, key)))));
    }
    define("operator", optional(mapping(known_keys::OPERATOR, &["name"], operator_field)));
    define("area", area());
    define("bounded_area", bounded_area());
    define("boundary", optional(mapping(known_keys::BOUNDARY, known_keys::BOUNDARY, boundary_field)));
    define("topology_node", mapping(known_keys::TOPOLOGY_NODE, &["id", "type"], topology_field));
    define("member", member());
    define("delivery_point", mapping(DELIVERY_POINT, &["id", "type"], delivery_point_field));
    define("assets", assets());
    for &asset_type in AssetType::ALL {
        define(&of_type(asset_type), asset(asset_type));
    }
    define("relationships", optional(mapping(RELATIONSHIP_KEYS, &[], relationship_field)));
    Value::Object(definitions)
}

/// Anything, as deep as it goes, within the bounds of its texts and keys.
fn free() -> Value {
    json!({
        "pattern": NO_NUL,
        "items": free_reference(),
        "propertyNames": {"$ref": "#/$defs/free_key"},
        "additionalProperties": free_reference(),
    })
}

fn free_reference() -> Value {
    json!({"$ref": "#/$defs/free"})
}

/// A mapping with documented keys, of which some must be there, and any others beside them.
fn mapping(known: &[&str], required: &[&str], field: impl Fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = known.iter().map(|&key| (key.to_owned(), field(key))).collect();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "propertyNames": {"$ref": "#/$defs/free_key"},
        "additionalProperties": free_reference(),
    })
}

/// A mapping that may also be null.
fn optional(mut mapping: Value) -> Value {
    mapping["type"] = json!(["object", "null"]);
    mapping
}

/// The two spellings of a collection: by key, or a list of mappings that carry their `key`.
fn collection(of: &str, key: &str, description: &str) -> Value {
    json!({
        "description": description,
        "type": ["object", "array", "null"],
        "propertyNames": {"$ref": format!("#/$defs/{key}")},
        "additionalProperties": {"$ref": format!("#/$defs/{of}")},
        "items": {
            "$ref": format!("#/$defs/{of}"),
            "required": ["key"],
            "properties": {"key": reference("stated_key", "Its key, unique in the community")},
        },
    })
}

fn reference(to: &str, description: &str) -> Value {
    json!({"$ref": format!("#/$defs/{to}"), "description": description})
}

fn bounded(to: &str, chars: usize, description: &str) -> Value {
    json!({"$ref": format!("#/$defs/{to}"), "maxLength": chars, "description": description})
}

fn described(description: &str) -> Value {
    reference("free", description)
}

fn one_of<S: ClosedSet>(description: &str) -> Value {
    let words: Vec<&str> = S::ALL.iter().map(|value| value.as_str()).collect();
    json!({"enum": words, "description": description})
}

fn merge(into: &mut Value, other: Value) {
    if let (Value::Object(into), Value::Object(other)) = (into, other) {
        into.extend(other);
    }
}

fn metadata_field(key: &str) -> Value {
    described(match key {
        "created" => "When the bundle was written first",
        "updated" => "When it was changed last",
        "updated_by" => "Who changed it",
        "description" => "A sentence about it",
        _ => "",
    })
}

fn community_field(key: &str) -> Value {
    match key {
        "id" => json!({
            "description": format!(
                "The key of the community, unique in the registry: 1 to {} characters of a-z, 0-9, `-` and `_`",
                CommunityKey::MAX_CHARS
            ),
            "anyOf": [
                {"type": "string", "pattern": format!("^[a-z0-9_-]{{1,{}}}$", CommunityKey::MAX_CHARS)},
                {"type": "integer"},
            ],
        }),
        "name" => bounded("stated_text", keys::NAME_CHARS, "Its name"),
        "description" => reference("text", "A sentence about it"),
        "areas" => json!({
            "description": "The regulatory zones in which members sit, by key",
            "type": ["object", "null"],
            "propertyNames": {"$ref": "#/$defs/area_key"},
            "additionalProperties": {"$ref": "#/$defs/area"},
        }),
        "topology" => json!({
            "description": "The nodes of the grid, a forest by `parent`",
            "type": ["array", "null"],
            "items": {"$ref": "#/$defs/topology_node"},
        }),
        "operators" => json!({
            "description": "Distribution system operators, by key",
            "type": ["object", "null"],
            "propertyNames": {"$ref": "#/$defs/key"},
            "additionalProperties": {"$ref": "#/$defs/operator"},
        }),
        "legal" => reference("legal", "The legal body behind it"),
        "links" => reference("links", "Where to read more"),
        "contact" => reference("contact", "How it is reached"),
        "settings" => reference("settings", "How it reckons"),
        _ => reference("free_mapping", "Anything else. What stands here may not stand beside it as well"),
    }
}

/// What the documented text of a free document says.
fn document_field(document: &str, key: &str) -> &'static str {
    match (document, key) {
        ("legal", "name") => "The registered name",
        ("legal", "vat") => "The VAT number",
        ("legal", "fiscal_code") => "The tax code",
        ("legal", "legal_form") => "The legal form, e.g. cooperative",
        ("legal", "registration_number") => "The number in the register of companies",
        ("legal", "registered_office") => "The registered office",
        ("links", "website") => "The URL of the website",
        ("links", "logo") => "The URL of the logo",
        ("links", "privacy_policy") => "The URL of the privacy policy",
        ("links", "terms") => "The URL of the terms of use",
        ("links", "statute") => "The URL of the statute",
        ("links", "regulations") => "The URL of the internal regulations",
        ("contact", "email") => "The mail address",
        ("contact", "pec") => "The certified mail address (PEC)",
        ("contact", "phone") => "The telephone number",
        ("contact", "address") => "The postal address",
        ("settings", "timezone") => "The time zone, by its IANA name",
        ("settings", "currency") => "The currency, by its ISO 4217 code",
        ("settings", "energy_unit") => "The unit of energy: Wh, kWh or MWh",
        ("settings", "power_unit") => "The unit of power: W, kW or MW",
        ("device", "type") => "What kind of device, after SAREF",
        ("device", "manufacturer") => "Who made it",
        ("device", "model") => "Which model",
        ("device", "serial_number") => "The serial number",
        ("device", "mac_address") => "The MAC address",
        ("device", "firmware_version") => "The version of its firmware",
        _ => "",
    }
}

fn operator_field(key: &str) -> Value {
    match key {
        "name" => bounded("stated_text", keys::NAME_CHARS, "The name"),
        "country" => reference("text", "The country, by its ISO 3166-1 alpha-2 code"),
        _ => described("How it is reached"),
    }
}

fn area() -> Value {
    let mut area = optional(mapping(known_keys::AREA, &["name"], |key| match key {
        "name" => bounded("stated_text", keys::NAME_CHARS, "The name"),
        "boundary" => reference("boundary", "The one primary substation that bounds it"),
        "topology" => {
            reference("texts", "The ids of its nodes; beside a boundary, that of the boundary alone")
        }
        "location" => described("A point that stands for it: `lat` and `lon`, in degrees"),
        _ => described("Its shape, as GeoJSON"),
    }));
    merge(
        &mut area,
        json!({
            "if": {"type": "object", "required": ["boundary"], "properties": {"boundary": {"not": {"type": "null"}}}},
            "then": {"required": ["topology"], "properties": {"topology": {"type": "array", "minItems": 1, "maxItems": 1}}},
        }),
    );
    area
}

fn bounded_area() -> Value {
    json!({
        "description": format!("What schema {} asks of an area beside the rest", keys::BOUNDED_AREAS),
        "if": {"type": "object"},
        "then": {"required": ["boundary"], "properties": {"boundary": {"type": "object"}}},
    })
}

fn boundary_field(key: &str) -> Value {
    match key {
        "source" => {
            json!({"const": keys::BOUNDARY_SOURCE, "description": "The register of primary substations"})
        }
        _ => {
            let mut id = bounded(
                "stated_text",
                keys::BOUNDARY_CHARS,
                "Its code there, which is also a node of the topology of type primary_substation",
            );
            id["minLength"] = json!(1);
            id
        }
    }
}

fn topology_field(key: &str) -> Value {
    match key {
        "id" => bounded("identifier", keys::KEY_CHARS, "Its id, unique in the community"),
        "type" => one_of::<TopologyNodeType>("What kind of node"),
        "name" => reference("text", "The name"),
        "operator_id" => reference("text", "The key of its operator"),
        "operator" => {
            let mut older = reference("text", "An older spelling of `operator_id`; it is kept as given");
            older["deprecated"] = json!(true);
            older
        }
        "parent" => reference("text", "The id of the node above it"),
        "area" => described("The area that it supplies, as GeoJSON"),
        _ => reference("texts", "The ids of nodes below it, beside those that name it as `parent`"),
    }
}

fn member() -> Value {
    let required = ["user_id", "name", "role", "area", "status"];
    mapping(keys::MEMBER, &required, |key| match key {
        "key" => reference(
            "text",
            "Its key, unique in the community; needed in a list, and otherwise the one it stands under",
        ),
        "user_id" => bounded(
            "identifier",
            keys::NAME_CHARS,
            "The identity provider's user name, unique in the community",
        ),
        "did" => bounded("text", keys::DID_CHARS, "Its decentralised identifier, unique in the registry"),
        "name" => bounded("stated_text", keys::NAME_CHARS, "The name"),
        "type" => {
            bounded("text", keys::NAME_CHARS, "What it is, as a CURIE of schema.org, e.g. schema:Person")
        }
        "role" => one_of::<MemberRole>("What the member is in the community"),
        "area" => reference("stated_text", "The key of the area in which it sits"),
        "status" => one_of::<MemberStatus>(
            "Where the membership stands. Only an active member holds sensors and delivery points",
        ),
        "delivery_points" => json!({
            "description": "Where it is connected to the grid",
            "type": ["array", "null"],
            "items": {"$ref": "#/$defs/delivery_point"},
        }),
        "assets" => reference("assets", "What it owns or runs, by kind"),
        _ => reference("free_mapping", "Anything else. What stands here may not stand beside it as well"),
    })
}

fn delivery_point_field(key: &str) -> Value {
    match key {
        "id" => bounded(
            "identifier",
            keys::KEY_CHARS,
            "The id that the grid operator gave it. Compared trimmed and ignoring case",
        ),
        "type" => bounded(
            "stated_text",
            keys::KEY_CHARS,
            "What kind of id, e.g. pod, cups, prm, malo, ean, mpan, other",
        ),
        "description" => reference("text", "A sentence about it"),
        "address" => reference("text", "Where it is"),
        "tariff" => reference("text", "The tariff"),
        _ => json!({"type": ["boolean", "null"], "default": true, "description": "Whether it is in use"}),
    }
}

fn assets() -> Value {
    let kinds = AssetType::ALL.iter().map(|&asset_type| {
        let kind = asset_type.as_str();
        let description = format!("Assets of the kind {kind}, by key or as a list of mappings with `key`");
        (kind.to_owned(), collection(&of_type(asset_type), "key", &description))
    });
    json!({
        "type": ["object", "null"],
        "properties": kinds.collect::<Map<_, _>>(),
        "additionalProperties": {"type": "null"},
    })
}

fn of_type(asset_type: AssetType) -> String {
    format!("asset_{}", asset_type.as_str())
}

fn asset(asset_type: AssetType) -> Value {
    let mut asset = mapping(ASSET, &["name"], |key| match key {
        "key" => reference(
            "text",
            "Its key, unique in the community; needed in a list, and otherwise the one it stands under",
        ),
        "name" => bounded("stated_text", keys::NAME_CHARS, "The name"),
        "sensor_id" => {
            bounded("text", keys::NAME_CHARS, "The id of the measuring device behind it. Compared trimmed")
        }
        "device" => reference("device", "The device"),
        "relationships" => reference("relationships", "What it has to do with other assets"),
        _ => reference("free_mapping", "Anything else"),
    });
    for &Property { key, property_type, also_seen, says } in properties_of(asset_type) {
        let allowed = property_type.allowed();
        let sentence = format!("{says} Should be {allowed}; anything else is kept as given, with a warning");
        asset["properties"][key] = described(&sentence);
        if let Some(older) = also_seen {
            let mut older_property = described(&format!("An older spelling of `{key}`; it is kept as given"));
            older_property["deprecated"] = json!(true);
            asset["properties"][older] = older_property;
        }
    }
    asset
}

fn relationship_field(key: &str) -> Value {
    match key {
        "measures" => reference("texts", "The keys of the assets that it measures"),
        _ => reference("text", "The key of the asset that it is paired with"),
    }
}
