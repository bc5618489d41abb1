//! What the row of an asset says of its owner and its community is what these say themselves, whoever writes what.

use axum::http::Method;
use rec_registry::auth::Principal;
use rec_registry::service::check;
use rec_registry::service::{DatabaseSettings, Registry};
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};

use crate::support::federation::Federation;
use crate::support::neighbours::{self, bundle};
use crate::support::{Backend, Fixture as _, TestApp, TestDatabase, on_both_databases};

const OWN: &str = "/admin/communities/own";
const SENSOR: &str = "sensor.own.p.pv";

async fn expect_no_flaws(registry: &Registry, after: &str) {
    let ctx = registry.context(Ok(Principal::local_operator()));
    let flaws = check::check(&ctx, &|_, _| {}).await.expect("the registry is read");
    assert!(flaws.iter().all(check::Flaw::is_dangling), "after {after}: {flaws:?}");
}

/// What a batch of lookups says of the owner and the community of a sensor; none when nobody holds it.
async fn owner(app: &TestApp, sensor: &str) -> Option<[Value; 4]> {
    let found = app.post_json("/admin/lookup/assets-by-sensor-ids", &json!([sensor])).admin().await.json(200);
    let asset = found.as_array().expect("a list").first()?.clone();
    Some(["owner_key", "owner_user_id", "community_key", "community_name"].map(|key| asset[key].clone()))
}

async fn execute(database: &TestDatabase, sql: &str) {
    let connection = Database::connect(&database.url).await.expect("the database answers");
    connection.execute_unprepared(sql).await.expect(sql);
    connection.close().await.expect("closed");
}

