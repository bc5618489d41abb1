//! How many statements a question takes: as many for five members as for five hundred.

use serde_json::{Value, json};

use super::support::app::TestApp;
use super::support::federation::Federation;
use super::support::on_both_databases;

/// The question of the contract.
const NESTED: &str = "query($key: String!) { community(key: $key) { members(first: 500) { nodes {
    assets { nodes { name owner { name } } } deliveryPoints { code } area { name } community { name } } } } }";

/// A question whose lists are empty takes fewer statements; these are never empty.
const EDGES: &[&str] = &[
    "{ members(first: 500) { totalCount nodes { name community { name } area { key } deliveryPoints { code meters { key } } } } }",
    "{ assets(first: 500) { nodes { name owner { name area { name } } measures { key } measuredBy { key } pairedWith { key }
        ... on MeterAsset { deliveryPoint { code member { key } } } } } }",
    "{ deliveryPoints(first: 500) { nodes { code member { name assets(first: 2) { totalCount nodes { key } } } } } }",
    "{ communities(first: 500) { nodes { members(first: 3) { totalCount nodes { key } } meters(first: 3) { nodes { key } }
        areas { key members(first: 2) { totalCount nodes { key } } } } } }",
    "{ communities(first: 10) { nodes { stats { memberCount assetCount } areas { stats { memberCount } }
        topology { descendants { id } stats { installedPvPowerKw } meters(first: 3) { totalCount nodes { key } }
            members(first: 3, filter: {status: {eq: ACTIVE}}) { totalCount stats { assetCount } nodes { key } } } } } }",
];

async fn statements(app: &TestApp, query: &str) -> usize {
    let variables = json!({"key": Federation::community_key(0)});
    let (answer, statements) = app.counted(app.graphql(query, variables).admin()).await;
    answer.data();
    statements.len()
}

async fn fill(app: &TestApp, members: usize) {
    let yaml = Federation { communities: 2, members, edition: 1 }.to_yaml();
    let query = "mutation($yaml: String!) { importYaml(yaml: $yaml) { reports { communityKey } } }";
    let body = json!({"query": query, "variables": {"yaml": yaml}});
    let imported: Value = app.post_json("/graphql", &body).admin().await.data();
    assert_eq!(imported["importYaml"]["reports"].as_array().map(Vec::len), Some(2));
}

/// What a few writes on one member send to the database.
async fn written(app: &TestApp) -> Vec<Vec<String>> {
    let community = format!("/admin/communities/{}", Federation::community_key(0));
    let members = app.get(format!("{community}/members?limit=1")).admin().await.json(200);
    let member = format!("{community}/members/{}", members["items"][0]["key"].as_str().expect("a key"));
    let writes = [
        app.patch_json(&member, &json!({"name": "Changed"})),
        app.put_json(
            format!("{member}/assets/new"),
            &json!({"asset_type": "meter", "name": "N", "sensor_id": "NEW"}),
        ),
        app.put_json(format!("{member}/delivery-points/NEW"), &json!({"type": "pod"})),
        app.delete(format!("{member}/assets/new")),
    ];
    let mut sent = Vec::new();
    for write in writes {
        let (answer, statements) = app.counted(write.admin()).await;
        assert!(answer.status.is_success(), "{answer:?}");
        sent.push(statements);
    }
    sent
}

on_both_databases! {
    async fn the_number_of_statements_does_not_grow_with_the_number_of_rows(app: TestApp) {
        fill(&app, 5).await;
        let mut few = vec![statements(&app, NESTED).await];
        for query in EDGES {
            few.push(statements(&app, query).await);
        }
        fill(&app, 250).await;
        let mut many = vec![statements(&app, NESTED).await];
        for query in EDGES {
            many.push(statements(&app, query).await);
        }
        assert_eq!(few, many);
        assert!(many[0] <= 5, "{} statements", many[0]);
    }

    async fn a_write_reads_what_it_changes_alone(app: TestApp) {
        fill(&app, 5).await;
        // The first look at a person makes the key of its pseudonym.
        written(&app).await;
        fill(&app, 5).await;
        let few = written(&app).await;
        fill(&app, 250).await;
        let many = written(&app).await;
        assert_eq!(few.iter().map(Vec::len).collect::<Vec<_>>(), many.iter().map(Vec::len).collect::<Vec<_>>());
        for statements in many {
            assert!(statements.len() <= 24, "{statements:#?}");
        }
    }

    async fn a_total_that_is_not_selected_is_not_counted(app: TestApp) {
        fill(&app, 5).await;
        assert_eq!(statements(&app, "{ members { nodes { key } } }").await, 1);
        assert_eq!(statements(&app, "{ members { totalCount nodes { key } } }").await, 2);
    }
}
