//! Browsing over REST: whole answers for a bundle from the field, filters, keys of every spelling, pages.

use serde_json::{Value, json};

use crate::rest_answer::{column, settled};
use crate::support::{TestApp, on_both_databases};

const VALLEY: &str = "/admin/communities/valley-rec";

async fn valley(app: &TestApp) {
    app.import_sample("valley-v0.5.yaml").await;
}

async fn read(app: &TestApp, path: &str) -> Value {
    app.get(path).bearer("rec-registry.read").await.json(200)
}

fn areas() -> Value {
    json!({
        "alta": {"name": "Alta valle", "boundary": null, "topology": ["SS-alta-001", "SS-alta-002"], "location": null,
                 "geometry": null, "cod_ac": "AC001E00999"},
        "bassa": {"name": "Bassa valle", "boundary": null, "topology": ["SS-bassa-001"], "location": null,
                  "geometry": {"type": "Point", "coordinates": [11.05, 45.9]}},
    })
}

fn topology() -> Value {
    let station = |id: &str, children: Value| {
        json!({"id": id, "type": "secondary_substation", "name": null, "operator_id": "rete", "operator": "rete",
               "parent": "PS-valle", "area": {}, "children": children})
    };
    json!([
        {"id": "PS-valle", "type": "primary_substation", "name": "Cabina primaria Valle", "operator_id": "rete",
         "operator": "rete", "parent": null, "area": {}, "children": ["SS-alta-001", "SS-alta-002", "SS-bassa-001"]},
        station("SS-alta-001", json!([])),
        station("SS-alta-002", json!([])),
        station("SS-bassa-001", json!(["TR-7"])),
        {"id": "TR-7", "type": "transformer", "name": null, "operator_id": null, "operator": null,
         "parent": "SS-bassa-001", "area": {}, "children": [], "kva": 400},
    ])
}

fn points_of_giulia() -> Value {
    json!([
        {"id": "IT001E11111111", "type": "withdrawal", "description": null, "address": null, "tariff": null,
         "active": true, "voltage": "low"},
        {"id": "IT001E11111112", "type": "injection", "description": null, "address": null, "tariff": null,
         "active": false},
    ])
}

