//! What a dry run says would be different: the same at both doors and on the command line, and to nobody who may not read.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::server::PROGRAM;
use crate::support::{Fixture as _, TestApp, TestDatabase, on_both_databases};

const BEFORE: &str = r#"
schema_version: '0.6'
community:
  id: diff
  name: Before
  legal: {vat: IT1, seat: {city: Aosta, zip: '11100'}}
  areas: {n: {name: North}, s: {name: South}}
  topology: [{id: x, type: feeder}, {id: y, type: feeder, parent: x}]
members:
  a:
    user_id: ann
    name: Ann
    role: consumer
    area: n
    status: active
    hobby: bees
    delivery_points: [{id: P-1, type: pod}, {id: P-2, type: pod, active: true}]
    assets:
      pv: {roof: {name: Roof, rated_power: 5.50, device: {model: M}}}
      meter: {m: {name: Meter, sensor_id: S-1, pod: P-1}}
  b: {user_id: bob, name: Bob, role: consumer, area: s, status: active, delivery_points: [{id: P-3, type: pod}], assets: {load: {oven: {name: Oven}}}}
"#;

/// Bob left, and the roof is Carl's; each kind of thing came, went or is another one.
const AFTER: &str = r#"
schema_version: '0.6'
community:
  id: diff
  name: After
  legal: {vat: IT1, seat: {city: Torino, zip: '11100'}}
  operators: {dso: {name: A DSO}}
  areas: {n: {name: Far north}, s: {name: South}}
  topology: [{id: y, type: feeder}, {id: z, type: feeder}]
members:
  a:
    user_id: ann
    name: Ann
    role: prosumer
    area: n
    status: active
    delivery_points: [{id: p-1, type: pod}, {id: P-4, type: pod}]
    assets:
      meter: {m: {name: Meter, sensor_id: S-1, pod: P-1, extra: {note: new}}}
  c: {user_id: carl, name: Carl, role: consumer, area: s, status: active, assets: {pv: {roof: {name: Roof, rated_power: 6, device: {model: M}}}}}
"#;

fn expected() -> Value {
    let changed =
        |path: &[&str], before: Value, after: Value| json!({"path": path, "before": before, "after": after});
    let gone = |path: &str, before: Value| json!({"path": [path], "before": before});
    let entity = |entity: &str, key: &str, member: Option<&str>, change: &str, fields: Vec<Value>| json!({"entity": entity, "key": key, "member_key": member, "change": change, "fields": fields});
    json!({"unlisted": 0, "changes": [
        entity("community", "diff", None, "changed", vec![
            changed(&["name"], json!("Before"), json!("After")),
            changed(&["legal", "seat", "city"], json!("Aosta"), json!("Torino")),
            changed(&["topology_order"], json!(["x", "y"]), json!(["y", "z"])),
        ]),
        entity("operator", "dso", None, "added", vec![]),
        entity("area", "n", None, "changed", vec![changed(&["name"], json!("North"), json!("Far north"))]),
        entity("topology_node", "y", None, "changed", vec![gone("parent", json!("x"))]),
        entity("topology_node", "z", None, "added", vec![]),
        entity("topology_node", "x", None, "removed", vec![gone("id", json!("x")), gone("type", json!("feeder"))]),
        entity("member", "a", Some("a"), "changed", vec![
            changed(&["role"], json!("consumer"), json!("prosumer")),
            gone("extra", json!({"hobby": "bees"})),
        ]),
        entity("delivery_point", "P-4", Some("a"), "added", vec![]),
        entity("delivery_point", "p-1", Some("a"), "changed", vec![changed(&["id"], json!("P-1"), json!("p-1"))]),
        entity("delivery_point", "P-2", Some("a"), "removed", vec![
            gone("id", json!("P-2")), gone("type", json!("pod")), gone("active", json!(true)),
        ]),
        entity("asset", "m", Some("a"), "changed", vec![json!({"path": ["extra"], "after": {"note": "new"}})]),
        entity("member", "c", Some("c"), "added", vec![]),
        entity("asset", "roof", Some("c"), "changed", vec![
            changed(&["owner"], json!("a"), json!("c")),
            changed(&["properties", "rated_power"], json!(5.50), json!(6)),
        ]),
        entity("member", "b", Some("b"), "removed", vec![
            gone("user_id", json!("bob")), gone("name", json!("Bob")), gone("role", json!("consumer")),
            gone("area", json!("s")), gone("status", json!("active")),
        ]),
        entity("delivery_point", "P-3", Some("b"), "removed", vec![
            gone("id", json!("P-3")), gone("type", json!("pod")), gone("active", json!(true)),
        ]),
        entity("asset", "oven", Some("b"), "removed", vec![
            gone("owner", json!("b")), gone("asset_type", json!("load")), gone("name", json!("Oven")),
            gone("relationships", json!({"measures": []})),
        ]),
    ]})
}

