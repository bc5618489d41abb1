//! What is remembered is told again while it is true, and never a moment longer.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use crate::support::{Asked, Backend, Fixture as _, TestApp, TestDatabase, on_both_databases, run};

const REC: &str = "/admin/communities/rec";
const ADMIN: &str = "rec-registry.admin";

const BUNDLE: &str = "
community:
  id: rec
  name: First
  areas: {n: {name: North}}
members:
  a:
    user_id: ann
    did: did:web:ann
    name: Ann
    role: consumer
    area: n
    status: active
    delivery_points: [{id: IT001E1, type: pod}]
    assets: {meter: {a-m: {name: Meter, sensor_id: SEN-1, pod: IT001E1}}}
";

/// One path of every route whose answers are remembered.
const PATHS: &[&str] = &[
    "/user",
    "/user/assets",
    "/user/assets/a-m",
    "/user/community",
    "/user/delivery-points",
    "/user/member",
    "/admin/communities",
    "/admin/lookup/asset-by-sensor-id/SEN-1",
    "/admin/lookup/community-by-delivery-point/it001e1",
    "/admin/lookup/community-by-sensor-id/SEN-1",
    "/admin/lookup/community-by-user-id/ann",
    "/admin/lookup/member-by-user-id/ann",
    "/admin/communities/rec",
    "/admin/communities/rec/assets",
    "/admin/communities/rec/assets/by-sensor-id/SEN-1",
    "/admin/communities/rec/assets/a-m",
    "/admin/communities/rec/delivery-points",
    "/admin/communities/rec/delivery-points/by-id/IT001E1",
    "/admin/communities/rec/members?limit=1",
    "/admin/communities/rec/members/by-user-id/ann",
    "/admin/communities/rec/members/a",
    "/admin/communities/rec/members/a/delivery-points",
    "/admin/communities/rec/meters",
    "/admin/communities/rec/stats",
    "/admin/communities/rec/topology",
];

/// What is asked at the GraphQL door, of everything that a community has.
const QUERIES: &[&str] = &[
    r#"{ community(key: "rec") { name description members(first: 5) { totalCount nodes { key name status
        area { name } deliveryPoints { code } assets { nodes { key name sensorId } } } } topology { name } } }"#,
    r#"{ communities { totalCount nodes { key name stats { memberCount } areas { key name } } } }"#,
    r#"{ members { nodes { key name } } assets { nodes { key name } } deliveryPoints { nodes { code } } }"#,
    r#"{ assetBySensorId(sensorId: "SEN-1") { name owner { name } } memberByUserId(userId: "ann") { name } }"#,
    r#"{ search(text: "Ann") { __typename } duplicateDeliveryPoints(communityKey: "rec") { code } }"#,
    "{ me { sub memberships { name assets { nodes { name } } deliveryPoints { code } } } service { apiVersion } }",
];

/// What is asked of records, which change without a change of a community.
const RECORDS: &[&str] = &[
    "{ auditEntries(first: 5) { nodes { operation } } }",
    "{ auditEntries { totalCount } }",
    "{ me { export } }",
    r#"{ community(key: "rec") { revisions(first: 5) { nodes { number } } } }"#,
    r#"{ community(key: "rec") { revisions { totalCount } } }"#,
    r#"{ holderAt(kind: SENSOR, id: "SEN-1", at: "2026-01-01T00:00:00Z") { __typename } }"#,
    r#"{ exportYaml(communityKeys: ["rec"], at: "1") }"#,
];

