//! `rec-registry check`: data that broke a rule past this program is found, and the exit status says so.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::Value;

use crate::support::neighbours::{self, COMMUNITIES};
use crate::support::server::PROGRAM;
use crate::support::{TestDatabase, on_both_databases};

/// Runs the program on a database.
fn run(url: &str, words: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(words).args(["--database-url", url]).output().expect("the program runs")
}

fn flaws(url: &str) -> (Option<i32>, BTreeSet<(String, String)>) {
    let output = run(url, &["check", "--json"]);
    let lines: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let lines = lines.as_array().expect("a list").iter();
    (output.status.code(), lines.map(|line| (text(&line["community_key"]), text(&line["code"]))).collect())
}

on_both_databases! {
    async fn what_breaks_a_rule_in_the_database_is_found(database: TestDatabase) {
        let file = database.directory().join("bundles.yaml");
        let bundles = COMMUNITIES.map(neighbours::bundle).join("---\n");
        std::fs::write(&file, bundles).expect("a file is written");
        let imported = run(&database.url, &["import", file.to_str().expect("a path")]);
        assert!(imported.status.success(), "{imported:?}");
        let sound = run(&database.url, &["check"]);
        assert_eq!((sound.status.code(), sound.stdout.as_slice()), (Some(0), b"Nothing is wrong\n".as_slice()));

        let connection = Database::connect(&database.url).await.expect("the database answers");
        let taken = "UPDATE delivery_point SET code = 'point.own.p', code_folded = 'point.own.p' WHERE code = 'point.other.p'";
        let changed = connection.execute_unprepared(taken).await.expect("rows change");
        assert!(changed.rows_affected() > 0);
        let other = "UPDATE asset SET owner_user_id = 'user.own.q' WHERE key = 'lamp-own-p'";
        connection.execute_unprepared(other).await.expect("a row changes");
        let (status, found) = flaws(&database.url);
        assert_eq!(status, Some(1));
        let expected =
            [("other", "dangling_reference"), ("other", "stale_holding"), ("own", "delivery_point_held"), ("own", "stale_owner")];
        assert_eq!(found, expected.map(|(key, code)| (key.to_owned(), code.to_owned())).into());

        let twice = "UPDATE member SET did = 'did:key:own.p', status = 'active' WHERE key LIKE 'key.own.z'";
        let shared = connection.execute_unprepared(twice).await;
        assert!(shared.is_err(), "the database itself keeps a did to one member");
        connection.close().await.expect("closed");
    }

    async fn a_registry_that_cannot_be_read_is_neither_sound_nor_broken(database: TestDatabase) {
        // Nothing brought its schema up.
        let output = run(&database.url, &["check"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}
