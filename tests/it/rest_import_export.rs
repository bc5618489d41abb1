//! Import and export over REST.

use axum::http::Method;
use serde_json::{Value, json};

use crate::rest_answer::column;
use crate::support::{TestApp, on_both_databases, sample};

const YAML: &str = "/admin/import/yaml";
const JSON: &str = "/admin/import";

fn bundle(name: &str) -> Value {
    json!({"schema_version": "0.7", "community": {"id": "aurora", "name": name}})
}

fn counts(community: u64, member: u64, delivery_point: u64, asset: u64) -> Value {
    json!({"community": community, "member": member, "delivery_point": delivery_point, "asset": asset})
}

async fn stored(app: &TestApp) -> Vec<String> {
    column(&app.get("/admin/communities").admin().await.json(200), "name")
}

on_both_databases! {
    async fn an_import_reports_what_it_did(app: TestApp) {
        let report = app.import_sample("valley-v0.5.yaml").await;
        let held = counts(1, 3, 4, 8);
        assert_eq!(
            report,
            json!({"dry_run": false, "reports": [{
                "community_key": "valley-rec", "deleted": counts(0, 0, 0, 0), "inserted": held,
                "unchanged": counts(0, 0, 0, 0), "warnings": [], "refusals": [],
            }]})
        );
        let again = app.import_sample("valley-v0.5.yaml").await;
        assert_eq!((&again["reports"][0]["deleted"], &again["reports"][0]["unchanged"]), (&held, &held));
    }

    async fn what_is_stored_already_is_known_without_a_look_at_it_until_something_changes(app: TestApp) {
        let looks_at_assets = |statements: &[String]| statements.iter().any(|sql| sql.contains("\"asset\""));
        let held = counts(1, 3, 4, 8);
        app.import_sample("valley-v0.5.yaml").await;
        app.statements.take();
        let again = app.import_sample("valley-v0.5.yaml").await;
        assert_eq!((&again["reports"][0]["deleted"], &again["reports"][0]["unchanged"]), (&held, &held));
        let statements = app.statements.take();
        assert!(!looks_at_assets(&statements), "{statements:#?}");
        let members = "/admin/communities/valley-rec/members";
        let first = app.get(members).admin().await.json(200)["items"][0].clone();
        let member = format!("{members}/{}", first["key"].as_str().expect("a key"));
        app.put_json(format!("{member}/name"), &json!({"name": "Somebody else"})).admin().await.json(200);
        let dry = app.post_yaml("/admin/import/yaml?dry_run=1", sample::text("valley-v0.5.yaml")).admin().await.json(200);
        assert_eq!(dry["reports"][0]["unchanged"]["member"], 2, "{dry}");
        app.statements.take();
        let back = app.import_sample("valley-v0.5.yaml").await;
        assert_eq!(back["reports"][0]["unchanged"]["member"], 2, "{back}");
        assert!(looks_at_assets(&app.statements.take()));
        assert_eq!(app.get(member).admin().await.json(200)["name"], first["name"]);
    }

    async fn a_bundle_comes_as_json_with_or_without_an_envelope(app: TestApp) {
        let send = |path: &str, body: &Value| app.post_json(path, body).bearer("rec-registry.import");
        let report = send(JSON, &bundle("One")).await.json(200);
        assert_eq!((&report["community_key"], &report["inserted"]), (&json!("aurora"), &counts(1, 0, 0, 0)));
        assert_eq!(stored(&app).await, ["One"]);
        for (path, body) in [
            (JSON, json!({"bundle": bundle("Two"), "dry_run": true})),
            ("/admin/import?dry_run=yes", bundle("Two")),
            ("/admin/import?dry_run=1", json!({"bundle": bundle("Two")})),
            ("/admin/import?dry_run=off", json!({"bundle": bundle("Two"), "dry_run": true})),
        ] {
            let report = send(path, &body).await.json(200);
            assert_eq!(report["deleted"], counts(1, 0, 0, 0), "{path} {body}");
            assert_eq!(stored(&app).await, ["One"], "{path} {body}");
        }
        send("/admin/import?dry_run=on", &json!({"bundle": bundle("Two"), "dry_run": false})).await.json(200);
        assert_eq!(stored(&app).await, ["Two"]);
    }

    async fn the_body_is_yaml_whatever_it_says_it_is(app: TestApp) {
        let yaml = "community: {id: aurora, name: Aurora}\n";
        for media_type in ["application/yaml", "text/yaml", "text/plain; charset=latin1", "application/json", "x"] {
            app.request(Method::POST, YAML).body(media_type, yaml).admin().await.json(200);
        }
        let with_mark = format!("\u{feff}{yaml}");
        app.post_yaml(YAML, with_mark).admin().await.json(200);
        let report = app.import_sample("federation.yaml").await;
        let keys: Vec<&Value> = report["reports"].as_array().expect("reports").iter().map(|one| &one["community_key"]).collect();
        assert_eq!(keys, ["north-rec", "south-rec", "empty-rec"]);
    }

    async fn a_body_that_cannot_be_read_is_a_bad_request(app: TestApp) {
        for body in [&b"\xff\xfe"[..], b"a: [", b"", b"# nothing\n"] {
            let answer = app.post_yaml(YAML, body).admin().await.json(400);
            assert!(answer["detail"].is_string());
        }
        let deep = format!("community: {}{}", "[".repeat(5_000), "]".repeat(5_000));
        app.post_yaml(YAML, deep.clone()).admin().await.json(400);
        let broken = app.request(Method::POST, JSON).body("application/json", "{\"community\"").admin().await;
        assert_eq!(broken.json(422)["detail"][0]["type"], "json_invalid");
        app.request(Method::POST, JSON).body("application/json", &b"\"\xff\""[..]).admin().await.json(400);
        let yaml = app.request(Method::POST, JSON).body("application/yaml", "a: b").admin().await;
        assert!(yaml.json(415)["detail"].is_string());
        let answer = app.post_json(JSON, &json!({"bundle": bundle("One"), "force": "maybe"})).admin().await.json(422);
        assert_eq!(answer["code"], "validation_error");
        let answer = app.post_yaml(format!("{YAML}?dry_run=maybe&force=perhaps"), "a: b").admin().await.json(422);
        assert_eq!(answer["detail"].as_array().map(Vec::len), Some(2));
        assert_eq!(stored(&app).await, [""; 0]);
    }

    async fn a_refusal_names_every_problem(app: TestApp) {
        let yaml = "community: {id: good, name: Good}\n---\n\
                    community: {id: bad, name: Bad, areas: {a: {name: A}}}\n\
                    members:\n  m: {user_id: u, name: M, role: boss, area: b, status: gone}\n";
        let answer = app.post_yaml(YAML, yaml).admin().await.json(422);
        let refusals = answer["refusals"].as_array().expect("refusals");
        let mut found: Vec<(&str, u64, &str)> = refusals
            .iter()
            .map(|one| {
                assert!(one["detail"].is_string());
                (one["code"].as_str().unwrap(), one["document"].as_u64().unwrap(), one["path"].as_str().unwrap())
            })
            .collect();
        assert_eq!(answer["code"], found[0].0);
        assert!(answer["detail"].is_string());
        found.sort();
        assert_eq!(
            found,
            [("invalid_role", 1, "members.m.role"), ("invalid_status", 1, "members.m.status"), ("unknown_area", 1, "members.m.area")]
        );
        assert_eq!(stored(&app).await, [""; 0]);
        let report = app.post_yaml(format!("{YAML}?dry_run=true"), yaml).admin().await.json(200);
        assert_eq!(report["dry_run"], true);
        assert_eq!(report["reports"][1]["refusals"].as_array().map(Vec::len), Some(3));
    }

    async fn a_community_that_exists_is_left_alone_when_that_is_stated(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let yaml = sample::text("valley-v0.5.yaml").replace("Comunità", "Community");
        let answer = app.post_yaml(format!("{YAML}?force=false"), yaml.clone()).admin().await.json(409);
        assert_eq!(answer["code"], "community_exists");
        let sentence = answer["detail"].as_str().expect("a sentence");
        assert!(sentence.contains("3 members") && sentence.contains("4 delivery points") && sentence.contains("8 assets"), "{sentence}");
        let report = app.post_yaml(format!("{YAML}?force=0&dry_run=1"), yaml.clone()).admin().await.json(200);
        assert_eq!(report["reports"][0]["refusals"][0]["code"], "community_exists");
        assert_eq!(stored(&app).await, ["Comunità Energetica della Valle"]);
        app.post_yaml(format!("{YAML}?force=true"), yaml).admin().await.json(200);
        assert_eq!(stored(&app).await, ["Community Energetica della Valle"]);
    }

    async fn a_body_over_the_limit_is_too_large(app: TestApp) {
        let announced = app.post_yaml(YAML, "a: b").header("content-length", "99999999999").admin().await;
        assert!(announced.json(413)["detail"].is_string());
    }

    async fn an_import_needs_the_grant_for_every_community(app: TestApp) {
        let federation = sample::text("federation.yaml");
        let two = "rec-registry.import:north-rec rec-registry.import:south-rec";
        let answer = app.post_yaml(YAML, federation.clone()).bearer(two).await.json(403);
        assert_eq!((&answer["code"], &answer["required"]), (&json!("forbidden"), &json!("rec-registry.import")));
        app.post_yaml(YAML, federation).bearer(&format!("{two} rec-registry.import:empty-rec")).await.json(200);
    }

    async fn an_export_is_what_was_imported(app: TestApp) {
        app.import_sample("federation.yaml").await;
        let answer = app.get("/admin/export").bearer("rec-registry.export").await;
        let all = answer.text(200);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(all.matches("\n---\n").count(), 2);
        let two = app.get("/admin/export?community=south-rec&community=empty-rec").admin().await.text(200);
        assert_eq!(two.matches("\n---\n").count(), 1);
        assert!(!two.contains("north-rec"));
        app.import(all.clone()).await;
        assert_eq!(app.export().await, all);
    }

    async fn an_export_of_an_unknown_community_names_the_first(app: TestApp) {
        app.import_sample("federation.yaml").await;
        let ask = |query: &str| app.get(format!("/admin/export?{query}")).admin();
        let answer = ask("community=south-rec&community=x1&community=x2").await.json(404);
        assert_eq!(answer["code"], "community_not_found");
        assert!(answer["detail"].as_str().expect("a sentence").contains("x1"));
        for query in ["community=", "community=south-rec&community=", "community"] {
            assert_eq!(ask(query).await.json(404)["code"], "community_not_found", "{query}");
        }
        let hidden = app.get("/admin/export?community=north-rec").bearer("rec-registry.export:south-rec").await;
        assert_eq!(hidden.json(404)["code"], "community_not_found");
        let own = app.get("/admin/export").bearer("rec-registry.export:south-rec").await.text(200);
        assert!(own.contains("south-rec") && !own.contains("north-rec"));
    }

    async fn an_export_is_not_sent_again_to_who_has_it(app: TestApp) {
        app.import_sample("federation.yaml").await;
        let first = app.get("/admin/export").admin().await;
        let tag = first.header("etag").to_owned();
        assert!(!tag.is_empty());
        let second = app.get("/admin/export").header("if-none-match", &tag).admin().await;
        assert_eq!((second.text(304), second.header("etag")), (String::new(), tag.as_str()));
        app.import(sample::text("federation.yaml").replace("Emil", "Emile")).await;
        let third = app.get("/admin/export").header("if-none-match", &tag).admin().await;
        assert!(third.text(200).contains("Emile"));
        let head = app.request(Method::HEAD, "/admin/export").admin().await;
        assert_eq!((head.text(200), head.header("etag")), (String::new(), third.header("etag")));
    }
}
