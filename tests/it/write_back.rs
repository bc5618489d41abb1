//! What a client writes comes back as it was written: from the export of it, and when it is read and sent back.

use serde_json::json;

use crate::support::{TestApp, on_both_databases};

const VALLEY: &str = "/admin/communities/valley-rec";

on_both_databases! {
    async fn an_asset_is_not_called_otherwise_in_its_properties(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let path = format!("{VALLEY}/members/gl-00001/assets/m-2");
        let put = |key: &str| app.put_json(&path, &json!({"asset_type": "meter", "properties": {"name": "Second", "key": key}})).admin();
        let refused = put("other").await.json(422);
        assert_eq!(refused["detail"][0]["loc"], json!(["body", "properties"]), "{refused}");
        put("m-2").await.json(200);
        let export = app.get("/admin/export?community=valley-rec").admin().await.text(200).to_owned();
        assert_eq!(app.post_yaml("/admin/import/yaml", export.clone()).admin().await.status, 200);
        assert_eq!(app.get("/admin/export?community=valley-rec").admin().await.text(200), export);
    }

    async fn what_an_asset_measures_may_be_as_long_as_anything(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        // No text that a database packs into less.
        let mut state = 1_u32;
        let long: String = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + u8::try_from((state >> 24) % 26).unwrap_or_default())
        }).take(9_000).collect();
        let body = json!({"asset_type": "meter", "name": "Second", "relationships": {"measures": [long, "pv-gl-00001"]}});
        let asset = app.put_json(format!("{VALLEY}/members/gl-00001/assets/m-2"), &body).admin().await.json(200);
        assert_eq!(asset["relationships"]["measures"], body["relationships"]["measures"]);
        let query = r#"{ community(key: "valley-rec") { asset(key: "m-2") { ... on MeterAsset { measures { key } } } } }"#;
        let measured = app.graphql(query, json!({})).admin().await.json(200);
        assert_eq!(measured["data"]["community"]["asset"]["measures"], json!([{"key": "pv-gl-00001"}]), "{measured}");
    }

    async fn a_grid_node_that_was_read_is_put_back_as_it_was(app: TestApp) {
        let grid = "schema_version: \"0.7\"\ncommunity:\n  id: grid\n  name: Grid\n  operators: {dso: {name: A DSO}}\n  topology:\n  - {id: top, type: primary_substation, operator_id: dso, children: [given]}\n  - {id: given, type: feeder, parent: top}\n  - {id: own, type: feeder, parent: top}\n";
        app.import(grid).await;
        let export = async || app.get("/admin/export?community=grid").admin().await.text(200).to_owned();
        let before = export().await;
        let nodes = app.get("/admin/communities/grid/topology").admin().await.json(200);
        let top = nodes["topology"].as_array().expect("a list").iter().find(|node| node["id"] == "top").expect("it is there").clone();
        assert_eq!(top["children"], json!(["given", "own"]));
        app.put_json("/admin/communities/grid/topology/top", &top).admin().await.json(200);
        assert_eq!(export().await, before, "nothing of what was made for reading is stored");
    }

    async fn a_type_that_came_beside_that_of_a_member_is_taken_away_with_it(app: TestApp) {
        app.import("community: {id: odd, name: Odd, areas: {a: {name: A}}}\nmembers: {m: {user_id: u, name: N, role: consumer, area: a, status: active, extra: {type: X}}}\n").await;
        let path = "/admin/communities/odd/members/m";
        assert_eq!(app.get(path).admin().await.json(200)["extra"]["type"], "X");
        let changed = app.patch_json(path, &json!({"extra": {"type": null}})).admin().await.json(200);
        assert_eq!(changed["extra"], json!({}));
    }
}
