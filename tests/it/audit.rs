//! Who looked at or wrote what, and what becomes of it when somebody is erased.

use std::process::Command;
use std::time::Duration;

use rec_registry::auth::Principal;
use rec_registry::domain::identifier::UserId;
use rec_registry::service::person;
use rec_registry::store::audit::give_keys;
use rec_registry::store::{DatabaseSettings, Store};
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};

use crate::support::federation::Federation;
use crate::support::server::{PROGRAM, Server};
use crate::support::{Fixture as _, TestApp, TestDatabase, on_both_databases};

/// What stands on the trail, the newest first.
async fn trail(app: &TestApp, query: &str) -> Vec<Value> {
    app.registry.flush().await;
    let answer = app.get(format!("/admin/audit?limit=500&{query}")).admin().await.json(200);
    answer["items"].as_array().cloned().unwrap_or_default()
}

fn deeds(entries: &[Value]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| {
            let of = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {} {}", of("operation"), of("community_key"), entry["rows"], of("outcome"))
        })
        .collect()
}

/// Somebody of a sample, with a community and a key.
async fn somebody(app: &TestApp) -> (String, String, String) {
    app.import_sample("aurora-highlands-v0.7.yaml").await;
    let data = app.graphql("{ members(first: 1, filter: {status: {eq: ACTIVE}}) { nodes { key userId community { key } } } }", json!({})).admin().await.data();
    let member = &data["members"]["nodes"][0];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&member["community"]["key"]), text(&member["key"]), text(&member["userId"]))
}

