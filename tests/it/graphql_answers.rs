//! What the GraphQL door answers: whole answers on the bundles from the field.

use serde_json::{Value, json};

use super::support::app::TestApp;
use super::support::{on_both_databases, sample};

async fn import(app: &TestApp, name: &str) -> Value {
    let query = "mutation($yaml: String!) { importYaml(yaml: $yaml) { dryRun reports { communityKey
        inserted { community member deliveryPoint asset } deleted { member } refusals { code } } } }";
    let variables = json!({"yaml": sample::text(name)});
    app.graphql(query, variables).admin().await.data()["importYaml"].take()
}

const TRIAL: &str = r#"
schema_version: "0.5"
community:
  id: trial
  name: Trial
  areas: {north: {name: North, topology: [n1, gone], location: {lat: 45.5, lon: 7.25}}, south: {name: South}}
  topology: [{id: n1, type: primary_substation, operator_id: dso, parent: n2}, {id: n2, type: feeder, parent: n1}]
  operators: {dso: {name: A DSO, country: IT, contact: {email: a@dso.example}}}
  legal: {name: Trial coop, seal: 1.50}
members:
  alice:
    user_id: alice
    name: Alice
    role: prosumer
    area: north
    status: active
    delivery_points: [{id: IT001, type: pod}]
    assets:
      pv: {roof: {name: Roof, rated_power: 5.50, orientation: south-west, tilt: 30, device: {manufacturer: M, voltage: 230}}}
      meter: {main: {name: Main, sensor_id: SEN-1, pod: " it001 ", relationships: {measures: [roof, gone]}}}
  bob:
    user_id: bob
    name: Bob
    role: consumer
    area: south
    status: active
"#;

async fn trial(app: &TestApp) {
    let query = "mutation($yaml: String!) { importYaml(yaml: $yaml) { dryRun } }";
    app.graphql(query, json!({"yaml": TRIAL})).admin().await.data();
}

