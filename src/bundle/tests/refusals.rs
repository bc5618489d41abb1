//! Every code of an import's checks.

use super::{SMALL, checked, refused};

/// The small bundle with one thing changed.
fn changed(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replacen(from, to, 1)
}

#[test]
fn the_small_bundle_is_sound() {
    let body = checked(SMALL);
    assert_eq!(refused(SMALL), [""; 0]);
    assert!(body.documents[0].warnings.is_empty());
    assert_eq!(body.documents[0].community_key, "aurora");
    let counts = body.documents[0].counts;
    assert_eq!((counts.community, counts.member, counts.delivery_point, counts.asset), (1, 2, 2, 2));
    let held: Vec<_> = body.held.iter().map(|held| format!("{} {}", held.folded, held.path)).collect();
    assert_eq!(
        held,
        [
            "SEN-A members.a.assets.meter.ma.sensor_id",
            "it001 members.a.delivery_points[0].id",
            "SEN-B members.b.assets.meter.mb.sensor_id",
            "it002 members.b.delivery_points[0].id",
        ]
    );
    assert_eq!(body.dids[0].path, "members.a.did");
}

/// Bundles with one thing wrong each, and how it is refused: `code path`.
pub fn problems() -> Vec<(String, String)> {
    let long = "k".repeat(129);
    let name = "n".repeat(257);
    let problems: &[(String, &str)] = &[
        ("- 1\n".to_owned(), "invalid_bundle "),
        ("text".to_owned(), "invalid_bundle "),
        ("a: 1".to_owned(), "invalid_bundle community"),
        ("community: x".to_owned(), "invalid_bundle community"),
        (changed("  id: aurora\n", ""), "invalid_bundle community.id"),
        (changed("id: aurora", "id: Aurora"), "invalid_bundle community.id"),
        (changed("  name: Aurora REC\n", ""), "invalid_bundle community.name"),
        (changed("name: Aurora REC", "name: [x]"), "invalid_bundle community.name"),
        (changed("name: Aurora REC", "name: true"), "invalid_bundle community.name"),
        (changed("{name: North}", "{}"), "invalid_bundle community.areas.north.name"),
        (changed("{name: North}", "x"), "invalid_bundle community.areas.north"),
        (changed("    user_id: alice\n", ""), "invalid_bundle members.a.user_id"),
        (changed("user_id: alice", "user_id: ' '"), "invalid_bundle members.a.user_id"),
        (changed("user_id: alice", "user_id: null"), "invalid_bundle members.a.user_id"),
        (changed("    name: Alice\n", ""), "invalid_bundle members.a.name"),
        (changed("name: Alice", &format!("name: {name}")), "invalid_bundle members.a.name"),
        (changed("    role: prosumer\n", ""), "invalid_bundle members.a.role"),
        (changed("    area: north\n", ""), "invalid_bundle members.a.area"),
        (changed("    status: active\n", ""), "invalid_bundle members.a.status"),
        (
            changed("{name: Main, sensor_id: SEN-A", "{sensor_id: SEN-A"),
            "invalid_bundle members.a.assets.meter.ma.name",
        ),
        (changed("{id: IT002, ", "{"), "invalid_bundle members.b.delivery_points[0].id"),
        (
            changed("{id: IT002, type: pod}", "{id: IT002}"),
            "invalid_bundle members.b.delivery_points[0].type",
        ),
        (
            changed("{id: IT002, type: pod}", "{id: IT002, type: pod, active: maybe}"),
            "invalid_bundle members.b.delivery_points[0].active",
        ),
        (changed("[{id: IT002, type: pod}]", "{id: IT002}"), "invalid_bundle members.b.delivery_points"),
        (changed("{id: IT002, type: pod}", "IT002"), "invalid_bundle members.b.delivery_points[0]"),
        (
            changed("sensor_id: SEN-B", &format!("sensor_id: {name}")),
            "invalid_bundle members.b.assets.meter.mb.sensor_id",
        ),
        (
            changed("sensor_id: SEN-B", "relationships: {measures: ma}"),
            "invalid_bundle members.b.assets.meter.mb.relationships.measures",
        ),
        (changed("sensor_id: SEN-B", "device: [x]"), "invalid_bundle members.b.assets.meter.mb.device"),
        (changed("\n  b:\n", &format!("\n  {long}:\n")), &format!("invalid_bundle members.{}", &long[..128])),
        (changed("\n  b:\n", "\n  \"b\\u0001\":\n"), "invalid_bundle members.b\u{1}"),
        (changed("name: Bob", "name: \"B\\0b\""), "invalid_bundle members.b.name"),
        (
            changed("name: Bob", "name: Bob\n    note: {\"a\\u0085\": 1}"),
            "invalid_bundle members.b.note.a\u{85}",
        ),
        (changed("\n  b:\n", "\n  b:\n    key: c\n"), "invalid_bundle members.b.key"),
        (changed("    role: consumer", "    extra: 5\n    role: consumer"), "invalid_bundle members.b.extra"),
        (
            changed("  areas:", "  topology: [{type: feeder}]\n  areas:"),
            "invalid_bundle community.topology[0].id",
        ),
        (changed("  areas:", "  topology: [{id: x}]\n  areas:"), "invalid_bundle community.topology[0].type"),
        (
            changed("  areas:", "  topology: [{id: x, type: pylon}]\n  areas:"),
            "invalid_bundle community.topology[0].type",
        ),
        (
            changed("  areas:", "  operators: {o: {country: IT}}\n  areas:"),
            "invalid_bundle community.operators.o.name",
        ),
        (changed("  areas:", "  legal: {vat: {a: 1}}\n  areas:"), "invalid_bundle community.legal.vat"),
        (changed("  areas:", "  legal: text\n  areas:"), "invalid_bundle community.legal"),
        (
            changed("  areas:", "  topology: [{id: x, type: feeder}, {id: x, type: feeder}]\n  areas:"),
            "duplicate_key community.topology[1].id",
        ),
        (changed("    name: Bob", "    name: Bob\n    name: Bo"), "duplicate_key members.b.name"),
        (
            changed("    name: Bob", "    name: Bob\n    note: 1\n    extra: {note: 1}"),
            "duplicate_key members.b.extra.note",
        ),
        (changed("{mb: ", "{ma: "), "duplicate_key members.b.assets.meter.ma"),
        (
            changed("[{id: IT002, type: pod}]", "[{id: x, type: pod}, {id: ' X ', type: pod}]"),
            "duplicate_key members.b.delivery_points[1].id",
        ),
        (changed("role: consumer", "role: Consumer"), "invalid_role members.b.role"),
        (changed("status: active", "status: gone"), "invalid_status members.a.status"),
        (changed("meter: {mb", "wind: {mb"), "unknown_asset_type members.b.assets.wind"),
        (
            changed("{mb: ", &format!("{{{long}: ")),
            &format!("asset_key_too_long members.b.assets.meter.{}", &long[..128]),
        ),
        (
            changed("{north: {name: North}}", "{north: {name: North}, -x: {name: X}}"),
            "invalid_area_key community.areas.-x",
        ),
        (changed("area: north", "area: south"), "unknown_area members.a.area"),
        (changed("user_id: bob", "user_id: alice"), "user_id_taken members.b.user_id"),
        (changed("name: Bob", "name: Bob\n    did: did:web:a"), "did_taken members.b.did"),
        (
            changed("sensor_id: SEN-B", "sensor_id: ' SEN-A '"),
            "sensor_held members.b.assets.meter.mb.sensor_id",
        ),
        (
            changed("meter: {mb: {name: Main, sensor_id: SEN-B", "pv: {mb: {name: Main, sensor_id: SEN-A"),
            "sensor_held members.b.assets.pv.mb.sensor_id",
        ),
        (
            changed("{id: IT002, type: pod}", "{id: it001, type: pod, active: false}"),
            "delivery_point_held members.b.delivery_points[0].id",
        ),
    ];
    problems.iter().map(|(yaml, expected)| (yaml.clone(), (*expected).to_owned())).collect()
}

