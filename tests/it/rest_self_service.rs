//! Self-service over REST: any valid token, and nothing but the caller's own.

use serde_json::{Value, json};

use crate::rest_answer::settled;
use crate::support::{TestApp, on_both_databases};

/// The routes that need a membership.
const OWN: [&str; 5] =
    ["/user/member", "/user/community", "/user/assets", "/user/assets/m-gl-00001", "/user/delivery-points"];

async fn valley(app: &TestApp) {
    app.import_sample("valley-v0.5.yaml").await;
}

async fn mine(app: &TestApp, path: &str) -> Value {
    settled(app.get(path).by("giulia.bianchi", "openid").await.json(200))
}

fn points() -> Value {
    json!([
        {"id": "IT001E11111111", "type": "withdrawal", "description": null, "address": null, "tariff": null,
         "active": true, "voltage": "low"},
        {"id": "IT001E11111112", "type": "injection", "description": null, "address": null, "tariff": null,
         "active": false},
    ])
}

/// A community of one member, the user `twice`.
fn community_of(key: &str) -> String {
    format!(
        "community: {{id: {key}, name: REC {key}, areas: {{a: {{name: A}}}}}}\n\
         members: {{m-{key}: {{user_id: twice, name: T, role: consumer, area: a, status: active, \
         assets: {{pv: {{m-gl-00001: {{name: {key}}}}}}}}}}}\n"
    )
}

on_both_databases! {
    async fn a_member_sees_who_they_are(app: TestApp) {
        valley(&app).await;
        let mut me = mine(&app, "/user").await;
        assert_eq!(me["profile"]["preferred_username"], "giulia.bianchi");
        let profile: Vec<&String> = me["profile"].as_object().expect("a mapping").keys().collect();
        assert_eq!(profile, ["email", "name", "preferred_username", "sub"]);
        me.as_object_mut().expect("a mapping").remove("profile");
        assert_eq!(
            me,
            json!({
                "memberships": [{"community_key": "valley-rec", "community_name": "Comunità Energetica della Valle"}],
                "membership": {
                    "member": {"key": "gl-00001", "name": "Giulia Bianchi", "role": "prosumer", "area": "alta",
                               "status": "active", "did": null},
                    "community": {"key": "valley-rec", "name": "Comunità Energetica della Valle", "description": null},
                    "delivery_points_count": 2,
                    "assets_count": {"pv": 1, "storage": 1, "heat_pump": 1, "meter": 1},
                },
            })
        );
    }

    async fn a_member_sees_their_own_membership_points_and_assets(app: TestApp) {
        valley(&app).await;
        assert_eq!(
            mine(&app, "/user/member").await,
            json!({
                "key": "gl-00001", "name": "Giulia Bianchi", "role": "prosumer", "area": "alta", "status": "active",
                "did": null, "delivery_points": points(),
                "extra": {"type": "schema:Person", "joined": "2025-03-01"},
                "created_at": "<time>", "updated_at": "<time>",
            })
        );
        assert_eq!(mine(&app, "/user/delivery-points").await, json!({"items": points(), "total": 2}));
        let battery = json!({
            "key": "bat-gl-00001", "asset_type": "storage", "name": "Cantina", "sensor_id": null,
            "properties": {"capacity": 10.2, "max_charge_power": 5, "max_discharge_power": 5, "battery_type": "lfp",
                           "round_trip_efficiency": 94.5},
            "device": {}, "relationships": {"measures": [], "paired_with": "pv-gl-00001"},
        });
        assert_eq!(mine(&app, "/user/assets?asset_type=storage").await, json!({"items": [battery], "total": 1}));
        let all = mine(&app, "/user/assets").await;
        let keys: Vec<&Value> = all["items"].as_array().expect("items").iter().map(|item| &item["key"]).collect();
        assert_eq!(keys, ["bat-gl-00001", "hp-gl-00001", "m-gl-00001", "pv-gl-00001"]);
        let mut detail = battery;
        for (field, value) in [("extra", json!({})), ("created_at", json!("<time>")), ("updated_at", json!("<time>"))] {
            detail[field] = value;
        }
        assert_eq!(mine(&app, "/user/assets/bat-gl-00001").await, detail);
    }

    async fn a_member_sees_the_public_part_of_their_community(app: TestApp) {
        valley(&app).await;
        let own = mine(&app, "/user/community").await;
        let mut fields: Vec<&String> = own.as_object().expect("a mapping").keys().collect();
        fields.sort();
        assert_eq!(
            fields,
            ["areas", "contact", "description", "key", "legal", "links", "name", "settings", "topology", "your_area",
             "your_role"]
        );
        assert_eq!((&own["your_area"], &own["your_role"]), (&json!("alta"), &json!("prosumer")));
        assert_eq!(own["topology"].as_array().map(Vec::len), Some(5));
    }

    async fn somebody_elses_asset_and_none_at_all_answer_the_same(app: TestApp) {
        valley(&app).await;
        let ask = |key: &str| app.get(format!("/user/assets/{key}")).by("giulia.bianchi", "openid");
        let theirs = ask("m-gl-00002").await;
        let none = ask("nothing").await;
        assert_eq!(theirs.json(404)["code"], "asset_not_found");
        assert_eq!(theirs.text(404), none.text(404));
    }

    async fn who_is_no_active_member_is_told_so(app: TestApp) {
        valley(&app).await;
        for user in ["nobody", "mario.rossi"] {
            let me = app.get("/user").by(user, "").await.json(200);
            assert_eq!((&me["memberships"], &me["membership"]), (&json!([]), &Value::Null));
            for path in OWN {
                let answer = app.get(path).by(user, "").await.json(403);
                assert_eq!(answer["code"], "not_a_member", "{user} {path}");
            }
        }
        // A grant makes nobody a member.
        let answer = app.get("/user/member").admin().await.json(403);
        assert_eq!(answer["code"], "not_a_member");
    }

    async fn a_member_of_several_communities_chooses_one(app: TestApp) {
        for key in ["b-rec", "a-rec"] {
            app.import(community_of(key)).await;
        }
        let ask = |path: &str| app.get(path).by("twice", "openid");
        let me = ask("/user").await.json(200);
        assert_eq!(me["membership"], Value::Null);
        assert_eq!(
            me["memberships"],
            json!([{"community_key": "a-rec", "community_name": "REC a-rec"},
                   {"community_key": "b-rec", "community_name": "REC b-rec"}])
        );
        assert_eq!(ask("/user?community=b-rec").await.json(200)["membership"]["member"]["key"], "m-b-rec");
        assert_eq!(ask("/user?community=c-rec").await.json(200)["membership"], Value::Null);
        for path in OWN {
            for query in ["", "?community="] {
                assert_eq!(ask(&format!("{path}{query}")).await.json(409)["code"], "ambiguous_member", "{path}{query}");
            }
            assert_eq!(ask(&format!("{path}?community=c-rec")).await.json(403)["code"], "not_a_member");
            ask(&format!("{path}?community=c-rec&community=a-rec")).await.json(200);
        }
        assert_eq!(ask("/user/assets/m-gl-00001?community=b-rec").await.json(200)["name"], "b-rec");
    }

    async fn a_kind_of_asset_outside_the_set_is_refused(app: TestApp) {
        valley(&app).await;
        let answer = app.get("/user/assets?asset_type=PV").by("giulia.bianchi", "").await.json(422);
        assert_eq!(answer["detail"][0]["loc"], json!(["query", "asset_type"]));
        assert!(answer["detail"][0]["msg"].as_str().expect("a sentence").contains("heat_pump"));
    }
}
