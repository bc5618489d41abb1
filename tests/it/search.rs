//! Searching: what is found, by what, by whom, and that both doors find the same.

use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};

use crate::support::federation::Federation;
use crate::support::{Fixture as _, TestApp, TestDatabase, on_both_databases};

const QUERY: &str = "query($text: String!, $first: Int) { search(text: $text, first: $first) { field node { id __typename
    ... on Community { key name } ... on Member { key name } ... on Asset { key name } ... on DeliveryPoint { key: code } } } }";

const BUNDLE: &str = r#"
community: {id: alpine, name: Alpine Rossi Energy, areas: {a: {name: A}}}
members:
  m-1: {user_id: ada, name: Ada Größe, role: prosumer, area: a, status: active,
        delivery_points: [{id: IT001E77, type: pod}],
        assets: {pv: {pv-1: {name: Roof of Ada, sensor_id: "SEN-77"}}}}
  m-2: {user_id: rossi, name: Bruno, role: consumer, area: a, status: inactive}
"#;

/// What a search finds, as `kind key field`, the same by both doors.
async fn found(app: &TestApp, text: &str) -> Vec<String> {
    let escaped = text.replace(' ', "+");
    let rest = app.get(format!("/admin/search?text={escaped}")).admin().await.json(200);
    let by_rest: Vec<String> = rows(&rest["items"], |hit| {
        format!("{} {} {}", word(&hit["kind"]), word(&hit["key"]), word(&hit["field"]))
    });
    let data = app.graphql(QUERY, json!({"text": text})).admin().await.data();
    let by_graphql: Vec<String> = rows(&data["search"], |hit| {
        let kind = match word(&hit["node"]["__typename"]) {
            "Community" => "community",
            "Member" => "member",
            "DeliveryPoint" => "delivery_point",
            _ => "asset",
        };
        format!("{kind} {} {}", word(&hit["node"]["key"]), word(&hit["field"]).to_lowercase())
    });
    assert_eq!(by_rest, by_graphql);
    by_rest
}

fn rows<T>(list: &Value, row: impl Fn(&Value) -> T) -> Vec<T> {
    list.as_array().expect("a list").iter().map(row).collect()
}

fn word(value: &Value) -> &str {
    value.as_str().expect("a word")
}