#[test]
fn each_problem_is_refused_with_its_code_and_path() {
    for (yaml, expected) in problems() {
        assert_eq!(refused(&yaml), [expected], "{yaml}");
    }
}

#[test]
fn boundaries_are_held_to_the_rules_of_schema_0_7() {
    let community = |version: &str, areas: &str| {
        format!(
            "schema_version: '{version}'\ncommunity:\n  id: x\n  name: X\n  topology: [{{id: P, type: primary_substation}}, {{id: Q, type: feeder}}]\n  areas: {areas}\n"
        )
    };
    let sound = "{a: {name: A, boundary: {source: gse_cabine_primarie, id: P}, topology: [P]}}";
    for version in ["0.4", "0.7", "1.0"] {
        assert_eq!(refused(&community(version, sound)), [""; 0]);
        for flawed in [
            "{a: {name: A, boundary: {source: other, id: P}, topology: [P]}}",
            "{a: {name: A, boundary: {source: gse_cabine_primarie}, topology: [P]}}",
            "{a: {name: A, boundary: {source: gse_cabine_primarie, id: P}, topology: [P, Q]}}",
            "{a: {name: A, boundary: {source: gse_cabine_primarie, id: P}}}",
            "{a: {name: A, boundary: {source: gse_cabine_primarie, id: Q}, topology: [Q]}}",
            "{a: {name: A, boundary: {source: gse_cabine_primarie, id: R}, topology: [R]}}",
            "{a: {name: A, boundary: P}}",
        ] {
            assert_eq!(
                refused(&community(version, flawed)),
                ["invalid_area_boundary community.areas.a.boundary"],
                "{flawed}"
            );
        }
    }
    let shared = "{a: {name: A, boundary: {source: gse_cabine_primarie, id: P}, topology: [P]}, b: {name: B, boundary: {source: gse_cabine_primarie, id: P}, topology: [P]}}";
    assert_eq!(refused(&community("0.6", shared)), ["invalid_area_boundary community.areas.b.boundary"]);
    assert_eq!(
        refused(&community("0.7", "{a: {name: A}}")),
        ["invalid_area_boundary community.areas.a.boundary"]
    );
    assert_eq!(refused(&community("0.6", "{a: {name: A}}")), [""; 0]);
    assert_eq!(refused(&community("1.0", "{a: {name: A}}")), [""; 0]);
}

