//! Bodies of requests, for the OpenAPI document, that are more than a type can say: a name may stand in either of two places,
//! one of two fields must be there. Written as the schemas themselves.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::free::{self, FreeData};
use crate::domain::closed_set::{AssetType, ClosedSet};

const FREE_DATA: &str = "#/components/schemas/FreeData";
const FREE_VALUE: &str = "#/components/schemas/FreeValue";
const ASSET_TYPE: &str = "#/components/schemas/AssetType";
const MEMBER_ROLE: &str = "#/components/schemas/MemberRole";

/// What a member's assets are given as, by kind.
pub struct GivenAssets;

/// One asset that is put.
pub struct AssetPut;

/// A delivery point among others, where no path says its id.
pub struct GivenDeliveryPoint;

/// The role and the area of a member, one of them at least.
pub struct MemberProfilePatch;

/// The primary substation that bounds an area.
pub struct GivenBoundary;

fn schema(schema: Value) -> RefOr<Schema> {
    // A test compares the whole document with what stands in the repository: what is no schema would show there.
    serde_json::from_value(schema).unwrap_or_else(|_| RefOr::T(Schema::default()))
}

/// The fields of an asset beside its key and kind.
fn fields() -> Value {
    json!({
        "name": {"type": ["string", "number", "null"], "maxLength": 256, "description": "The name.", "example": "Main"},
        "sensor_id": {"type": ["string", "number", "null"], "maxLength": 256, "description": "The id of the measuring device.", "example": "SEN-7"},
        "device": {"anyOf": [{"type": "null"}, {"$ref": FREE_DATA}], "description": "The device itself; its documented fields are texts."},
        "relationships": {
            "type": ["object", "null"],
            "description": "The keys of other assets.",
            "properties": {
                "measures": {"type": ["array", "null"], "items": {"type": ["string", "number"]}, "description": "What a meter measures."},
                "paired_with": {"type": ["string", "number", "null"], "description": "What it works with."},
            },
            "additionalProperties": {"$ref": FREE_VALUE},
            "propertyNames": key_of_free_data(),
        },
        "extra": {"anyOf": [{"type": "null"}, {"$ref": FREE_DATA}], "description": "Any other data."},
    })
}

fn key_of_free_data() -> Value {
    // As above: what is no JSON would show in the repository's document.
    serde_json::to_value(free::key().build()).unwrap_or_default()
}

fn key() -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": 128,
        "pattern": r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
    })
}

fn asset(with_key: bool) -> Value {
    let mut properties = fields();
    properties["name"]["type"] = json!(["string", "number"]);
    let mut asset = json!({
        "type": "object",
        "required": ["name"],
        "properties": properties,
        "additionalProperties": {"$ref": FREE_VALUE},
        "propertyNames": key_of_free_data(),
    });
    if with_key {
        asset["required"] = json!(["key", "name"]);
        asset["properties"]["key"] = key();
    }
    asset
}

impl PartialSchema for GivenAssets {
    fn schema() -> RefOr<Schema> {
        let kinds: Vec<&str> = AssetType::ALL.iter().map(|kind| kind.as_str()).collect();
        schema(json!({
            "type": "object",
            "description": "What a member owns, by kind: mappings by key, or lists of objects with `key`, as in a bundle.",
            "propertyNames": {"type": "string", "enum": kinds},
            "additionalProperties": {
                "description": "The assets of one kind.",
                "anyOf": [
                    {"type": "null"},
                    {"type": "object", "description": "By key.", "propertyNames": key(), "additionalProperties": asset(false)},
                    {"type": "array", "description": "With their keys.", "items": asset(true)},
                ],
            },
            "example": {"meter": {"m-au-00007": {"name": "Main", "sensor_id": "SEN-7", "pod": "IT001E00001239"}}},
        }))
    }
}

impl ToSchema for GivenAssets {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((FreeData::name().into_owned(), FreeData::schema()));
        FreeData::schemas(schemas);
    }
}

impl PartialSchema for AssetPut {
    fn schema() -> RefOr<Schema> {
        let mut beside = fields();
        beside["key"] = json!({"type": ["string", "null"], "maxLength": 128, "description": "The same as in the path, or left out.", "example": "m-au-00001"});
        beside["asset_type"] = json!({"$ref": ASSET_TYPE});
        beside["properties"] = json!({
            "type": ["object", "null"],
            "description": "The properties of its kind and whatever else is known; powers in kW, energies in kWh.",
            "properties": fields(),
            "additionalProperties": {"$ref": FREE_VALUE},
            "propertyNames": key_of_free_data(),
            "example": {"name": "Main", "sensor_id": "SEN-1", "meter_type": "bidirectional", "pod": "IT001E00001234"},
        });
        let whole = json!({
            "type": "object",
            "required": ["asset_type"],
            "properties": beside,
            "additionalProperties": {"$ref": FREE_VALUE},
            "propertyNames": key_of_free_data(),
        });
        let with_name = json!({
            "type": "object", "required": ["name"], "properties": {"name": {"type": ["string", "number"]}},
        });
        let named = json!({"anyOf": [
            with_name,
            {"type": "object", "required": ["properties"], "properties": {"properties": with_name}},
        ]});
        schema(json!({
            "description": "An asset. `name`, `sensor_id`, `device`, `relationships` and `extra` stand inside `properties` or beside it.",
            "allOf": [whole, named],
        }))
    }
}

impl ToSchema for AssetPut {
    fn name() -> Cow<'static, str> {
        "AssetPut".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        GivenAssets::schemas(schemas);
    }
}

impl PartialSchema for GivenBoundary {
    fn schema() -> RefOr<Schema> {
        schema(json!({
            "type": "object",
            "description": "The primary substation that bounds an area.",
            "required": ["source", "id"],
            "properties": {
                "source": {"type": "string", "enum": ["gse_cabine_primarie"], "description": "Who numbers the substations."},
                "id": {"type": "string", "minLength": 1, "maxLength": 64, "description": "The id of the substation."},
            },
            "additionalProperties": {"$ref": FREE_VALUE},
            "propertyNames": key_of_free_data(),
            "example": {"source": "gse_cabine_primarie", "id": "AC001E00001"},
        }))
    }
}

impl ToSchema for GivenBoundary {}

impl PartialSchema for GivenDeliveryPoint {
    fn schema() -> RefOr<Schema> {
        schema(json!({
            "description": "A delivery point, with its id.",
            "allOf": [
                {"$ref": "#/components/schemas/DeliveryPointPut"},
                {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "example": "IT001E00001239"}}},
            ],
        }))
    }
}

impl ToSchema for GivenDeliveryPoint {}

impl PartialSchema for MemberProfilePatch {
    fn schema() -> RefOr<Schema> {
        let area = json!({"type": ["string", "null"], "description": "The key of an area of the community.", "example": "north"});
        let role = json!({"anyOf": [{"type": "null"}, {"$ref": MEMBER_ROLE}], "description": "What the member is in the community."});
        schema(json!({
            "description": "The role and the area of a member, one of them at least.",
            "allOf": [
                {"type": "object", "properties": {"role": role, "area": area}, "additionalProperties": false},
                {"anyOf": [
                    {"type": "object", "required": ["role"], "properties": {"role": {"$ref": MEMBER_ROLE}}},
                    {"type": "object", "required": ["area"], "properties": {"area": {"type": "string"}}},
                ]},
            ],
        }))
    }
}

impl ToSchema for MemberProfilePatch {}