async fn difference(app: &TestApp, yaml: &str, scope: &str) -> Value {
    let mut report =
        app.post_yaml("/admin/import/yaml?dry_run=true", yaml.to_owned()).bearer(scope).await.json(200);
    report["reports"][0]["difference"].take()
}

const QUERY: &str =
    "mutation($yaml: String!) { importYaml(yaml: $yaml, dryRun: true) { reports { difference {
    unlisted changes { entity key memberKey change fields { path before after } } } } } }";

/// What GraphQL says, in the words of REST.
fn in_words_of_rest(mut difference: Value) -> Value {
    for change in difference["changes"].as_array_mut().expect("a list") {
        let member_key = change["memberKey"].take();
        let fields = change.as_object_mut().expect("an object");
        fields.remove("memberKey");
        fields.insert("member_key".to_owned(), member_key);
        for word in ["entity", "change"] {
            let lower = change[word].as_str().expect("a word").to_lowercase();
            change[word] = json!(lower);
        }
        for field in change["fields"].as_array_mut().expect("a list") {
            field.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        }
    }
    difference
}

on_both_databases! {
    async fn a_dry_run_says_what_would_be_different_at_both_doors(app: TestApp) {
        app.import(BEFORE).await;
        let of_rest = difference(&app, AFTER, "rec-registry.admin").await;
        assert_eq!(of_rest, expected());
        let mut data = app.graphql(QUERY, json!({"yaml": AFTER})).admin().await.data();
        assert_eq!(in_words_of_rest(data["importYaml"]["reports"][0]["difference"].take()), expected());
        assert_eq!(difference(&app, BEFORE, "rec-registry.admin").await, json!({"changes": [], "unlisted": 0}));
        app.import(AFTER).await;
        assert_eq!(difference(&app, AFTER, "rec-registry.admin").await, json!({"changes": [], "unlisted": 0}));
    }

    async fn it_is_told_to_who_may_read_and_of_a_dry_run_alone(app: TestApp) {
        app.import(BEFORE).await;
        for scope in ["rec-registry.import", "rec-registry.import rec-registry.read:other"] {
            assert_eq!(difference(&app, AFTER, scope).await, Value::Null, "{scope}");
        }
        assert_eq!(difference(&app, AFTER, "rec-registry.import:diff rec-registry.read:diff").await, expected());
        let report = app.post_yaml("/admin/import/yaml", AFTER).admin().await.json(200);
        assert!(report["reports"][0].get("difference").is_none());
    }

    async fn of_a_new_community_everything_comes_and_a_long_list_ends(app: TestApp) {
        let found = difference(&app, BEFORE, "rec-registry.admin").await;
        let keys: Vec<_> = found["changes"].as_array().expect("a list").iter()
            .map(|change| format!("{} {} {}", change["change"], change["entity"], change["key"]).replace('"', "")).collect();
        assert_eq!(keys, [
            "added community diff", "added area n", "added area s", "added topology_node x", "added topology_node y",
            "added member a", "added delivery_point P-1", "added delivery_point P-2", "added asset roof", "added asset m",
            "added member b", "added delivery_point P-3", "added asset oven",
        ]);
        let many: String = (0..1_100).map(|n| format!("  m{n}: {{user_id: u{n}, name: N, role: admin, area: s, status: pending}}\n")).collect();
        let many = BEFORE.replacen("members:\n", &format!("members:\n{many}"), 1);
        let found = difference(&app, &many, "rec-registry.admin").await;
        assert_eq!((found["changes"].as_array().map(Vec::len), &found["unlisted"]), (Some(1_000), &json!(113)));
    }

    async fn the_command_line_shows_it_without_colours_where_nobody_sees_them(database: TestDatabase) {
        TestApp::on(&database).await.import(BEFORE).await;
        let file = database.directory().join("after.yaml");
        std::fs::write(&file, AFTER).expect("a file is written");
        let run = |colours: &str| {
            let mut command = Command::new(PROGRAM);
            command.args(["import", "--dry-run", "--database-url", &database.url]).arg(&file).env(colours, "1");
            let output = command.output().expect("the program runs");
            String::from_utf8(output.stdout).expect("text")
        };
        let said = run("NO_COLOR");
        for line in [
            "  ~ community diff\n      - name: \"Before\"\n      + name: \"After\"\n",
            "  + operator dso\n", "  - member b\n", "  ~ asset roof of c\n      - owner: \"a\"\n      + owner: \"c\"\n",
        ] {
            assert!(said.contains(line), "{line} in {said}");
        }
        assert!(run("CLICOLOR_FORCE").contains("\u{1b}[31m- member b\u{1b}[0m"));
    }
}