on_both_databases! {
    async fn everything_is_found_by_each_of_its_fields(app: TestApp) {
        app.import(BUNDLE).await;
        assert_eq!(found(&app, "alpine").await, ["community alpine key"]);
        assert_eq!(found(&app, "BRUNO").await, ["member m-2 name"]);
        assert_eq!(found(&app, "m-1").await, ["member m-1 key"]);
        assert_eq!(found(&app, "it001e77").await, ["delivery_point IT001E77 code"]);
        assert_eq!(found(&app, "sen-77").await, ["asset pv-1 sensor_id"]);
        assert_eq!(found(&app, "pv-1").await, ["asset pv-1 key"]);
        assert_eq!(found(&app, "nobody").await, Vec::<String>::new());
    }

    async fn every_word_must_be_contained_in_any_order_and_case(app: TestApp) {
        app.import(BUNDLE).await;
        assert_eq!(found(&app, "GRÖSSE ada").await, ["member m-1 name"]);
        assert_eq!(found(&app, "energy rossi").await, ["community alpine name"]);
        assert_eq!(found(&app, "ada bruno").await, Vec::<String>::new());
        // A text never reaches over the end of one field into the next.
        assert_eq!(found(&app, "größem-1").await, Vec::<String>::new());
    }

    async fn the_closest_come_first(app: TestApp) {
        app.import(BUNDLE).await;
        // A whole field, then the beginning of one, then what only contains it.
        assert_eq!(found(&app, "rossi").await, ["member m-2 user_id", "community alpine name"]);
        assert_eq!(found(&app, "ada").await, ["member m-1 user_id", "asset pv-1 name"]);
        let data = app.graphql(QUERY, json!({"text": "ada", "first": 1})).admin().await.data();
        assert_eq!(data["search"].as_array().map(Vec::len), Some(1));
    }

    async fn a_search_follows_every_import(app: TestApp) {
        app.import(BUNDLE).await;
        app.import(BUNDLE.replace("Ada Größe", "Clara").replace("SEN-77", "SEN-88")).await;
        assert_eq!(found(&app, "größe").await, Vec::<String>::new());
        assert_eq!(found(&app, "clara").await, ["member m-1 name"]);
        assert_eq!(found(&app, "sen-88").await, ["asset pv-1 sensor_id"]);
        assert_eq!(found(&app, "it001e77").await, ["delivery_point IT001E77 code"]);
        app.import("community: {id: alpine, name: Plain, areas: {a: {name: A}}}").await;
        for text in ["rossi", "clara", "it001e77", "sen-88", "m-2"] {
            assert_eq!(found(&app, text).await, Vec::<String>::new(), "{text}");
        }
        assert_eq!(found(&app, "plain").await, ["community alpine name"]);
    }

    async fn a_caller_finds_within_the_reach_of_its_grant(app: TestApp) {
        app.import(BUNDLE).await;
        app.import(BUNDLE.replace("alpine", "coastal").replace("IT001E77", "IT001E78").replace("SEN-77", "SEN-78")).await;
        let asked = app.get("/admin/search?text=bruno").bearer("rec-registry.read:coastal").await.json(200);
        assert_eq!(rows(&asked["items"], |hit| hit["community_key"].clone()), ["coastal"]);
        let refused = app.graphql(QUERY, json!({"text": "bruno"})).bearer("rec-registry.lookup").await;
        assert_eq!(refused.error_codes(), ["FORBIDDEN"]);
        assert_eq!(app.get("/admin/search?text=bruno").bearer("rec-registry.lookup").await.json(403)["code"], "forbidden");
        app.get("/admin/search?text=bruno").await.json(401);
    }

    async fn what_cannot_be_searched_for_is_said(app: TestApp) {
        for (text, first) in [("", 1), ("  ", 1), ("a", 0), ("a", 501), ("a", -1)] {
            let refused = app.graphql(QUERY, json!({"text": text, "first": first})).admin().await;
            assert_eq!(refused.error_codes(), ["BAD_USER_INPUT"], "{text:?} {first}");
        }
        for query in ["", "?text=", "?text=%20", "?text=a&first=0", "?text=a&first=x", "?text=a&first=501"] {
            app.get(format!("/admin/search{query}")).admin().await.json(422);
        }
        app.get(format!("/admin/search?text={}", "x".repeat(201))).admin().await.json(422);
        assert_eq!(found(&app, "%").await, Vec::<String>::new());
    }

    async fn a_search_takes_as_many_statements_for_many_as_for_few(app: TestApp) {
        let mut counts = Vec::new();
        for members in [5, 120] {
            app.import(Federation { communities: 2, members, edition: 1 }.to_yaml()).await;
            let asked = app.graphql(QUERY, json!({"text": "0", "first": 500})).admin();
            let (answer, statements) = app.counted(asked).await;
            assert!(!answer.data()["search"].as_array().expect("hits").is_empty());
            counts.push(statements.len());
        }
        assert_eq!(counts, [5, 5]);
    }

    async fn what_was_stored_before_can_be_searched_after_the_migration(database: TestDatabase) {
        let app = TestApp::on(&database).await;
        let registry = &app.registry;
        app.import(BUNDLE).await;
        let written = texts(&database).await;
        assert!(written.len() == 5, "{written:?}");
        let names: Vec<String> =
            registry.migrations().await.expect("migrations").into_iter().map(|(name, _)| name).collect();
        let at = names.iter().position(|name| name.ends_with("add_search")).expect("the migration");
        registry.migrate_down((names.len() - at) as u32).await.expect("the schema goes down");
        registry.migrate().await.expect("the schema goes up again");
        assert_eq!(texts(&database).await, written);
    }
}

/// Every row that a search looks through.
async fn texts(database: &TestDatabase) -> Vec<(String, String)> {
    let connection = Database::connect(&database.url).await.expect("the database answers");
    let statement = Statement::from_string(
        connection.get_database_backend(),
        "SELECT kind, text FROM search_text ORDER BY kind, text",
    );
    let rows = connection.query_all_raw(statement).await.expect("rows");
    let mut texts = Vec::new();
    for row in rows {
        texts.push((row.try_get("", "kind").expect("a kind"), row.try_get("", "text").expect("a text")));
    }
    texts
}