on_both_databases! {
    async fn a_community_is_listed_and_shown_whole(app: TestApp) {
        valley(&app).await;
        assert_eq!(
            settled(read(&app, "/admin/communities").await),
            json!({"next_cursor": null, "items": [
                {"id": "<id>", "key": "valley-rec", "name": "Comunità Energetica della Valle", "description": null,
                 "areas": areas()},
            ]})
        );
        assert_eq!(
            settled(read(&app, VALLEY).await),
            json!({
                "id": "<id>", "key": "valley-rec", "name": "Comunità Energetica della Valle", "description": null,
                "legal": {}, "links": {}, "contact": {}, "settings": {}, "areas": areas(), "topology": topology(),
                "extra": {"operators": {"rete": {"name": "Rete Valle SpA", "country": "IT",
                                                 "contact": "mailto:rete@valle.example"}}},
                "created_at": "<time>", "updated_at": "<time>",
            })
        );
        assert_eq!(read(&app, &format!("{VALLEY}/topology")).await, json!({"topology": topology()}));
    }

    async fn members_are_listed_and_shown_whole(app: TestApp) {
        valley(&app).await;
        assert_eq!(
            settled(read(&app, &format!("{VALLEY}/members")).await),
            json!({"next_cursor": null, "items": [
                {"id": "<id>", "key": "gl-00001", "user_id": "giulia.bianchi", "did": null, "name": "Giulia Bianchi",
                 "role": "prosumer", "area": "alta", "status": "active", "delivery_points_count": 2},
                {"id": "<id>", "key": "gl-00002", "user_id": "comune.valle", "did": null, "name": "Comune di Valle",
                 "role": "producer", "area": "bassa", "status": "active", "delivery_points_count": 1},
                {"id": "<id>", "key": "gl-00003", "user_id": "mario.rossi", "did": null, "name": "Mario Rossi",
                 "role": "consumer", "area": "bassa", "status": "inactive", "delivery_points_count": 1},
            ]})
        );
        let giulia = json!({
            "id": "<id>", "key": "gl-00001", "user_id": "giulia.bianchi", "did": null, "name": "Giulia Bianchi",
            "role": "prosumer", "area": "alta", "status": "active", "delivery_points": points_of_giulia(),
            "extra": {"type": "schema:Person", "joined": "2025-03-01"},
            "created_at": "<time>", "updated_at": "<time>",
        });
        assert_eq!(settled(read(&app, &format!("{VALLEY}/members/gl-00001")).await), giulia);
        assert_eq!(settled(read(&app, &format!("{VALLEY}/members/by-user-id/giulia.bianchi")).await), giulia);
        assert_eq!(
            read(&app, &format!("{VALLEY}/members/gl-00001/delivery-points")).await,
            json!({"delivery_points": points_of_giulia()})
        );
        let mario = read(&app, &format!("{VALLEY}/members/by-user-id/mario.rossi")).await;
        assert_eq!((&mario["status"], &mario["extra"]), (&json!("inactive"), &json!({})));
    }

    async fn delivery_points_are_listed_and_found(app: TestApp) {
        valley(&app).await;
        let row = |id: &str, kind: &str, active: bool, member: &str, name: &str| {
            json!({"id": id, "key": id, "type": kind, "description": null, "address": null, "tariff": null,
                   "active": active, "member_key": member, "member_name": name})
        };
        assert_eq!(
            read(&app, &format!("{VALLEY}/delivery-points")).await,
            json!({"next_cursor": null, "items": [
                row("IT001E11111111", "withdrawal", true, "gl-00001", "Giulia Bianchi"),
                row("IT001E11111112", "injection", false, "gl-00001", "Giulia Bianchi"),
                row("IT001E22222221", "pod", true, "gl-00002", "Comune di Valle"),
                row("IT001E22222221", "pod", true, "gl-00003", "Mario Rossi"),
            ]})
        );
        let active_holder = json!({
            "delivery_point": {"id": "IT001E22222221", "type": "pod", "description": null, "address": null,
                               "tariff": null, "active": true},
            "member": {"key": "gl-00002", "user_id": "comune.valle", "name": "Comune di Valle", "role": "producer"},
        });
        for id in ["IT001E22222221", "%20it001e22222221%C2%A0"] {
            assert_eq!(read(&app, &format!("{VALLEY}/delivery-points/by-id/{id}")).await, active_holder, "{id}");
        }
        assert_eq!(
            read(&app, &format!("{VALLEY}/delivery-points/duplicates")).await,
            json!({"community_key": "valley-rec", "items": [{
                "delivery_point": "IT001E22222221",
                "holders": [{"id": "IT001E22222221", "member_key": "gl-00002"},
                            {"id": "IT001E22222221", "member_key": "gl-00003"}],
                "active_holders": 1, "held_elsewhere": false,
            }]})
        );
    }

    async fn assets_and_meters_are_listed_and_shown_whole(app: TestApp) {
        valley(&app).await;
        let assets = read(&app, &format!("{VALLEY}/assets?owner=gl-00001")).await;
        assert_eq!(
            column(&assets, "key"),
            ["bat-gl-00001", "hp-gl-00001", "m-gl-00001", "pv-gl-00001"]
        );
        assert_eq!(
            settled(assets["items"][2].clone()),
            json!({"id": "<id>", "key": "m-gl-00001", "asset_type": "meter", "name": "Contatore",
                   "owner_key": "gl-00001", "owner_user_id": "giulia.bianchi", "sensor_id": "0012345678",
                   "device_type": null})
        );
        assert_eq!(
            settled(read(&app, &format!("{VALLEY}/assets/pv-gl-00001")).await),
            json!({
                "id": "<id>", "key": "pv-gl-00001", "asset_type": "pv", "name": "Tetto", "owner_key": "gl-00001",
                "owner_user_id": "giulia.bianchi", "sensor_id": null,
                "properties": {"rated_power": 5.94, "panel_type": "bifacial", "orientation": 180, "tilt_angle": 22,
                               "inverter_power": 6, "installation_date": "2023-09-14"},
                "device": {}, "relationships": {"measures": []}, "extra": {},
                "created_at": "<time>", "updated_at": "<time>",
            })
        );
        let found = read(&app, &format!("{VALLEY}/assets/by-sensor-id/%204e10%20")).await;
        assert_eq!((&found["key"], &found["owner_key"]), (&json!("m-gl-00002"), &json!("gl-00002")));
        let meter = |key: &str, name: &str, sensor: &str, kind: &str, pod: Value, owner: [&str; 2]| {
            json!({"id": "<id>", "key": key, "name": name, "sensor_id": sensor, "meter_type": kind, "pod": pod,
                   "device": {}, "owner_key": owner[0], "owner_user_id": owner[1]})
        };
        assert_eq!(
            settled(read(&app, &format!("{VALLEY}/meters")).await),
            json!({"next_cursor": null, "items": [
                meter("m-gl-00001", "Contatore", "0012345678", "bidirectional", json!("IT001E11111111"),
                      ["gl-00001", "giulia.bianchi"]),
                meter("m-gl-00002", "Municipio", "4e10", "import", json!("IT001E22222221"),
                      ["gl-00002", "comune.valle"]),
                meter("m-gl-00003", "Vecchio contatore", "4e10", "consumption", Value::Null,
                      ["gl-00003", "mario.rossi"]),
            ]})
        );
    }

    async fn a_list_is_filtered(app: TestApp) {
        valley(&app).await;
        for (path, keys) in [
            ("?key=valley-rec", &["valley-rec"][..]),
            ("?key=Valley-rec", &[]),
            ("/valley-rec/members?role=producer", &["gl-00002"]),
            ("/valley-rec/members?status=inactive&area=bassa", &["gl-00003"]),
            ("/valley-rec/members?area=nowhere", &[]),
            ("/valley-rec/members?role=producer&status=inactive", &[]),
            ("/valley-rec/assets?asset_type=heat_pump", &["hp-gl-00001"]),
            ("/valley-rec/assets?owner=nobody", &[]),
            ("/valley-rec/assets?asset_type=load&owner=gl-00002", &["lamps"]),
            ("/valley-rec/meters?owner=gl-00003", &["m-gl-00003"]),
            ("/valley-rec/delivery-points?type=injection", &["IT001E11111112"]),
            ("/valley-rec/delivery-points?active=OFF", &["IT001E11111112"]),
            ("/valley-rec/delivery-points?type=withdrawal&active=0", &[]),
        ] {
            let page = read(&app, &format!("/admin/communities{path}")).await;
            assert_eq!(column(&page, "key"), keys, "{path}");
        }
    }

    async fn a_key_may_hold_any_character_and_a_fixed_segment_wins_over_it(app: TestApp) {
        let yaml = r#"
community: {id: odd, name: Odd, areas: {a: {name: A}}}
members:
  "a/b: c ü": {user_id: "org/dept:π", name: One, role: consumer, area: a, status: active,
               delivery_points: [{id: "IT/001 E", type: pod}],
               assets: {pv: {"x/y?z#": {name: Roof, sensor_id: "S/1?"}}}}
  by-user-id: {user_id: two, name: Two, role: consumer, area: a, status: active}
  "%2F": {user_id: three, name: Three, role: consumer, area: a, status: active}
"#;
        app.import(yaml).await;
        let odd = "/admin/communities/odd";
        for (path, name) in [
            ("members/a%2Fb%3A%20c%20%C3%BC", "One"),
            ("members/by-user-id/org/dept:%CF%80", "One"),
            ("members/by-user-id/org%2Fdept%3A%CF%80", "One"),
            ("members/by-user-id", "Two"),
            ("members/by-user-id/", "Two"),
            ("members/%252F", "Three"),
            ("assets/x%2Fy%3Fz%23", "Roof"),
            ("assets/by-sensor-id/S/1%3F", "Roof"),
        ] {
            assert_eq!(read(&app, &format!("{odd}/{path}")).await["name"], name, "{path}");
        }
        for path in ["members/a%2Fb%3A%20c%20%C3%BC/delivery-points", "members/by-user-id/delivery-points"] {
            let answer = app.get(format!("{odd}/{path}")).admin().await;
            assert_eq!(answer.status.as_u16() == 200, path.contains("a%2F"), "{path}");
        }
        let point = read(&app, &format!("{odd}/delivery-points/by-id/it/001%20e")).await;
        assert_eq!(point["delivery_point"]["id"], "IT/001 E");
    }

    async fn numbers_keep_the_digits_they_came_with(app: TestApp) {
        let digits = r#""big":12345678901234567890123,"rated_power":1.50,"small":-0.0"#;
        let bundle = format!(
            r#"{{"community": {{"id": "digits", "name": "D", "areas": {{"a": {{"name": "A"}}}}}}, "members": {{"m": {{
                "user_id": "u", "name": "M", "role": "consumer", "area": "a", "status": "active",
                "assets": {{"pv": {{"p": {{"name": "P", {digits}}}}}}}}}}}}}"#
        );
        let request = app.request(axum::http::Method::POST, "/admin/import").body("application/json", bundle);
        request.admin().await.json(200);
        let text = app.get("/admin/communities/digits/assets/p").admin().await.text(200);
        for number in [r#""big":12345678901234567890123"#, r#""rated_power":1.50"#, r#""small":-0.0"#] {
            assert!(text.contains(number), "{text}");
        }
    }

    async fn what_is_not_there_is_not_found(app: TestApp) {
        valley(&app).await;
        for (path, code) in [
            ("/nowhere", "community_not_found"),
            ("/nowhere/members", "community_not_found"),
            ("/nowhere/assets/by-sensor-id/%20", "community_not_found"),
            ("/nowhere/delivery-points/duplicates", "community_not_found"),
            ("/valley-rec/members/GL-00001", "member_not_found"),
            ("/valley-rec/members/nobody/delivery-points", "member_not_found"),
            ("/valley-rec/members/by-user-id/nobody", "member_not_found"),
            ("/valley-rec/assets/nothing", "asset_not_found"),
            ("/valley-rec/assets/by-sensor-id/nothing", "asset_not_found"),
            ("/valley-rec/assets/by-sensor-id/%20", "asset_not_found"),
            ("/valley-rec/delivery-points/by-id/nothing", "delivery_point_not_found"),
        ] {
            let answer = app.get(format!("/admin/communities{path}")).admin().await.json(404);
            assert_eq!(answer["code"], code, "{path}");
            assert!(answer["detail"].is_string(), "{path}");
        }
    }

    async fn a_grant_for_one_community_shows_no_other(app: TestApp) {
        valley(&app).await;
        app.import_sample("federation.yaml").await;
        let scope = "rec-registry.read:south-rec rec-registry.read:empty-rec";
        let page = app.get("/admin/communities").bearer(scope).await.json(200);
        assert_eq!(column(&page, "key"), ["empty-rec", "south-rec"]);
        assert_eq!(app.get("/admin/communities/south-rec/members").bearer(scope).await.json(200)["items"].as_array().map(Vec::len), Some(1));
        let hidden = app.get(VALLEY).bearer(scope).await.text(404);
        assert_eq!(hidden, app.get("/admin/communities/nowhere").bearer(scope).await.text(404));
    }

    async fn pages_give_each_row_once_while_rows_come_and_go(app: TestApp) {
        for (list, expected) in [
            ("/communities", STABLE),
            ("/communities/walk/members", STABLE),
            ("/communities/walk/assets", 2 * STABLE),
            ("/communities/walk/meters", STABLE),
            ("/communities/walk/delivery-points", STABLE),
        ] {
            let edition = if list == "/communities" { communities } else { members };
            for limit in [1, 7, 500] {
                app.import(edition(0)).await;
                let rows = all_rows(&app, &format!("/admin{list}"), limit, edition).await;
                let stable: Vec<&String> = rows.iter().filter(|row| row.contains("stable")).collect();
                assert_eq!(stable.len(), expected, "{list} by {limit}: {rows:?}");
                assert!(rows.is_sorted(), "{list} by {limit}");
                assert_eq!(rows.iter().collect::<std::collections::BTreeSet<_>>().len(), rows.len(), "{list} by {limit}");
            }
        }
    }

    async fn the_last_page_has_no_cursor_even_when_it_is_full(app: TestApp) {
        valley(&app).await;
        let path = format!("{VALLEY}/members?limit=3");
        assert_eq!(read(&app, &path).await["next_cursor"], Value::Null);
        let first = read(&app, &format!("{VALLEY}/members?limit=2")).await;
        let cursor = first["next_cursor"].as_str().expect("a cursor").to_owned();
        let last = read(&app, &format!("{path}&cursor={cursor}")).await;
        assert_eq!((column(&last, "key"), &last["next_cursor"]), (vec!["gl-00003".to_owned()], &Value::Null));
        let elsewhere = app.get(format!("{VALLEY}/assets?cursor={cursor}")).admin().await.json(422);
        assert_eq!(elsewhere["detail"][0]["loc"], json!(["query", "cursor"]));
    }
}

