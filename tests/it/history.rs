//! The past of communities: what each change did, what was when, and going back.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::app::Asked;
use crate::support::federation::Federation;
use crate::support::server::PROGRAM;
use crate::support::{Fixture as _, TestApp, TestDatabase, on_both_databases};

const PAST: &str = r#"
schema_version: '0.6'
version: 3
metadata: {by: somebody}
community:
  id: past
  name: Past
  board: [ann]
  legal: {vat: IT1, seat: {city: Aosta, zip: '011'}}
  operators: {dso: {name: A DSO, country: IT}}
  areas: {n: {name: North}, s: {name: South, topology: [x]}}
  topology: [{id: y, type: feeder, parent: x}, {id: x, type: feeder, operator_id: dso}]
members:
  a:
    user_id: ann
    did: did:web:ann
    name: Ann
    role: consumer
    area: n
    status: active
    hobby: bees
    delivery_points: [{id: P-1, type: pod, phases: 3}]
    assets:
      pv: {roof: {name: Roof, rated_power: 5.50, device: {model: M}, colour: red, extra: {note: 1.0}}}
      meter: {m: {name: Meter, sensor_id: S-1, pod: P-1, relationships: {measures: [roof]}}}
  b: {user_id: bob, name: Bob, role: consumer, area: s, status: active, delivery_points: [{id: P-2, type: pod}]}
"#;

const PATH: &str = "/admin/communities/past";

/// Changes of every kind, one after the other.
fn changes(app: &TestApp) -> Vec<Asked> {
    let path = |rest: &str| format!("{PATH}{rest}");
    let carl = json!({"key": "c", "user_id": "carl", "name": "Carl", "role": "prosumer", "area": "n", "status": "active",
        "delivery_points": [{"id": "P-3", "type": "pod"}], "assets": {"load": {"oven": {"name": "Oven", "sensor_id": "S-3"}}}});
    let replaced = PAST
        .replace("Ann", "Anna")
        .replace("x, type: feeder, operator_id: dso", "x, type: transformer")
        .replace(
            "[{id: y, type: feeder, parent: x}, {id: x, type: transformer}]",
            "[{id: x, type: transformer}, {id: z, type: feeder}]",
        );
    vec![
        app.patch_json(
            PATH,
            &json!({"name": "Future", "legal": {"vat": "IT2"}, "extra": {"board": ["bob"], "x.y": {"z": 1}}}),
        ),
        app.put_json(path("/operators/other"), &json!({"name": "Other"})),
        app.put_json(
            path("/areas/e"),
            &json!({"name": "East", "geometry": {"type": "Point", "coordinates": [1.50, 2]}}),
        ),
        app.put_json(path("/topology/w"), &json!({"type": "feeder", "parent": "x"})),
        app.post_json(path("/members"), &carl),
        app.post_json(path("/areas/n/rename"), &json!({"new_key": "far"})),
        app.patch_json(
            path("/members/a"),
            &json!({"name": "Ann B", "did": "", "extra": {"hobby": "goats", "age": 40}}),
        ),
        app.put_json(path("/members/a/delivery-points/p-1"), &json!({"type": "pod", "tariff": "T"})),
        app.put_json(
            path("/members/a/assets/roof"),
            &json!({"asset_type": "pv", "name": "Roof", "rated_power": 6, "device": {}}),
        ),
        app.delete(path("/members/a/assets/m")),
        app.put_json(
            path("/members/b/assets/m"),
            &json!({"asset_type": "meter", "name": "M", "sensor_id": "S-1"}),
        ),
        app.delete(path("/members/b/delivery-points/P-2")),
        app.post_json(path("/members/b/status"), &json!({"status": "suspended", "reason": "moved"})),
        app.delete(path("/members/c")),
        app.delete(path("/topology/w")),
        app.post_yaml("/admin/import/yaml", replaced),
        app.delete(path("/operators/dso")),
        app.post_yaml("/admin/import/yaml", PAST),
    ]
}

async fn revisions(app: &TestApp) -> Vec<Value> {
    let answer = app.get(format!("{PATH}/revisions?limit=500")).admin().await.json(200);
    answer["items"].as_array().expect("a list").clone()
}

