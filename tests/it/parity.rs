//! Both doors give the same answers: each question is asked of REST and of GraphQL, and the answers are
//! brought into one shape and compared.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::on_both_databases;

/// Everything of the samples: a registry to ask questions of.
async fn with_samples(app: &TestApp) {
    for name in ["aurora-highlands-v0.7.yaml", "valley-v0.5.yaml", "listed-v0.4.yaml", "federation.yaml"] {
        app.import_sample(name).await;
    }
}

async fn rest(app: &TestApp, path: &str) -> Value {
    app.get(path).admin().await.json(200)
}

async fn graphql(app: &TestApp, query: &str) -> Value {
    app.graphql(query, json!({})).admin().await.data()
}

/// The words of GraphQL's enums as REST writes them.
fn lower(word: &Value) -> Value {
    word.as_str().map_or(Value::Null, |word| word.to_lowercase().into())
}

/// The fields of each row of a list, in the order of the list.
fn rows(list: &Value, fields: &[(&str, bool)]) -> Vec<Value> {
    let pick = |row: &Value| {
        let values = fields.iter().map(|&(path, is_word)| {
            let value = row.pointer(&format!("/{path}")).cloned().unwrap_or_default();
            if is_word { lower(&value) } else { value }
        });
        Value::from_iter(values)
    };
    list.as_array().map(|rows| rows.iter().map(pick).collect()).unwrap_or_default()
}

/// Asserts that the rows of both doors are the same, and that there are any.
#[track_caller]
fn same(of_rest: &Value, rest_fields: &[&str], of_graphql: &Value, graphql_fields: &[(&str, bool)]) {
    let rest_fields: Vec<_> = rest_fields.iter().map(|&field| (field, false)).collect();
    let (of_rest, of_graphql) = (rows(of_rest, &rest_fields), rows(of_graphql, graphql_fields));
    assert!(!of_rest.is_empty(), "nothing to compare");
    assert_eq!(of_rest, of_graphql);
}

