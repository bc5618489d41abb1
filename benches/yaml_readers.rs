//! Which YAML reader: how fast each reads a body of 30 MB, and what each makes of the scalars that the
//! bundle must keep. `cargo bench --bench yaml_readers` prints both.

#![expect(clippy::expect_used, reason = "a benchmark that cannot read its own body has nothing to say")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use rec_registry::bundle::{self, Writer};
use rec_registry::domain::import::CommunityGraph;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// The part of a bundle that a typed reader would read, free data as JSON values.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "the fields are read into, not out of")]
struct TypedBundle {
    version: String,
    schema_version: String,
    community: TypedCommunity,
    members: BTreeMap<String, TypedMember>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "the fields are read into, not out of")]
struct TypedCommunity {
    id: String,
    name: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "the fields are read into, not out of")]
struct TypedMember {
    user_id: String,
    name: String,
    role: String,
    area: String,
    status: String,
    delivery_points: Vec<BTreeMap<String, Value>>,
    assets: BTreeMap<String, BTreeMap<String, TypedAsset>>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "the fields are read into, not out of")]
struct TypedAsset {
    name: String,
    sensor_id: Option<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// A community of so many members, each with a point and three assets, in block style.
fn community(index: usize, members: usize) -> String {
    let mut text = format!(
        "version: \"1.0\"\nschema_version: \"0.6\"\ncommunity:\n  id: community-{index:03}\n  name: Community {index}\n  areas:\n    north:\n      name: North\n      topology:\n      - SS-1\n  topology:\n  - id: SS-1\n    type: secondary_substation\nmembers:\n"
    );
    for member in 0..members {
        let key = format!("{index:03}-{member:05}");
        write!(
            text,
            "  m-{key}:\n    user_id: user-{key}\n    name: Member Number {member}\n    type: schema:Person\n    role: prosumer\n    area: north\n    status: active\n    joined: 2024-01-15\n    delivery_points:\n    - id: IT001E{index:03}{member:05}\n      type: pod\n      description: Main residence\n      active: true\n    assets:\n      pv:\n        pv-{key}:\n          name: Rooftop\n          rated_power: 5.94\n          panel_type: bifacial\n          orientation: 180\n          tilt_angle: 22.5\n          installation_date: 2023-09-14\n          relationships:\n            measures:\n            - meter-{key}\n      storage:\n        bat-{key}:\n          name: Cellar\n          capacity: 10.2\n          max_charge_power: 5\n          max_discharge_power: 5\n          battery_type: lfp\n          round_trip_efficiency: 94.5\n          device:\n            manufacturer: Acme\n            model: Cell 10\n            serial_number: \"{member:010}\"\n      meter:\n        meter-{key}:\n          name: Main meter\n          sensor_id: SEN-{key}\n          meter_type: bidirectional\n          pod: IT001E{index:03}{member:05}\n          protocol: dlms\n          device:\n            type: mac\n            model: plug\n          relationships:\n            measures:\n            - pv-{key}\n            - bat-{key}\n"
        )
        .expect("writing to a String cannot fail");
    }
    text
}

fn measured<T>(what: &str, bytes: usize, mut run: impl FnMut() -> T) {
    let best = (0..3)
        .map(|_| {
            let started = Instant::now();
            black_box(run());
            started.elapsed()
        })
        .min()
        .unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let megabytes = bytes as f64 / 1e6;
    println!("{what:<58} {:>8.1} ms {:>8.1} MB/s", best.as_secs_f64() * 1e3, megabytes / best.as_secs_f64());
}

fn main() {
    const COMMUNITIES: usize = 20;
    let one = community(0, 1);
    let members = 30_000_000 / COMMUNITIES / one.len();
    let documents: Vec<String> = (0..COMMUNITIES).map(|index| community(index, members)).collect();
    let body = documents.join("---\n");
    let single = &documents[0];
    println!(
        "{} documents, {} members, {:.1} MB\n",
        COMMUNITIES,
        COMMUNITIES * members,
        body.len() as f64 / 1e6
    );

    measured("events to nodes, one document (one thread)", single.len(), || {
        bundle::read_yaml(single.as_bytes()).expect("a sound body")
    });
    measured("events to nodes, the body (documents side by side)", body.len(), || {
        bundle::read_yaml(body.as_bytes()).expect("a sound body")
    });
    measured("events to nodes and every check, the body", body.len(), || {
        let checked = bundle::check_yaml(body.as_bytes()).expect("a sound body");
        assert!(!checked.is_refused());
        checked
    });
    measured("serde-saphyr into structs, the body", body.len(), || {
        let options = serde_saphyr::options! { budget: None };
        serde_saphyr::from_multiple_with_options::<TypedBundle>(&body, options).expect("a sound body")
    });
    measured("serde_yaml_ng into structs, the body", body.len(), || {
        serde_yaml_ng::Deserializer::from_str(&body)
            .map(|document| TypedBundle::deserialize(document).expect("a sound body"))
            .collect::<Vec<_>>()
    });

    let checked = bundle::check_yaml(body.as_bytes()).expect("a sound body");
    let bundles: Vec<_> = checked.documents.into_iter().filter_map(|document| document.bundle).collect();
    let written = write(&bundles);
    measured("writing the body", written.len(), || write(&bundles));
    measured("reading and checking what was written", written.len(), || {
        bundle::check_yaml(written.as_bytes()).expect("a sound body")
    });

    println!(
        "\n{:<28} {:<28} {:<28} {:<28}",
        "free value", "events to nodes", "serde-saphyr", "serde_yaml_ng"
    );
    for scalar in [
        "0012345",
        "4e10",
        "no",
        "2024-01-15",
        "5.940",
        "12345678901234567890123",
        ".inf",
        "0x1f",
        "1_000",
        "~",
    ] {
        let text = format!("a: {scalar}");
        let nodes = bundle::read_yaml(text.as_bytes())
            .map(|documents| documents.first().map(|document| document.node.to_json()).unwrap_or_default());
        println!(
            "{:<28} {:<28} {:<28} {:<28}",
            text,
            nodes.unwrap_or_else(|error| error.message),
            shown(serde_saphyr::from_str(&text).ok()),
            shown(serde_yaml_ng::from_str(&text).ok()),
        );
    }
    let twice = "{a: 1, a: 2}";
    println!(
        "{:<28} {:<28} {:<28} {:<28}",
        twice,
        bundle::read_yaml(twice.as_bytes()).map_or(0, |read| read[0].problems.len()).to_string()
            + " problem, read on",
        shown(serde_saphyr::from_str(twice).ok()),
        shown(typed(serde_yaml_ng::from_str::<BTreeMap<String, Value>>(twice).ok())),
    );
}

fn write(bundles: &[CommunityGraph]) -> String {
    let mut out = String::new();
    let mut writer = Writer::new();
    for bundle in bundles {
        writer.bundle(bundle, &mut out);
    }
    out
}

fn shown(value: Option<Value>) -> String {
    value.map_or_else(|| "an error".to_owned(), |value| value.to_string())
}

fn typed<T: serde::Serialize + DeserializeOwned>(value: Option<T>) -> Option<Value> {
    value.and_then(|value| serde_json::to_value(value).ok())
}