/// Writes, one after the other, each of which changes what some of the paths say.
fn writes() -> Vec<(&'static str, String, Value)> {
    let member = format!("{REC}/members/a");
    let new = json!({"key": "b", "user_id": "bob", "name": "Bob", "role": "consumer", "area": "n", "status": "active"});
    vec![
        ("PUT", format!("{member}/name"), json!({"name": "Anna"})),
        ("POST", format!("{REC}/members"), new),
        (
            "PUT",
            format!("{member}/assets/a-pv"),
            json!({"key": "a-pv", "asset_type": "pv", "name": "Roof", "properties": {}}),
        ),
        ("PUT", format!("{member}/delivery-points/IT001E2?replaces=IT001E1"), json!({"type": "pod"})),
        ("PUT", format!("{member}/delivery-points/IT001E1?replaces=IT001E2"), json!({"type": "pod"})),
        ("POST", format!("{REC}/areas/n/rename"), json!({"new_key": "north"})),
        ("PUT", format!("{REC}/topology/feeder"), json!({"id": "feeder", "type": "feeder"})),
        ("PATCH", REC.to_owned(), json!({"description": "Changed"})),
        ("DELETE", member.clone(), Value::Null),
        ("POST", format!("{member}/status"), json!({"status": "active"})),
        ("DELETE", format!("{REC}/members/b?purge=true"), Value::Null),
        ("DELETE", format!("{member}/assets/a-m"), Value::Null),
        ("DELETE", REC.to_owned(), Value::Null),
    ]
}

/// What a path says, as its status and body.
async fn said(app: &TestApp, path: &str, user: &str) -> (u16, String) {
    let answer = app.get(path).by(user, ADMIN).await;
    (answer.status.as_u16(), String::from_utf8_lossy(&answer.body).into_owned())
}

fn sensors(app: &TestApp, ids: &[&str], grants: &str) -> Asked {
    app.post_json("/admin/lookup/assets-by-sensor-ids", &json!(ids)).by("ann", grants)
}

/// A batch of lookups, of which one finds something.
fn batch(app: &TestApp, grants: &str) -> Asked {
    sensors(app, &["SEN-1"], grants)
}

