//! No write reduces a sibling: every write is driven against full communities, and everything that it does not name is
//! compared to the byte of its export. And what writes make is what an import of the same would have made.

use serde_json::{Value, json};

use crate::support::{TestApp, on_both_databases};

const VALLEY: &str = "/admin/communities/valley-rec";

/// A write, and the lines of the export that it may change: those that hold one of these texts.
type Write = (&'static str, String, Value, &'static [&'static str]);

fn writes() -> Vec<Write> {
    let member = format!("{VALLEY}/members/gl-00001");
    let new = json!({"user_id": "bruno", "name": "New", "role": "consumer", "area": "alta", "status": "active",
        "delivery_points": [{"id": "NEW", "type": "pod"}], "assets": {"meter": {"NEW-m": {"name": "New", "sensor_id": "NEW-s"}}}});
    let pv =
        json!({"key": "pv-gl-00001", "asset_type": "pv", "properties": {"name": "Tetto", "rated_power": 6}});
    vec![
        (
            "POST",
            format!("{VALLEY}/members"),
            new,
            &[
                "gl-00004",
                "bruno",
                "New",
                "NEW",
                "role: consumer",
                "area: alta",
                "status: active",
                "delivery_points:",
                "assets:",
                "meter:",
            ],
        ),
        ("PATCH", member.clone(), json!({"extra": {"note": "NOTE"}}), &["NOTE"]),
        ("PATCH", format!("{member}/profile"), json!({"role": "admin"}), &["role: "]),
        (
            "PUT",
            format!("{member}/name"),
            json!({"name": "Changed"}),
            &["name: Changed", "name: Giulia Bianchi"],
        ),
        ("PUT", format!("{member}/role"), json!({"role": "producer"}), &["role: "]),
        ("PUT", format!("{member}/area"), json!({"area": "bassa"}), &["area: "]),
        (
            "POST",
            format!("{member}/status"),
            json!({"status": "suspended", "reason": "REASON"}),
            &["status: ", "REASON"],
        ),
        ("POST", format!("{member}/status"), json!({"status": "active"}), &["status: "]),
        ("PUT", format!("{member}/delivery-points/ADDED"), json!({"type": "pod"}), &["ADDED"]),
        (
            "PUT",
            format!("{member}/delivery-points/SWAP?replaces=ADDED"),
            json!({"type": "pod"}),
            &["ADDED", "SWAP"],
        ),
        ("DELETE", format!("{member}/delivery-points/SWAP"), Value::Null, &["SWAP"]),
        (
            "PUT",
            format!("{member}/assets/pv-gl-00001"),
            pv,
            &[
                "rated_power: ",
                "panel_type",
                "inverter_power",
                "orientation",
                "tilt_angle",
                "installation_date: ",
            ],
        ),
        (
            "DELETE",
            format!("{member}/assets/pv-gl-00001"),
            Value::Null,
            &["pv:", "pv-gl-00001:", "name: Tetto", "rated_power: 6"],
        ),
        ("PATCH", VALLEY.to_owned(), json!({"contact": {"email": "CONTACT"}}), &["CONTACT"]),
        ("PUT", format!("{VALLEY}/operators/OPERATOR"), json!({"name": "O"}), &["OPERATOR"]),
        ("DELETE", format!("{VALLEY}/operators/OPERATOR"), Value::Null, &["OPERATOR"]),
        ("PUT", format!("{VALLEY}/areas/AREA"), json!({"name": "A"}), &["AREA"]),
        ("POST", format!("{VALLEY}/areas/AREA/rename"), json!({"new_key": "OTHER"}), &["AREA", "OTHER"]),
        ("DELETE", format!("{VALLEY}/areas/OTHER"), Value::Null, &["OTHER"]),
        ("PUT", format!("{VALLEY}/topology/NODE"), json!({"type": "feeder"}), &["NODE"]),
        ("DELETE", format!("{VALLEY}/topology/NODE"), Value::Null, &["NODE"]),
        ("DELETE", format!("{VALLEY}/members/gl-00003"), Value::Null, &["status: "]),
        (
            "DELETE",
            format!("{VALLEY}/members/gl-00004?purge=true"),
            Value::Null,
            &[
                "gl-00004",
                "bruno",
                "New",
                "NEW",
                "role: consumer",
                "area: alta",
                "status: active",
                "delivery_points:",
                "assets:",
                "meter:",
            ],
        ),
    ]
}

/// The lines of one text that the other does not have, counted.
fn lost<'t>(from: &'t str, to: &str) -> Vec<&'t str> {
    let mut left: Vec<&str> = to.lines().collect();
    let gone = |line: &&str| match left.iter().position(|other| other == line) {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    };
    from.lines().filter(gone).collect()
}

