//! The REST routes, of the OpenAPI document.

use serde_json::Value;

use super::{code, escaped, table};

pub(super) fn page() -> String {
    let document = serde_json::to_value(rec_registry::rest::openapi()).expect("the document is JSON");
    let mut page = format!(
        "# REST\n\n{}\n\n`GET /openapi.json` and `rec-registry openapi` give this as an OpenAPI document, and `/docs` lets one try \
         every route in a browser. Whoever asks with a token may be answered 401 and 429 everywhere.\n\n",
        text(&document["info"]["description"])
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        page += &format!("## {name}\n\n{}.\n\n", text(&tag["description"]));
        for (path, item) in entries(&document["paths"]) {
            for (method, operation) in entries(item) {
                if operation["tags"][0] == tag["name"] {
                    describe(&format!("{} {path}", method.to_uppercase()), operation, &mut page);
                }
            }
        }
    }
    page += "## Bodies\n\n";
    for (name, schema) in entries(&document["components"]["schemas"]) {
        page += &format!("### {name}\n\n{}\n\n", text(&schema["description"]));
        page += &fields(schema);
    }
    page
}

fn describe(route: &str, operation: &Value, page: &mut String) {
    let summary = text(&operation["summary"]);
    let stop = if summary.ends_with(['.', '?']) { "" } else { "." };
    *page += &format!("### {route}\n\n{summary}{stop}");
    for paragraph in text(&operation["description"]).split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        *page += &format!(" {paragraph}");
    }
    *page += "\n\n";
    let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| {
        let required = if parameter["required"] == true { ", required" } else { "" };
        vec![
            code(&text(&parameter["name"])),
            format!("{}{required}", text(&parameter["in"])),
            kind(&parameter["schema"]),
            text(&parameter["description"]),
        ]
    });
    let parameters: Vec<_> = parameters.collect();
    if !parameters.is_empty() {
        *page += &table(&["parameter", "in", "type", "says"], parameters);
    }
    for (media_type, content) in entries(&operation["requestBody"]["content"]) {
        *page += &format!("Body: {}, `{media_type}`.\n\n", kind(&content["schema"]));
    }
    let responses = entries(&operation["responses"])
        .into_iter()
        .filter(|(status, _)| !["401", "429"].contains(&status.as_str()));
    let responses = responses.map(|(status, response)| {
        let body = entries(&response["content"]).into_iter().map(|(_, content)| kind(&content["schema"]));
        vec![status.clone(), text(&response["description"]), body.collect::<Vec<_>>().join(", ")]
    });
    *page += &table(&["answer", "when", "body"], responses);
}

/// The fields of a schema as a table; what it is when it is no object.
fn fields(schema: &Value) -> String {
    let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
    let rows = parts.flat_map(|part| {
        let required = part["required"].as_array().cloned().unwrap_or_default();
        entries(&part["properties"]).into_iter().map(move |(name, field)| {
            let must = if required.iter().any(|required| required == name) { "yes" } else { "" };
            vec![code(name), kind(field), must.to_owned(), description(field)]
        })
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return format!("{}\n\n", kind(schema));
    }
    table(&["field", "type", "required", "says"], rows)
}

/// A field's own description, or else that of what it may be.
fn description(field: &Value) -> String {
    ["/description", "/oneOf/0/description", "/oneOf/1/description"]
        .iter()
        .find_map(|place| field.pointer(place).and_then(Value::as_str))
        .map(escaped)
        .unwrap_or_default()
}

/// What a value may be, in words.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).map(code).collect::<Vec<_>>().join(", ");
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    let one = |name: &str| match name {
        "array" => format!("list of {}", kind(&schema["items"])),
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

fn entries(value: &Value) -> Vec<(&String, &Value)> {
    value.as_object().into_iter().flatten().collect()
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}