on_both_databases! {
    async fn communities_are_the_same(app: TestApp) {
        with_samples(&app).await;
        let listed = rest(&app, "/admin/communities").await;
        let data = graphql(&app, "{ communities { nodes { key name description } totalCount } }").await;
        same(
            &listed["items"],
            &["key", "name", "description"],
            &data["communities"]["nodes"],
            &[("key", false), ("name", false), ("description", false)],
        );
        let detail = rest(&app, "/admin/communities/valley-rec").await;
        let community = &graphql(
            &app,
            r#"{ community(key: "valley-rec") { name createdAt updatedAt operators { key name country }
                 areas { key name topology: nodes { id } } topology { id children { id } } } }"#,
        )
        .await["community"];
        assert_eq!(detail["name"], community["name"]);
        assert_eq!(detail["created_at"], community["createdAt"]);
        assert_eq!(detail["updated_at"], community["updatedAt"]);
        assert_eq!(detail["extra"]["operators"]["rete"]["name"], community["operators"][0]["name"]);
        let rest_children: Vec<_> = detail["topology"].as_array().unwrap().iter().map(|node| {
            json!({"id": node["id"], "children": node["children"].as_array().unwrap().iter()
                .map(|id| json!({"id": id})).collect::<Vec<_>>()})
        }).collect();
        assert_eq!(Value::from(rest_children), community["topology"]);
    }

    async fn members_are_the_same(app: TestApp) {
        with_samples(&app).await;
        for community in ["example_rec", "valley-rec", "listed_rec", "south-rec"] {
            let listed = rest(&app, &format!("/admin/communities/{community}/members")).await;
            let query = format!(
                r#"{{ community(key: "{community}") {{ members {{ nodes {{
                    key userId did name role areaKey status deliveryPoints {{ code }} }} }} }} }}"#
            );
            let data = graphql(&app, &query).await;
            let nodes = &data["community"]["members"]["nodes"];
            same(
                &listed["items"],
                &["key", "user_id", "did", "name", "role", "area", "status"],
                nodes,
                &[("key", false), ("userId", false), ("did", false), ("name", false), ("role", true),
                    ("areaKey", false), ("status", true)],
            );
            for (row, node) in listed["items"].as_array().unwrap().iter().zip(nodes.as_array().unwrap()) {
                assert_eq!(row["delivery_points_count"], node["deliveryPoints"].as_array().unwrap().len());
            }
        }
    }

    async fn assets_and_meters_are_the_same(app: TestApp) {
        with_samples(&app).await;
        for (route, field) in [("assets", "assets"), ("meters", "meters")] {
            let listed = rest(&app, &format!("/admin/communities/valley-rec/{route}")).await;
            let query = format!(
                r#"{{ community(key: "valley-rec") {{ {field} {{ nodes {{
                    key name sensorId owner {{ key userId }} }} }} }} }}"#
            );
            let data = graphql(&app, &query).await;
            same(
                &listed["items"],
                &["key", "name", "sensor_id", "owner_key", "owner_user_id"],
                &data["community"][field]["nodes"],
                &[("key", false), ("name", false), ("sensorId", false), ("owner/key", false), ("owner/userId", false)],
            );
        }
        let detail = rest(&app, "/admin/communities/valley-rec/assets/pv-gl-00001").await;
        let asset = &graphql(
            &app,
            r#"{ community(key: "valley-rec") { asset(key: "pv-gl-00001") {
                type properties relationships extra createdAt ... on PvAsset { ratedPower orientation } } } }"#,
        )
        .await["community"]["asset"];
        assert_eq!(detail["asset_type"], lower(&asset["type"]));
        assert_eq!(detail["properties"], asset["properties"]);
        assert_eq!(detail["relationships"], asset["relationships"]);
        assert_eq!(detail["created_at"], asset["createdAt"]);
        assert_eq!(detail["properties"]["rated_power"], asset["ratedPower"]);
    }

    async fn numbers_are_the_same(app: TestApp) {
        with_samples(&app).await;
        for community in ["example_rec", "valley-rec", "listed_rec", "empty-rec"] {
            let of_rest = rest(&app, &format!("/admin/communities/{community}/stats")).await;
            let query = format!(
                r#"{{ community(key: "{community}") {{ stats {{ memberCount assetCount
                    membersByRole {{ role count }} membersByStatus {{ status count }} membersByArea {{ areaKey count }}
                    assetsByType {{ type count }} installedPvPowerKw storageCapacityKwh evChargingPowerKw
                    heatPumpThermalPowerKw heatPumpElectricalPowerKw controllableLoadKw
                    deliveryPointsActive deliveryPointsInactive }} }} }}"#
            );
            let stats = &graphql(&app, &query).await["community"]["stats"];
            for (rest_name, name) in [
                ("member_count", "memberCount"),
                ("asset_count", "assetCount"),
                ("installed_pv_power_kw", "installedPvPowerKw"),
                ("storage_capacity_kwh", "storageCapacityKwh"),
                ("ev_charging_power_kw", "evChargingPowerKw"),
                ("heat_pump_thermal_power_kw", "heatPumpThermalPowerKw"),
                ("heat_pump_electrical_power_kw", "heatPumpElectricalPowerKw"),
                ("controllable_load_kw", "controllableLoadKw"),
                ("delivery_points_active", "deliveryPointsActive"),
                ("delivery_points_inactive", "deliveryPointsInactive"),
            ] {
                assert!(of_rest[rest_name].is_number(), "{rest_name}");
                assert_eq!(of_rest[rest_name], stats[name], "{community} {name}");
            }
            for (rest_list, rest_word, list, word, is_enum) in [
                ("members_by_role", "role", "membersByRole", "role", true),
                ("members_by_status", "status", "membersByStatus", "status", true),
                ("members_by_area", "area", "membersByArea", "areaKey", false),
                ("assets_by_type", "asset_type", "assetsByType", "type", true),
            ] {
                let of_rest = rows(&of_rest[rest_list], &[(rest_word, false), ("count", false)]);
                assert_eq!(of_rest, rows(&stats[list], &[(word, is_enum), ("count", false)]), "{community} {list}");
            }
        }
    }

    async fn delivery_points_are_the_same(app: TestApp) {
        with_samples(&app).await;
        let listed = rest(&app, "/admin/communities/valley-rec/delivery-points").await;
        let data = graphql(
            &app,
            r#"{ community(key: "valley-rec") { deliveryPoints { nodes {
                code type description address tariff active member { key name } } } } }"#,
        )
        .await;
        let fields = ["id", "type", "description", "address", "tariff", "active", "member_key", "member_name"];
        let names = ["code", "type", "description", "address", "tariff", "active", "member/key", "member/name"];
        let nodes = &data["community"]["deliveryPoints"]["nodes"];
        same(&listed["items"], &fields, nodes, &names.map(|name| (name, false)));

        let twice = rest(&app, "/admin/communities/valley-rec/delivery-points/duplicates").await;
        let data = graphql(
            &app,
            r#"{ duplicateDeliveryPoints(communityKey: "valley-rec") { code activeHolders heldElsewhere
                holders { code member { key } } } }"#,
        )
        .await;
        let (rest_first, first) = (&twice["items"][0], &data["duplicateDeliveryPoints"][0]);
        assert_eq!(rest_first["delivery_point"], first["code"]);
        assert_eq!(rest_first["active_holders"], first["activeHolders"]);
        assert_eq!(rest_first["held_elsewhere"], first["heldElsewhere"]);
        assert_eq!(rest_first["holders"].as_array().unwrap().len(), 2);
        same(&rest_first["holders"], &["id", "member_key"], &first["holders"], &[("code", false), ("member/key", false)]);
    }

    async fn lookups_find_the_same_holder(app: TestApp) {
        with_samples(&app).await;
        let by_user = rest(&app, "/admin/lookup/member-by-user-id/giulia.bianchi").await;
        let by_sensor = rest(&app, "/admin/lookup/asset-by-sensor-id/4e10").await;
        let by_point = rest(&app, "/admin/lookup/community-by-delivery-point/it001e22222221").await;
        let data = graphql(
            &app,
            r#"{ memberByUserId(userId: "giulia.bianchi") { key community { key } }
                 assetBySensorId(sensorId: " 4e10 ") { key owner { key } }
                 deliveryPointByCode(code: "it001e22222221") { code member { key } }
                 nobody: memberByUserId(userId: "mario.rossi") { key } }"#,
        )
        .await;
        assert_eq!(by_user["key"], data["memberByUserId"]["key"]);
        assert_eq!(by_user["community_key"], data["memberByUserId"]["community"]["key"]);
        assert_eq!(by_sensor["key"], data["assetBySensorId"]["key"]);
        assert_eq!(by_sensor["owner_key"], "gl-00002");
        assert_eq!(by_sensor["owner_key"], data["assetBySensorId"]["owner"]["key"]);
        assert_eq!(by_point["delivery_point"]["id"], data["deliveryPointByCode"]["code"]);
        assert_eq!(by_point["member"]["key"], data["deliveryPointByCode"]["member"]["key"]);
        assert_eq!(data["nobody"], Value::Null);
        app.get("/admin/lookup/member-by-user-id/mario.rossi").admin().await.json(404);

        let sensors = json!(["c2g-F00000002", "nobody's", " S-9", "S-9", "0012345678"]);
        let batch = app.post_json("/admin/lookup/assets-by-sensor-ids", &sensors).admin().await.json(200);
        let query = "query($ids: [String!]!) { assetsBySensorIds(sensorIds: $ids) { key owner { key } } }";
        let data = app.graphql(query, json!({"ids": sensors})).admin().await.data();
        same(&batch, &["key", "owner_key"], &data["assetsBySensorIds"], &[("key", false), ("owner/key", false)]);
        assert_eq!(batch.as_array().unwrap().len(), 3);
    }

    async fn one_sees_the_same_of_oneself(app: TestApp) {
        with_samples(&app).await;
        let of_rest = app.get("/user").by("giulia.bianchi", "").await.json(200);
        let assets = app.get("/user/assets").by("giulia.bianchi", "").await.json(200);
        let query = "{ me { username memberships { community { key name } key name role
            assets { nodes { key name } } } } }";
        let me = app.graphql(query, json!({})).by("giulia.bianchi", "").await.data()["me"].take();
        assert_eq!(of_rest["profile"]["preferred_username"], me["username"]);
        let membership = &me["memberships"][0];
        assert_eq!(of_rest["memberships"][0]["community_key"], membership["community"]["key"]);
        assert_eq!(of_rest["membership"]["member"]["key"], membership["key"]);
        assert_eq!(of_rest["membership"]["member"]["role"], lower(&membership["role"]));
        same(&assets["items"], &["key", "name"], &membership["assets"]["nodes"], &[("key", false), ("name", false)]);
    }

    async fn imports_report_and_exports_write_the_same(app: TestApp) {
        let yaml = crate::support::sample::text("federation.yaml");
        let dry_run = app.post_yaml("/admin/import/yaml?dry_run=true", yaml.clone()).admin().await.json(200);
        let counts = "{ community member deliveryPoint asset }";
        let query = format!(
            "mutation($yaml: String!) {{ importYaml(yaml: $yaml, dryRun: true) {{ dryRun reports {{ communityKey
                inserted {counts} deleted {counts} unchanged {counts} warnings
                refusals {{ code detail document path }} }} }} }}"
        );
        let data = app.graphql(&query, json!({"yaml": yaml})).admin().await.data();
        let report = &data["importYaml"];
        assert_eq!(dry_run["dry_run"], report["dryRun"]);
        for part in ["inserted", "deleted", "unchanged"] {
            let rest_names = ["community", "member", "delivery_point", "asset"].map(|kind| format!("{part}/{kind}"));
            let names = ["community", "member", "deliveryPoint", "asset"].map(|kind| format!("{part}/{kind}"));
            same(
                &dry_run["reports"],
                &rest_names.each_ref().map(String::as_str),
                &report["reports"],
                &names.each_ref().map(|name| (name.as_str(), false)),
            );
        }
        let both = [("warnings", false), ("refusals", false)];
        same(&dry_run["reports"], &["warnings", "refusals"], &report["reports"], &both);

        with_samples(&app).await;
        let of_rest = app.get("/admin/export?community=valley-rec&community=empty-rec").admin().await.text(200);
        let data = graphql(&app, r#"{ exportYaml(communityKeys: ["valley-rec", "empty-rec"]) }"#).await;
        assert_eq!(Value::from(of_rest), data["exportYaml"]);
    }

    async fn refusals_carry_the_same_codes(app: TestApp) {
        with_samples(&app).await;
        let broken = "community: {id: x, name: X}\nmembers: {m: {user_id: u, name: N, role: king, area: a, status: active}}\n";
        let of_rest = app.post_yaml("/admin/import/yaml", broken).admin().await.json(422);
        let query = "mutation($yaml: String!) { importYaml(yaml: $yaml) { dryRun } }";
        let answer = app.graphql(query, json!({"yaml": broken})).admin().await.json(200);
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(of_rest["code"], extensions["reason"]);
        assert_eq!(of_rest["refusals"], extensions["refusals"]);
        assert_eq!(extensions["code"], "BAD_USER_INPUT");

        let denied = app.get("/admin/communities").bearer("rec-registry.lookup").await.json(403);
        let answer = app.graphql("{ communities { totalCount } service { apiVersion } }", json!({}));
        let answer = answer.bearer("rec-registry.lookup").await;
        assert_eq!(denied["code"], "forbidden");
        assert_eq!(answer.error_codes(), ["FORBIDDEN"]);
        assert_eq!(answer.json(200)["data"]["communities"], Value::Null);
        assert!(answer.json(200)["data"]["service"]["apiVersion"].is_string());

        let exists = app.post_yaml("/admin/import/yaml?force=false", "community: {id: empty-rec, name: E}\n");
        assert_eq!(exists.admin().await.json(409)["code"], "community_exists");
        let query = r#"mutation { importYaml(yaml: "community: {id: empty-rec, name: E}\n", force: false) { dryRun } }"#;
        let answer = app.graphql(query, json!({})).admin().await.json(200);
        assert_eq!(answer["errors"][0]["extensions"]["code"], "CONFLICT");
        assert_eq!(answer["errors"][0]["extensions"]["reason"], "community_exists");
    }
}
