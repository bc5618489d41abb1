//! The numbers of members, against numbers worked out by hand from the bundles.

use serde_json::{Value, json};

use crate::support::{TestApp, on_both_databases};

const NUMBERS: &str =
    "memberCount assetCount installedPvPowerKw storageCapacityKwh evChargingPowerKw heatPumpThermalPowerKw
    heatPumpElectricalPowerKw controllableLoadKw deliveryPointsActive deliveryPointsInactive";

/// What a question of the valley gives.
async fn valley(app: &TestApp, question: &str) -> Value {
    let query = format!("query {{ community(key: \"valley-rec\") {{ {question} }} }}");
    app.graphql(&query, json!({})).admin().await.data()["community"].take()
}

/// [`NUMBERS`] in their order.
fn numbers(values: [f64; 10]) -> Value {
    let [members, assets, pv, storage, ev, heat, drawn, load, active, inactive] = values;
    json!({
        "memberCount": members as u64, "assetCount": assets as u64, "installedPvPowerKw": pv,
        "storageCapacityKwh": storage, "evChargingPowerKw": ev, "heatPumpThermalPowerKw": heat,
        "heatPumpElectricalPowerKw": drawn, "controllableLoadKw": load,
        "deliveryPointsActive": active as u64, "deliveryPointsInactive": inactive as u64,
    })
}

const ALL: [f64; 10] = [3.0, 8.0, 5.94, 10.2, 22.0, 8.0, 2.1, 12.5, 3.0, 1.0];
const UPPER: [f64; 10] = [1.0, 4.0, 5.94, 10.2, 0.0, 8.0, 2.1, 0.0, 1.0, 1.0];
const LOWER: [f64; 10] = [2.0, 4.0, 0.0, 0.0, 22.0, 0.0, 0.0, 12.5, 2.0, 0.0];

