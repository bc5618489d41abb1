//! The scalars of the schema that GraphQL does not bring along.

use crate::domain::document::Document;
use crate::domain::node::{Entries, Node};
use crate::domain::timestamp::Timestamp;
use async_graphql::indexmap::IndexMap;
use async_graphql::{InputValueError, InputValueResult, Name, Scalar, ScalarType, Value};
use bytes::Bytes;

/// The key of an object that stands for JSON text to be passed on as it is: a convention of `serde_json`
/// that async-graphql follows. No GraphQL name can hold it, so no literal of a query can be one.
const RAW_TEXT: &str = "$serde_json::private::RawValue";

/// An instant.
#[derive(Debug, Clone, Copy)]
pub struct DateTime(pub Timestamp);

/// An instant: RFC 3339 in UTC with microseconds, `2026-01-31T08:15:00.000000Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text
                .parse::<jiff::Timestamp>()
                .map(|instant| Self(Timestamp::from_micros(instant.as_microsecond())))
                .map_err(|_| InputValueError::expected_type(value)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Free data, as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(String);

/// Free data: any JSON value. Numbers keep the digits and objects the order they were given in.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        match serde_json::to_string(&value) {
            Ok(text) => Ok(Self(text)),
            Err(_) => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        raw(&self.0)
    }
}

/// The name of the scalar [`Json`].
pub(super) const JSON: &str = "JSON";

/// The name of the scalar [`Upload`].
pub(super) const UPLOAD: &str = "Upload";

/// A file of a multipart request.
#[derive(Debug, Clone)]
pub struct Upload(pub Bytes);

/// A file. The request is multipart, as the GraphQL multipart request specification says, with the variable
/// null in its operations; nothing else can stand for a file.
#[Scalar(name = "Upload", specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Binary(file) => Ok(Self(file)),
            value => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Binary(_))
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

/// A value that is written as this JSON text, and read by [`Json`] as this text.
pub(super) fn raw(json: &str) -> Value {
    Value::Object(IndexMap::from([(Name::new(RAW_TEXT), Value::String(json.to_owned()))]))
}

impl Json {
    /// The JSON text.
    pub fn into_string(self) -> String {
        self.0
    }

    /// A mapping of these entries.
    pub fn from_entries(entries: Entries) -> Self {
        Self(Node::Map(entries).to_json())
    }
}

impl From<&Document> for Json {
    fn from(document: &Document) -> Self {
        Self(document.as_str().to_owned())
    }
}

impl From<&Node> for Json {
    fn from(node: &Node) -> Self {
        Self(node.to_json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_data_keeps_its_digits_and_its_order() {
        let text = r#"{"b":1.50,"a":12345678901234567890123,"b2":[1e5]}"#;
        let json = Json::parse(raw(text)).unwrap();
        assert_eq!(json.clone().into_string(), text);
        assert_eq!(serde_json::to_string(&json.to_value()).unwrap(), text);
    }

    #[test]
    fn a_literal_is_read_as_the_json_it_stands_for() {
        let literal = Value::from_json(serde_json::json!({"a": [1, "x", null, {"b": true}]})).unwrap();
        assert_eq!(Json::parse(literal).unwrap().into_string(), r#"{"a":[1,"x",null,{"b":true}]}"#);
    }

    #[test]
    fn an_object_that_looks_like_raw_text_can_only_be_json() {
        let odd = raw(r#"1}, "more": {"#);
        let text = Json::parse(odd).unwrap().into_string();
        assert!(Node::from_json(text.as_bytes()).is_ok(), "{text}");
    }
}
