//! Races have one winner: whatever two writers would break together, one of them does, and the other is told so by its
//! code. `REC_REGISTRY_STRESS_SECONDS=300 cargo test --test it sixteen_writers` writes for minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rec_registry::auth::Principal;
use rec_registry::service::check;
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};

use crate::support::app::Asked;
use crate::support::{Fixture as _, TestApp, TestDatabase, on_both_databases};

/// Two communities of eight members each, none of which holds anything.
fn two_communities() -> String {
    let community = |id: &str| {
        let members: String = (0..8)
            .map(|n| {
                format!(
                    "  {id}-{n}: {{user_id: {id}.{n}, name: N, role: consumer, area: a, status: active}}\n"
                )
            })
            .collect();
        format!(
            "schema_version: \"0.6\"\ncommunity: {{id: {id}, name: {id}, areas: {{a: {{name: A}}, b: {{name: B}}}}}}\nmembers:\n{members}"
        )
    };
    [community("one"), community("two")].join("---\n")
}

/// Two communities that say everywhere which edition they are.
fn edition(edition: usize) -> String {
    let community = |id: &str| {
        let members: String = (0..20)
            .map(|n| {
                format!(
                    "  {id}-{n}: {{user_id: {id}.{n}, name: E{edition}, role: consumer, area: a, status: active, \
                     assets: {{meter: {{m-{id}-{n}: {{name: E{edition}, sensor_id: S-{id}-{n}}}}}}}}}\n"
                )
            })
            .collect();
        format!(
            "schema_version: \"0.6\"\ncommunity: {{id: {id}, name: E{edition}, areas: {{a: {{name: E{edition}}}}}}}\nmembers:\n{members}"
        )
    };
    [community("one"), community("two")].join("---\n")
}

