//! Every list, page by page, while rows come and go: each row that stays is seen exactly once.

use serde_json::{Value, json};

use super::support::app::TestApp;
use super::support::on_both_databases;

/// Rows that stay.
const STAYING: usize = 11;

/// The lists, each with the path to its connection and what its rows are known by.
const LISTS: &[(&str, &str, &str)] = &[
    ("{ communities(ARGS, orderBy: NAME_DESC) { nodes { key } PAGE } }", "/communities", "key"),
    ("{ members(ARGS, orderBy: UPDATED_AT_DESC) { nodes { key } PAGE } }", "/members", "key"),
    ("{ assets(ARGS) { nodes { key } PAGE } }", "/assets", "key"),
    ("{ deliveryPoints(ARGS) { nodes { code } PAGE } }", "/deliveryPoints", "code"),
    (
        "{ community(key: \"s00\") { members(ARGS, orderBy: NAME_ASC) { nodes { key } PAGE } } }",
        "/community/members",
        "key",
    ),
    (
        "{ community(key: \"s00\") { assets(ARGS, orderBy: KEY_DESC) { nodes { key } PAGE } } }",
        "/community/assets",
        "key",
    ),
    ("{ community(key: \"s00\") { meters(ARGS) { nodes { key } PAGE } } }", "/community/meters", "key"),
    (
        "{ community(key: \"s00\") { deliveryPoints(ARGS) { nodes { code } PAGE } } }",
        "/community/deliveryPoints",
        "code",
    ),
    (
        "{ community(key: \"s00\") { area(key: \"a\") { members(ARGS) { nodes { key } PAGE } } } }",
        "/community/area/members",
        "key",
    ),
    (
        "{ community(key: \"s00\") { member(key: \"s00\") { assets(ARGS) { nodes { key } PAGE } } } }",
        "/community/member/assets",
        "key",
    ),
];

/// A federation in which the rows `s..` stay and one row `v<turn>` of each kind comes and goes.
fn bundle(turn: usize) -> String {
    let mut yaml = String::new();
    let staying = (0..STAYING).map(|at| format!("s{at:02}"));
    let names: Vec<String> = staying.chain([format!("s{:02}-{turn}", turn % STAYING)]).collect();
    yaml += "community: {id: s00, name: Same, areas: {a: {name: A}}}\nmembers:\n";
    for name in &names {
        yaml += &format!(
            "  {name}:\n    {{user_id: u-{name}, name: Same, role: consumer, area: a, status: active,\n\
             \x20    delivery_points: [{{id: p-{name}, type: pod}}], assets: {{meter: {{"
        );
        let owned = if name == "s00" { names.clone() } else { vec![format!("of-{name}")] };
        let meters: Vec<String> =
            owned.iter().map(|key| format!("m-{key}: {{name: Same, sensor_id: x-{key}}}")).collect();
        yaml += &meters.join(", ");
        yaml += "}}}\n";
    }
    yaml
}

async fn import(app: &TestApp, turn: usize) {
    let query = "mutation($yaml: String!) { importYaml(yaml: $yaml) { dryRun } }";
    app.graphql(query, json!({"yaml": bundle(turn)})).admin().await.data();
}

/// Every row, page by page; another row comes and goes between two pages.
async fn walk(
    app: &TestApp,
    list: (&str, &str, &str),
    size: usize,
    forward: bool,
    turn: &mut usize,
) -> Vec<String> {
    let (query, path, name) = list;
    let (count, place, more, end) = if forward {
        ("first", "after", "hasNextPage", "endCursor")
    } else {
        ("last", "before", "hasPreviousPage", "startCursor")
    };
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    for _ in 0..200 {
        let query = query
            .replace("ARGS", &format!("{count}: {size}, {place}: {cursor}"))
            .replace("PAGE", "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }");
        let found = app.graphql(&query, json!({})).admin().await.data();
        let page = found.pointer(path).unwrap();
        let mut rows: Vec<String> = page["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node[name].as_str().unwrap().to_owned())
            .collect();
        assert!(rows.len() <= size);
        if !forward {
            rows.reverse();
        }
        seen.extend(rows);
        if page["pageInfo"][more] != true {
            return seen;
        }
        cursor = page["pageInfo"][end].clone();
        *turn += 1;
        import(app, *turn).await;
    }
    panic!("{query} in pages of {size} has no end");
}

on_both_databases! {
    async fn every_list_gives_each_row_once_while_rows_come_and_go(app: TestApp) {
        let mut turn = 0;
        import(&app, turn).await;
        for &list in LISTS {
            let mut whole = walk(&app, list, 500, true, &mut turn).await;
            whole.retain(|row| !row.contains(&format!("s{:02}-", turn % STAYING)));
            for (size, forward) in [(1, true), (1, false), (7, true), (7, false), (500, false)] {
                let mut seen = walk(&app, list, size, forward, &mut turn).await;
                if !forward {
                    seen.reverse();
                }
                let staying: Vec<&String> = seen.iter().filter(|row| whole.contains(row)).collect();
                assert_eq!(staying, whole.iter().collect::<Vec<_>>(), "{} in pages of {size}", list.0);
            }
        }
    }
}
