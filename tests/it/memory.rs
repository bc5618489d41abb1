//! What is remembered is told again while it is true, and never a moment longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use crate::support::{Backend, Fixture as _, TestApp, TestDatabase, on_both_databases, run};

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

    async fn after_every_write_every_route_says_what_it_says_to_somebody_new(app: TestApp) {
        app.import(BUNDLE).await;
        for (number, (method, path, body)) in writes().into_iter().enumerate() {
            for path in PATHS {
                said(&app, path, "ann").await;
            }
            let done = app.json(method.parse().expect("a method"), path.clone(), &body).admin().await;
            assert!(done.status.is_success(), "{method} {path}: {done:?}");
            for path in PATHS.iter().filter(|path| !path.starts_with("/user")) {
                let somebody_new = said(&app, path, &format!("new-{number}")).await;
                assert_eq!(said(&app, path, "ann").await, somebody_new, "{path} after write {number}");
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
