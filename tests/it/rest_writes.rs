//! The runtime writes over REST: what each does, what it answers, and with which code it is refused.

use serde_json::{Value, json};

use crate::support::{TestApp, on_both_databases};

const VALLEY: &str = "/admin/communities/valley-rec";
const HIGHLANDS: &str = "/admin/communities/example_rec";

async fn with_samples(app: &TestApp) {
    for name in ["aurora-highlands-v0.7.yaml", "valley-v0.5.yaml", "federation.yaml"] {
        app.import_sample(name).await;
    }
}

fn bruno() -> Value {
    json!({"user_id": "bruno", "name": "Bruno Verdi", "role": "consumer", "area": "alta", "status": "active"})
}

on_both_databases! {
    async fn a_member_is_created_with_the_next_key_of_the_communitys_numbering(app: TestApp) {
        with_samples(&app).await;
        let mut body = bruno();
        body["type"] = json!("schema:Person");
        body["did"] = json!("did:web:example:bruno");
        body["delivery_points"] = json!([{"id": "IT001E33333331", "type": "pod", "voltage": "low"}]);
        body["assets"] = json!({"meter": {"m-bruno": {"name": "Contatore", "sensor_id": " S-33 ", "pod": "IT001E33333331"}}});
        body["extra"] = json!({"joined": "2026-01-01"});
        let answer = app.post_json(format!("{VALLEY}/members"), &body).bearer("rec-registry.members.write").await;
        let created = answer.json(201);
        assert_eq!(created["key"], "gl-00004");
        assert_eq!(created["extra"], json!({"joined": "2026-01-01", "type": "schema:Person"}));
        assert_eq!(created["delivery_points"][0]["voltage"], "low");
        let read = app.get(format!("{VALLEY}/members/gl-00004")).admin().await;
        assert_eq!((read.json(200), read.header("etag")), (created, answer.header("etag")));
        assert_eq!(app.get("/admin/lookup/asset-by-sensor-id/S-33").admin().await.json(200)["owner_key"], "gl-00004");
        assert_eq!(app.get("/admin/search?text=bruno").admin().await.status, 200);

        // The counter survives a purge and an import.
        app.delete(format!("{VALLEY}/members/gl-00004?purge=yes")).admin().await.json(200);
        app.import_sample("valley-v0.5.yaml").await;
        assert_eq!(app.post_json(format!("{VALLEY}/members"), &bruno()).admin().await.json(201)["key"], "gl-00005");
        let mut first = bruno();
        first["area"] = json!("a");
        app.put_json("/admin/communities/empty-rec/areas/a", &json!({"name": "A"})).admin().await.code(422);
        app.put_json("/admin/communities/empty-rec/topology/ps", &json!({"type": "primary_substation"})).admin().await.json(200);
        let area = json!({"name": "A", "boundary": {"source": "gse_cabine_primarie", "id": "ps"}, "topology": ["ps"]});
        app.put_json("/admin/communities/empty-rec/areas/a", &area).admin().await.json(200);
        let path = "/admin/communities/empty-rec/members";
        assert_eq!(app.post_json(path, &first).admin().await.json(201)["key"], "member-00001");
    }

    async fn a_member_that_claims_what_is_somebody_elses_is_refused(app: TestApp) {
        with_samples(&app).await;
        let path = format!("{VALLEY}/members");
        for (field, value, code) in [
            ("key", json!("gl-00003"), "member_key_taken"),
            ("user_id", json!("mario.rossi"), "user_id_taken"),
            ("did", json!("did:web:example:emil"), "did_taken"),
            ("delivery_points", json!([{"id": " it001e11111111", "type": "pod"}]), "delivery_point_held"),
            ("delivery_points", json!([{"id": "FR-PRM-09999", "type": "prm"}]), "delivery_point_held"),
            ("assets", json!({"meter": {"new": {"name": "N", "sensor_id": "4e10"}}}), "sensor_held"),
            ("assets", json!({"pv": {"lamps": {"name": "N"}}}), "asset_key_taken"),
        ] {
            let mut body = bruno();
            body[field] = value;
            let answer = app.post_json(&path, &body).admin().await;
            assert_eq!(answer.code(409), code, "{field}");
            let detail = answer.json(409)["detail"].as_str().expect("a sentence").to_owned();
            assert!(!detail.contains("s-1"), "a holder of another community is named: {detail}");
        }
        let mut body = bruno();
        body["assets"] = json!({"meter": {"new": {"name": "N", "sensor_id": "4e10"}}});
        let answer = app.post_json(&path, &body).admin().await.json(409);
        assert!(answer["detail"].as_str().unwrap().contains("gl-00002"), "{answer}");
        // What an inactive member has, somebody else may have; an inactive newcomer claims nothing.
        body["status"] = json!("inactive");
        app.post_json(&path, &body).admin().await.json(201);
    }

    async fn every_problem_of_a_new_member_is_listed(app: TestApp) {
        with_samples(&app).await;
        let path = format!("{VALLEY}/members");
        let body = json!({"name": " ", "role": 7, "area": "alta", "status": null, "shoe_size": 42, "did": {"a": 1},
            "delivery_points": [{"type": "pod"}], "assets": {"meter": [{"name": "no key"}]}});
        let problems = app.post_json(&path, &body).admin().await.invalid();
        for place in ["body.shoe_size", "body.user_id", "body.status", "body.name", "body.did",
            "body.delivery_points.0.id", "body.assets.meter.0.key", "body.role"] {
            assert!(problems.iter().any(|problem| problem == place), "{place}: {problems:?}");
        }
        for (field, value, code) in [
            ("role", "king", "invalid_role"),
            ("status", "ACTIVE", "invalid_status"),
            ("area", "nowhere", "unknown_area"),
        ] {
            let mut body = bruno();
            body[field] = value.into();
            assert_eq!(app.post_json(&path, &body).admin().await.code(422), code);
        }
        let mut body = bruno();
        body["assets"] = json!({"boiler": {"b": {"name": "B"}}});
        assert_eq!(app.post_json(&path, &body).admin().await.code(422), "unknown_asset_type");
        for broken in ["", "null", "[]", "{", "{\"name\":\"a\",\"name\":\"b\"}", "{\"name\":\"\\u0000\"}", "7"] {
            let answer = app.request(axum::http::Method::POST, &path).body("application/json", broken).admin().await;
            assert!(!answer.invalid().is_empty(), "{broken}");
        }
        let long = json!({"key": "k".repeat(129), "user_id": "u".repeat(257), "name": "n".repeat(257), "role": "consumer",
            "area": "alta", "status": "active"});
        assert_eq!(app.post_json(&path, &long).admin().await.invalid().len(), 3);
    }

    async fn a_patch_changes_what_it_names_alone(app: TestApp) {
        with_samples(&app).await;
        let path = format!("{VALLEY}/members/gl-00001");
        let before = app.get(&path).admin().await.json(200);
        let same = app.patch_json(&path, &json!({"name": null, "extra": null})).admin().await.json(200);
        assert_eq!(same, before);
        let body = json!({"name": "Giulia B.", "did": "did:x", "extra": {"note": {"a": 1}, "joined": null}});
        let after = app.patch_json(&path, &body).bearer("rec-registry.members.write").await.json(200);
        assert_eq!((&after["name"], &after["did"]), (&json!("Giulia B."), &json!("did:x")));
        assert_eq!(after["extra"], json!({"note": {"a": 1}, "type": "schema:Person"}));
        assert_eq!(after["delivery_points"], before["delivery_points"]);
        assert_ne!(after["updated_at"], before["updated_at"]);
        assert_eq!((&after["id"], &after["created_at"]), (&before["id"], &before["created_at"]));
        let after = app.patch_json(&path, &json!({"did": "", "type": "schema:Organization"})).admin().await.json(200);
        assert_eq!((&after["did"], &after["extra"]["type"]), (&Value::Null, &json!("schema:Organization")));

        for (body, place) in [
            (json!({"delivery_points": []}), "body.delivery_points"),
            (json!({"key": "other"}), "body.key"),
            (json!({"name": ""}), "body.name"),
            (json!({"extra": [1]}), "body.extra"),
            (json!({"user_id": "  "}), "body.user_id"),
        ] {
            assert_eq!(app.patch_json(&path, &body).admin().await.invalid(), [place]);
        }
        for (body, code) in [(json!({"user_id": "mario.rossi"}), "user_id_taken"), (json!({"did": "did:web:example:emil"}), "did_taken")] {
            assert_eq!(app.patch_json(&path, &body).admin().await.code(409), code);
        }
        for (body, code) in [
            (json!({"role": "x"}), "invalid_role"),
            (json!({"status": "x"}), "invalid_status"),
            (json!({"area": "x"}), "unknown_area"),
        ] {
            assert_eq!(app.patch_json(&path, &body).admin().await.code(422), code);
        }
        for (path, code) in [
            (format!("{VALLEY}/members/nobody"), "member_not_found"),
            ("/admin/communities/nowhere/members/gl-00001".to_owned(), "community_not_found"),
        ] {
            assert_eq!(app.patch_json(path, &json!({"name": "N"})).admin().await.code(404), code);
        }
    }

    async fn one_field_has_a_route_and_a_grant_of_its_own(app: TestApp) {
        with_samples(&app).await;
        let path = format!("{VALLEY}/members/gl-00001");
        let fields = [("name", "Giulia"), ("role", "consumer"), ("area", "bassa")];
        for (field, value) in fields {
            let body = json!({ field: value });
            let route = format!("{path}/{field}");
            for (other, _) in fields {
                let scope = format!("rec-registry.members.{other}.write");
                let answer = app.put_json(&route, &body).bearer(&scope).await;
                match other == field {
                    true => assert_eq!(answer.json(200)[field], value),
                    false => assert_eq!(answer.json(403)["required"], format!("rec-registry.members.{field}.write")),
                }
            }
            app.put_json(&route, &body).bearer("rec-registry.members.write").await.json(200);
            assert_eq!(app.put_json(&route, &json!({})).admin().await.invalid(), [format!("body.{field}")]);
            assert_eq!(app.put_json(&route, &json!({field: null})).admin().await.invalid(), [format!("body.{field}")]);
            let more = json!({field: value, "status": "inactive"});
            assert_eq!(app.put_json(&route, &more).admin().await.invalid(), ["body.status"]);
        }
        let profile = format!("{path}/profile");
        let both = json!({"role": "prosumer", "area": "alta"});
        app.patch_json(&profile, &both).bearer("rec-registry.members.role.write").await.json(403);
        let granted = "rec-registry.members.role.write rec-registry.members.area.write";
        assert_eq!(app.patch_json(&profile, &both).bearer(granted).await.json(200)["area"], "alta");
        app.patch_json(&profile, &json!({"role": "admin"})).bearer("rec-registry.members.role.write").await.json(200);
        app.patch_json(&profile, &both).bearer("rec-registry.members.profile.write").await.json(200);
        assert_eq!(app.patch_json(&profile, &json!({})).bearer("rec-registry.members.profile.write").await.invalid().len(), 2);
        assert_eq!(app.patch_json(&profile, &json!({"role": "admin", "name": "N"})).admin().await.invalid(), ["body.name"]);
        assert_eq!(app.put_json(format!("{path}/role"), &json!({"role": "x"})).admin().await.code(422), "invalid_role");
        assert_eq!(app.put_json(format!("{path}/area"), &json!({"area": "x"})).admin().await.code(422), "unknown_area");
    }

    async fn who_comes_back_does_not_get_what_somebody_else_has_by_now(app: TestApp) {
        with_samples(&app).await;
        let status = |key: &str| format!("{VALLEY}/members/{key}/status");
        let back = json!({"status": "active"});
        // The other has left with the same point, and the same sensor.
        assert_eq!(app.post_json(status("gl-00003"), &back).admin().await.code(409), "sensor_held");
        let answer = app.post_json(status("gl-00002"), &json!({"status": "suspended", "reason": "unpaid"})).admin().await;
        assert_eq!(answer.json(200)["extra"]["status_reason"], "unpaid");
        assert_eq!(app.post_json(status("gl-00003"), &back).admin().await.json(200)["status"], "active");
        assert_eq!(app.get("/admin/lookup/asset-by-sensor-id/4e10").admin().await.json(200)["owner_key"], "gl-00003");
        assert_eq!(app.post_json(status("gl-00002"), &back).admin().await.code(409), "sensor_held");
        app.delete(format!("{VALLEY}/members/gl-00003/assets/m-gl-00003")).admin().await.text(204);
        assert_eq!(app.post_json(status("gl-00002"), &back).admin().await.code(409), "delivery_point_held");
        app.delete(format!("{VALLEY}/members/gl-00003")).admin().await.json(200);
        assert_eq!(app.post_json(status("gl-00002"), &back).admin().await.json(200)["extra"]["status_reason"], "unpaid");
        assert_eq!(app.post_json(status("gl-00002"), &json!({"reason": "r"})).admin().await.invalid(), ["body.status"]);
        assert_eq!(app.post_json(status("gl-00002"), &json!({"status": "gone"})).admin().await.code(422), "invalid_status");
        assert_eq!(app.patch_json(format!("{VALLEY}/members/gl-00003"), &back).admin().await.code(409), "sensor_held".replace("sensor", "delivery_point"));
    }

    async fn a_member_leaves_or_is_erased(app: TestApp) {
        with_samples(&app).await;
        let path = format!("{VALLEY}/members/gl-00001");
        let left = app.delete(&path).bearer("rec-registry.members.write").await.json(200);
        let expected = json!({"community_key": "valley-rec", "member_key": "gl-00001", "status": "inactive",
            "purged": false, "assets_removed": 0});
        assert_eq!(left, expected);
        assert_eq!(app.delete(format!("{path}?purge=false")).admin().await.json(200), expected);
        app.get("/admin/lookup/asset-by-sensor-id/0012345678").admin().await.json(404);
        assert_eq!(app.get(&path).admin().await.json(200)["delivery_points"].as_array().unwrap().len(), 2);

        app.delete(format!("{path}?purge=on")).bearer("rec-registry.members.write").await.json(403);
        let erased = app.delete(format!("{path}?purge=1")).bearer("rec-registry.members.purge").await.json(200);
        assert_eq!(erased, json!({"community_key": "valley-rec", "member_key": "gl-00001", "status": null,
            "purged": true, "assets_removed": 4}));
        assert_eq!(app.delete(&path).admin().await.code(404), "member_not_found");
        assert_eq!(app.get(format!("{VALLEY}/assets/pv-gl-00001")).admin().await.status, 404);
        let found = app.get("/admin/search?text=giulia").admin().await.json(200);
        assert_eq!(found["items"], json!([]));
    }

    async fn a_delivery_point_is_put_swapped_and_taken_away(app: TestApp) {
        with_samples(&app).await;
        let points = format!("{VALLEY}/members/gl-00001/delivery-points");
        let scope = "rec-registry.members.delivery_points.write";
        let body = json!({"id": "it/001 e", "type": "pod", "address": "Via Roma", "phases": 3});
        let put = app.put_json(format!("{points}/it%2F001%20e"), &body).bearer(scope).await.json(200);
        assert_eq!(put["delivery_points"].as_array().unwrap().len(), 3);
        assert_eq!(put["delivery_points"][2]["phases"], 3);
        let again = app.put_json(format!("{points}/IT%2F001%20E"), &json!({"type": "cups"})).admin().await.json(200);
        assert_eq!(again["delivery_points"][0], json!({"id": "IT/001 E", "type": "cups", "description": null, "address": null,
            "tariff": null, "active": true}));
        assert_eq!(app.delete(format!("{points}/it%2F001%20E")).bearer(scope).await.json(200)["delivery_points"].as_array().unwrap().len(), 2);

        let linked = app.delete(format!("{points}/it001e11111111")).admin().await;
        assert_eq!(linked.code(409), "delivery_point_linked");
        let swap = json!({"id": "IT001E99999999", "type": "withdrawal"});
        let swapped = app.put_json(format!("{points}/IT001E99999999?replaces=it001e11111111"), &swap).admin().await.json(200);
        let codes: Vec<_> = swapped["delivery_points"].as_array().unwrap().iter().map(|point| point["id"].clone()).collect();
        assert_eq!(codes, ["IT001E11111112", "IT001E99999999"]);
        let meter = app.get(format!("{VALLEY}/assets/m-gl-00001")).admin().await.json(200);
        assert_eq!(meter["properties"], json!({"meter_type": "bidirectional", "pod": "IT001E99999999"}));
        app.get("/admin/lookup/community-by-delivery-point/IT001E11111111").admin().await.json(404);
        let holder = app.get("/admin/lookup/community-by-delivery-point/it001e99999999").admin().await.json(200);
        assert_eq!(holder["member"]["key"], "gl-00001");

        for (path, body, code) in [
            (format!("{points}/IT001E22222221"), json!({"type": "pod"}), "delivery_point_held"),
            (format!("{points}/fr-prm-09999"), json!({"type": "pod"}), "delivery_point_held"),
        ] {
            assert_eq!(app.put_json(path, &body).admin().await.code(409), code);
        }
        assert_eq!(app.put_json(format!("{points}/a"), &json!({"id": "b", "type": "pod"})).admin().await.invalid(), ["body.id"]);
        assert_eq!(app.put_json(format!("{points}/a"), &json!({"active": "yes"})).admin().await.invalid(), ["body.type", "body.active"]);
        let nothing = app.put_json(format!("{points}/a?replaces=b"), &json!({"type": "pod"})).admin().await;
        assert_eq!(nothing.code(404), "delivery_point_not_found");
        assert_eq!(app.delete(format!("{points}/nothing")).admin().await.code(404), "delivery_point_not_found");
    }

    async fn an_asset_is_put_whole_and_taken_away(app: TestApp) {
        with_samples(&app).await;
        let assets = format!("{VALLEY}/members/gl-00001/assets");
        let scope = "rec-registry.assets.write";
        let body = json!({"key": "m/2", "asset_type": "meter", "properties": {"name": "Second", "sensor_id": " S-2 ",
            "pod": "it001e11111112", "odd": [1.50], "device": {"model": "plug"}}});
        let answer = app.put_json(format!("{assets}/m%2F2"), &body).bearer(scope).await;
        let put = answer.json(200);
        assert_eq!((&put["sensor_id"], &put["owner_key"]), (&json!("S-2"), &json!("gl-00001")));
        assert_eq!(put["device"], json!({"model": "plug"}));
        let read = app.get(format!("{VALLEY}/assets/m%2F2")).admin().await;
        assert_eq!((read.json(200), read.header("etag")), (put.clone(), answer.header("etag")));
        let same = app.put_json(format!("{assets}/m%2F2"), &body).admin().await.json(200);
        assert_eq!(same, put, "nothing changed");
        let beside = json!({"asset_type": "pv", "name": "Roof", "rated_power": 3, "relationships": {"measures": ["x"]}});
        let replaced = app.put_json(format!("{assets}/m%2F2"), &beside).admin().await.json(200);
        assert_eq!((&replaced["id"], &replaced["sensor_id"]), (&put["id"], &Value::Null));
        assert_eq!((&replaced["properties"], &replaced["device"]), (&json!({"rated_power": 3}), &json!({})));
        app.delete(format!("{assets}/m%2F2")).bearer(scope).await.text(204);
        assert_eq!(app.delete(format!("{assets}/m%2F2")).admin().await.code(404), "asset_not_found");
        assert_eq!(app.delete(format!("{assets}/lamps")).admin().await.code(404), "asset_not_found");

        let meter = |sensor: &str| json!({"asset_type": "meter", "properties": {"name": "N", "sensor_id": sensor}});
        assert_eq!(app.put_json(format!("{assets}/lamps"), &meter("new")).admin().await.code(409), "asset_key_taken");
        let held = app.put_json(format!("{assets}/new"), &meter("4e10")).admin().await;
        assert_eq!(held.code(409), "sensor_held");
        assert!(held.json(409)["detail"].as_str().unwrap().contains("gl-00002"));
        let elsewhere = app.put_json(format!("{assets}/new"), &meter("c2g-F00000001")).admin().await;
        assert_eq!(elsewhere.code(409), "sensor_held");
        assert!(!elsewhere.json(409)["detail"].as_str().unwrap().contains("ah-00001"));
        // A second asset of the same member on one sensor is odd, and goes in.
        app.put_json(format!("{assets}/twin"), &meter("0012345678")).admin().await.json(200);
        app.delete(format!("{assets}/m-gl-00001")).admin().await.text(204);
        assert_eq!(app.get("/admin/lookup/asset-by-sensor-id/0012345678").admin().await.json(200)["key"], "twin");

        let long = "k".repeat(129);
        assert_eq!(app.put_json(format!("{assets}/{long}"), &meter("n")).admin().await.code(422), "asset_key_too_long");
        assert_eq!(app.put_json(format!("{assets}/a"), &json!({"asset_type": "boiler", "name": "B"})).admin().await.code(422), "unknown_asset_type");
        assert_eq!(app.put_json(format!("{assets}/a"), &json!({"key": "b", "name": "B"})).admin().await.invalid(), ["body.key", "body.asset_type"]);
        let twice = json!({"asset_type": "pv", "name": "A", "properties": {"name": "B", "sensor_id": 5, "device": "d"}});
        assert_eq!(app.put_json(format!("{assets}/a"), &twice).admin().await.invalid(), ["body.name", "body.properties.device"]);
    }

    async fn a_community_is_patched_document_by_document(app: TestApp) {
        with_samples(&app).await;
        let before = app.get(HIGHLANDS).admin().await.json(200);
        let body = json!({"legal": {"vat": "IT9", "shape": "round"}, "extra": {"note": 1.50}, "description": null});
        let answer = app.patch_json(HIGHLANDS, &body).bearer("rec-registry.community.write").await;
        let after = answer.json(200);
        assert_eq!(after["legal"], json!({"vat": "IT9", "shape": "round"}));
        assert_eq!(after["extra"], json!({"note": 1.50, "operators": before["extra"]["operators"]}));
        for field in ["name", "description", "links", "contact", "settings", "areas", "topology", "created_at", "id"] {
            assert_eq!(after[field], before[field], "{field}");
        }
        // What was read can be sent back.
        let back = app.patch_json(HIGHLANDS, &json!({"extra": after["extra"], "legal": after["legal"]})).admin().await;
        assert_eq!((back.json(200), back.header("etag")), (after, answer.header("etag")));
        for (body, place) in [
            (json!({"areas": {}}), "body.areas"),
            (json!({"name": ""}), "body.name"),
            (json!({"legal": 7}), "body.legal"),
            (json!({"settings": {"timezone": ["x"]}}), "body.settings.timezone"),
        ] {
            assert_eq!(app.patch_json(HIGHLANDS, &body).admin().await.invalid(), [place]);
        }
        assert_eq!(app.patch_json("/admin/communities/nowhere", &json!({})).admin().await.code(404), "community_not_found");
    }

    async fn what_is_nested_too_deep_for_an_export_is_refused(app: TestApp) {
        with_samples(&app).await;
        let nested = |levels: usize| format!("{{\"asset_type\": \"pv\", \"name\": \"N\", \"deep\": {}{}}}", "[".repeat(levels), "]".repeat(levels));
        let put = |body: String| app.request(axum::http::Method::PUT, format!("{VALLEY}/members/gl-00001/assets/deep")).body("application/json", body).admin();
        put(nested(55)).await.json(200);
        let exported = app.export().await;
        app.import(exported.clone()).await;
        assert_eq!(app.export().await, exported);
        assert_eq!(put(nested(56)).await.invalid(), ["body"]);
        assert!(!put(nested(100_000)).await.invalid().is_empty());
    }

    async fn a_community_goes_with_everything_in_it(app: TestApp) {
        with_samples(&app).await;
        let others = app.get("/admin/export?community=example_rec&community=south-rec").admin().await.text(200);
        let expected = json!({"community_key": "valley-rec",
            "deleted": {"community": 1, "member": 3, "delivery_point": 4, "asset": 8}});
        let dry_run = app.delete(format!("{VALLEY}?dry_run=yes")).bearer("rec-registry.community.delete").await;
        assert_eq!(dry_run.json(200), expected);
        app.delete(VALLEY).bearer("rec-registry.community.write").await.json(403);
        assert_eq!(app.delete(VALLEY).bearer("rec-registry.community.delete").await.json(200), expected);
        assert_eq!(app.delete(VALLEY).admin().await.code(404), "community_not_found");
        assert_eq!(app.get("/admin/search?text=giulia").admin().await.json(200)["items"], json!([]));
        let left = app.get("/admin/export?community=example_rec&community=south-rec").admin().await.text(200);
        assert_eq!(left, others);
        // What it held is free.
        let assets = format!("{HIGHLANDS}/members/ah-00001/assets/free");
        let body = json!({"asset_type": "meter", "name": "F", "sensor_id": "4e10"});
        app.put_json(assets, &body).admin().await.json(200);
    }

    async fn areas_are_put_renamed_and_removed(app: TestApp) {
        with_samples(&app).await;
        let put = app.put_json(format!("{VALLEY}/areas/nuova"), &json!({"name": "Nuova", "topology": ["TR-7"], "odd": 1}));
        let put = put.bearer("rec-registry.community.write").await.json(200);
        assert_eq!(put["areas"]["nuova"]["odd"], 1);
        assert_eq!(put["areas"].as_object().unwrap().len(), 3);
        let bounded = |id: &str| json!({"name": "N", "boundary": {"source": "gse_cabine_primarie", "id": id}, "topology": [id]});
        for (path, body) in [
            // Every area of the community has a boundary, so the new one needs one, too, and one of its own.
            (format!("{HIGHLANDS}/areas/third"), json!({"name": "Third"})),
            (format!("{HIGHLANDS}/areas/third"), bounded("AC000E00001")),
            (format!("{HIGHLANDS}/areas/third"), bounded("SS-001")),
            (format!("{VALLEY}/areas/nuova"), bounded("nothing")),
        ] {
            assert_eq!(app.put_json(path, &body).admin().await.code(422), "invalid_area_boundary");
        }
        app.put_json(format!("{HIGHLANDS}/areas/northern"), &bounded("AC000E00001")).admin().await.json(200);
        assert_eq!(app.put_json(format!("{VALLEY}/areas/a%20b"), &json!({"name": "N"})).admin().await.code(422), "invalid_area_key");
        assert_eq!(app.put_json(format!("{VALLEY}/areas/a"), &json!({"key": "b", "topology": 1})).admin().await.invalid().len(), 3);

        let removed = app.delete(format!("{VALLEY}/areas/bassa")).admin().await;
        assert_eq!(removed.code(409), "area_in_use");
        assert!(removed.json(409)["detail"].as_str().unwrap().contains("2 members"));
        assert_eq!(app.delete(format!("{VALLEY}/areas/nuova")).admin().await.json(200)["areas"].as_object().unwrap().len(), 2);
        assert_eq!(app.delete(format!("{VALLEY}/areas/nuova")).admin().await.code(404), "area_not_found");

        let rename = |key: &str| format!("{VALLEY}/areas/{key}/rename");
        let before = app.get(format!("{VALLEY}/members/gl-00003")).admin().await.json(200);
        let renamed = app.post_json(rename("bassa"), &json!({"new_key": "fondo"})).admin().await.json(200);
        assert_eq!((&renamed["old_key"], &renamed["new_key"], &renamed["members_moved"]), (&json!("bassa"), &json!("fondo"), &json!(2)));
        assert_eq!(renamed["community"], app.get(VALLEY).admin().await.json(200));
        let after = app.get(format!("{VALLEY}/members/gl-00003")).admin().await.json(200);
        assert_eq!(after["area"], "fondo");
        assert_ne!(after["updated_at"], before["updated_at"]);
        for (key, new_key) in [("alta", "fondo"), ("alta", "alta")] {
            assert_eq!(app.post_json(rename(key), &json!({"new_key": new_key})).admin().await.code(409), "area_key_taken");
        }
        assert_eq!(app.post_json(rename("bassa"), &json!({"new_key": "x"})).admin().await.code(404), "area_not_found");
        assert_eq!(app.post_json(rename("alta"), &json!({"new_key": "-x"})).admin().await.code(422), "invalid_area_key");
        assert_eq!(app.post_json(rename("alta"), &json!({"new": "x"})).admin().await.invalid(), ["body.new", "body.new_key"]);
    }

    async fn operators_and_grid_nodes_are_put_and_removed(app: TestApp) {
        with_samples(&app).await;
        let operator = json!({"name": "Altra Rete", "country": "IT", "contact": {"email": "x"}, "odd": true});
        let put = app.put_json(format!("{VALLEY}/operators/altra%2F1"), &operator).bearer("rec-registry.community.write").await;
        assert_eq!(put.json(200)["extra"]["operators"]["altra/1"], operator);
        assert_eq!(app.put_json(format!("{VALLEY}/operators/x"), &json!({"key": "y"})).admin().await.invalid(), ["body.key", "body.name"]);
        let gone = app.delete(format!("{VALLEY}/operators/altra%2F1")).admin().await.json(200);
        assert_eq!(gone["extra"]["operators"].as_object().unwrap().len(), 1);
        assert_eq!(app.delete(format!("{VALLEY}/operators/altra%2F1")).admin().await.code(404), "operator_not_found");

        let nodes = |community: &str, id: &str| format!("{community}/topology/{id}");
        let node = json!({"id": "TR-8", "type": "transformer", "parent": "SS-bassa-001", "kva": 100});
        let put = app.put_json(nodes(VALLEY, "TR-8"), &node).admin().await.json(200);
        assert_eq!(put["topology"][5]["kva"], 100);
        assert_eq!(put["topology"][3]["children"], json!(["TR-7", "TR-8"]));
        let again = app.put_json(nodes(VALLEY, "TR-7"), &json!({"type": "feeder"})).admin().await.json(200);
        assert_eq!((&again["topology"][4]["type"], &again["topology"][4]["parent"]), (&json!("feeder"), &Value::Null));
        assert_eq!(app.put_json(nodes(VALLEY, "a"), &json!({"id": "b", "type": "transformer"})).admin().await.invalid(), ["body.id"]);
        assert_eq!(app.put_json(nodes(VALLEY, "a"), &json!({"type": "cable"})).admin().await.invalid(), ["body.type"]);
        let node = json!({"type": "feeder"});
        assert_eq!(app.put_json(nodes(HIGHLANDS, "AC000E00001"), &node).admin().await.code(422), "invalid_area_boundary");

        for (id, user) in [("SS-alta-001", "alta"), ("SS-bassa-001", "TR-8"), ("PS-valle", "SS-bassa-001")] {
            let answer = app.delete(nodes(VALLEY, id)).admin().await;
            assert_eq!(answer.code(409), "topology_node_in_use");
            assert!(answer.json(409)["detail"].as_str().unwrap().contains(user), "{id}");
        }
        assert_eq!(app.delete(nodes(VALLEY, "TR-8")).admin().await.json(200)["topology"].as_array().unwrap().len(), 5);
        assert_eq!(app.delete(nodes(VALLEY, "TR-8")).admin().await.code(404), "topology_node_not_found");
    }

    async fn a_grant_for_one_community_writes_in_it_alone(app: TestApp) {
        with_samples(&app).await;
        let scope = "rec-registry.admin:valley-rec";
        app.put_json(format!("{VALLEY}/members/gl-00001/name"), &json!({"name": "N"})).bearer(scope).await.json(200);
        for (path, exists) in [(format!("{HIGHLANDS}/members/ah-00001/name"), true), ("/admin/communities/none/members/m/name".to_owned(), false)] {
            let answer = app.put_json(path, &json!({"name": "N"})).bearer(scope).await;
            assert_eq!(answer.code(404), "community_not_found", "{exists}");
        }
        assert_eq!(app.delete(HIGHLANDS).bearer(scope).await.code(404), "community_not_found");
        // Uniqueness across the registry holds all the same, and names nobody.
        let body = json!({"asset_type": "meter", "name": "F", "sensor_id": "c2g-F00000001"});
        let answer = app.put_json(format!("{VALLEY}/members/gl-00001/assets/new"), &body).bearer(scope).await;
        assert_eq!(answer.code(409), "sensor_held");
        assert!(!answer.json(409)["detail"].as_str().unwrap().contains("ah-"));
    }
}