/// Does all of it; gives what the community was after each revision.
async fn lived(app: &TestApp) -> BTreeMap<i64, String> {
    app.import(PAST).await;
    let mut past = BTreeMap::from([(1, app.export().await)]);
    for change in changes(app) {
        let answer = change.admin().await;
        assert!(answer.status.is_success(), "{answer:?}");
        let number = revisions(app).await[0]["number"].as_i64().expect("a number");
        assert!(past.insert(number, app.export().await).is_none(), "a revision for each change: {answer:?}");
    }
    past
}

on_both_databases! {
    async fn each_change_is_a_revision_with_who_what_and_how_much(app: TestApp) {
        let past = lived(&app).await;
        let found = revisions(&app).await;
        let numbers: Vec<i64> = found.iter().filter_map(|revision| revision["number"].as_i64()).collect();
        assert_eq!(numbers, past.keys().rev().copied().collect::<Vec<_>>());
        let operations: Vec<&str> = found.iter().rev().filter_map(|revision| revision["operation"].as_str()).collect();
        assert_eq!(operations, [
            "import", "community.update", "operator.put", "area.put", "topology_node.put", "member.create", "area.rename",
            "member.update", "delivery_point.put", "asset.put", "asset.remove", "asset.put", "delivery_point.remove",
            "member.set_status", "member.remove", "topology_node.remove", "import", "operator.remove", "import",
        ]);
        assert_eq!(found[numbers.len() - 1]["difference"], json!({"changes": [], "unlisted": 7}));
        let update = &found[numbers.len() - 8];
        assert_eq!(update["difference"], json!({"unlisted": 0, "changes": [{"entity": "member", "key": "a", "member_key": "a", "change": "changed",
            "fields": [
                {"path": ["did"], "before": "did:web:ann"}, {"path": ["name"], "before": "Ann", "after": "Ann B"},
                {"path": ["extra", "hobby"], "before": "bees", "after": "goats"}, {"path": ["extra", "age"], "after": 40},
            ]}]}));
        assert_eq!((&update["added"], &update["removed"], &update["changed"]), (&json!(0), &json!(0), &json!(1)));
        let renamed = &found[numbers.len() - 7];
        let moved = renamed["difference"]["changes"].as_array().expect("a list").iter().filter(|change| change["entity"] == "member");
        assert_eq!(moved.count(), 2);
        // Nothing changes: no revision.
        app.import(PAST).await;
        app.patch_json(PATH, &json!({"name": "Past"})).admin().await.json(200);
        assert_eq!(revisions(&app).await.len(), numbers.len());
    }

    async fn what_was_at_a_revision_or_a_time_comes_out_to_the_byte(app: TestApp) {
        let past = lived(&app).await;
        let found = revisions(&app).await;
        for (number, text) in &past {
            let then = app.get(format!("/admin/export?community=past&at={number}")).admin().await.text(200);
            assert_eq!(then, *text, "revision {number}");
            let query = "query($at: String) { exportYaml(communityKeys: [\"past\"], at: $at) }";
            let data = app.graphql(query, json!({"at": number.to_string()})).admin().await.data();
            assert_eq!(data["exportYaml"], *text, "revision {number}");
            let revision = found.iter().find(|revision| revision["number"] == *number).expect("a revision");
            let at = revision["at"].as_str().expect("a time");
            assert_eq!(app.get(format!("/admin/export?community=past&at={at}")).admin().await.text(200), *text);
        }
        for at in ["0", "99", "1999-01-01T00:00:00Z"] {
            let code = app.get(format!("/admin/export?community=past&at={at}")).admin().await.code(404);
            assert_eq!(code, "revision_not_found", "{at}");
        }
        app.get("/admin/export?at=1").admin().await.json(422);
        app.get("/admin/export?community=past&at=soon").admin().await.json(422);
        app.get("/admin/export?community=past&at=1").bearer("rec-registry.read").await.json(403);
        app.get("/admin/export?community=past&at=1").bearer("rec-registry.export:other").await.json(404);
    }

    async fn more_changes_than_are_in_memory_at_once_are_taken_back(app: TestApp) {
        let edition = |edition| Federation { communities: 1, members: 300, edition }.to_yaml();
        app.post_yaml("/admin/import/yaml", edition(1)).admin().await.json(200);
        let first = app.export().await;
        for later in [2, 3] {
            app.post_yaml("/admin/import/yaml", edition(later)).admin().await.json(200);
        }
        let key = Federation::community_key(0);
        let changed: Vec<u64> = app.get(format!("/admin/communities/{key}/revisions")).admin().await.json(200)["items"]
            .as_array()
            .map(|found| found.iter().filter_map(|revision| revision["changed"].as_u64()).collect())
            .unwrap_or_default();
        assert!(changed[..2].iter().sum::<u64>() > 1_000, "{changed:?}");
        assert_eq!(app.get(format!("/admin/export?community={key}&at=1")).admin().await.text(200), first);
    }

    async fn both_doors_tell_the_same_revisions_page_by_page(app: TestApp) {
        lived(&app).await;
        let of_rest = revisions(&app).await;
        let query = "query($after: String) { communities { nodes { revisions(first: 7, after: $after) { totalCount pageInfo { hasNextPage endCursor }
            nodes { number at subject client operation added removed changed difference { unlisted changes { entity key change fields { path } } } } } } } }";
        let (mut after, mut of_graphql) = (Value::Null, Vec::new());
        loop {
            let data = app.graphql(query, json!({"after": after})).admin().await.data();
            let page = &data["communities"]["nodes"][0]["revisions"];
            assert_eq!(page["totalCount"], of_rest.len());
            of_graphql.extend(page["nodes"].as_array().expect("a list").clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(of_graphql.len(), of_rest.len());
        for (one, other) in of_graphql.iter().zip(&of_rest) {
            for field in ["number", "at", "subject", "client", "operation", "added", "removed", "changed"] {
                assert_eq!(one[field], other[field]);
            }
            let keys = |revision: &Value| revision["difference"]["changes"].as_array().expect("a list").iter()
                .map(|change| (change["key"].clone(), change["fields"].as_array().map(Vec::len))).collect::<Vec<_>>();
            assert_eq!(keys(one), keys(other));
        }
    }

    async fn a_community_goes_back_as_a_new_revision(app: TestApp) {
        let past = lived(&app).await;
        let last = *past.keys().last().expect("a revision");
        let report = app.post_json(format!("{PATH}/restore?dry_run=true"), &json!({"revision": 6})).admin().await.json(200);
        assert!(report["difference"]["changes"].as_array().is_some_and(|changes| !changes.is_empty()));
        assert_eq!(app.export().await, past[&last]);
        app.post_json(format!("{PATH}/restore"), &json!({"revision": 6})).admin().await.json(200);
        assert_eq!(app.export().await, past[&6]);
        let newest = &revisions(&app).await[0];
        assert_eq!((&newest["number"], &newest["operation"]), (&json!(last + 1), &json!("restore")));
        let mutation = "mutation($n: Int!) { restoreCommunity(input: {key: \"past\", revision: $n}) { report { inserted { member } } } }";
        app.graphql(mutation, json!({"n": 8})).admin().await.data();
        assert_eq!(app.export().await, past[&8]);
        assert_eq!(app.get(format!("/admin/export?community=past&at={last}")).admin().await.text(200), past[&last]);

        // What somebody else holds by now does not come back.
        let other = "community: {id: other, name: O, areas: {n: {name: N}}}\nmembers: {m: {user_id: m, name: M, role: admin, area: n, status: active, assets: {meter: {k: {name: K, sensor_id: S-3}}}}}\n";
        app.delete(format!("{PATH}/members/c")).admin().await.json(200);
        app.import(other).await;
        assert_eq!(app.post_json(format!("{PATH}/restore"), &json!({"revision": 6})).admin().await.json(422)["refusals"][0]["code"], "sensor_held");
        assert_eq!(app.post_json(format!("{PATH}/restore"), &json!({"revision": 99})).admin().await.code(404), "revision_not_found");
        app.post_json(format!("{PATH}/restore"), &json!({"revision": "6"})).admin().await.json(422);
    }

    async fn whoever_is_erased_is_in_no_past(app: TestApp) {
        let past = lived(&app).await;
        assert!(past[&6].contains("carl") && past[&1].contains("Ann"));
        app.delete(format!("{PATH}/members/a?purge=true")).admin().await.json(200);
        // Carl went with an import; he is nowhere but in the past.
        let ctx = app.registry.context(Ok(rec_registry::auth::Principal::local_operator()));
        let carl = rec_registry::domain::identifier::UserId::from("carl");
        rec_registry::service::person::erase(&ctx, &carl).await.expect("erased");
        for number in past.keys() {
            let then = app.get(format!("/admin/export?community=past&at={number}")).admin().await.text(200);
            let then = then.to_lowercase();
            for trace in ["ann b", "anna", "did:web:ann", "user_id: ann", "carl", "roof", "oven", "goats", "p-1", "p-3"] {
                assert!(!then.contains(trace), "{trace} at {number}: {then}");
            }
        }
        let told = serde_json::to_string(&revisions(&app).await).expect("JSON").to_lowercase();
        for trace in ["carl", "goats", "did:web", "oven"] {
            assert!(!told.contains(trace), "{trace}: {told}");
        }
        app.post_json(format!("{PATH}/restore"), &json!({"revision": 6})).admin().await.json(200);
        assert!(!app.export().await.contains("carl"));
    }

    async fn whoever_held_something_at_a_time_is_found(app: TestApp) {
        lived(&app).await;
        let at = |number: i64, found: &[Value]| {
            let revision = found.iter().find(|revision| revision["number"] == number).expect("a revision");
            revision["at"].as_str().expect("a time").to_owned()
        };
        let found = revisions(&app).await;
        // S-1 was Ann's from the first import on, was taken off in 11, and was Bob's from 12 until he was suspended in 14.
        for (number, holder) in [(1, Some("a")), (10, Some("a")), (11, None), (12, Some("b")), (13, Some("b")), (14, None), (17, Some("a"))] {
            let time = at(number, &found);
            let asked = app.get(format!("/admin/lookup/community-by-sensor-id/S-1?at={time}")).admin().await;
            let data = app.graphql("query($at: DateTime!) { holderAt(kind: SENSOR, id: \"S-1\", at: $at) { communityKey memberKey userId since until } }", json!({"at": time})).admin().await.data();
            match holder {
                None => {
                    assert_eq!((asked.code(404), &data["holderAt"]), ("asset_not_found".to_owned(), &Value::Null), "{number}");
                }
                Some(key) => {
                    let answer = asked.json(200);
                    assert_eq!((&answer["member"]["key"], &answer["community"]["key"]), (&json!(key), &json!("past")), "{number}");
                    assert_eq!(data["holderAt"]["memberKey"], key);
                    assert_eq!((&data["holderAt"]["since"], &data["holderAt"]["until"]), (&answer["since"], &answer["until"]));
                }
            }
        }
        let time = at(13, &found);
        let point = app.get(format!("/admin/lookup/community-by-delivery-point/p-2?at={time}")).admin().await;
        assert_eq!(point.code(404), "delivery_point_not_found");
        let point = app.get(format!("/admin/lookup/community-by-delivery-point/p-2?at={}", at(12, &found))).admin().await.json(200);
        assert_eq!((&point["member"]["user_id"], &point["until"]), (&json!("bob"), &json!(time)));
        // An import that leaves somebody what they hold does not begin anew.
        let kept = app.get(format!("/admin/lookup/community-by-delivery-point/P-1?at={}", at(19, &found))).admin().await.json(200);
        assert_eq!((&kept["since"], &kept["until"]), (&json!(at(1, &found)), &Value::Null));
        app.get(format!("/admin/lookup/community-by-sensor-id/S-1?at={time}")).bearer("rec-registry.lookup:other").await.json(404);
        app.get("/admin/lookup/community-by-sensor-id/S-1?at=then").admin().await.json(422);
    }

    async fn a_community_that_goes_takes_its_past_with_it(app: TestApp) {
        lived(&app).await;
        app.delete(PATH).admin().await.json(200);
        app.get(format!("{PATH}/revisions")).admin().await.json(404);
        app.import(PAST).await;
        assert_eq!(revisions(&app).await.len(), 1);
    }

    async fn the_command_line_goes_back_as_well(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        app.import(PAST).await;
        let before = app.export().await;
        app.patch_json(PATH, &json!({"name": "Future"})).admin().await.json(200);
        let run = |words: &[&str]| {
            let mut command = Command::new(PROGRAM);
            command.args(["restore", "past", "--database-url", &database.url]).args(words);
            command.output().expect("the program runs")
        };
        assert!(!run(&["--revision", "7"]).status.success());
        let dry = run(&["--revision", "1", "--dry-run"]);
        assert!(String::from_utf8_lossy(&dry.stdout).contains("+ name: \"Past\""), "{dry:?}");
        let done = run(&["--revision", "1"]);
        assert!(done.status.success(), "{done:?}");
        assert_eq!(app.export().await, before);
    }
}