on_both_databases! {
    async fn assets_say_what_their_owner_and_their_community_say(app: TestApp) {
        neighbours::import(&app).await;
        let says = |user: &str, community: &str| Some([json!("key.own.p"), json!(user), json!("own"), json!(community)]);
        assert_eq!(owner(&app, SENSOR).await, says("user.own.p", "rec.own.name"));

        let member = format!("{OWN}/members/key.own.p");
        let writes = [
            (Method::PATCH, member.clone(), json!({"user_id": "somebody"}), says("somebody", "rec.own.name")),
            (Method::PUT, format!("{member}/name"), json!({"name": "Changed"}), says("somebody", "rec.own.name")),
            (Method::PUT, format!("{member}/role"), json!({"role": "admin"}), says("somebody", "rec.own.name")),
            (Method::POST, format!("{member}/status"), json!({"status": "suspended"}), None),
            (Method::POST, format!("{member}/status"), json!({"status": "active"}), says("somebody", "rec.own.name")),
            (Method::PATCH, OWN.to_owned(), json!({"name": "Renamed"}), says("somebody", "Renamed")),
            (
                Method::PUT,
                format!("{member}/assets/roof-own-p"),
                json!({"key": "roof-own-p", "asset_type": "pv", "properties": {"name": "Roof", "sensor_id": SENSOR}}),
                says("somebody", "Renamed"),
            ),
        ];
        for (method, path, body, expected) in writes {
            let answer = app.json(method.clone(), path.clone(), &body).admin().await;
            assert_eq!(answer.status, 200, "{method} {path}: {:?}", answer.text(answer.status.as_u16()));
            assert_eq!(owner(&app, SENSOR).await, expected, "{method} {path} {body}");
            expect_no_flaws(&app.registry, &format!("{method} {path} {body}")).await;
        }

        // The community alone is another, then its members are, then assets have other owners.
        for (from, to) in [("name: rec.own.name", "name: Again"), ("name.own.q", "Q"), ("roof-own-p: {", "roof-own-q: {")] {
            let mut changed = bundle("own").replace("rec.own.name", "Again").replace(from, to);
            if to.starts_with("roof") {
                let (first, second) = changed.split_once(to).expect("p has it now");
                changed = format!("{first}{to}{}", second.replacen(to, from, 1));
            }
            app.import(changed).await;
            expect_no_flaws(&app.registry, to).await;
        }
        assert_eq!(owner(&app, "sensor.own.q.pv").await.map(|[.., name]| name), Some(json!("Again")));
    }

    async fn a_community_is_renamed_by_an_import_that_makes_indexes_anew(app: TestApp) {
        let yaml = Federation { communities: 2, members: 1_001, edition: 1 }.to_yaml();
        app.import(yaml.clone()).await;
        expect_no_flaws(&app.registry, "a large import").await;
        let name = app.get("/admin/communities/valley-000").admin().await.json(200)["name"].clone();
        let name = name.as_str().expect("a name");
        // Only half of the members are another.
        let (head, tail) = yaml.split_at(yaml.len() / 2);
        let renamed = format!("{}{}", head, tail.replace("role: consumer", "role: prosumer")).replace(name, "Renamed");
        assert_ne!(renamed, yaml);
        app.import(renamed).await;
        expect_no_flaws(&app.registry, "a large import that renames").await;
        let found = owner(&app, &Federation::sensor_id(0, 7)).await;
        assert_eq!(found.map(|[.., community]| community), Some(json!("Renamed")));
    }

    async fn assets_from_before_the_step_get_their_owners(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        neighbours::import(&app).await;
        let before = owner(&app, SENSOR).await;
        assert!(before.is_some());
        drop(app);
        let registry = Registry::connect(&database.url, &DatabaseSettings::default()).await.expect("the database answers");
        let steps = registry.migrations().await.expect("the steps are listed");
        let last = steps.iter().position(|(name, _)| name.contains("add_owners_to_assets")).expect("the step is one of them");
        let down = u32::try_from(steps.len() - last).expect("a few steps");
        registry.migrate_down(down).await.expect("it goes down");
        registry.migrate().await.expect("it goes up again");
        expect_no_flaws(&registry, "the step").await;
        assert_eq!(owner(&TestApp::on(&database).await, SENSOR).await, before);
    }

    async fn a_server_that_does_not_know_what_assets_say_may_write_beside(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        neighbours::import(&app).await;
        execute(&database, "UPDATE member SET status = 'inactive', version = version + 1 WHERE key = 'key.own.p'").await;
        expect_no_owner_is_stale(&database).await;
        execute(&database, "UPDATE community SET name = 'Renamed', version = version + 1 WHERE key = 'own'").await;
        expect_no_owner_is_stale(&database).await;
        if database.backend == Backend::Sqlite {
            // One server has the file, and makes assets with all that they say.
            return;
        }
        let columns = "community_id, member_id, key_folded, asset_type, name, name_folded, properties, device, relationships, \
            extra, version, created_at, updated_at";
        execute(&database, &format!("INSERT INTO asset (id, key, {columns}) SELECT gen_random_uuid(), key || '-2', {columns} FROM asset"))
            .await;
        expect_no_owner_is_stale(&database).await;
    }
}

/// No asset says anything else than its member and its community, as the tables have it.
async fn expect_no_owner_is_stale(database: &TestDatabase) {
    let connection = Database::connect(&database.url).await.expect("the database answers");
    let sql = "SELECT COUNT(*) AS assets, COUNT(CASE WHEN asset.community_key = community.key AND asset.community_name = community.name \
        AND asset.owner_key = member.key AND asset.owner_user_id = member.user_id AND asset.owner_name = member.name \
        AND asset.owner_role = member.role AND asset.owner_status = member.status THEN 1 END) AS sound \
        FROM asset JOIN member ON member.id = asset.member_id JOIN community ON community.id = asset.community_id";
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
    let row = row.expect("the tables are read").expect("a row");
    let count = |name: &str| row.try_get::<i64>("", name).expect("a number");
    assert!(count("assets") > 0);
    assert_eq!(count("sound"), count("assets"));
    connection.close().await.expect("closed");
}
