//! The OpenAPI document, made from the routes themselves.

use utoipa::OpenApi as _;
use utoipa::openapi::path::{ParameterIn, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, Object, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Header, OpenApi, Ref, RefOr, Response, Schema};

use super::meta;
use super::views::free;
use super::views::problem::{
    ErrorResponse, ImportRefused, ImportUnprocessable, InvalidValue, ValidationErrorResponse,
    WriteUnprocessable,
};

/// How operations are grouped.
pub(super) mod tag {
    pub(in crate::rest) const META: &str = "Meta";
    pub(in crate::rest) const USER: &str = "Self-service";
    pub(in crate::rest) const BROWSING: &str = "Browsing";
    pub(in crate::rest) const LOOKUP: &str = "Lookup";
    pub(in crate::rest) const WRITES: &str = "Writes";
    pub(in crate::rest) const AUDIT: &str = "Audit";
    pub(in crate::rest) const IMPORT_EXPORT: &str = "Import and export";
}

/// What the document says beside the routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "rec-registry",
        description = "The registry of renewable energy communities: who is in a community, where they are connected \
                       to the grid, what they own.\n\nLists come in pages: give `next_cursor` as `cursor` for the next \
                       one. Times are RFC 3339 in UTC. Errors are objects with `detail`, and with `code` where a client \
                       can act on them.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = tag::META, description = "The process itself. No token"),
        (name = tag::USER, description = "What callers may see of themselves. Any valid token"),
        (name = tag::BROWSING, description = "Everything that is stored. Grant `rec-registry.read`"),
        (name = tag::LOOKUP, description = "By an identifier, across communities; only active members hold anything. Grant `rec-registry.lookup`"),
        (name = tag::WRITES, description = "One change at a time; what a write does not name stays as it is. `If-Match` with the ETag of a member, an asset or a community refuses to overwrite what somebody else changed. Each has its own grant"),
        (name = tag::IMPORT_EXPORT, description = "Bundles in and out. Grants `rec-registry.import` and `rec-registry.export`"),
        (name = tag::AUDIT, description = "Who looked at or wrote what. Grant `rec-registry.audit`"),
    ),
    // The derived responses name these schemas without bringing them along.
    components(schemas(ErrorResponse, ImportRefused, ImportUnprocessable, InvalidValue, ValidationErrorResponse, WriteUnprocessable)),
    security(("bearer" = [])),
    modifiers(&Bearer),
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        scheme.description = Some("A token of the configured issuer; its scopes are the grants.".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The name of the response to whoever asks too often.
const RATE_LIMITED: &str = "RateLimited";

/// Whoever asks with a token may ask too often, whichever route it is.
fn describe_rate_limits(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let PathItem { get, put, post, delete, patch, .. } = item;
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            if responses.contains_key("401") {
                responses.insert("429".to_owned(), Ref::from_response_name(RATE_LIMITED).into());
            }
        }
    }
    let mut seconds = Header::new(Object::with_type(Type::Integer));
    seconds.description = Some("After how many seconds to ask again".to_owned());
    let mut response = Response::new(
        "Asked more often than a configured limit allows: `rate_limited`. Without limits it never comes.",
    );
    response.headers.insert("Retry-After".to_owned(), seconds.into());
    let body = Content::new(Some(Ref::from_schema_name("ErrorResponse")));
    response.content.insert("application/json".to_owned(), body.into());
    let components = document.components.get_or_insert_default();
    components.responses.insert(RATE_LIMITED.to_owned(), response.into());
}

/// A header that is not needed may be left out; that is not to say that it can be null.
fn describe_headers(document: &mut OpenApi) {
    let items = document.paths.paths.values_mut();
    let operations =
        items.flat_map(|PathItem { get, put, post, delete, patch, .. }| [get, put, post, delete, patch]);
    for parameter in operations.flatten().flat_map(|operation| operation.parameters.iter_mut().flatten()) {
        if let RefOr::T(parameter) = parameter
            && parameter.parameter_in == ParameterIn::Header
            && let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
        {
            schema.schema_type = Type::String.into();
        }
    }
}

/// Bodies that keep whatever else is given, as free data is kept.
const OPEN_BODIES: &[&str] = &["AreaPut", "DeliveryPointPut", "OperatorPut", "TopologyNodePut"];

fn describe_open_bodies(document: &mut OpenApi) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    for name in OPEN_BODIES {
        if let Some(RefOr::T(Schema::Object(body))) = schemas.get_mut(*name) {
            body.property_names = Some(Box::new(free::key().into()));
            body.additional_properties =
                Some(Box::new(AdditionalProperties::RefOr(Ref::from_schema_name("FreeValue").into())));
        }
    }
}

/// The document with the routes about the process alone.
pub(super) fn document() -> OpenApi {
    Document::openapi().merge_from(meta::Description::openapi())
}

/// The OpenAPI document of every route.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = super::routes().into_openapi();
    // OpenAPI knows no parameter that takes the rest of a path, and no other name for one.
    document.paths.paths = std::mem::take(&mut document.paths.paths)
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
    describe_rate_limits(&mut document);
    describe_headers(&mut document);
    describe_open_bodies(&mut document);
    document
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn document() -> Value {
        serde_json::to_value(openapi()).unwrap()
    }

    fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
        let paths = document["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
    }

    fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn the_file_at_the_root_is_what_the_program_says() {
        let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json")).unwrap();
        let said = openapi().to_pretty_json().unwrap() + "\n";
        assert!(file == said, "write it again: cargo run -- openapi > openapi.json");
    }

    #[test]
    fn every_operation_says_what_it_does_and_has_a_name_of_its_own() {
        let document = document();
        let mut names = BTreeSet::new();
        for (route, operation) in operations(&document) {
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{route}");
            assert!(operation["summary"].is_string(), "{route}");
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{route}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{route}: {parameter}");
            }
        }
    }

    #[test]
    fn every_parameter_of_a_path_is_described() {
        let document = document();
        for (route, operation) in operations(&document) {
            let named = route.split('{').skip(1).map(|rest| rest.split('}').next().unwrap());
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let described: Vec<&str> = parameters
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert_eq!(named.collect::<Vec<_>>(), described, "{route}");
        }
    }

    #[test]
    fn a_body_that_keeps_whatever_else_is_given_says_what_its_keys_are() {
        let document = document();
        for name in OPEN_BODIES {
            let body = &document["components"]["schemas"][name];
            assert_eq!(body["propertyNames"]["maxLength"], 256, "{name}");
            assert_eq!(body["additionalProperties"]["$ref"], "#/components/schemas/FreeValue", "{name}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_field_is_described() {
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            for (field, value) in schema["properties"].as_object().into_iter().flatten() {
                let places = ["/description", "/$ref", "/oneOf/0/description", "/oneOf/1/description"];
                let described = places.iter().any(|place| value.pointer(place).is_some());
                assert!(described, "{name}.{field}: {value}");
            }
        }
    }
}