on_both_databases! {
    async fn an_import_is_recorded_with_the_write_and_a_denied_one_as_denied(app: TestApp) {
        let (community, ..) = somebody(&app).await;
        let imports = trail(&app, "operation=import").await;
        assert_eq!(imports.len(), 1);
        assert_eq!(imports[0]["community_key"], community.as_str());
        assert_eq!(imports[0]["outcome"], "ok");
        assert_ne!(imports[0]["rows"], 0);
        app.post_yaml("/admin/import/yaml", "a: [").admin().await;
        app.post_yaml("/admin/import/yaml", "a: [").bearer("rec-registry.read").await.json(403);
        assert_eq!(deeds(&trail(&app, "operation=import").await)[..2], ["import - 0 denied", "import - 0 refused"]);
    }

    async fn a_look_at_one_member_is_recorded_about_that_member(app: TestApp) {
        let (community, key, user) = somebody(&app).await;
        app.get(format!("/admin/communities/{community}/members/{key}")).admin().await.json(200);
        app.get(format!("/admin/communities/{community}/members/nobody")).admin().await.json(404);
        let got = trail(&app, "operation=member.get").await;
        assert_eq!(deeds(&got), [format!("member.get {community} 0 not_found"), format!("member.get {community} 1 ok")]);
        assert!(got[0]["about"].is_null() && got[1]["about"].is_string());
        assert!(got[1]["request_id"].is_string());
        assert!(!trail(&app, &format!("user_id={user}")).await.is_empty());
        assert!(trail(&app, "user_id=nobody-at-all").await.is_empty());
        let text = serde_json::to_string(&trail(&app, "").await).expect("JSON");
        assert!(!text.contains(&user) && !text.contains(&key));
    }

    async fn whoever_looks_at_many_people_at_once_names_none_of_them(app: TestApp) {
        app.import(Federation { communities: 11, members: 2, edition: 1 }.to_yaml()).await;
        let look = async |sensors: Vec<String>| {
            let before = trail(&app, "operation=lookup.assets_by_sensor_ids").await.len();
            app.post_json("/admin/lookup/assets-by-sensor-ids", &json!({"sensor_ids": sensors})).admin().await.json(200);
            let entries = trail(&app, "operation=lookup.assets_by_sensor_ids").await;
            let made = &entries[..entries.len() - before];
            (made.len(), made.iter().filter(|entry| entry["about"].is_string()).count())
        };
        let one_each = |communities| (0..communities).map(|community| Federation::sensor_id(community, 0)).collect();
        assert_eq!(look(one_each(1)).await, (1, 1));
        assert_eq!(look(one_each(10)).await, (10, 10));
        assert_eq!(look(one_each(11)).await, (11, 0));
        assert_eq!(look(vec![Federation::sensor_id(0, 0), Federation::sensor_id(0, 1)]).await, (1, 0));
    }

    async fn a_nested_query_gives_one_entry_for_each_kind_of_thing(app: TestApp) {
        somebody(&app).await;
        let before = trail(&app, "").await.len();
        app.graphql("{ members(first: 50) { nodes { assets { nodes { key } } deliveryPoints { code } } } }", json!({})).admin().await.data();
        let entries = trail(&app, "").await;
        let mut made: Vec<_> = entries[..entries.len() - before].iter().map(|entry| entry["operation"].clone()).collect();
        made.sort_by_key(ToString::to_string);
        assert_eq!(made, ["asset.edge", "delivery_point.edge", "member.list"]);
    }

    async fn a_look_at_the_past_is_recorded_at_both_doors(app: TestApp) {
        let (community, ..) = somebody(&app).await;
        app.get(format!("/admin/communities/{community}/revisions")).admin().await.json(200);
        app.get("/admin/communities/nowhere/revisions").admin().await.json(404);
        assert_eq!(
            deeds(&trail(&app, "operation=revision.list").await),
            ["revision.list nowhere 0 not_found".to_owned(), format!("revision.list {community} 1 ok")]
        );
        app.graphql("{ communities { nodes { revisions { nodes { number } } } } }", json!({})).admin().await.data();
        app.graphql("query($k: String!) { community(key: $k) { revisions { nodes { number } } } }", json!({"k": community})).admin().await.data();
        assert_eq!(deeds(&trail(&app, "operation=revision.edge").await), [format!("revision.edge {community} 1 ok"), format!("revision.edge {community} 1 ok")]);
    }

    async fn whoever_looks_at_their_own_data_leaves_no_entry(app: TestApp) {
        let (.., user) = somebody(&app).await;
        let before = trail(&app, "").await.len();
        app.get("/user/assets").by(&user, "").await.json(200);
        assert_eq!(trail(&app, "").await.len(), before);
    }

    async fn a_grant_for_one_community_shows_its_entries_alone(app: TestApp) {
        let (community, ..) = somebody(&app).await;
        app.registry.flush().await;
        let own = app.get("/admin/audit").bearer(&format!("rec-registry.audit:{community}")).await.json(200);
        assert!(own["items"].as_array().is_some_and(|items| !items.is_empty()
            && items.iter().all(|entry| entry["community_key"] == community.as_str())));
        let other = app.get("/admin/audit").bearer("rec-registry.audit:elsewhere").await.json(200);
        assert_eq!(other["items"], json!([]));
        app.get("/admin/audit").bearer("rec-registry.read").await.json(403);
    }

    async fn both_doors_show_the_same_trail_and_the_same_export(app: TestApp) {
        let (community, key, user) = somebody(&app).await;
        app.get(format!("/admin/communities/{community}/members/{key}")).admin().await.json(200);
        let of_rest = trail(&app, "").await;
        let query = "{ auditEntries { totalCount nodes { id at subject about operation communityKey rows requestId } } }";
        let data = app.graphql(query, json!({})).admin().await.data();
        assert_eq!(data["auditEntries"]["totalCount"], of_rest.len());
        for (node, entry) in data["auditEntries"]["nodes"].as_array().expect("a list").iter().zip(&of_rest) {
            for (of_graphql, of_rest) in [("id", "id"), ("at", "at"), ("subject", "subject"), ("about", "about"),
                ("operation", "operation"), ("communityKey", "community_key"), ("rows", "rows"), ("requestId", "request_id")] {
                assert_eq!(node[of_graphql], entry[of_rest]);
            }
        }
        let mut one = app.get("/user/export").by(&user, "").await.json(200);
        let mut other = app.graphql("{ me { export } }", json!({})).by(&user, "").await.data()["me"]["export"].take();
        assert_eq!(one["memberships"][0]["key"], key.as_str());
        assert!(one["audit"]["about"].as_array().is_some_and(|about| !about.is_empty()));
        one["exported_at"].take();
        other["exported_at"].take();
        assert_eq!(one, other);
    }

    async fn whoever_is_erased_is_nobody_on_the_trail(app: TestApp) {
        let (community, key, user) = somebody(&app).await;
        app.get(format!("/admin/communities/{community}/members/{key}")).admin().await.json(200);
        let about = trail(&app, "operation=member.get").await[0]["about"].clone();
        let ctx = app.registry.context(Ok(Principal::local_operator()));
        assert!(person::erase(&ctx, &UserId::from(user.as_str())).await.expect("erased") > 0);
        app.get(format!("/admin/communities/{community}/members/{key}")).admin().await.json(404);
        assert!(!app.export().await.contains(&user));
        assert_eq!(trail(&app, "operation=person.erase").await.len(), 1);
        assert!(trail(&app, &format!("user_id={user}")).await.is_empty());
        assert!(trail(&app, "").await.iter().any(|entry| entry["about"] == about));
        assert_eq!(app.get("/user/export").by(&user, "").await.json(200)["memberships"], json!([]));
    }

    async fn every_write_is_recorded_once_about_whom_it_is(app: TestApp) {
        let (community, _, user) = somebody(&app).await;
        let path = format!("/admin/communities/{community}");
        let area = app.get(&path).admin().await.json(200)["areas"].as_object().expect("areas").keys().next().expect("one").clone();
        let before = trail(&app, "").await.len();
        let member = json!({"key": "new", "user_id": "new", "name": "New", "role": "consumer", "area": area, "status": "active"});
        app.post_json(format!("{path}/members"), &member).header("idempotency-key", "k1").admin().await.json(201);
        app.post_json(format!("{path}/members"), &member).header("idempotency-key", "k1").admin().await.json(201);
        app.post_json(format!("{path}/members"), &member).admin().await.json(409);
        app.post_json(format!("{path}/members"), &member).bearer("rec-registry.read").await.json(403);
        app.patch_json(format!("{path}/members/new"), &json!({"name": "Newer"})).admin().await.json(200);
        app.put_json(format!("{path}/members/new/delivery-points/P-1"), &json!({"type": "pod"})).admin().await.json(200);
        app.put_json(format!("{path}/members/new/assets/m"), &json!({"asset_type": "meter", "name": "M"})).admin().await.json(200);
        app.delete(format!("{path}/members/new/assets/m")).admin().await.text(204);
        app.delete(format!("{path}/members/new?purge=true")).admin().await.json(200);
        app.patch_json(&path, &json!({"name": "Another"})).admin().await.json(200);
        app.delete(format!("{path}?dry_run=true")).admin().await.json(200);
        app.delete(&path).admin().await.json(200);
        let entries = trail(&app, "").await;
        let made = &entries[..entries.len() - before];
        let done: Vec<_> = deeds(made).into_iter().filter(|deed| !deed.contains(".edge ") && !deed.contains(".get ")).collect();
        let mut expected = [
            "member.create 1 ok", "member.create 0 ok", "member.create 0 refused", "member.create 0 denied", "member.update 1 ok",
            "delivery_point.put 2 ok", "asset.put 1 ok", "asset.remove 1 ok", "member.purge 1 ok", "community.update 0 ok",
        ].map(|deed| deed.replacen(' ', &format!(" {community} "), 1)).to_vec();
        let removed = made.iter().find(|entry| entry["operation"] == "community.remove").expect("an entry");
        expected.push(format!("community.remove {community} {} ok", removed["rows"]));
        let (mut done, mut expected) = (done, expected);
        done.sort();
        expected.sort();
        assert_eq!(done, expected);
        let about_new = trail(&app, "user_id=new").await;
        assert!(about_new.iter().all(|entry| entry["about"] == about_new[0]["about"]));
        let operations: Vec<_> = about_new.iter().map(|entry| entry["operation"].as_str().unwrap_or_default()).collect();
        assert_eq!(operations, ["member.purge", "asset.remove", "asset.put", "delivery_point.put", "member.update", "member.create"]);
        assert!(!trail(&app, &format!("user_id={user}")).await.iter().any(|entry| entry["operation"] == "community.update"));
    }

    async fn lookups_searches_and_exports_are_recorded_by_their_names(app: TestApp) {
        let (community, _, user) = somebody(&app).await;
        let before = trail(&app, "").await.len();
        app.get(format!("/admin/lookup/member-by-user-id/{user}")).admin().await.json(200);
        app.get("/admin/lookup/member-by-user-id/nobody").admin().await.json(404);
        app.get("/admin/lookup/member-by-user-id/nobody").bearer("rec-registry.read").await.json(403);
        let hits = app.get(format!("/admin/search?text={user}")).admin().await.json(200);
        let hits = hits["items"].as_array().map_or(0, Vec::len);
        app.export().await;
        let entries = trail(&app, "").await;
        let mut done = deeds(&entries[..entries.len() - before]);
        done.retain(|deed| !deed.contains(".edge "));
        done.sort();
        let members = done.iter().find(|deed| deed.starts_with("export ")).expect("an export").clone();
        assert!(members.starts_with(&format!("export {community} ")) && members.ends_with(" ok"), "{members}");
        let mut expected = vec![
            members,
            format!("lookup.member_by_user_id {community} 1 ok"),
            "lookup.member_by_user_id - 0 not_found".to_owned(),
            "lookup.member_by_user_id - 0 denied".to_owned(),
            format!("search {community} {hits} ok"),
        ];
        expected.sort();
        assert_eq!(done, expected);
    }

    async fn what_was_an_answer_kept_for_a_retry_goes_with_the_person(app: TestApp) {
        let (community, ..) = somebody(&app).await;
        let path = format!("/admin/communities/{community}");
        let area = app.get(&path).admin().await.json(200)["areas"].as_object().expect("areas").keys().next().expect("one").clone();
        let member = json!({"key": "new", "user_id": "new", "name": "New", "role": "consumer", "area": area, "status": "active"});
        let asked = || app.post_json(format!("{path}/members"), &member).header("idempotency-key", "k1").admin();
        let first = asked().await.json(201);
        let ctx = app.registry.context(Ok(Principal::local_operator()));
        assert_eq!(person::erase(&ctx, &UserId::from("new")).await.expect("erased"), 1);
        // It is done anew, not said again.
        assert_ne!(asked().await.json(201)["id"], first["id"]);
    }

    async fn the_trail_is_the_same_in_pages_of_any_size_and_for_every_filter(app: TestApp) {
        let (community, key, user) = somebody(&app).await;
        for round in 0..30 {
            app.get(format!("/admin/communities/{community}/members/{key}")).admin().await.json(200);
            app.get(format!("/admin/communities/{community}/members/nobody")).admin().await.json(404);
            app.get("/admin/communities/nowhere/members").admin().await.json(404);
            if round % 10 == 0 {
                app.registry.flush().await;
            }
        }
        let everything = trail(&app, "").await;
        assert!(everything.len() > 90);
        let middle = &everything[everything.len() / 2]["at"];
        let is = |name: &'static str, value: &str| {
            let value = value.to_owned();
            move |entry: &Value| entry[name] == value.as_str()
        };
        let about = everything.iter().find_map(|entry| entry["about"].as_str()).expect("one is about somebody");
        let at = middle.as_str().expect("a time");
        type Keeps<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
        let filters: Vec<(String, Keeps<'_>)> = vec![
            (String::new(), Box::new(|_| true)),
            (format!("community={community}"), Box::new(is("community_key", &community))),
            ("community=elsewhere".to_owned(), Box::new(|_| false)),
            ("operation=member.get".to_owned(), Box::new(is("operation", "member.get"))),
            ("outcome=not_found&operation=member.get".to_owned(), Box::new(|entry| entry["operation"] == "member.get" && entry["outcome"] == "not_found")),
            (format!("user_id={user}"), Box::new(is("about", about))),
            (format!("since={at}"), Box::new(|entry| entry["at"].as_str() >= Some(at))),
            (format!("until={at}"), Box::new(|entry| entry["at"].as_str() < Some(at))),
        ];
        let ids = |entries: &[Value]| entries.iter().map(|entry| entry["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>();
        for (filter, keeps) in filters {
            // Reading the trail is on the trail as well.
            let known: Vec<Value> = trail(&app, &filter).await.into_iter().filter(|entry| entry["operation"] != "audit.list").collect();
            let expected: Vec<Value> = everything.iter().filter(|entry| keeps(entry)).cloned().collect();
            assert_eq!(ids(&known), ids(&expected), "{filter}");
            for size in [1, 7] {
                let mut paged = Vec::new();
                let mut path = format!("/admin/audit?limit={size}&{filter}");
                loop {
                    let page = app.get(&path).admin().await.json(200);
                    paged.extend(page["items"].as_array().cloned().unwrap_or_default());
                    let Some(cursor) = page["next_cursor"].as_str() else { break };
                    path = format!("/admin/audit?limit={size}&{filter}&cursor={cursor}");
                }
                paged.retain(|entry| entry["operation"] != "audit.list");
                assert_eq!(ids(&paged), ids(&expected), "{filter} in pages of {size}");
            }
        }
        let query = "query($before: String) { auditEntries(last: 7, before: $before, filter: {operation: \"member.get\"}) { totalCount nodes { id } pageInfo { hasPreviousPage startCursor } } }";
        let (mut backwards, mut before) = (Vec::new(), Value::Null);
        loop {
            let page = &app.graphql(query, json!({"before": before})).admin().await.data()["auditEntries"];
            assert_eq!(page["totalCount"], 60);
            let nodes = page["nodes"].as_array().expect("a list");
            backwards.splice(0..0, nodes.iter().cloned());
            if page["pageInfo"]["hasPreviousPage"] == false { break }
            before = page["pageInfo"]["startCursor"].clone();
        }
        let expected: Vec<Value> = everything.iter().filter(|entry| entry["operation"] == "member.get").cloned().collect();
        assert_eq!(ids(&backwards), ids(&expected));
    }

    async fn the_trail_survives_its_tables_being_changed_back_and_forth(app: TestApp) {
        let (community, key, user) = somebody(&app).await;
        for _ in 0..5 {
            app.get(format!("/admin/communities/{community}/members/{key}")).admin().await.json(200);
        }
        let before = trail(&app, "").await;
        let about = trail(&app, &format!("user_id={user}")).await;
        for steps in 1..=3 {
            app.registry.migrate_down(steps).await.expect("the steps are taken back");
            app.registry.migrate().await.expect("and taken again");
        }
        let same = |entries: Vec<Value>| entries.into_iter().filter(|entry| entry["operation"] != "audit.list").collect::<Vec<_>>();
        assert_eq!(same(trail(&app, "").await), same(before));
        assert_eq!(same(trail(&app, &format!("user_id={user}")).await), same(about));
    }

    async fn people_of_a_large_import_have_their_keys_behind_it_and_whoever_is_erased_has_none(database: TestDatabase) {
        let (app, connection) = (TestApp::on(&database).await, Database::connect(&database.url).await.expect("the database answers"));
        let keys = async |of: &str| {
            let select = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_person WHERE name LIKE 'user:{of}'");
            let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), select)).await;
            row.expect("counted").expect("a row").try_get_by_index::<i64>(0).expect("a number")
        };
        app.import(Federation { communities: 1, members: 300, edition: 1 }.to_yaml()).await;
        let given = async {
            while keys("user.%").await < 300 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), given).await.expect("each has one soon");
        let (erased, other) = (Federation::user_id(0, 7), Federation::user_id(0, 8));
        let ctx = app.registry.context(Ok(Principal::local_operator()));
        assert!(person::erase(&ctx, &UserId::from(erased.as_str())).await.expect("erased") > 0);
        connection.execute_unprepared("DELETE FROM audit_person").await.expect("nobody has one");
        // As if the import gave them only now.
        let store = Store::connect(&database.url, &DatabaseSettings::default()).await.expect("the database answers");
        let give = store.write(|handle| {
            let (erased, other) = (erased.clone(), other.clone());
            async move { give_keys(&handle, &[&erased, &other]).await }
        });
        give.await.expect("given");
        assert_eq!((keys(&erased).await, keys(&other).await), (0, 1));
        store.close().await.expect("connections close");
        connection.close().await.expect("a connection closes");
    }

    async fn the_trail_goes_on_from_segment_to_segment(database: TestDatabase) {
        let connection = Database::connect(&database.url).await.expect("the database answers");
        let number = async |select: &str| {
            let select = format!("SELECT CAST(({select}) AS BIGINT)");
            let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), select)).await;
            row.expect("counted").expect("a row").try_get_by_index::<i64>(0).expect("a number")
        };
        let (community, key, user) = somebody(&TestApp::on(&database).await).await;
        for segment in 0..=2 {
            let app = TestApp::on(&database).await;
            if segment < 2 {
                let fill = format!(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 32768) \
                     INSERT INTO audit_mark (segment, mark, batch) \
                     SELECT {segment}, 'filler ' || i, (SELECT id FROM audit_batch ORDER BY id LIMIT 1) FROM n"
                );
                connection.execute_unprepared(&fill).await.expect("the segment is filled");
            }
            for _ in 0..5 {
                app.get(format!("/admin/communities/{community}/members/{key}")).admin().await.json(200);
                app.registry.flush().await;
            }
            assert_eq!(number("SELECT COUNT(*) FROM audit_segment").await, (segment + 1).min(2), "after {segment}");
            if segment < 2 { continue }

            let about = format!("user_id={user}&operation=member.get");
            let ids = |entries: &[Value]| entries.iter().map(|entry| entry["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>();
            let all = ids(&trail(&app, &about).await);
            assert_eq!(all.len(), 15);
            assert!(all.is_sorted_by(|newer, older| newer > older));
            assert!(number("SELECT COUNT(DISTINCT segment) FROM audit_mark WHERE mark NOT LIKE 'filler%'").await >= 3);
            let query = "query($user: String!, $before: String) { auditEntries(last: 2, before: $before, filter: {userId: $user, operation: \"member.get\"}) { totalCount nodes { id } pageInfo { hasPreviousPage startCursor } } }";
            let mut backwards: Vec<Value> = Vec::new();
            let mut before = Value::Null;
            loop {
                let page = &app.graphql(query, json!({"user": user, "before": before})).admin().await.data()["auditEntries"];
                assert_eq!(page["totalCount"], 15);
                backwards.splice(0..0, page["nodes"].as_array().expect("a list").iter().cloned());
                if page["pageInfo"]["hasPreviousPage"] == false { break }
                before = page["pageInfo"]["startCursor"].clone();
            }
            assert_eq!(backwards.len(), all.len());
            let newest = async || app.get(format!("/admin/audit?limit=7&{about}")).admin().await.json(200)["items"].as_array().map(|items| ids(items));
            assert_eq!(newest().await.as_deref(), Some(&all[..7]));

            // A server of an earlier version knows of no segments, and writes beside.
            connection.execute_unprepared("UPDATE audit_mark SET segment = 0 WHERE segment = 2").await.expect("moved");
            assert_eq!(ids(&trail(&app, &about).await), all);
            assert_eq!(newest().await.as_deref(), Some(&all[..7]));

            // Who looked at the trail stands there as well, and is not to come behind the deletion.
            app.registry.flush().await;
            let _recording = app.registry.clone().recording(Duration::ZERO);
            let begun = std::time::Instant::now();
            while number("SELECT COUNT(*) FROM audit_mark WHERE mark NOT LIKE 'filler%'").await > 0 || number("SELECT COUNT(*) FROM audit_segment").await > 1 {
                assert!(begun.elapsed() < Duration::from_secs(60), "nothing is deleted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        connection.close().await.expect("closed");
    }

    async fn what_is_old_is_deleted_and_what_is_there_is_not_changed(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        somebody(&app).await;
        assert!(!trail(&app, "").await.is_empty());
        let connection = Database::connect(&database.url).await.expect("the database answers");
        let refused = connection.execute_unprepared("UPDATE audit_batch SET entries = 0").await;
        assert!(refused.is_err_and(|error| error.to_string().contains("append-only")));
        connection.close().await.expect("closed");
        let _recording = app.registry.clone().recording(Duration::ZERO);
        let before = std::time::Instant::now();
        while !app.get("/admin/audit?operation=import").admin().await.json(200)["items"].as_array().is_none_or(Vec::is_empty) {
            assert!(before.elapsed() < Duration::from_secs(60), "nothing is deleted");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn what_was_looked_at_is_written_before_the_process_ends(database: TestDatabase) {
        let mut server = Server::start(database.directory(), &database.url).await;
        server.import(include_str!("../../examples/valle-chiara.yaml")).send().await.expect("imported");
        for _ in 0..20 {
            let answer = server.get("/admin/communities/valle-chiara/members/nobody", server.token()).send().await.expect("answered");
            assert_eq!(answer.status(), 404);
        }
        let told = Command::new("kill").args(["-TERM", &server.process.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()));
        assert!(server.process.wait().expect("the server ends").success(), "{}", server.account());
        let mut command = Command::new(PROGRAM);
        let output = command.args(["audit", "--json", "--operation", "member.get", "--outcome", "not_found", "--database-url", &database.url]).output();
        let output = output.expect("the program runs");
        let entries: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(entries.as_array().map(Vec::len), Some(20));
    }
}
