//! Lookups over REST: only active members hold anything; the answer never tells who exists.

use serde_json::{Value, json};

use crate::rest_answer::settled;
use crate::support::{TestApp, on_both_databases};

const LOOKUP: &str = "/admin/lookup";

async fn everything(app: &TestApp) {
    for sample in ["valley-v0.5.yaml", "federation.yaml", "aurora-highlands-v0.7.yaml"] {
        app.import_sample(sample).await;
    }
}

async fn look(app: &TestApp, path: &str) -> Value {
    settled(app.get(format!("{LOOKUP}/{path}")).bearer("rec-registry.lookup").await.json(200))
}

async fn ask(app: &TestApp, path: &str, body: Value) -> Value {
    settled(app.post_json(format!("{LOOKUP}/{path}"), &body).bearer("rec-registry.lookup").await.json(200))
}

fn keys(rows: &Value) -> Vec<&str> {
    rows.as_array().expect("rows").iter().map(|row| row["key"].as_str().expect("a key")).collect()
}

fn emil() -> Value {
    json!({
        "id": "<id>", "key": "s-1", "user_id": "emil", "did": "did:web:example:emil", "name": "Emil",
        "role": "prosumer", "area": "s", "status": "active",
        "delivery_points": [{"id": "fr-prm-09999", "type": "prm", "description": null, "address": null,
                             "tariff": null, "active": true}],
        "community_key": "south-rec", "community_name": "South REC",
    })
}

fn meter_of_emil() -> Value {
    json!({
        "id": "<id>", "key": "mt", "asset_type": "meter", "name": "M", "sensor_id": "S-9",
        "properties": {"meter_type": "consumption"}, "device": {}, "relationships": {"measures": []},
        "owner_key": "s-1", "owner_user_id": "emil", "community_key": "south-rec", "community_name": "South REC",
    })
}

