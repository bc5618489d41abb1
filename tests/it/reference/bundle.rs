//! The format of bundles, of its JSON Schema.

use serde_json::Value;

use super::{code, table};

/// The levels of a bundle in the order in which a reader meets them, and what each is.
const LEVELS: &[(&str, &str)] = &[
    ("metadata", "`metadata`"),
    ("community", "`community`"),
    ("legal", "`community.legal`"),
    ("links", "`community.links`"),
    ("contact", "`community.contact`"),
    ("settings", "`community.settings`"),
    ("operator", "`community.operators.*`"),
    ("area", "`community.areas.*`"),
    ("boundary", "`community.areas.*.boundary`"),
    ("topology_node", "`community.topology[]`"),
    ("member", "`members.*`"),
    ("delivery_point", "`members.*.delivery_points[]`"),
    ("assets", "`members.*.assets`"),
    ("asset_pv", "`members.*.assets.pv.*`"),
    ("asset_storage", "`members.*.assets.storage.*`"),
    ("asset_meter", "`members.*.assets.meter.*`"),
    ("asset_ev_charger", "`members.*.assets.ev_charger.*`"),
    ("asset_heat_pump", "`members.*.assets.heat_pump.*`"),
    ("asset_load", "`members.*.assets.load.*`"),
    ("device", "`….device`"),
    ("relationships", "`….relationships`"),
];

pub(super) fn page() -> String {
    let schema = rec_registry::bundle::json_schema();
    let definitions = schema["$defs"].as_object().expect("definitions");
    for (name, definition) in definitions {
        let is_told = definition["properties"].as_object().is_none_or(serde_json::Map::is_empty)
            || LEVELS.iter().any(|(level, _)| level == name);
        assert!(is_told, "the level {name} is not on the page");
    }
    let mut page = format!(
        "# The bundle\n\n{}. {}\n\nThe JSON Schema (2020-12) that this page is made of is published by every registry at `GET \
         {}`, and printed by `rec-registry schema --bundle`. An editor that knows JSON Schema completes and checks a bundle with \
         it; in YAML, for many of them, with the first line\n\n```yaml\n# yaml-language-server: \
         $schema=http://127.0.0.1:8004{}\n```\n\nKeys that must be there are marked with *. Of everything else \
         [an import says](codes.md#codes) what is wrong.\n\n## A document\n\n",
        schema["title"].as_str().unwrap_or_default(),
        schema["description"].as_str().unwrap_or_default(),
        schema["$id"].as_str().unwrap_or_default(),
        schema["$id"].as_str().unwrap_or_default(),
    );
    page += &level(&schema);
    for (name, title) in LEVELS {
        page += &format!("## {title}\n\n{}", level(&definitions[*name]));
    }
    page
}

fn level(schema: &Value) -> String {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    table(
        &["key", "is", "says"],
        properties.map(|(key, field)| {
            let must = if required.iter().any(|required| required == key) { " *" } else { "" };
            vec![
                format!("{}{must}", code(key)),
                kind(field),
                field["description"].as_str().unwrap_or_default().to_owned(),
            ]
        }),
    )
}

/// What a value may be, in words.
fn kind(field: &Value) -> String {
    if let Some(words) = field["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).map(code).collect::<Vec<_>>().join(", ");
    }
    if let Some(word) = field["const"].as_str() {
        return code(word);
    }
    let bound =
        field["maxLength"].as_u64().map(|chars| format!(", at most {chars} characters")).unwrap_or_default();
    let reference = field["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let name = match reference {
        Some("text" | "stated_text" | "identifier") => "text",
        Some("texts") => "list of texts",
        Some("free") => "anything",
        Some(_) => "mapping",
        None => match &field["type"] {
            Value::Array(types) if types.iter().any(|one| one == "boolean") => "`true` or `false`",
            Value::Array(types) if types.len() == 3 => "mapping by key, or list",
            Value::Array(types) if types.iter().any(|one| one == "array") => "list",
            Value::Array(_) => "mapping by key",
            _ => "text",
        },
    };
    format!("{name}{bound}")
}
