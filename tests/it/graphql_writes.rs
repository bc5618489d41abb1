//! The runtime writes over GraphQL: the same effects, answers and codes as over REST, and payloads that show the registry
//! as it is after the write.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, TestDatabase, on_both_databases};

/// One mutation, asked with an input.
async fn mutate(app: &TestApp, field: &str, input: Value, selection: &str) -> Value {
    let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let query = format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ {selection} }} }}");
    app.graphql(&query, json!({ "input": input })).admin().await.data()[field].take()
}

/// The reason for which a mutation is refused, and its code.
async fn refused(app: &TestApp, field: &str, input: Value, selection: &str) -> (String, String) {
    let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let query = format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ {selection} }} }}");
    let answer = app.graphql(&query, json!({ "input": input })).admin().await;
    (answer.error_codes().remove(0), answer.reasons().remove(0))
}

/// The same change through both doors, each on a copy of the community of its own name.
struct Change {
    method: &'static str,
    path: &'static str,
    body: Value,
    field: &'static str,
    input: Value,
    selection: &'static str,
}

fn changes() -> Vec<Change> {
    let change =
        |method, path, body, field, input, selection| Change { method, path, body, field, input, selection };
    vec![
        change(
            "POST",
            "/members",
            json!({"user_id": "bruno", "name": "Bruno", "role": "consumer", "area": "alta", "status": "active", "type": "schema:Person",
                "did": "did:b", "delivery_points": [{"id": "NEW", "type": "pod", "volts": 230}], "extra": {"a": 1.50},
                "assets": {"meter": {"new-m": {"name": "M", "sensor_id": "NEW-S", "pod": "new", "device": {"model": "x"}}}}}),
            "createMember",
            json!({"userId": "bruno", "name": "Bruno", "role": "CONSUMER", "areaKey": "alta", "status": "ACTIVE", "type": "schema:Person",
                "did": "did:b", "deliveryPoints": [{"code": "NEW", "type": "pod", "extra": {"volts": 230}}], "extra": {"a": 1.50},
                "assets": [{"key": "new-m", "type": "METER", "name": "M", "sensorId": "NEW-S", "properties": {"pod": "new"}, "device": {"model": "x"}}]}),
            "member { key }",
        ),
        change(
            "PATCH",
            "/members/gl-00001",
            json!({"name": "G", "role": "admin", "extra": {"joined": null, "b": [1]}}),
            "updateMember",
            json!({"key": "gl-00001", "name": "G", "role": "ADMIN", "extra": {"joined": null, "b": [1]}}),
            "member { key }",
        ),
        change(
            "POST",
            "/members/gl-00002/status",
            json!({"status": "suspended", "reason": "R"}),
            "setMemberStatus",
            json!({"key": "gl-00002", "status": "SUSPENDED", "reason": "R"}),
            "member { key }",
        ),
        change(
            "DELETE",
            "/members/gl-00003?purge=1",
            Value::Null,
            "removeMember",
            json!({"key": "gl-00003", "purge": true}),
            "purged assetsRemoved",
        ),
        change(
            "PUT",
            "/members/gl-00001/delivery-points/SWAP?replaces=it001e11111111",
            json!({"type": "pod", "active": false}),
            "putDeliveryPoint",
            json!({"memberKey": "gl-00001", "replaces": "it001e11111111",
                "deliveryPoint": {"code": "SWAP", "type": "pod", "active": false}}),
            "deliveryPoint { code }",
        ),
        change(
            "DELETE",
            "/members/gl-00001/delivery-points/IT001E11111112",
            Value::Null,
            "removeDeliveryPoint",
            json!({"memberKey": "gl-00001", "code": "it001e11111112"}),
            "member { key }",
        ),
        change(
            "PUT",
            "/members/gl-00001/assets/pv-gl-00001",
            json!({"asset_type": "pv", "properties": {"name": "T", "rated_power": 5.940, "relationships": {"paired_with": "b"}}, "extra": {"x": 1}}),
            "putAsset",
            json!({"memberKey": "gl-00001", "asset": {"key": "pv-gl-00001", "type": "PV", "name": "T",
                "properties": {"rated_power": 5.940}, "relationships": {"paired_with": "b"}, "extra": {"x": 1}}}),
            "asset { key }",
        ),
        change(
            "DELETE",
            "/members/gl-00002/assets/lamps",
            Value::Null,
            "removeAsset",
            json!({"memberKey": "gl-00002", "key": "lamps"}),
            "assetKey",
        ),
        change(
            "PATCH",
            "",
            json!({"name": "V", "legal": {"vat": "1"}, "extra": {"a": "b"}}),
            "updateCommunity",
            json!({"name": "V", "legal": {"vat": "1"}, "extra": {"a": "b"}}),
            "community { key }",
        ),
        change(
            "PUT",
            "/topology/N",
            json!({"type": "feeder", "parent": "TR-7", "operator_id": "rete", "area": {"type": "Point"}, "kva": 4}),
            "putTopologyNode",
            json!({"id": "N", "type": "FEEDER", "parentId": "TR-7", "operatorKey": "rete", "geometry": {"type": "Point"},
                "extra": {"kva": 4}}),
            "topologyNode { id }",
        ),
        change(
            "PUT",
            "/areas/x",
            json!({"name": "X", "topology": ["N"], "location": {"lat": 46.10, "lon": 11}, "odd": true}),
            "putArea",
            json!({"key": "x", "name": "X", "nodeIds": ["N"], "location": {"lat": 46.10, "lon": 11}, "extra": {"odd": true}}),
            "area { key }",
        ),
        change(
            "POST",
            "/areas/alta/rename",
            json!({"new_key": "cima"}),
            "renameArea",
            json!({"key": "alta", "newKey": "cima"}),
            "membersMoved",
        ),
        change("DELETE", "/areas/x", Value::Null, "removeArea", json!({"key": "x"}), "community { key }"),
        change(
            "DELETE",
            "/topology/N",
            Value::Null,
            "removeTopologyNode",
            json!({"id": "N"}),
            "community { key }",
        ),
        change(
            "PUT",
            "/operators/o",
            json!({"name": "O", "country": "IT", "contact": "mailto:o", "z": 1}),
            "putOperator",
            json!({"key": "o", "name": "O", "country": "IT", "contact": "mailto:o", "extra": {"z": 1}}),
            "operator { key }",
        ),
        change(
            "DELETE",
            "/operators/o",
            Value::Null,
            "removeOperator",
            json!({"key": "o"}),
            "community { key }",
        ),
    ]
}