/// The editions that a text names.
fn editions(text: &str) -> BTreeSet<&str> {
    let is_word = |word: &&str| {
        word.len() > 1 && word.starts_with('E') && word[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(is_word).collect()
}

fn member(n: usize) -> String {
    let community = if n.is_multiple_of(2) { "one" } else { "two" };
    format!("/admin/communities/{community}/members/{community}-{}", n / 2)
}

/// Sixteen requests at the same time: one is done, the others are refused with the code.
async fn one_winner(asked: impl Iterator<Item = Asked>, code: &str) {
    let asked: Vec<_> = asked.map(|asked| tokio::spawn(asked.admin().into_future())).collect();
    let mut won = 0;
    for answer in join_all(asked).await {
        let answer = answer.expect("a request is answered");
        match answer.status.is_success() {
            true => won += 1,
            false => assert_eq!(answer.code(409), code),
        }
    }
    assert_eq!(won, 1, "{code}");
}

on_both_databases! {
    async fn of_sixteen_who_claim_the_same_one_gets_it(app: TestApp) {
        app.import(two_communities()).await;
        let sensor = json!({"asset_type": "meter", "name": "M", "sensor_id": "S"});
        one_winner((0..16).map(|n| app.put_json(format!("{}/assets/m-{n}", member(n)), &sensor)), "sensor_held").await;
        let point = json!({"type": "pod"});
        let code = |n: usize| if n % 4 < 2 { "pod" } else { "POD" };
        one_winner((0..16).map(|n| app.put_json(format!("{}/delivery-points/{}", member(n), code(n)), &point)), "delivery_point_held").await;
        one_winner((0..16).map(|n| app.patch_json(member(n), &json!({"did": "did:x"}))), "did_taken").await;
        let within = |n: usize| format!("/admin/communities/one/members/one-{}", n / 2);
        let own = |n: usize| json!({"asset_type": "pv", "name": format!("{n}")});
        // Two of the same member are no rivals, so one of each here.
        one_winner((0..16).step_by(2).map(|n| app.put_json(format!("{}/assets/same", within(n)), &own(n))), "asset_key_taken").await;
        one_winner((0..16).step_by(2).map(|n| app.patch_json(within(n), &json!({"user_id": "same"}))), "user_id_taken").await;
        let body = |n: usize| json!({"key": "new", "user_id": format!("u{n}"), "name": "N", "role": "admin", "area": "a", "status": "active"});
        one_winner((0..16).map(|n| app.post_json("/admin/communities/two/members", &body(n))), "member_key_taken").await;
        let numbered = (0..16).map(|n| {
            let body = json!({"user_id": format!("v{n}"), "name": "N", "role": "admin", "area": "a", "status": "active"});
            tokio::spawn(app.post_json("/admin/communities/two/members", &body).admin().into_future())
        });
        let keys: BTreeSet<String> = join_all(numbered).await.into_iter()
            .map(|answer| answer.expect("an answer").json(201)["key"].as_str().expect("a key").to_owned()).collect();
        assert_eq!(keys, (8..24).map(|n| format!("two-{n}")).collect());
    }

    async fn an_area_is_removed_or_somebody_moves_in(app: TestApp) {
        app.import(two_communities()).await;
        for round in 0..5 {
            let area = format!("/admin/communities/one/areas/r{round}");
            app.put_json(&area, &json!({"name": "R"})).admin().await.json(200);
            let moved = json!({"area": format!("r{round}")});
            let (removed, entered) =
                tokio::join!(app.delete(&area).admin().into_future(), app.patch_json(member(0), &moved).admin().into_future());
            match (removed.status.as_u16(), entered.status.as_u16()) {
                (200, 422) => assert_eq!(entered.code(422), "unknown_area"),
                (409, 200) => assert_eq!(removed.code(409), "area_in_use"),
                other => panic!("{other:?}"),
            }
        }
    }

    async fn whoever_reads_sees_an_import_whole_or_not_at_all_beside_other_writers(app: TestApp) {
        app.import(edition(0)).await;
        let until = Instant::now() + Duration::from_secs(3);
        let imports = async {
            let mut done = 0;
            while Instant::now() < until {
                done += 1;
                app.import(edition(done)).await;
            }
            done
        };
        let writes = async {
            let mut done = 0;
            while Instant::now() < until {
                let change = json!({"extra": {"n": done}});
                app.patch_json("/admin/communities/two/members/two-7", &change).admin().await.json(200);
                app.patch_json("/admin/communities/one", &change).admin().await.json(200);
                done += 1;
            }
            done
        };
        let reads = async {
            let mut seen = BTreeSet::new();
            let query = "{ communities(first: 2) { nodes { name areas { name } members(first: 20) { nodes { name assets(first: 1) { nodes { name } } } } } } }";
            while Instant::now() < until {
                let export = app.export().await;
                let found = editions(&export);
                assert_eq!((found.len(), export.matches(": E").count()), (1, 2 * (2 + 20 + 20)), "{export}");
                seen.extend(found.into_iter().map(str::to_owned));
                let data = app.graphql(query, json!({})).admin().await.data().to_string();
                assert_eq!(editions(&data).len(), 1, "{data}");
            }
            seen
        };
        let (imported, written, seen) = tokio::join!(imports, writes, reads);
        assert!(imported > 2 && written > 2 && seen.len() > 2, "{imported} {written} {seen:?}");
    }

    async fn sixteen_writers_and_imports_break_no_invariant(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        app.import(two_communities()).await;
        let seconds = std::env::var("REC_REGISTRY_STRESS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
        let mut done: BTreeMap<u16, usize> = BTreeMap::new();
        // On a machine that is busy otherwise little is done in so many seconds: then they go on.
        for _ in 0..20 {
            let until = Instant::now() + Duration::from_secs(seconds);
            let writers = (0..16).map(|writer| tokio::spawn(write_until(app.clone(), writer, until)));
            for statuses in join_all(writers).await {
                for status in statuses.expect("a writer ends") {
                    *done.entry(status).or_default() += 1;
                }
            }
            if done.get(&200).is_some_and(|&count| count > 50) && done.contains_key(&409) {
                break;
            }
        }
        assert!(done.get(&200).is_some_and(|&count| count > 50), "{done:?}");
        assert!(done.contains_key(&409), "{done:?}");
        holds_together(&database, &app).await;
        let ctx = app.registry.context(Ok(Principal::local_operator()));
        let flaws = check::check(&ctx, &|_, _| {}).await.expect("the registry is read");
        assert!(flaws.iter().all(|flaw| flaw.code == "dangling_reference"), "{flaws:?}");
    }
}

/// Random changes until a time, and how each was answered.
async fn write_until(app: TestApp, writer: u64, until: Instant) -> Vec<u16> {
    let mut state = writer.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    };
    let mut statuses = Vec::new();
    while Instant::now() < until {
        let member = member(random(16) as usize);
        let community = member[..member.find("/members").expect("a path of a member")].to_owned();
        let (few, many) = (random(4), random(1_000_000));
        let asked = match random(14) {
            0 | 1 => app.put_json(
                format!("{member}/assets/{}-{few}", member.rsplit('/').next().unwrap_or_default()),
                &json!({"asset_type": "meter", "name": "M", "sensor_id": format!("S{}", random(6)), "pod": format!("P{few}")}),
            ),
            2 => app.delete(format!("{member}/assets/{}-{few}", member.rsplit('/').next().unwrap_or_default())),
            3 | 4 => app.put_json(format!("{member}/delivery-points/p{few}"), &json!({"type": "pod", "n": many})),
            5 => app.put_json(format!("{member}/delivery-points/P{few}?replaces=p{}", random(4)), &json!({"type": "pod"})),
            6 => app.delete(format!("{member}/delivery-points/P{few}")),
            7 => app.post_json(format!("{member}/status"), &json!({"status": (["active", "inactive", "suspended", "active"][few as usize])})),
            8 => app.patch_json(&member, &json!({"did": format!("did:{few}"), "area": (["a", "b", "c", "d"][random(4) as usize])})),
            9 => app.delete(format!("{member}?purge={}", few == 0)),
            10 => app.post_json(
                format!("{community}/members"),
                &json!({"key": member.rsplit('/').next(), "user_id": format!("u{many}"), "name": "N", "role": "consumer", "area": "a",
                    "status": "active", "delivery_points": [{"id": format!("P{few}"), "type": "pod"}]}),
            ),
            11 => app.put_json(format!("{community}/areas/{}", ["c", "d"][random(2) as usize]), &json!({"name": "X"})),
            12 => app.delete(format!("{community}/areas/{}", ["c", "d"][random(2) as usize])),
            _ if few == 0 && many % 4 == 0 => app.post_yaml("/admin/import/yaml", two_communities()),
            _ => app.patch_json(&community, &json!({"extra": {"n": many}})),
        };
        let answer = asked.admin().await;
        let status = answer.status.as_u16();
        assert!(status < 500, "{answer:?}");
        statuses.push(status);
    }
    statuses
}

/// Everything that the model says of the registry as a whole, read from the tables.
async fn holds_together(database: &TestDatabase, app: &TestApp) {
    let connection = Database::connect(&database.url).await.expect("the database answers");
    let count = async |sql: &str| {
        let statement = Statement::from_string(connection.get_database_backend(), sql.to_owned());
        let rows = connection.query_all_raw(statement).await.expect("a statement runs");
        rows.len()
    };
    for (broken, sql) in [
        (
            "a sensor has two active holders",
            "SELECT a.sensor_id FROM asset a JOIN member m ON m.id = a.member_id \
            WHERE m.status = 'active' AND a.sensor_id IS NOT NULL GROUP BY a.sensor_id HAVING COUNT(DISTINCT m.id) > 1",
        ),
        (
            "a delivery point has two active holders",
            "SELECT p.code_folded FROM delivery_point p JOIN member m ON m.id = p.member_id \
            WHERE m.status = 'active' GROUP BY p.code_folded HAVING COUNT(DISTINCT m.id) > 1",
        ),
        (
            "somebody holds what is not theirs",
            "SELECT h.folded_id FROM holding h WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.id = h.member_id \
            AND m.status = 'active' AND (EXISTS (SELECT 1 FROM asset a WHERE a.member_id = m.id AND h.kind = 'sensor' AND a.sensor_id = h.folded_id) \
            OR EXISTS (SELECT 1 FROM delivery_point p WHERE p.member_id = m.id AND h.kind = 'delivery_point' AND p.code_folded = h.folded_id)))",
        ),
        (
            "a sensor is nobody's though somebody has it",
            "SELECT a.sensor_id FROM asset a JOIN member m ON m.id = a.member_id WHERE m.status = 'active' \
            AND a.sensor_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM holding h WHERE h.kind = 'sensor' AND h.folded_id = a.sensor_id AND h.member_id = m.id)",
        ),
        (
            "a point is nobody's though somebody has it",
            "SELECT p.code FROM delivery_point p JOIN member m ON m.id = p.member_id WHERE m.status = 'active' \
            AND NOT EXISTS (SELECT 1 FROM holding h WHERE h.kind = 'delivery_point' AND h.folded_id = p.code_folded AND h.member_id = m.id)",
        ),
        (
            "two members share a user id",
            "SELECT user_id FROM member GROUP BY community_id, user_id HAVING COUNT(*) > 1",
        ),
        (
            "two members share a DID",
            "SELECT did FROM member WHERE did IS NOT NULL GROUP BY did HAVING COUNT(*) > 1",
        ),
        (
            "a search finds what is gone",
            "SELECT s.id FROM search_text s WHERE s.kind <> 'community' AND s.id NOT IN (SELECT id FROM member) \
            AND s.id NOT IN (SELECT id FROM asset) AND s.id NOT IN (SELECT id FROM delivery_point)",
        ),
        (
            "a search misses a member",
            "SELECT m.id FROM member m WHERE m.id NOT IN (SELECT id FROM search_text)",
        ),
        (
            "a search misses a point",
            "SELECT p.id FROM delivery_point p WHERE p.id NOT IN (SELECT id FROM search_text)",
        ),
        (
            "a search misses an asset",
            "SELECT a.id FROM asset a WHERE a.id NOT IN (SELECT id FROM search_text)",
        ),
    ] {
        assert_eq!(count(sql).await, 0, "{broken}");
    }
    // What an import would say of the whole: areas that exist, keys that are unique, documents that are sound.
    let exported = app.export().await;
    let report = app.post_yaml("/admin/import/yaml?dry_run=true", exported).admin().await.json(200);
    for report in report["reports"].as_array().expect("reports") {
        assert_eq!(report["refusals"], Value::Array(Vec::new()), "{report}");
        assert_eq!(report["unchanged"], report["inserted"], "{report}");
    }
}
