//! What is asked, and what share of the bare handler's rate it should reach on SQLite and on PostgreSQL.

use serde_json::json;

use super::federation::Federation;

/// One operation.
pub struct Operation {
    /// Its name in the table.
    pub name: &'static str,
    /// What is sent.
    pub requests: Requests,
    /// Who asks; an operator when nobody is named.
    pub user: Option<String>,
    /// The ratios to reach, on SQLite and on PostgreSQL.
    pub goals: (f64, f64),
}

/// Requests of which one is drawn each time.
pub enum Requests {
    /// Paths.
    Get(Vec<String>),
    /// A path, and bodies.
    Post(String, Vec<String>),
}

/// How many sensors are asked for again and again, and how many in one batch.
const HOT: usize = 1_000;
const BATCH: usize = 100;
const BATCHES: usize = 2_000;

const NESTED: &str = "query Nested($key: String!) { community(key: $key) { name members(first: 50) { nodes { key name \
    deliveryPoints { code } assets { nodes { key name sensorId } } } } } }";

/// All operations on a federation.
pub fn operations(federation: Federation) -> Vec<Operation> {
    let Federation { communities, members, .. } = federation;
    let all = communities * members;
    let sensor = |number: usize| Federation::sensor_id(number / members, number % members);
    // Steps of a prime visit everything in an order that is nobody's.
    let scattered = |number: usize| (number * 7_919) % all;
    let lookup = |number: usize| format!("/admin/lookup/asset-by-sensor-id/{}", sensor(number));
    let operator = |name, requests, goals| Operation { name, requests, user: None, goals };
    let key = Federation::community_key;
    let batches = (0..BATCHES).map(|batch| {
        let ids: Vec<String> = (0..BATCH).map(|at| sensor(scattered(batch * BATCH + at))).collect();
        json!({"sensor_ids": ids}).to_string()
    });
    let hot = (0..HOT.min(all)).map(|at| lookup(scattered(at))).collect();
    let nested = json!({"query": NESTED, "variables": {"key": key(0)}}).to_string();
    vec![
        operator("lookup by sensor, 1 000 hot ids", Requests::Get(hot), (0.50, 0.50)),
        operator("lookup by sensor, any id", Requests::Get((0..all).map(lookup).collect()), (0.20, 0.10)),
        operator(
            "50 members",
            Requests::Get(vec![format!("/admin/communities/{}/members?limit=50", key(0))]),
            (0.40, 0.40),
        ),
        operator(
            "one community",
            Requests::Get(vec![format!("/admin/communities/{}", key(0))]),
            (0.50, 0.50),
        ),
        Operation {
            name: "GET /user",
            requests: Requests::Get(vec!["/user".to_owned()]),
            user: Some(Federation::user_id(0, 0)),
            goals: (0.40, 0.40),
        },
        operator(
            "100 sensors at once, any ids",
            Requests::Post("/admin/lookup/assets-by-sensor-ids".to_owned(), batches.collect()),
            (0.15, 0.08),
        ),
        operator(
            "GraphQL: 50 members, assets, points",
            Requests::Post("/graphql".to_owned(), vec![nested]),
            (0.15, 0.10),
        ),
    ]
}
