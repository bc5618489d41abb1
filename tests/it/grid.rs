//! The grid as a graph, and the relations between assets.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{TestApp, on_both_databases};

async fn ask(app: &TestApp, query: &str) -> Value {
    app.graphql(query, json!({})).admin().await.data()
}

/// Two circles, one of them a node of its own, and a node below the first.
const CIRCLES: &str = r#"
community:
  id: round
  name: Round
  areas: {x: {name: X, topology: [a]}, y: {name: Y, topology: [c, c, gone]}}
  topology:
    - {id: a, type: feeder, parent: b}
    - {id: b, type: feeder, parent: a}
    - {id: c, type: transformer, parent: b}
    - {id: s, type: feeder, children: [s]}
members:
  m-x: {user_id: x, name: X, role: prosumer, area: x, status: active,
        assets: {pv: {roof: {name: Roof, rated_power: 3}}, meter: {mine: {name: Mine, relationships: {measures: [roof, theirs, gone], paired_with: theirs}}}}}
  m-y: {user_id: y, name: Y, role: prosumer, area: y, status: active,
        assets: {pv: {theirs: {name: Theirs, rated_power: 4}}, meter: {other: {name: Other, relationships: {measures: [theirs], paired_with: none}}}}}
"#;

on_both_databases! {
    async fn what_lies_above_and_below_a_node_is_reached(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let found = ask(&app, r#"{ community(key: "valley-rec") {
            top: topologyNode(id: "PS-valle") { inCycle parent { id } ancestors { id } children { id } descendants { id }
                areas { key } members { totalCount nodes { key } } meters { nodes { key } } }
            leaf: topologyNode(id: "TR-7") { parent { id } ancestors { id } descendants { id } members { totalCount } }
            branch: topologyNode(id: "SS-alta-001") { areas { key } members { nodes { key } } meters { totalCount nodes { key } } }
            none: topologyNode(id: "gone") { id } } }"#).await;
        let ids = |ids: &[&str]| ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>();
        let keys = |keys: &[&str]| keys.iter().map(|key| json!({"key": key})).collect::<Vec<_>>();
        assert_eq!(found["community"], json!({
            "top": {"inCycle": false, "parent": null, "ancestors": [],
                "children": ids(&["SS-alta-001", "SS-alta-002", "SS-bassa-001"]),
                "descendants": ids(&["SS-alta-001", "SS-alta-002", "SS-bassa-001", "TR-7"]), "areas": [],
                "members": {"totalCount": 3, "nodes": keys(&["gl-00001", "gl-00002", "gl-00003"])},
                "meters": {"nodes": keys(&["m-gl-00001", "m-gl-00002", "m-gl-00003"])}},
            "leaf": {"parent": {"id": "SS-bassa-001"}, "ancestors": ids(&["SS-bassa-001", "PS-valle"]),
                "descendants": [], "members": {"totalCount": 0}},
            "branch": {"areas": keys(&["alta"]), "members": {"nodes": keys(&["gl-00001"])},
                "meters": {"totalCount": 1, "nodes": keys(&["m-gl-00001"])}},
            "none": null,
        }));
    }

    async fn circles_in_the_data_are_cut_and_reported(app: TestApp) {
        app.import(CIRCLES).await;
        let found = ask(&app, r#"{ community(key: "round") { topology { id inCycle ancestors { id } descendants { id }
            areas { key } stats { memberCount installedPvPowerKw } } } }"#).await;
        let node = |id: &str, in_cycle: bool, above: &[&str], below: &[&str], areas: &[&str], members: u64, pv: f64| {
            let ids = |ids: &[&str]| ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>();
            json!({"id": id, "inCycle": in_cycle, "ancestors": ids(above), "descendants": ids(below),
                "areas": areas.iter().map(|key| json!({"key": key})).collect::<Vec<_>>(),
                "stats": {"memberCount": members, "installedPvPowerKw": pv}})
        };
        assert_eq!(found["community"]["topology"], json!([
            node("a", true, &["b"], &["b", "c"], &["x"], 2, 7.0),
            node("b", true, &["a"], &["a", "c"], &[], 2, 7.0),
            node("c", false, &["b", "a"], &[], &["y"], 1, 4.0),
            node("s", true, &[], &[], &[], 0, 0.0),
        ]));
    }

    async fn lists_of_a_large_grid_in_each_other_are_too_complex(app: TestApp) {
        let mut yaml = "community:\n  id: deep\n  name: Deep\n  topology:\n    - {id: n0, type: feeder}\n".to_owned();
        for at in 1..300 {
            writeln!(yaml, "    - {{id: n{at}, type: feeder, parent: n{}}}", at - 1).unwrap();
        }
        app.import(yaml).await;
        let once = ask(&app, "{ community(key: \"deep\") { topology { descendants { id } } } }").await;
        assert_eq!(once["community"]["topology"][0]["descendants"].as_array().map(Vec::len), Some(299));
        let query = "{ community(key: \"deep\") { topology { descendants { descendants { id } } } } }";
        let refused = app.graphql(query, json!({})).admin().await;
        assert!(refused.error_codes().iter().all(|code| code == "QUERY_TOO_COMPLEX"));
        assert_eq!(refused.json(200)["data"]["community"], Value::Null);
    }

    async fn relations_lead_to_assets_and_drop_keys_that_nobody_has(app: TestApp) {
        app.import(CIRCLES).await;
        let query = "{ assets { nodes { key measures { key } measuredBy { key } pairedWith { key } relationships } } }";
        let (answer, statements) = app.counted(app.graphql(query, json!({})).admin()).await;
        assert_eq!(answer.data()["assets"]["nodes"], json!([
            {"key": "mine", "measures": [{"key": "roof"}, {"key": "theirs"}], "measuredBy": [], "pairedWith": {"key": "theirs"},
             "relationships": {"measures": ["roof", "theirs", "gone"], "paired_with": "theirs"}},
            {"key": "other", "measures": [{"key": "theirs"}], "measuredBy": [], "pairedWith": null,
             "relationships": {"measures": ["theirs"], "paired_with": "none"}},
            {"key": "roof", "measures": [], "measuredBy": [{"key": "mine"}], "pairedWith": null,
             "relationships": {"measures": []}},
            {"key": "theirs", "measures": [], "measuredBy": [{"key": "mine"}, {"key": "other"}], "pairedWith": null,
             "relationships": {"measures": []}},
        ]));
        assert_eq!(statements.len(), 3, "the list, what is named, what names: {statements:#?}");
    }

    async fn without_the_grant_relations_lead_to_ones_own_alone(app: TestApp) {
        app.import(CIRCLES).await;
        let query = "{ me { memberships { assets { nodes { key measures { key } measuredBy { key } pairedWith { key } } } } } }";
        let data = app.graphql(query, json!({})).by("y", "").await.data();
        assert_eq!(data["me"]["memberships"][0]["assets"]["nodes"], json!([
            {"key": "other", "measures": [{"key": "theirs"}], "measuredBy": [], "pairedWith": null},
            {"key": "theirs", "measures": [], "measuredBy": [{"key": "other"}], "pairedWith": null},
        ]));
        let data = app.graphql(query, json!({})).by("x", "").await.data();
        assert_eq!(data["me"]["memberships"][0]["assets"]["nodes"][0], json!(
            {"key": "mine", "measures": [{"key": "roof"}], "measuredBy": [], "pairedWith": null}));
    }
}
