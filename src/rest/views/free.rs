//! Free data on its way out. It is JSON text already, so it is passed on as it is: numbers keep the
//! digits they came with.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, ObjectBuilder, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::document::Document;
use crate::domain::node::{Entries, Node};

/// A JSON text that goes out as it is stored.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Free(Box<RawValue>);

/// Free values by key, in byte order of the keys.
pub type FreeMap = BTreeMap<String, Free>;

impl Free {
    /// Stored documents and nodes are written by this crate alone; a text that is not JSON all the same
    /// goes out as null rather than failing a request.
    fn from_json(json: String) -> Self {
        Self(RawValue::from_string(json).unwrap_or_default())
    }
}

impl From<Document> for Free {
    fn from(document: Document) -> Self {
        Self::from_json(document.into_string())
    }
}

impl From<Node> for Free {
    fn from(node: Node) -> Self {
        Self::from_json(node.to_json())
    }
}

/// The values of entries, each by its key.
#[must_use]
pub fn by_key(entries: Entries) -> FreeMap {
    entries.into_iter().map(|(key, node)| (key.into(), Free::from(node))).collect()
}

/// Free data as a request may give it, for the OpenAPI document: any keys that have a length and no control characters,
/// any values, in which mappings are such again.
pub struct FreeData;

/// A value of free data.
pub struct FreeValue;

/// The schema of a key of free data.
pub fn key() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .max_length(Some(256))
        .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*$"))
}

impl PartialSchema for FreeData {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Object))
            .description(Some(
                "Any data by key. A key has at most 256 characters, none of them a control character.",
            ))
            .property_names(Some(key()))
            .additional_properties(Some(AdditionalProperties::RefOr(
                Ref::from_schema_name("FreeValue").into(),
            )))
            .into()
    }
}

impl ToSchema for FreeData {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((FreeValue::name().into_owned(), FreeValue::schema()));
    }
}

impl PartialSchema for FreeValue {
    fn schema() -> RefOr<Schema> {
        let scalar = [Type::String, Type::Number, Type::Boolean, Type::Null];
        let itself = || Ref::from_schema_name("FreeValue");
        AnyOfBuilder::new()
            .description(Some("Any value. A text holds no NUL character."))
            .item(ObjectBuilder::new().schema_type(SchemaType::from_iter(scalar)))
            .item(ArrayBuilder::new().items(itself()))
            .item(Ref::from_schema_name("FreeData"))
            .into()
    }
}

impl ToSchema for FreeValue {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let document = Document::from_stored(r#"{"a":1.50,"b":12345678901234567890123}"#.into());
        let node = document.node();
        assert_eq!(serde_json::to_string(&Free::from(document)).unwrap(), node.to_json());
        assert_eq!(
            serde_json::to_string(&Free::from(node)).unwrap(),
            r#"{"a":1.50,"b":12345678901234567890123}"#
        );
    }
}