on_both_databases! {
    async fn several_writes_of_one_operation_need_one_connection(database: TestDatabase) {
        let app = TestApp::over(&database, Some(1)).await;
        app.import_sample("valley-v0.5.yaml").await;
        let mutation = r#"mutation {
            a: setMemberStatus(input: {communityKey: "valley-rec", key: "gl-00001", status: SUSPENDED}) { member { status community { revision } } }
            b: setMemberStatus(input: {communityKey: "valley-rec", key: "gl-00001", status: ACTIVE}) { member { status community { revision } } }
        }"#;
        let done = app.graphql(mutation, json!({})).admin().await.json(200);
        let member = |field: &str| &done["data"][field]["member"];
        assert_eq!((&member("a")["status"], &member("b")["status"]), (&json!("SUSPENDED"), &json!("ACTIVE")), "{done}");
        let revision = |field| member(field)["community"]["revision"].as_i64().expect("a number");
        assert_eq!(revision("a") + 1, revision("b"), "each sees what is written by then");
    }

    async fn free_data_of_a_mutation_keeps_its_digits_and_says_each_thing_once(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let put = |properties: &str| {
            let body = format!(
                r#"{{"query": "mutation($input: PutAssetInput!) {{ putAsset(input: $input) {{ asset {{ key }} }} }}",
                "variables": {{"input": {{"communityKey": "valley-rec", "memberKey": "gl-00001", "asset": {{"key": "m-2",
                "type": "METER", "name": "Second", "properties": {properties}}}}}}}}}"#
            );
            app.request(Method::POST, "/graphql").body("application/json", body).admin()
        };
        let stored = async || app.get("/admin/export?community=valley-rec").admin().await.text(200).to_owned();
        assert_eq!(put(r#"{"serial": 12345678901234567890123, "factor": 5.940}"#).await.json(200)["errors"], Value::Null);
        let export = stored().await;
        assert!(export.contains("serial: 12345678901234567890123") && export.contains("factor: 5.940"), "{export}");
        for (properties, said) in [
            (r#"{"a": 1, "a": 2}"#, "`a` stands there twice"),
            (r#"{"key": "other"}"#, "`key` has a field of its own"),
        ] {
            let refused = put(properties).await.json(200);
            let error = refused["errors"][0].to_string();
            assert!(error.contains(said) && error.contains("BAD_USER_INPUT"), "{error}");
        }
        // What looks like the kind, or like the properties, is any other property, as over REST.
        assert_eq!(put(r#"{"asset_type": "pv", "properties": {"a": 1}}"#).await.json(200)["errors"], Value::Null);
        let asset = app.get("/admin/communities/valley-rec/assets/m-2").admin().await.json(200);
        assert_eq!(asset["asset_type"], "meter");
        assert_eq!(asset["properties"], json!({"asset_type": "pv", "properties": {"a": 1}}));
        assert_eq!(app.post_yaml("/admin/import/yaml", stored().await).admin().await.status, 200);
    }

    async fn each_mutation_does_what_its_route_does(app: TestApp) {
        for Change { method, path, body, field, mut input, selection } in changes() {
            app.import_sample("valley-v0.5.yaml").await;
            if let Some((prepare, node)) = match field {
                "putArea" | "removeTopologyNode" => Some(("topology/N", json!({"type": "feeder"}))),
                "removeArea" => Some(("areas/x", json!({"name": "X"}))),
                "removeOperator" => Some(("operators/o", json!({"name": "O"}))),
                _ => None,
            } {
                app.put_json(format!("/admin/communities/valley-rec/{prepare}"), &node).admin().await.json(200);
            }
            let start = app.export().await;
            let path = format!("/admin/communities/valley-rec{path}");
            let asked = match &body {
                Value::Null => app.request(method.parse().expect("a method"), path),
                body => app.json(method.parse().expect("a method"), path, body),
            };
            let answer = asked.admin().await;
            assert!(answer.status.is_success(), "{field}: {answer:?}");
            let by_rest = app.export().await;
            assert_ne!(by_rest, start, "{field}");
            app.import(start.clone()).await;
            let key = if field == "updateCommunity" { "key" } else { "communityKey" };
            input[key] = json!("valley-rec");
            if field == "createMember" {
                input["key"] = json!("gl-00004");
            }
            let payload = mutate(&app, field, input, selection).await;
            assert!(payload.is_object(), "{field}");
            assert_eq!(app.export().await, by_rest, "{field}");
            app.delete("/admin/communities/valley-rec").admin().await.json(200);
        }
        app.import_sample("valley-v0.5.yaml").await;
        let removed = mutate(&app, "removeCommunity", json!({"key": "valley-rec", "dryRun": true}), "dryRun deleted { member asset }").await;
        assert_eq!(removed, json!({"dryRun": true, "deleted": {"member": 3, "asset": 8}}));
        mutate(&app, "removeCommunity", json!({"key": "valley-rec"}), "communityKey").await;
        assert_eq!(app.export().await, "");
    }

    async fn a_payload_shows_the_registry_as_it_is_after_the_write(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let query = r#"mutation {
            first: updateMember(input: {communityKey: "valley-rec", key: "gl-00001", name: "One"}) {
                member { name community { revision members { nodes { name } } } assets(first: 1) { nodes { owner { name } } } } }
            second: putDeliveryPoint(input: {communityKey: "valley-rec", memberKey: "gl-00001", deliveryPoint: {code: "NEW", type: "pod"}}) {
                deliveryPoint { code member { name } } member { name version deliveryPoints { code } community { revision member(key: "gl-00001") { name version deliveryPoints { code } } } } }
            third: updateMember(input: {communityKey: "valley-rec", key: "gl-00001", name: "Three"}) {
                member { name community { revision member(key: "gl-00001") { name version } } } }
            gone: removeMember(input: {communityKey: "valley-rec", key: "gl-00003", purge: true}) { member { key } purged assetsRemoved }
            moved: renameArea(input: {communityKey: "valley-rec", key: "alta", newKey: "cima"}) {
                membersMoved area { key members { nodes { name areaKey } } } community { revision member(key: "gl-00003") { key } } }
        }"#;
        let data = app.graphql(query, json!({})).admin().await.data();
        let names = |members: &Value| members.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&data["first"]["member"]["community"]["members"]["nodes"])[0], "One");
        assert_eq!(data["first"]["member"]["assets"]["nodes"][0]["owner"]["name"], "One");
        let second = &data["second"]["member"];
        assert_eq!(second["deliveryPoints"].as_array().unwrap().len(), 3);
        assert_eq!((&second["community"]["member"]["version"], &second["community"]["revision"]), (&json!(3), &json!(3)));
        assert_eq!(second["community"]["member"]["deliveryPoints"], second["deliveryPoints"]);
        assert_eq!(data["third"]["member"]["community"]["member"], json!({"name": "Three", "version": 4}));
        assert_eq!(data["gone"], json!({"member": null, "purged": true, "assetsRemoved": 1}));
        assert_eq!(data["moved"]["area"]["members"]["nodes"], json!([{"name": "Three", "areaKey": "cima"}]));
        assert_eq!(data["moved"]["community"], json!({"revision": 6, "member": null}));
    }

    async fn a_mutation_is_refused_with_the_code_of_its_route(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let here = |mut input: Value| { input["communityKey"] = json!("valley-rec"); input };
        let point = json!({"code": "IT001E22222221", "type": "pod"});
        for (field, input, selection, code, reason) in [
            ("updateMember", here(json!({"key": "nobody", "name": "N"})), "member { key }", "NOT_FOUND", "member_not_found"),
            ("updateMember", json!({"communityKey": "nowhere", "key": "k"}), "member { key }", "NOT_FOUND", "community_not_found"),
            ("updateMember", here(json!({"key": "gl-00001", "areaKey": "x"})), "member { key }", "BAD_USER_INPUT", "unknown_area"),
            ("updateMember", here(json!({"key": "gl-00001", "userId": "mario.rossi"})), "member { key }", "CONFLICT", "user_id_taken"),
            ("updateMember", here(json!({"key": "gl-00001", "name": ""})), "member { key }", "BAD_USER_INPUT", "validation_error"),
            ("setMemberStatus", here(json!({"key": "gl-00003", "status": "ACTIVE"})), "member { key }", "CONFLICT", "sensor_held"),
            ("putDeliveryPoint", here(json!({"memberKey": "gl-00001", "deliveryPoint": point})), "member { key }", "CONFLICT", "delivery_point_held"),
            ("removeDeliveryPoint", here(json!({"memberKey": "gl-00001", "code": "IT001E11111111"})), "member { key }", "CONFLICT", "delivery_point_linked"),
            ("removeAsset", here(json!({"memberKey": "gl-00001", "key": "lamps"})), "assetKey", "NOT_FOUND", "asset_not_found"),
            ("removeArea", here(json!({"key": "alta"})), "community { key }", "CONFLICT", "area_in_use"),
            ("renameArea", here(json!({"key": "alta", "newKey": "bassa"})), "oldKey", "CONFLICT", "area_key_taken"),
            ("putArea", here(json!({"key": "a b", "name": "N"})), "community { key }", "BAD_USER_INPUT", "invalid_area_key"),
            ("putArea", here(json!({"key": "a", "name": "N", "extra": {"name": "M"}})), "community { key }", "BAD_USER_INPUT", "validation_error"),
            ("removeTopologyNode", here(json!({"id": "PS-valle"})), "community { key }", "CONFLICT", "topology_node_in_use"),
        ] {
            let refusal = refused(&app, field, input.clone(), selection).await;
            assert_eq!(refusal, (code.to_owned(), reason.to_owned()), "{field} {input}");
        }
    }

    async fn a_mutation_needs_the_grant_of_each_field_that_it_names(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        let update = |fields: &str| format!("mutation {{ updateMember(input: {{communityKey: \"valley-rec\", key: \"gl-00001\", {fields}}}) {{ member {{ name deliveryPoints {{ code }} }} }} }}");
        for (fields, scope, is_granted) in [
            ("name: \"N\"", "rec-registry.members.name.write", true),
            ("name: \"N\", role: ADMIN", "rec-registry.members.name.write", false),
            ("name: \"N\", role: ADMIN", "rec-registry.members.name.write rec-registry.members.role.write", true),
            ("role: ADMIN, areaKey: \"alta\"", "rec-registry.members.profile.write", true),
            ("did: \"d\"", "rec-registry.members.profile.write rec-registry.members.name.write", false),
            ("did: \"d\", name: \"N\"", "rec-registry.members.write", true),
            ("did: null, name: \"N\"", "rec-registry.members.name.write", true),
            ("name: \"N\"", "rec-registry.members.name.write:valley-rec", true),
        ] {
            let answer = app.graphql(&update(fields), json!({})).bearer(scope).await;
            match is_granted {
                true => assert_eq!(answer.data()["updateMember"]["member"]["deliveryPoints"].as_array().unwrap().len(), 2),
                false => assert_eq!(answer.error_codes(), ["FORBIDDEN"], "{fields} {scope}"),
            }
        }
        let elsewhere = app.graphql(&update("name: \"N\""), json!({})).bearer("rec-registry.members.name.write:other").await;
        assert_eq!(elsewhere.reasons(), ["community_not_found"]);
    }
}
