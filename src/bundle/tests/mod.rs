//! The bundle format as a whole.

mod lines;
mod refusals;
mod round_trip;
mod schema;
mod warnings;
mod yaml;

use super::{CheckedBody, Writer, check, check_yaml, read_json};
use crate::domain::import::CommunityGraph;

/// A small sound bundle with two members, for tests that break one thing.
const SMALL: &str = "\
schema_version: '0.6'
community:
  id: aurora
  name: Aurora REC
  areas: {north: {name: North}}
members:
  a:
    user_id: alice
    name: Alice
    role: prosumer
    area: north
    status: active
    did: did:web:a
    delivery_points: [{id: IT001, type: pod}]
    assets:
      meter: {ma: {name: Main, sensor_id: SEN-A, pod: it001}}
  b:
    user_id: bob
    name: Bob
    role: consumer
    area: north
    status: active
    delivery_points: [{id: IT002, type: pod}]
    assets:
      meter: {mb: {name: Main, sensor_id: SEN-B}}
";

fn checked(yaml: &str) -> CheckedBody {
    check_yaml(yaml.as_bytes()).unwrap()
}

/// The bundles of a body that must be sound.
fn bundles(yaml: &str) -> Vec<CommunityGraph> {
    let body = checked(yaml);
    let refusals: Vec<_> = body.refusals().collect();
    assert!(refusals.is_empty(), "{refusals:#?}\n{yaml}");
    body.documents.into_iter().filter_map(|document| document.bundle).collect()
}

fn written(bundles: &[CommunityGraph]) -> String {
    let mut out = String::new();
    let mut writer = Writer::new();
    for bundle in bundles {
        writer.bundle(bundle, &mut out);
    }
    out
}

/// `code path` of every refusal.
fn refused(yaml: &str) -> Vec<String> {
    checked(yaml).refusals().map(|refusal| format!("{} {}", refusal.code, refusal.path)).collect()
}

fn json_bundle(json: &str) -> CommunityGraph {
    let body = read_json(json.as_bytes()).unwrap();
    let mut checked = check(vec![body.document]);
    assert!(!checked.is_refused(), "{:#?}\n{json}", checked.documents[0].refusals);
    checked.documents.remove(0).bundle.unwrap()
}