#[test]
fn all_problems_of_all_documents_are_reported_at_once() {
    let first = changed("role: consumer", "role: boss")
        .replace("area: north\n    status: active\n    did", "area: east\n    status: active\n    did");
    let second = "community: {id: aurora, name: Again}\nmembers: {z: 5}";
    let body = checked(&format!("{first}---\n{second}\n"));
    let found: Vec<_> = body.refusals().map(|r| format!("{} {} {}", r.document, r.code, r.path)).collect();
    assert_eq!(
        found,
        [
            "0 unknown_area members.a.area",
            "0 invalid_role members.b.role",
            "1 invalid_bundle members.z",
            "1 duplicate_key community.id",
        ]
    );
    assert!(body.refusals().any(|r| r.detail.contains("consumer, prosumer, producer, operator, admin")));
    assert!(body.documents.iter().all(|document| document.bundle.is_none()));
}

#[test]
fn identifiers_are_held_across_documents_by_active_members_alone() {
    let other = SMALL.replace("id: aurora", "id: borealis").replace("did: did:web:a", "note: x");
    let found = refused(&format!("{SMALL}---\n{other}"));
    assert_eq!(
        found,
        [
            "sensor_held members.a.assets.meter.ma.sensor_id",
            "delivery_point_held members.a.delivery_points[0].id",
            "sensor_held members.b.assets.meter.mb.sensor_id",
            "delivery_point_held members.b.delivery_points[0].id",
        ]
    );
    let left = other.replace("status: active", "status: inactive");
    assert_eq!(refused(&format!("{SMALL}---\n{left}")), [""; 0]);
    let with_did = left.replace("note: x", "did: did:web:a");
    assert_eq!(refused(&format!("{SMALL}---\n{with_did}")), ["did_taken members.a.did"]);
}

#[test]
fn a_list_spelling_needs_keys_that_stand_once() {
    let listed = "community: {id: x, name: X, areas: {n: {name: N}}}\nmembers:\n- {key: a, user_id: a, name: A, role: admin, area: n, status: active}\n- {key: a, user_id: b, name: A, role: admin, area: n, status: active}\n- {user_id: c, name: A}\n- 5\n";
    assert_eq!(
        refused(listed),
        ["duplicate_key members.a", "invalid_bundle members[2].key", "invalid_bundle members[3]"]
    );
}

#[test]
fn a_flood_of_problems_is_cut_and_counted() {
    let body = format!("community: {{id: x, name: X}}\nmembers: [{}]\n", "5, ".repeat(5_000));
    let found = checked(&body);
    assert_eq!(found.refusals().count(), 1_001);
    assert!(found.refusals().last().unwrap().detail.contains("4000 more"));
}