/// How many rows the walked lists always have.
const STABLE: usize = 9;

/// A community whose passing members differ from edition to edition. Every second member has left and still carries the delivery
/// point of the one before.
fn members(edition: usize) -> String {
    let mut yaml = String::from("community: {id: walk, name: Walk, areas: {a: {name: A}}}\nmembers:\n");
    let mut member = |key: String, status: &str, point: String| {
        yaml += &format!(
            "  {key}: {{user_id: {key}, name: {key}, role: consumer, area: a, status: {status}, \
             delivery_points: [{{id: {point}, type: pod}}], \
             assets: {{pv: {{pv-{key}: {{name: P}}}}, meter: {{m-{key}: {{name: M, sensor_id: {key}}}}}}}}}\n"
        );
    };
    for number in 0..STABLE {
        let status = if number % 2 == 0 { "active" } else { "inactive" };
        member(format!("m{number:02}-stable"), status, format!("P{:02}-stable", number / 2));
        member(format!("m{number:02}-{}", edition % 2), "active", format!("P{number:02}-{}", edition % 2));
    }
    yaml
}

/// Communities, some of them new in every edition.
fn communities(edition: usize) -> String {
    let names =
        (0..STABLE).flat_map(|number| [format!("c{number:02}-stable"), format!("c{number:02}-{edition}")]);
    names.map(|name| format!("---\ncommunity: {{id: {name}, name: {name}}}\n")).collect()
}

/// Every row of a list by its key (of a delivery point: by its member's as well), while the registry changes between two pages.
async fn all_rows(app: &TestApp, path: &str, limit: usize, edition_of: fn(usize) -> String) -> Vec<String> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    for edition in 1.. {
        let page = read(app, &format!("{path}?limit={limit}&cursor={cursor}")).await;
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= limit);
        rows.extend(items.iter().map(|row| {
            let [key, member] = ["key", "member_key"].map(|field| row[field].as_str().unwrap_or_default());
            format!("{key} {member}")
        }));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
        app.import(edition_of(edition % 3)).await;
    }
    rows
}
