//! The JSON Schema of a bundle says what the check says.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::refusals::problems;
use super::{SMALL, check};
use crate::bundle::{ReadDocument, json_schema, read_yaml};
use crate::domain::closed_set::{AssetType, ClosedSet};
use crate::domain::code::Code;
use crate::domain::node::Node;

/// What the check finds that no schema can: what several places say together.
const BETWEEN_PLACES: &[Code] = &[
    Code::DuplicateKey,
    Code::UnknownArea,
    Code::UserIdTaken,
    Code::DidTaken,
    Code::SensorHeld,
    Code::DeliveryPointHeld,
];

/// The schema of the code. A test of its own compares it with the one that is published.
fn validator() -> Validator {
    jsonschema::draft202012::new(&json_schema()).unwrap()
}

/// Every document of the bundles that are shown to newcomers, and of those from the field.
fn samples() -> Vec<Value> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let files = ["tests/samples", "examples"].iter().flat_map(|folder| {
        std::fs::read_dir(format!("{root}{folder}")).unwrap().map(|entry| entry.unwrap().path())
    });
    let bundles = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    bundles.flat_map(|path| documents(&std::fs::read(path).unwrap())).collect()
}

/// The documents of a body as JSON, read as an import reads them.
fn documents(yaml: &[u8]) -> Vec<Value> {
    let documents = read_yaml(yaml).unwrap().into_iter();
    documents.map(|document| serde_json::from_str(&document.node.to_json()).unwrap()).collect()
}

/// The refusals of a document.
fn refusals(document: &Value) -> Vec<(Code, String)> {
    let read = Node::from_json(document.to_string().as_bytes()).unwrap();
    let read = ReadDocument { node: read.node, problems: Vec::new() };
    let checked = check(vec![read]);
    checked.refusals().map(|refusal| (refusal.code, refusal.path.clone())).collect()
}

#[test]
fn the_schema_in_the_repository_is_the_schema_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/community/v0.7.json");
    let said = format!("{:#}\n", json_schema());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, said).unwrap();
        return;
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(stored == said, "write it again: rec-registry schema --bundle > schemas/community/v0.7.json");
}

#[test]
fn the_schema_is_one_and_says_what_each_key_is_for() {
    let schema = json_schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let definitions = schema["$defs"].as_object().unwrap();
    let mut mappings = vec![("", &schema)];
    mappings.extend(definitions.iter().map(|(name, definition)| (name.as_str(), definition)));
    for (name, mapping) in mappings {
        for (key, field) in mapping["properties"].as_object().into_iter().flatten() {
            assert!(field["description"].as_str().is_some_and(|says| !says.is_empty()), "{name}.{key}");
        }
    }
    let text = schema.to_string();
    for name in definitions.keys() {
        assert!(text.contains(&format!("\"#/$defs/{name}\"")), "nothing refers to {name}");
    }
}

#[test]
fn every_sample_fits_the_schema() {
    let (validator, samples) = (validator(), samples());
    assert!(samples.len() > 6);
    for sample in samples {
        let problems: Vec<_> = validator
            .iter_errors(&sample)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{problems:#?}");
    }
}

#[test]
fn what_the_check_refuses_of_one_place_the_schema_refuses() {
    let validator = validator();
    for (yaml, refusal) in problems() {
        let (code, path) = refusal.split_once(' ').unwrap();
        let between_places = BETWEEN_PLACES.iter().any(|between| between.as_str() == code)
            // A key beside the one it stands under.
            || path == "members.b.key";
        for document in documents(yaml.as_bytes()) {
            assert_eq!(validator.is_valid(&document), between_places, "{refusal}: {document:#}");
        }
    }
}

/// What stands at the places of documents, one after the other, instead of what is there.
fn oddities() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(7),
        json!(""),
        json!(" \u{85}\u{2003}"),
        json!("x"),
        json!("Z.z"),
        json!("a\u{0}"),
        json!("a\u{7f}"),
        json!("k".repeat(129)),
        json!("n".repeat(257)),
        json!("d".repeat(513)),
        json!([]),
        json!([null]),
        json!(["x", 5]),
        json!([{}]),
        json!({}),
        json!({"": "x"}),
        json!({"a\u{7f}": 1}),
        json!({"n": {"k": "a\u{0}"}}),
        json!({"k".repeat(257): 1}),
        json!({"x": {}}),
        json!({"x": null}),
    ]
}

/// The places of a document, each as a JSON pointer.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    let step = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| places(value, &step(key), into)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| places(value, &step(&at.to_string()), into));
        }
        _ => {}
    }
}

/// What a place has in common with others: its pointer without the keys that a community chooses.
fn kind_of(place: &str) -> String {
    let kinds = AssetType::ALL.iter().map(|asset_type| asset_type.as_str());
    let collections: Vec<&str> = kinds.chain(["members", "areas", "operators"]).collect();
    let steps: Vec<&str> = place.split('/').collect();
    let steps = steps.iter().enumerate().map(|(at, step)| {
        let is_chosen = at > 0 && collections.contains(&steps[at - 1]);
        if is_chosen || step.parse::<usize>().is_ok() { "*" } else { step }
    });
    steps.collect::<Vec<_>>().join("/")
}

/// Changes one thing at each kind of place of the small bundle and of the samples, and asks both.
#[test]
fn the_schema_and_the_check_agree_on_every_place_of_every_sample() {
    let validator = validator();
    let mut kinds = BTreeSet::new();
    let mut verdicts = [0, 0];
    let mut bundles = documents(SMALL.as_bytes());
    bundles.extend(samples());
    for bundle in bundles {
        let mut places_of_it = Vec::new();
        places(&bundle, "", &mut places_of_it);
        for place in places_of_it {
            if !kinds.insert(kind_of(&place)) {
                continue;
            }
            let without = place.rsplit_once('/').map(|(parent, key)| {
                let mut changed = bundle.clone();
                match changed.pointer_mut(parent) {
                    Some(Value::Object(fields)) => {
                        drop(fields.remove(&key.replace("~1", "/").replace("~0", "~")))
                    }
                    Some(Value::Array(items)) => drop(items.remove(key.parse().unwrap())),
                    _ => {}
                }
                changed
            });
            let odd = oddities().into_iter().map(|oddity| {
                let mut changed = bundle.clone();
                *changed.pointer_mut(&place).unwrap() = oddity;
                changed
            });
            for changed in odd.chain(without) {
                let refusals = refusals(&changed);
                // Of a boundary the code does not tell whether it is wrong by itself or names a node that is not there.
                if refusals
                    .iter()
                    .all(|(code, _)| BETWEEN_PLACES.contains(code) || *code == Code::InvalidAreaBoundary)
                    && !refusals.is_empty()
                {
                    continue;
                }
                let fits = validator.is_valid(&changed);
                verdicts[usize::from(fits)] += 1;
                assert_eq!(fits, refusals.is_empty(), "at {place}: {refusals:?}\n{changed:#}");
            }
        }
    }
    assert!(verdicts.iter().all(|&count| count > 1_000), "{verdicts:?}");
}