on_both_databases! {
    async fn what_is_asked_again_costs_no_statement_and_is_recorded_all_the_same(app: TestApp) {
        app.import(BUNDLE).await;
        // On PostgreSQL the notification of the import may come a little later, and makes all of it new once more.
        for _ in 0..1_000 {
            if app.counted(app.get(REC).by("ann", ADMIN)).await.1.is_empty() {
                break;
            }
        }
        for path in PATHS.iter().filter(|path| **path != REC) {
            let (first, asked) = app.counted(app.get(*path).by("ann", ADMIN)).await;
            assert!(!asked.is_empty(), "{path}");
            let (again, asked) = app.counted(app.get(*path).by("ann", ADMIN)).await;
            assert_eq!(asked, Vec::<String>::new(), "{path}");
            assert_eq!((first.status, &first.body), (again.status, &again.body), "{path}");
            for header in ["etag", "content-type", "cache-control", "x-content-type-options"] {
                assert_eq!(first.header(header), again.header(header), "{path}");
            }
            let known = app.get(*path).by("ann", ADMIN).header("if-none-match", again.header("etag")).await;
            assert_eq!(known.status, 304, "{path}");
        }
        app.registry.flush().await;
        let path = "/admin/audit?limit=500&operation=lookup.asset_by_sensor_id";
        let recorded = app.get(path).admin().await.json(200)["items"].as_array().map(Vec::len);
        assert_eq!(recorded, Some(0), "ann looked at her own");
        for _ in 0..3 {
            app.get(PATHS[7]).by("operator", ADMIN).await.json(200);
        }
        app.registry.flush().await;
        let found = app.get(path).admin().await.json(200);
        let found = found["items"].as_array().expect("a list");
        assert_eq!(found.len(), 3);
        let ids: std::collections::BTreeSet<String> = found.iter().map(|entry| entry["request_id"].to_string()).collect();
        assert_eq!(ids.len(), 3, "each under its own request");
        assert!(found.iter().all(|entry| entry["about"] == found[0]["about"] && entry["rows"] == 1), "{found:?}");
    }

    async fn what_is_told_again_is_counted_and_decorated_like_any_answer(app: TestApp) {
        app.import(BUNDLE).await;
        let app = app.told(&["--cors-origins", "https://app.example.org"]).await;
        let asked = |path: &str| {
            app.get(path).by("ann", ADMIN).header("origin", "https://app.example.org").header("x-request-id", "r-1")
        };
        let counted = "rec_registry_http_requests_total{method=\"GET\",route=\"/admin/communities/{community_key}/members\",status=\"200\"} ";
        let count = || {
            let text = app.registry.metrics().text().expect("the figures are written");
            text.lines().find_map(|line| line.strip_prefix(counted)?.parse::<u64>().ok()).unwrap_or_default()
        };
        let path = format!("{REC}/members");
        let (first, mut headers) = (asked(&path).await, Vec::new());
        assert_eq!((first.status.as_u16(), first.header("access-control-allow-origin")), (200, "https://app.example.org"));
        // On PostgreSQL the notification of the import may come a little later, and makes all of it new once more.
        for _ in 0..1_000 {
            if app.counted(asked(&path)).await.1.is_empty() {
                break;
            }
        }
        let before = count();
        for path in [path.clone(), format!("{path}/")] {
            let (again, statements) = app.counted(asked(&path)).await;
            assert_eq!(statements, Vec::<String>::new(), "{path}");
            assert_eq!(again.body, first.body, "{path}");
            headers.push(again.headers);
        }
        let mut of_first = first.headers;
        // What speaks HTTP adds it where it is not there yet.
        of_first.remove("content-length");
        assert_eq!(headers, vec![of_first; 2]);
        assert_eq!(count(), before + 2);
        let known = asked(&path).header("if-none-match", headers[0]["etag"].to_str().expect("text")).await;
        assert_eq!((known.status.as_u16(), known.header("access-control-allow-origin")), (304, "https://app.example.org"));
        let elsewhere = app.get(&path).by("ann", ADMIN).header("origin", "https://evil.example").await;
        assert!(!elsewhere.headers.contains_key("access-control-allow-origin") && elsewhere.status == 200);
    }

    async fn a_query_that_is_asked_again_costs_no_statement_and_is_recorded_all_the_same(app: TestApp) {
        app.import(BUNDLE).await;
        for _ in 0..1_000 {
            if app.counted(app.get(REC).by("ann", ADMIN)).await.1.is_empty() {
                break;
            }
        }
        for query in QUERIES {
            let (first, asked) = app.counted(app.graphql(query, json!({})).by("ann", ADMIN)).await;
            assert_eq!(first.json(200)["errors"], Value::Null, "{query}");
            assert!(!asked.is_empty(), "{query}");
            let (again, asked) = app.counted(app.graphql(query, json!({})).by("ann", ADMIN)).await;
            assert_eq!(asked, Vec::<String>::new(), "{query}");
            assert_eq!((first.status, &first.body), (again.status, &again.body), "{query}");
            let typed = app.graphql(query, json!({})).by("ann", ADMIN);
            let (typed, asked) = app.counted(typed.header("accept", "application/graphql-response+json")).await;
            assert_eq!((asked, &typed.body), (Vec::new(), &first.body), "{query}");
            assert!(typed.header("content-type").starts_with("application/graphql-response+json"), "{query}");
            let path = format!("/graphql?query={}", percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC));
            let asked = || app.get(path.as_str()).by("ann", ADMIN).header("accept", "application/graphql-response+json");
            let first_by_query_string = asked().await;
            first_by_query_string.json(200);
            let (by_query_string, statements) = app.counted(asked()).await;
            assert_eq!((statements, &by_query_string.body), (Vec::new(), &first.body), "{query}");
            for name in ["content-type", "cache-control", "etag", "vary"] {
                let said = (by_query_string.headers.get(name), first_by_query_string.headers.get(name));
                assert_eq!(said.0, said.1, "{name} of {query}");
            }
            assert!(by_query_string.header("content-type").starts_with("application/graphql-response+json"));
            assert_eq!(app.get(path.as_str()).by("ann", ADMIN).header("accept", "text/plain").await.status, 406);
        }
        for query in RECORDS {
            for time in ["first", "second", "third"] {
                let (answer, asked) = app.counted(app.graphql(query, json!({})).by("ann", ADMIN)).await;
                assert_eq!(answer.json(200)["errors"], Value::Null, "{query}");
                assert!(!asked.is_empty(), "{query} the {time} time");
            }
        }
        let mutation = r#"mutation { setMemberStatus(input: {communityKey: "rec", key: "a", status: ACTIVE}) { member { name } } }"#;
        for _ in 0..2 {
            let (done, asked) = app.counted(app.graphql(mutation, json!({})).by("ann", ADMIN)).await;
            assert_eq!(done.json(200)["errors"], Value::Null);
            assert!(!asked.is_empty(), "a write is done each time");
        }
        for _ in 0..3 {
            app.graphql(QUERIES[3], json!({})).by("operator", ADMIN).await.json(200);
        }
        app.registry.flush().await;
        let path = "/admin/audit?limit=500&operation=lookup.asset_by_sensor_id";
        let recorded = app.get(path).admin().await.json(200)["items"].as_array().map(Vec::len);
        assert_eq!(recorded, Some(3), "ann looked at her own");
    }

    async fn what_many_ask_at_once_is_answered_once(app: TestApp) {
        app.import(BUNDLE).await;
        let not_recalled = || {
            let text = app.registry.metrics().text().expect("figures");
            let line = text.lines().find_map(|line| line.strip_prefix("rec_registry_answers_not_recalled_total "));
            line.expect("a figure").parse::<u32>().expect("a number")
        };
        let asked = |path: &str| match path {
            "/graphql" => app.graphql(QUERIES[0], json!({})).by("ann", ADMIN),
            path => app.get(path).by("ann", ADMIN),
        };
        // Until it hears of changes, nothing is remembered.
        for _ in 0..1_000 {
            if app.counted(app.get(REC).by("ann", ADMIN)).await.1.is_empty() {
                break;
            }
        }
        for path in ["/graphql", "/admin/communities/rec/members?limit=1"] {
            let mut made = 0;
            for round in 0..10 {
                // Whatever was remembered is void now.
                let name = format!("Ann {round} {}", path.len());
                app.put_json(format!("{REC}/members/a/name"), &json!({"name": name})).admin().await.json(200);
                let before = not_recalled();
                let many: Vec<_> = (0..20).map(|_| tokio::spawn(asked(path).into_future())).collect();
                for one in many {
                    let answer = one.await.expect("an answer").text(200);
                    assert!(answer.contains(&name), "{path}: {answer}");
                }
                made += not_recalled() - before;
            }
            // Those who ask before the first is noted are answered for themselves, and those whose answer is void by then.
            assert!((10..=100).contains(&made), "{path}: {made} of 200");
        }
    }

    async fn a_batch_of_lookups_asks_for_what_is_not_remembered_alone(app: TestApp) {
        app.import(BUNDLE).await;
        for _ in 0..1_000 {
            if app.counted(batch(&app, ADMIN)).await.1.is_empty() {
                break;
            }
        }
        let (again, asked) = app.counted(batch(&app, ADMIN)).await;
        assert_eq!((again.json(200).as_array().map(Vec::len), asked), (Some(1), Vec::new()));
        let one = app.get(PATHS[7]).admin().await.json(200);
        assert_eq!(again.json(200), json!([one]));
        // Out of reach is asked for like what there is not, so that the cost tells nothing.
        let (absent, by_nobody) = app.counted(sensors(&app, &["SEN-0"], "rec-registry.lookup:other")).await;
        let (hidden, by_other) = app.counted(sensors(&app, &["SEN-1"], "rec-registry.lookup:other")).await;
        assert_eq!((hidden.json(200), absent.json(200)), (json!([]), json!([])));
        assert_eq!(by_nobody, by_other);
        assert_eq!(sensors(&app, &["SEN-1"], "rec-registry.lookup:rec").await.json(200), json!([one]));
        let alone = |sensor: &str, grants: &str| app.get(format!("/admin/lookup/asset-by-sensor-id/{sensor}")).by("ann", grants);
        let (known, asked) = app.counted(alone("SEN-1", "rec-registry.lookup:rec")).await;
        assert_eq!((known.json(200), asked), (one, Vec::new()), "a batch has asked for it");
        let (absent, by_nobody) = app.counted(alone("SEN-0", "rec-registry.lookup:other")).await;
        let (hidden, by_other) = app.counted(alone("SEN-1", "rec-registry.lookup:other")).await;
        assert_eq!((absent.status, absent.json(404)["detail"].clone()), (hidden.status, hidden.json(404)["detail"].clone()));
        assert_eq!(by_nobody, by_other, "nobody learns that there is more");
        app.import(BUNDLE.replace("SEN-1", "SEN-2")).await;
        assert_eq!(sensors(&app, &["SEN-1"], ADMIN).await.json(200), json!([]));
        let moved = sensors(&app, &[" SEN-2 ", "SEN-1", "SEN-2"], ADMIN).await.json(200);
        assert_eq!(moved.as_array().map(Vec::len), Some(1));
        let other = BUNDLE.replace("id: rec", "id: other").replace("ann", "eve").replace("IT001E1", "IT009E1");
        app.import(other.replace("SEN-1", "SEN-3")).await;
        app.import(BUNDLE.replace("SEN-1", "SEN-9")).await;
        app.import(other.replace("SEN-1", "SEN-2")).await;
        assert_eq!(sensors(&app, &["SEN-2"], ADMIN).await.json(200)[0]["community_key"], "other", "it is another community's by now");
    }

    async fn after_every_write_every_route_says_what_it_says_to_somebody_new(app: TestApp) {
        app.import(BUNDLE).await;
        for (number, (method, path, body)) in writes().into_iter().enumerate() {
            for path in PATHS {
                said(&app, path, "ann").await;
            }
            for query in QUERIES {
                app.graphql(query, json!({})).by("ann", ADMIN).await.json(200);
            }
            let done = app.json(method.parse().expect("a method"), path.clone(), &body).admin().await;
            assert!(done.status.is_success(), "{method} {path}: {done:?}");
            for path in PATHS.iter().filter(|path| !path.starts_with("/user")) {
                let somebody_new = said(&app, path, &format!("new-{number}")).await;
                assert_eq!(said(&app, path, "ann").await, somebody_new, "{path} after write {number}");
            }
            let one = app.get(PATHS[7]).by(&format!("batch-{number}"), ADMIN).await;
            let one: Vec<Value> = (one.status == 200).then(|| one.json(200)).into_iter().collect();
            assert_eq!(batch(&app, ADMIN).await.json(200), json!(one), "a batch after write {number}");
            // What is told of a sensor is remembered for all who ask: the database is asked by a query.
            let query = format!(r#"{{ assetBySensorId(sensorId: "SEN-1") {{ name }} number{number}: __typename }}"#);
            let there = app.graphql(&query, json!({})).by("ann", ADMIN).await.json(200);
            assert_eq!(one.first().map(|one| &one["name"]).unwrap_or(&Value::Null), &there["data"]["assetBySensorId"]["name"], "after write {number}");
            for query in QUERIES {
                let other = format!("{ADMIN} rec-registry.read:x{number}");
                let somebody_new = app.graphql(query, json!({})).by("ann", &other).await.json(200);
                let again = app.graphql(query, json!({})).by("ann", ADMIN).await.json(200);
                assert_eq!(again, somebody_new, "{query} after write {number}");
            }
            // Nobody new is ann: her own data is asked with a right more, which is another question.
            for path in PATHS.iter().filter(|path| path.starts_with("/user")) {
                let other = format!("{ADMIN} rec-registry.read:x{number}");
                let somebody_new = app.get(*path).by("ann", &other).await;
                let again = app.get(*path).by("ann", ADMIN).await;
                assert_eq!((again.status, &again.body), (somebody_new.status, &somebody_new.body), "{path} after write {number}");
            }
        }
    }

    async fn what_one_is_told_is_not_told_to_others(app: TestApp) {
        app.import(BUNDLE).await;
        for path in PATHS {
            said(&app, path, "ann").await;
        }
        for path in PATHS.iter().filter(|path| path.starts_with("/admin")) {
            app.get(*path).await.json(401);
            app.get(*path).by("ann", "openid").await.json(403);
        }
        for path in PATHS.iter().filter(|path| path.starts_with("/admin/communities/rec")) {
            let status = app.get(*path).by("ann", "rec-registry.read:other").await.status;
            assert!([403, 404].contains(&status.as_u16()), "{path}: {status}");
        }
        assert_eq!(app.get("/user").by("bob", ADMIN).await.json(200)["membership"], Value::Null);
        assert_eq!(app.get("/user/assets/a-m").by("bob", ADMIN).await.status, 403);
    }

    async fn no_reader_sees_less_than_was_acknowledged(app: TestApp) {
        app.import(BUNDLE).await;
        let acknowledged = Arc::new(AtomicU64::new(0));
        let readers: Vec<_> = [format!("{REC}/members/a"), "/admin/lookup/member-by-user-id/ann".to_owned()].into_iter().cycle().take(4).enumerate()
            .map(|(number, path)| {
                let (app, acknowledged) = (app.clone(), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    let mut reads = 0_u64;
                    loop {
                        let least = acknowledged.load(Ordering::SeqCst);
                        let name = app.get(path.as_str()).by(&format!("reader-{}", number / 2), ADMIN).await.json(200);
                        let name = name["name"].as_str().or(name["member_name"].as_str()).unwrap_or_default().to_owned();
                        let told: u64 = name.trim_start_matches("Ann").parse().unwrap_or(0);
                        assert!(told >= least, "{told} was told after {least} was acknowledged");
                        reads += 1;
                        if told == 100 {
                            return reads;
                        }
                    }
                })
            })
            .collect();
        for number in 1..=100_u64 {
            app.put_json(format!("{REC}/members/a/name"), &json!({"name": format!("Ann{number}")})).admin().await.json(200);
            acknowledged.store(number, Ordering::SeqCst);
        }
        for reader in readers {
            assert!(reader.await.expect("no reader is told what is old") > 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_changes_is_known_with_its_notification() {
    run(Backend::Postgres, async |database: TestDatabase| {
        let (writer, reader) = (TestApp::on(&database).await, TestApp::on(&database).await);
        writer.import(BUNDLE).await;
        let other = Database::connect(&database.url).await.expect("the database answers");
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        for round in 0..20 {
            for path in PATHS {
                said(&reader, path, "ann").await;
            }
            // Every other time nobody hears of it: the connections that listen are cut.
            if round % 2 == 1 {
                other.execute_unprepared(cut).await.expect("connections are cut");
            }
            let name = format!("Anna {round}");
            writer.put_json(format!("{REC}/members/a/name"), &json!({"name": name})).admin().await.json(200);
            let heard = async {
                while reader.get(format!("{REC}/members/a")).by("ann", ADMIN).await.json(200)["name"] != name.as_str() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), heard).await.expect("the change is heard of");
            for path in PATHS.iter().filter(|path| !path.starts_with("/user")) {
                assert_eq!(said(&reader, path, "ann").await, said(&writer, path, &format!("new-{round}")).await, "{path}");
            }
        }
        other.close().await.expect("a connection closes");
    })
    .await;
}
