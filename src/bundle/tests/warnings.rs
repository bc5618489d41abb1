//! Every warning of an import, and that its sentence does not depend on the spelling.

use super::{SMALL, checked, written};

fn warnings(yaml: &str) -> Vec<String> {
    let warnings = checked(yaml).documents.remove(0).warnings;
    warnings.into_iter().map(|warning| warning.sentence).collect()
}

#[test]
fn each_oddity_is_named_once() {
    for (from, to, expected) in [
        ("schema_version: '0.6'\n", "", "schema_version is missing"),
        ("'0.6'", "'1.0'", "schema_version `1.0` is unknown"),
        ("sensor_id: SEN-A, ", "", "members.a.assets.meter.ma: a meter without sensor_id"),
        ("sensor_id: SEN-A, ", "sensor_id: ' ', ", "members.a.assets.meter.ma: a meter without sensor_id"),
        ("pod: it001", "pod: other", "members.a.assets.meter.ma.pod: names no delivery point"),
        (
            "pod: it001",
            "relationships: {measures: [zz]}",
            "members.a.assets.meter.ma.relationships.measures[0]: `zz`",
        ),
        (
            "pod: it001",
            "relationships: {paired_with: zz}",
            "members.a.assets.meter.ma.relationships.paired_with: `zz`",
        ),
        (
            "meter: {mb: {name: Main",
            "pv: {mb: {name: Main, capacity_kwp: 5",
            "members.b.assets.pv.mb.capacity_kwp: an older spelling of `rated_power`",
        ),
        (
            "meter: {mb: {name: Main",
            "pv: {mb: {name: Main, orientation: south-west",
            "members.b.assets.pv.mb.orientation: is not a number from 0 to 360",
        ),
        (
            "meter: {mb: {name: Main",
            "pv: {mb: {name: Main, rated_power: .inf",
            "members.b.assets.pv.mb.rated_power: is not a number",
        ),
        (
            "meter: {mb:",
            "pv: {pb: {name: P, sensor_id: SEN-B}}\n      meter: {mb:",
            "members.b.assets.meter.mb.sensor_id: the sensor is also that of the member's asset pb",
        ),
        (
            "  areas:",
            "  topology: [{id: x, type: feeder, parent: y}]\n  areas:",
            "community.topology[0].parent: names no node",
        ),
        (
            "  areas:",
            "  topology: [{id: x, type: feeder, operator_id: y}]\n  areas:",
            "community.topology[0].operator_id: names no operator",
        ),
        (
            "  areas:",
            "  operators: {y: {name: Y}}\n  topology: [{id: x, type: feeder, operator: y}]\n  areas:",
            "community.topology[0].operator: an older spelling",
        ),
        ("{name: North}", "{name: North, topology: [x]}", "community.areas.north.topology: names a node"),
    ] {
        assert!(SMALL.contains(from), "{from}");
        let yaml = SMALL.replacen(from, to, 1);
        let found = warnings(&yaml);
        assert_eq!(found.len(), 1, "{to}: {found:?}");
        assert!(found[0].starts_with(expected), "{to}: {found:?}");
        let bundles = super::bundles(&yaml);
        let again = warnings(&written(&bundles));
        assert!(again.iter().all(|warning| found.contains(warning)), "{again:?}");
    }
}

#[test]
fn the_spelling_of_a_collection_does_not_change_its_warnings() {
    let map = "schema_version: '0.6'\ncommunity: {id: x, name: X, areas: {n: {name: N}}}\nmembers: {a: {user_id: a, name: A, role: admin, area: n, status: active, assets: {meter: {m: {name: M}}}}}\n";
    let list = "schema_version: '0.6'\ncommunity: {id: x, name: X, areas: {n: {name: N}}}\nmembers: [{key: a, user_id: a, name: A, role: admin, area: n, status: active, assets: {meter: [{key: m, name: M}]}}]\n";
    assert_eq!(warnings(map), warnings(list));
    assert_eq!(super::bundles(map), super::bundles(list));
}