on_both_databases! {
    async fn every_sample_is_imported_and_read(app: TestApp) {
        for name in sample::ALL {
            let report = import(&app, name).await;
            for report in report["reports"].as_array().unwrap() {
                let query = "query($key: String!) { community(key: $key) { members { totalCount } assets { totalCount }
                    deliveryPoints { totalCount } } }";
                let found = app.graphql(query, json!({"key": report["communityKey"]})).admin().await.data();
                let inserted = &report["inserted"];
                assert_eq!(found["community"]["members"]["totalCount"], inserted["member"], "{name}");
                assert_eq!(found["community"]["assets"]["totalCount"], inserted["asset"], "{name}");
                assert_eq!(found["community"]["deliveryPoints"]["totalCount"], inserted["deliveryPoint"], "{name}");
            }
        }
    }

    async fn a_nested_question_is_answered_whole_and_in_its_own_order(app: TestApp) {
        trial(&app).await;
        let query = "{ community(key: \"trial\") { name legal { name vat extra }
            areas { key nodes { id } location { lon lat } }
            topology { id type operator { name contact { email } } parent { id } children { id } areas { key } }
            members { totalCount pageInfo { hasNextPage } nodes { key role area { name } deliveryPoints { code active meters { key } }
                assets { nodes { __typename key owner { key } ... on PvAsset { ratedPower orientation tiltAngle properties
                    device { manufacturer extra } measuredBy { key } } ... on MeterAsset { pod deliveryPoint { code }
                    measures { key } relationships } } } } } } }";
        let answer = app.graphql(query, json!({})).admin().await.text(200);
        let expected = concat!(
            r#"{"data":{"community":{"name":"Trial","legal":{"name":"Trial coop","vat":null,"extra":{"seal":1.50}},"#,
            r#""areas":[{"key":"north","nodes":[{"id":"n1"}],"location":{"lon":7.25,"lat":45.5}},"#,
            r#"{"key":"south","nodes":[],"location":null}],"#,
            r#""topology":[{"id":"n1","type":"PRIMARY_SUBSTATION","operator":{"name":"A DSO","contact":{"email":"a@dso.example"}},"#,
            r#""parent":{"id":"n2"},"children":[{"id":"n2"}],"areas":[{"key":"north"}]},"#,
            r#"{"id":"n2","type":"FEEDER","operator":null,"parent":{"id":"n1"},"children":[{"id":"n1"}],"areas":[]}],"#,
            r#""members":{"totalCount":2,"pageInfo":{"hasNextPage":false},"nodes":["#,
            r#"{"key":"alice","role":"PROSUMER","area":{"name":"North"},"#,
            r#""deliveryPoints":[{"code":"IT001","active":true,"meters":[{"key":"main"}]}],"assets":{"nodes":["#,
            r#"{"__typename":"MeterAsset","key":"main","owner":{"key":"alice"},"pod":" it001 ","deliveryPoint":{"code":"IT001"},"#,
            r#""measures":[{"key":"roof"}],"relationships":{"measures":["roof","gone"]}},"#,
            r#"{"__typename":"PvAsset","key":"roof","owner":{"key":"alice"},"ratedPower":5.5,"orientation":null,"tiltAngle":30.0,"#,
            r#""properties":{"rated_power":5.50,"orientation":"south-west","tilt":30},"#,
            r#""device":{"manufacturer":"M","extra":{"voltage":230}},"measuredBy":[{"key":"main"}]}]}},"#,
            r#"{"key":"bob","role":"CONSUMER","area":{"name":"South"},"deliveryPoints":[],"assets":{"nodes":[]}}]}}}}"#,
        );
        assert_eq!(answer, expected);
    }

    async fn ids_lead_back_to_what_bears_them(app: TestApp) {
        trial(&app).await;
        let query = "{ community(key: \"trial\") { id members { nodes { id } } assets { nodes { id } } deliveryPoints { nodes { id } } } }";
        let found = app.graphql(query, json!({})).admin().await.data();
        let community = &found["community"];
        let mut ids = vec![community["id"].clone()];
        for list in ["members", "assets", "deliveryPoints"] {
            ids.extend(community[list]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()));
        }
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let nodes = app.graphql(query, json!({"ids": ids})).admin().await.data();
        let back: Vec<Value> = nodes["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect();
        assert_eq!(back, ids);
        let unknown = json!({"ids": ["member:00000000-0000-7000-8000-000000000000"]});
        assert_eq!(app.graphql(query, unknown).admin().await.data(), json!({"nodes": [null]}));
        let broken = app.graphql(query, json!({"ids": ["x"]})).admin().await;
        assert_eq!(broken.error_codes(), ["BAD_USER_INPUT"]);
        // Without a grant, what is not one's own is as if it were not there.
        let nodes = app.graphql(query, json!({"ids": ids})).by("stranger", "").await.data();
        assert!(nodes["nodes"].as_array().unwrap().iter().all(Value::is_null), "{nodes}");
    }

    async fn without_a_grant_only_ones_own_is_seen(app: TestApp) {
        trial(&app).await;
        let query = "{ me { username memberships { key deliveryPoints { code } assets { nodes { key measures { key } } }
            community { name areas { name } member(key: \"bob\") { name } asset(key: \"none\") { name }
                members { nodes { key } } assets { totalCount } deliveryPoints { totalCount } meters { totalCount } } } }
            members { nodes { key } } memberByUserId(userId: \"bob\") { key } }";
        let answer = app.graphql(query, json!({})).by("alice", "").await;
        let whole = answer.json(200);
        assert_eq!(whole["data"], json!({
            "me": {"username": "alice", "memberships": [{
                "key": "alice",
                "deliveryPoints": [{"code": "IT001"}],
                "assets": {"nodes": [{"key": "main", "measures": [{"key": "roof"}]}, {"key": "roof", "measures": []}]},
                "community": {
                    "name": "Trial", "areas": [{"name": "North"}, {"name": "South"}], "member": null, "asset": null,
                    "members": null, "assets": null, "deliveryPoints": null, "meters": null,
                },
            }]},
            "members": null,
            "memberByUserId": null,
        }));
        assert_eq!(answer.error_codes(), ["FORBIDDEN"; 6]);
        let nobody = app.graphql("{ me { sub } service { schemaVersion } __typename }", json!({})).await;
        assert_eq!(nobody.error_codes(), ["UNAUTHENTICATED"]);
        assert_eq!(nobody.json(200)["data"], json!({"me": null, "service": {"schemaVersion": "0.7"}, "__typename": "Query"}));
    }

    async fn a_bundle_given_as_a_variable_keeps_its_digits(app: TestApp) {
        let body = r#"{"query":"mutation($b: JSON!) { importBundle(bundle: $b) { communityKey inserted { community } warnings } }",
            "variables":{"b":{"schema_version":"0.7","community":{"id":"c","name":"C","weight":1.50}}}}"#;
        let asked = app.request(axum::http::Method::POST, "/graphql").body("application/json", body);
        let report = asked.admin().await.data();
        assert_eq!(report["importBundle"]["communityKey"], "c");
        let answer = app.graphql("{ community(key: \"c\") { extra } }", json!({})).admin().await.text(200);
        assert_eq!(answer, r#"{"data":{"community":{"extra":{"weight":1.50}}}}"#);
        let yaml = app.graphql("{ exportYaml(communityKeys: [\"c\"]) }", json!({})).admin().await.data();
        assert!(yaml["exportYaml"].as_str().unwrap().contains("weight: 1.50"), "{yaml}");
    }

    async fn a_refused_import_lists_its_refusals(app: TestApp) {
        let yaml = "community: {id: c, name: C}\nmembers: {a: {user_id: a, name: A, role: king, area: x, status: active}}";
        let query = "mutation($yaml: String!, $dry: Boolean!) { importYaml(yaml: $yaml, dryRun: $dry) { reports { refusals { code path } } } }";
        let refused = app.graphql(query, json!({"yaml": yaml, "dry": false})).admin().await.json(200);
        assert_eq!(refused["data"], json!({"importYaml": null}));
        let extensions = &refused["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "BAD_USER_INPUT");
        let refusals = extensions["refusals"].as_array().unwrap();
        assert_eq!(extensions["reason"], refusals[0]["code"]);
        let dry = app.graphql(query, json!({"yaml": yaml, "dry": true})).admin().await.data();
        let reported = dry["importYaml"]["reports"][0]["refusals"].as_array().unwrap();
        assert_eq!(reported.len(), refusals.len());
    }

    async fn lists_are_filtered_and_sorted(app: TestApp) {
        trial(&app).await;
        let keys = async |arguments: &str| -> Vec<String> {
            let found = app.graphql(&format!("{{ members({arguments}) {{ nodes {{ key }} }} }}"), json!({})).admin().await.data();
            found["members"]["nodes"].as_array().unwrap().iter().map(|node| node["key"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(keys("orderBy: NAME_DESC").await, ["bob", "alice"]);
        assert_eq!(keys("filter: {name: {contains: \"LIC\"}}").await, ["alice"]);
        assert_eq!(keys("filter: {role: {notIn: [PROSUMER]}}").await, ["bob"]);
        assert_eq!(keys("filter: {assets: {some: {type: {eq: PV}}}}").await, ["alice"]);
        assert_eq!(keys("filter: {deliveryPoints: {none: {}}}").await, ["bob"]);
        assert_eq!(keys("filter: {or: [{key: {eq: \"bob\"}}, {not: {areaKey: {eq: \"south\"}}}]}").await, ["alice", "bob"]);
        assert!(keys("filter: {community: {key: {ne: \"trial\"}}}").await.is_empty());
    }
}