on_both_databases! {
    async fn a_write_changes_nothing_that_it_does_not_name(app: TestApp) {
        for name in ["aurora-highlands-v0.7.yaml", "valley-v0.5.yaml", "federation.yaml"] {
            app.import_sample(name).await;
        }
        let others = "/admin/export?community=example_rec&community=north-rec&community=south-rec&community=empty-rec";
        let elsewhere = app.get(others).admin().await.text(200);
        let mut revision = 1;
        for (method, path, body, touched) in writes() {
            let before = app.get("/admin/export?community=valley-rec").admin().await.text(200);
            let rows = siblings(&app).await;
            let asked = match &body {
                Value::Null => app.request(method.parse().expect("a method"), &path),
                body => app.json(method.parse().expect("a method"), &path, body),
            };
            let answer = asked.admin().await;
            assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
            let after = app.get("/admin/export?community=valley-rec").admin().await.text(200);
            for line in [lost(&before, &after), lost(&after, &before)].concat() {
                assert!(touched.iter().any(|text| line.contains(text)), "{method} {path} changed: {line}");
            }
            assert_eq!(app.get(others).admin().await.text(200), elsewhere, "{method} {path}");
            // Ids, versions and times of what was not named stay as well.
            let now = siblings(&app).await;
            for (at, sibling) in rows.iter().enumerate() {
                assert_eq!(now.get(at), Some(sibling), "{method} {path}");
            }
            let data = app.graphql("{ community(key: \"valley-rec\") { revision } }", json!({})).admin().await.data();
            let now = data["community"]["revision"].as_i64().expect("a revision");
            assert!(now <= revision + 1, "{method} {path}: one write, one revision");
            revision = now;
        }
    }

    async fn writes_make_what_an_import_would_have_made(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        for (method, path, body, _) in writes().into_iter().take(21) {
            let asked = match &body {
                Value::Null => app.request(method.parse().expect("a method"), &path),
                body => app.json(method.parse().expect("a method"), &path, body),
            };
            assert!(asked.admin().await.status.is_success(), "{method} {path}");
        }
        let written = app.get("/admin/export?community=valley-rec").admin().await.text(200);
        app.delete(VALLEY).admin().await.json(200);
        let report = app.import(written.clone()).await;
        assert_eq!(report["reports"][0]["inserted"]["member"], 4);
        assert_eq!(app.get("/admin/export?community=valley-rec").admin().await.text(200), written);

        // The same said from the start, in words of its own.
        let said = crate::support::sample::text("valley-v0.5.yaml")
            .replace("  operators: {rete", "  contact: {email: CONTACT}\n  operators: {rete")
            .replace("    name: Giulia Bianchi\n", "    name: Changed\n    note: NOTE\n    status_reason: REASON\n")
            .replacen("    role: prosumer\n    area: alta\n", "    role: producer\n    area: bassa\n", 1);
        let roof = said.lines().find(|line| line.contains("pv: {pv-gl-00001")).expect("the roof").to_owned() + "\n";
        let newcomer = "  gl-00004: {user_id: bruno, name: New, role: consumer, area: alta, status: active, delivery_points: \
            [{id: NEW, type: pod}], assets: {meter: [{key: NEW-m, name: New, sensor_id: NEW-s}]}}\n";
        let said = said.replace(&roof, "") + newcomer;
        app.delete(VALLEY).admin().await.json(200);
        app.import(said).await;
        assert_eq!(app.get("/admin/export?community=valley-rec").admin().await.text(200), written);
    }
}

/// Members and assets of the community that no write of the list names, with everything of them.
async fn siblings(app: &TestApp) -> Vec<Value> {
    let query = "{ community(key: \"valley-rec\") { id createdAt
        two: member(key: \"gl-00002\") { id version updatedAt createdAt deliveryPoints { id code } assets { nodes { id key version updatedAt properties } } }
        battery: asset(key: \"bat-gl-00001\") { id version createdAt updatedAt properties relationships }
        meter: asset(key: \"m-gl-00001\") { id version createdAt updatedAt properties sensorId } } }";
    let data = app.graphql(query, json!({})).admin().await.data();
    let sensor = app.get("/admin/lookup/asset-by-sensor-id/4e10").admin().await.json(200);
    let found = app.get("/admin/search?text=municipio").admin().await.json(200);
    vec![data, sensor, found]
}