on_both_databases! {
    async fn an_identifier_leads_to_its_community(app: TestApp) {
        everything(&app).await;
        let community = json!({"id": "<id>", "key": "south-rec", "name": "South REC"});
        let member = json!({"id": "<id>", "key": "s-1", "user_id": "emil", "name": "Emil", "role": "prosumer",
                            "status": "active"});
        assert_eq!(
            look(&app, "community-by-user-id/emil").await,
            json!({"community": community, "member": member})
        );
        assert_eq!(
            look(&app, "community-by-sensor-id/%20S-9").await,
            json!({"community": community, "member": member, "asset": {
                "id": "<id>", "key": "mt", "asset_type": "meter", "name": "M", "sensor_id": "S-9",
            }})
        );
        assert_eq!(
            look(&app, "community-by-delivery-point/FR-PRM-09999%20").await,
            json!({
                "community": community,
                "member": {"key": "s-1", "user_id": "emil", "name": "Emil", "role": "prosumer"},
                "delivery_point": {"id": "fr-prm-09999", "type": "prm", "description": null, "address": null,
                                   "tariff": null, "active": true},
            })
        );
    }

    async fn an_identifier_leads_to_its_member_and_asset(app: TestApp) {
        everything(&app).await;
        assert_eq!(look(&app, "member-by-user-id/emil").await, emil());
        assert_eq!(look(&app, "asset-by-sensor-id/S-9").await, meter_of_emil());
        assert_eq!(look(&app, "asset-by-sensor-id/4e10").await["owner_key"], "gl-00002");
    }

    async fn a_batch_answers_in_the_order_of_the_request_and_each_row_once(app: TestApp) {
        everything(&app).await;
        let sensors = json!(["c2g-F00000002", "nothing", " S-9", "", "S-9", "0012345678"]);
        let found = ask(&app, "assets-by-sensor-ids", sensors.clone()).await;
        assert_eq!(keys(&found), ["meter-ah-00002", "mt", "m-gl-00001"]);
        assert_eq!(found[1], meter_of_emil());
        assert_eq!(ask(&app, "assets-by-sensor-ids", json!({"sensor_ids": sensors})).await, found);

        let users = json!({"user_ids": ["mario.rossi", "emil", "giulia.bianchi", "emil"]});
        let found = ask(&app, "assets-by-user-ids", users).await;
        assert_eq!(keys(&found), ["mt", "bat-gl-00001", "hp-gl-00001", "m-gl-00001", "pv-gl-00001"]);

        let dids = json!(["did:web:example:emil", "did:web:dataspace.example%3A30005:ah-00001", "did:x"]);
        let found = ask(&app, "members-by-dids", json!({"dids": dids})).await;
        assert_eq!(keys(&found), ["s-1", "ah-00001"]);
        assert_eq!(found[0], emil());
    }

    async fn nothing_asked_is_nothing_found(app: TestApp) {
        for (path, field) in BATCHES {
            assert_eq!(ask(&app, path, json!([])).await, json!([]));
            assert_eq!(ask(&app, path, json!({field: []})).await, json!([]));
            assert_eq!(ask(&app, path, json!(["a\u{0}b"])).await, json!([]));
        }
    }

    async fn a_batch_that_is_none_is_refused_with_its_place(app: TestApp) {
        let send = |path: &str, body: Value| app.post_json(format!("{LOOKUP}/{path}"), &body).admin();
        for (path, field) in BATCHES {
            let ids: Vec<String> = (0..=500).map(|number| number.to_string()).collect();
            assert_eq!(send(path, json!(ids[..500])).await.json(200), json!([]));
            let answer = send(path, json!(ids)).await.json(422);
            assert_eq!(answer["code"], "validation_error");
            assert_eq!(answer["detail"][0]["loc"][0], "body");

            let answer = send(path, json!({field: ["a", 1, null]})).await.json(422);
            let places: Vec<&Value> = answer["detail"].as_array().expect("problems").iter().map(|one| &one["loc"]).collect();
            assert_eq!(places, [&json!(["body", field, "1"]), &json!(["body", field, "2"])]);
            for wrong in [json!({}), json!(null), json!("a"), json!({field: "a"}), json!({field: null})] {
                let answer = send(path, wrong.clone()).await.json(422);
                assert!(answer["detail"][0]["msg"].is_string(), "{wrong}");
            }
            let broken = app.request(axum::http::Method::POST, format!("{LOOKUP}/{path}")).body("application/json", "{").admin().await;
            assert_eq!(broken.json(422)["detail"][0]["type"], "json_invalid");
            let yaml = app.request(axum::http::Method::POST, format!("{LOOKUP}/{path}")).body("application/yaml", "[]").admin().await;
            assert!(yaml.json(415)["detail"].is_string());
        }
    }

    async fn who_left_holds_nothing(app: TestApp) {
        everything(&app).await;
        for (path, code) in [
            ("community-by-user-id/mario.rossi", "member_not_found"),
            ("member-by-user-id/mario.rossi", "member_not_found"),
            ("member-by-user-id/nobody", "member_not_found"),
            ("community-by-user-id/Emil", "member_not_found"),
            ("community-by-sensor-id/nothing", "asset_not_found"),
            ("asset-by-sensor-id/%20", "asset_not_found"),
            ("community-by-delivery-point/nothing", "delivery_point_not_found"),
        ] {
            let answer = app.get(format!("{LOOKUP}/{path}")).admin().await.json(404);
            assert_eq!(answer["code"], code, "{path}");
        }
        let mut federation = crate::support::sample::text("federation.yaml");
        federation = federation.replace("status: active", "status: suspended");
        app.import(federation).await;
        for path in ["community-by-sensor-id/S-9", "community-by-delivery-point/fr-prm-09999", "member-by-user-id/emil"] {
            app.get(format!("{LOOKUP}/{path}")).admin().await.json(404);
        }
        assert_eq!(ask(&app, "members-by-dids", json!(["did:web:example:emil"])).await, json!([]));
    }

    async fn several_active_members_are_ambiguous_and_nobody_is_named(app: TestApp) {
        for key in ["one", "two"] {
            app.import(format!(
                "community: {{id: {key}, name: {key}, areas: {{a: {{name: A}}}}}}\n\
                 members: {{m: {{user_id: same, name: Somebody, role: consumer, area: a, status: active}}}}\n"
            ))
            .await;
        }
        for path in ["community-by-user-id/same", "member-by-user-id/same"] {
            let answer = app.get(format!("{LOOKUP}/{path}")).admin().await;
            assert_eq!(answer.json(409)["code"], "ambiguous_member");
            assert!(!answer.text(409).contains("Somebody"));
        }
        let scoped = app.get(format!("{LOOKUP}/community-by-user-id/same")).bearer("rec-registry.lookup:two").await;
        assert_eq!(scoped.json(200)["community"]["key"], "two");
        app.get(format!("{LOOKUP}/community-by-user-id/same")).bearer("rec-registry.lookup:three").await.json(404);
    }

    async fn an_id_takes_the_whole_rest_of_the_path(app: TestApp) {
        let yaml = r#"
community: {id: odd, name: Odd, areas: {a: {name: A}}}
members:
  m: {user_id: "org/dept/π", name: One, role: consumer, area: a, status: active,
      delivery_points: [{id: "STRASSE/ß 1", type: pod}], assets: {pv: {pv: {name: Roof, sensor_id: "a/b//c"}}}}
"#;
        app.import(yaml).await;
        for path in [
            "community-by-user-id/org/dept/%CF%80",
            "community-by-user-id/org%2Fdept%2F%CF%80",
            "community-by-sensor-id/a/b//c",
            "community-by-sensor-id/a%2Fb%2F%2Fc%20",
            "community-by-delivery-point/stra%C3%9Fe/ss%201",
            "community-by-delivery-point/Stra%C3%9Fe%2F%C3%9F%201",
        ] {
            assert_eq!(look(&app, path).await["member"]["key"], "m", "{path}");
        }
    }
}

/// The batches, each with the name of its list.
const BATCHES: [(&str, &str); 3] =
    [("assets-by-sensor-ids", "sensor_ids"), ("assets-by-user-ids", "user_ids"), ("members-by-dids", "dids")];
