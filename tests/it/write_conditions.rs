//! Two editors do not overwrite each other, and a request that is asked again is done once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{TestApp, on_both_databases};

const VALLEY: &str = "/admin/communities/valley-rec";

fn bruno() -> Value {
    json!({"user_id": "bruno", "name": "Bruno", "role": "consumer", "area": "alta", "status": "active"})
}

on_both_databases! {
    async fn a_write_under_an_older_entity_tag_is_refused(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let member = format!("{VALLEY}/members/gl-00001");
        let asset = format!("{VALLEY}/assets/pv-gl-00001");
        let own_asset = format!("{member}/assets/pv-gl-00001");
        let roof = json!({"asset_type": "pv", "name": "Roof"});
        let point = json!({"type": "pod"});
        for (read, method, write, body) in [
            (&member, "PATCH", member.clone(), json!({"name": "A"})),
            (&member, "PATCH", format!("{member}/profile"), json!({"role": "admin"})),
            (&member, "PUT", format!("{member}/name"), json!({"name": "B"})),
            (&member, "POST", format!("{member}/status"), json!({"status": "suspended"})),
            (&member, "PUT", format!("{member}/delivery-points/new"), point.clone()),
            (&member, "DELETE", format!("{member}/delivery-points/new"), Value::Null),
            (&asset, "PUT", own_asset.clone(), roof.clone()),
            (&VALLEY.to_owned(), "PATCH", VALLEY.to_owned(), json!({"name": "V"})),
            (&VALLEY.to_owned(), "PUT", format!("{VALLEY}/areas/third"), json!({"name": "T"})),
            (&VALLEY.to_owned(), "POST", format!("{VALLEY}/areas/third/rename"), json!({"new_key": "fourth"})),
            (&VALLEY.to_owned(), "DELETE", format!("{VALLEY}/areas/fourth"), Value::Null),
            (&VALLEY.to_owned(), "PUT", format!("{VALLEY}/topology/n"), json!({"type": "feeder"})),
            (&VALLEY.to_owned(), "DELETE", format!("{VALLEY}/topology/n"), Value::Null),
            (&VALLEY.to_owned(), "PUT", format!("{VALLEY}/operators/o"), json!({"name": "O"})),
            (&VALLEY.to_owned(), "DELETE", format!("{VALLEY}/operators/o"), Value::Null),
        ] {
            let tag = app.get(read).admin().await.header("etag").to_owned();
            let ask = |condition: &str| {
                let method = method.parse().expect("a method");
                let asked = match &body {
                    Value::Null => app.request(method, &write),
                    body => app.json(method, &write, body),
                };
                asked.admin().header("if-match", condition)
            };
            for stale in ["\"other\"", &format!("W/{tag}"), ""] {
                assert_eq!(ask(stale).await.code(412), "changed", "{method} {write}");
            }
            ask(&format!("\"other\", {tag}")).await.json(200);
            assert_eq!(ask(&tag).await.status.as_u16(), if method == "DELETE" || write.ends_with("rename") { 404 } else { 412 }, "{method} {write}");
        }
        let gone = |path: &str, tag: &str| app.delete(path).admin().header("if-match", tag);
        assert_eq!(gone(&own_asset, "\"x\"").await.code(412), "changed");
        assert_eq!(gone(&own_asset, "*").await.text(204), "");
        let new = |tag: &str| app.put_json(&own_asset, &roof).admin().header("if-match", tag);
        assert_eq!(new("*").await.code(412), "changed", "there is nothing to match");
        assert_eq!(gone(&member, "\"x\"").await.code(412), "changed");
        assert_eq!(gone(&format!("{VALLEY}?dry_run=1"), "\"x\"").await.code(412), "changed");
        assert_eq!(gone(VALLEY, "\"x\"").await.code(412), "changed");
        gone(VALLEY, "*").await.json(200);
    }

    async fn an_asset_is_another_one_to_who_read_it_with_its_owners_old_name(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let asset = format!("{VALLEY}/assets/pv-gl-00001");
        let before = app.get(&asset).admin().await.header("etag").to_owned();
        app.patch_json(format!("{VALLEY}/members/gl-00001"), &json!({"user_id": "g.bianchi"})).admin().await.json(200);
        let after = app.get(&asset).header("if-none-match", &before).admin().await;
        assert_eq!(after.json(200)["owner_user_id"], "g.bianchi");
    }

    async fn a_mutation_under_an_older_version_is_refused(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let update = "mutation($v: Int) { updateMember(input: {communityKey: \"valley-rec\", key: \"gl-00001\", name: \"N\",
            expectedVersion: $v}) { member { version name } } }";
        let answer = app.graphql(update, json!({"v": 2})).admin().await;
        assert_eq!((answer.error_codes(), answer.reasons()), (vec!["CONFLICT".to_owned()], vec!["changed".to_owned()]));
        let member = app.graphql(update, json!({"v": 1})).admin().await.data()["updateMember"]["member"].take();
        assert_eq!(member, json!({"version": 2, "name": "N"}));
        for (field, version) in [
            ("putArea(input: {communityKey: \"valley-rec\", key: \"x\", name: \"X\", expectedVersion: VERSION}) { community { version } }", 1),
            ("removeMember(input: {communityKey: \"valley-rec\", key: \"gl-00001\", expectedVersion: VERSION}) { purged }", 2),
            ("removeAsset(input: {communityKey: \"valley-rec\", memberKey: \"gl-00002\", key: \"lamps\", expectedVersion: VERSION}) { assetKey }", 1),
            ("removeCommunity(input: {key: \"valley-rec\", expectedVersion: VERSION}) { dryRun }", 2),
        ] {
            let ask = |version: i32| app.graphql(&format!("mutation {{ {} }}", field.replace("VERSION", &version.to_string())), json!({}));
            assert_eq!(ask(version + 1).admin().await.reasons(), ["changed"], "{field}");
            ask(version).admin().await.data();
        }
    }

    async fn a_request_that_is_asked_again_is_done_once(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let path = format!("{VALLEY}/members");
        let ask = |key: &str, body: &Value| app.post_json(&path, body).admin().header("idempotency-key", key);
        let refused = ask("k", &json!({"name": "N"})).await;
        refused.json(422);
        let first = ask("k", &bruno()).await;
        assert_eq!(first.json(201)["key"], "gl-00004");
        let again = ask("k", &bruno()).await;
        assert_eq!((again.json(201), again.header("etag")), (first.json(201), first.header("etag")));
        assert_eq!(ask("k", &json!({"user_id": "other"})).await.code(422), "idempotency_key_reused");
        assert_eq!(ask("other", &bruno()).await.code(409), "user_id_taken");
        // The key is the subject's and the route's.
        let other = app.post_json(&path, &bruno()).by("somebody", "rec-registry.admin").header("idempotency-key", "k");
        assert_eq!(other.await.code(409), "user_id_taken");
        let status = |body: &Value| app.post_json(format!("{path}/gl-00004/status"), body).admin().header("idempotency-key", "k");
        assert_eq!(status(&json!({"status": "suspended"})).await.json(200)["status"], "suspended");
        app.post_json(format!("{path}/gl-00004/status"), &json!({"status": "active"})).admin().await.json(200);
        assert_eq!(status(&json!({"status": "suspended"})).await.json(200)["status"], "suspended", "what it was told");
        assert_eq!(app.get(format!("{path}/gl-00004")).admin().await.json(200)["status"], "active", "what is");
        let rename = || app.post_json(format!("{VALLEY}/areas/alta/rename"), &json!({"new_key": "cima"})).admin().header("idempotency-key", "k");
        assert_eq!(rename().await.json(200), rename().await.json(200));
        app.post_json(&path, &bruno()).admin().header("idempotency-key", &"x".repeat(256)).await.json(422);
        // Who is erased is erased from what is kept, too.
        app.delete(format!("{path}/gl-00004?purge=1")).admin().await.json(200);
        let mut anew = bruno();
        anew["area"] = json!("cima");
        assert_eq!(ask("k", &anew).await.json(201)["key"], "gl-00005");
    }

    async fn of_requests_with_one_key_at_the_same_time_one_is_done(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let asked = (0..8).map(|_| app.post_json(format!("{VALLEY}/members"), &bruno()).admin().header("idempotency-key", "k").into_future());
        let mut created = Vec::new();
        for answer in join_all(asked).await {
            match answer.status.as_u16() {
                201 => created.push(answer.json(201)),
                _ => assert_eq!(answer.code(409), "idempotency_key_in_use"),
            }
        }
        assert!(!created.is_empty() && created.iter().all(|one| *one == created[0]));
        let members = app.get(format!("{VALLEY}/members")).admin().await.json(200);
        assert_eq!(members["items"].as_array().unwrap().len(), 4);
    }
}