on_both_databases! {
    async fn a_community_an_area_and_a_part_of_the_grid_have_numbers(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        app.import_sample("aurora-highlands-v0.7.yaml").await;
        let found = valley(&app, &format!("stats {{ {NUMBERS} }} areas {{ key stats {{ {NUMBERS} }} }}
            topology {{ id stats {{ {NUMBERS} }} }}")).await;
        assert_eq!(found, json!({
            "stats": numbers(ALL),
            "areas": [{"key": "alta", "stats": numbers(UPPER)}, {"key": "bassa", "stats": numbers(LOWER)}],
            "topology": [
                {"id": "PS-valle", "stats": numbers(ALL)},
                {"id": "SS-alta-001", "stats": numbers(UPPER)},
                {"id": "SS-alta-002", "stats": numbers(UPPER)},
                {"id": "SS-bassa-001", "stats": numbers(LOWER)},
                {"id": "TR-7", "stats": numbers([0.0; 10])},
            ],
        }));
        let data = app.graphql("{ members { stats { memberCount membersByArea { communityKey areaKey count } } } }", json!({}));
        assert_eq!(data.admin().await.data()["members"]["stats"], json!({"memberCount": 7, "membersByArea": [
            {"communityKey": "example_rec", "areaKey": "northern", "count": 2},
            {"communityKey": "example_rec", "areaKey": "southern", "count": 2},
            {"communityKey": "valley-rec", "areaKey": "alta", "count": 1},
            {"communityKey": "valley-rec", "areaKey": "bassa", "count": 2},
        ]}));
    }

    async fn members_and_assets_are_counted_by_every_word(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let found = valley(&app, "stats { membersByRole { role count } membersByStatus { status count } assetsByType { type count } }").await;
        let counts = |list: &str, name: &str| -> Vec<(String, u64)> {
            let rows = found["stats"][list].as_array().unwrap().iter();
            rows.map(|row| (row[name].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap()))
                .filter(|(_, count)| *count > 0).collect()
        };
        let of = |words: &[(&str, u64)]| words.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect::<Vec<_>>();
        assert_eq!(counts("membersByRole", "role"), of(&[("CONSUMER", 1), ("PROSUMER", 1), ("PRODUCER", 1)]));
        assert_eq!(counts("membersByStatus", "status"), of(&[("ACTIVE", 2), ("INACTIVE", 1)]));
        let mut kinds = counts("assetsByType", "type");
        kinds.sort();
        assert_eq!(kinds, of(&[("EV_CHARGER", 1), ("HEAT_PUMP", 1), ("LOAD", 1), ("METER", 3), ("PV", 1), ("STORAGE", 1)]));
    }

    async fn a_filtered_list_has_the_numbers_of_all_that_it_lists(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let found = valley(&app, &format!(
            "active: members(first: 1, filter: {{status: {{eq: ACTIVE}}}}) {{ nodes {{ key }} stats {{ {NUMBERS} }} }}
             solar: members(filter: {{assets: {{some: {{type: {{eq: PV}}}}}}}}) {{ stats {{ {NUMBERS} }} }}
             area(key: \"bassa\") {{ members(filter: {{role: {{eq: PRODUCER}}}}) {{ stats {{ memberCount evChargingPowerKw }} }} }}
             nobody: members(filter: {{name: {{eq: \"nobody\"}}}}) {{ stats {{ {NUMBERS} }} }}"
        )).await;
        assert_eq!(found["active"]["nodes"].as_array().map(Vec::len), Some(1));
        assert_eq!(found["active"]["stats"], numbers([2.0, 7.0, 5.94, 10.2, 22.0, 8.0, 2.1, 12.5, 2.0, 1.0]));
        assert_eq!(found["solar"]["stats"], numbers(UPPER));
        assert_eq!(found["area"]["members"]["stats"], json!({"memberCount": 1, "evChargingPowerKw": 22.0}));
        assert_eq!(found["nobody"]["stats"], numbers([0.0; 10]));
    }

    async fn numbers_need_the_grant_to_read(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let path = "/admin/communities/valley-rec/stats";
        app.get(path).await.json(401);
        app.get(path).bearer("rec-registry.lookup").await.json(403);
        app.get(path).bearer("rec-registry.read:north-rec").await.json(404);
        app.get(path).bearer("rec-registry.read:valley-rec").await.json(200);
        app.get("/admin/communities/none/stats").admin().await.json(404);
        let query = "{ me { memberships { key community { stats { memberCount } areas { stats { memberCount } }
            topologyNode(id: \"TR-7\") { stats { memberCount } members { totalCount } meters { totalCount } } } } } }";
        let answer = app.graphql(query, json!({})).by("giulia.bianchi", "").await;
        assert_eq!(answer.error_codes(), ["FORBIDDEN"; 6]);
        let community = json!({"stats": null, "areas": [{"stats": null}, {"stats": null}],
            "topologyNode": {"stats": null, "members": null, "meters": null}});
        assert_eq!(answer.json(200)["data"], json!({"me": {"memberships": [{"key": "gl-00001", "community": community}]}}));
    }

    async fn numbers_that_are_not_selected_are_not_worked_out(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let mut taken = Vec::new();
        for query in ["{ members { nodes { key } } }", "{ members { nodes { key } stats { memberCount assetCount } } }"] {
            let (answer, statements) = app.counted(app.graphql(query, json!({})).admin()).await;
            answer.data();
            taken.push(statements.len());
        }
        assert_eq!(taken, [1, 4], "three statements: members, assets, delivery points");
    }

    async fn the_migration_fills_in_what_was_stored_before_it(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        app.import_sample("listed-v0.4.yaml").await;
        let before = [numbers_by_rest(&app, "valley-rec").await, numbers_by_rest(&app, "listed_rec").await];
        let steps = app.registry.migrations().await.unwrap();
        let newer = steps.iter().rev().take_while(|(name, _)| !name.ends_with("add_quantities")).count();
        app.registry.migrate_down(newer as u32 + 1).await.unwrap();
        app.registry.migrate().await.unwrap();
        assert_eq!([numbers_by_rest(&app, "valley-rec").await, numbers_by_rest(&app, "listed_rec").await], before);
        assert_eq!(before[0]["installed_pv_power_kw"], 5.94);
    }
}

async fn numbers_by_rest(app: &TestApp, community: &str) -> Value {
    app.get(format!("/admin/communities/{community}/stats")).admin().await.json(200)
}
