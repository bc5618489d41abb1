//! The command line as people and scripts meet it: the same through a server as straight from the database, JSON for
//! machines, statuses that say how it went, colours and progress on a terminal alone.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::database::{missing, must_be_complete};
use crate::support::program::{Ran, program, ran, run};
use crate::support::provider::Provider;
use crate::support::server::{PROGRAM, Server, free_address};
use crate::support::{TestDatabase, neighbours, on_both_databases, sample};

fn file(directory: &Path, name: &str, content: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, content).expect("a file is written");
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// A command through a server.
fn through(server: &Server, words: &[&str]) -> Ran {
    ran(program(words).env("REC_REGISTRY_API", server.base_url()).env("REC_REGISTRY_TOKEN", server.token()))
}

/// A server with the bundles from the field.
async fn filled(database: &TestDatabase) -> Server {
    let server = Server::start(database.directory(), &database.url).await;
    for name in sample::ALL {
        let imported = server.import(sample::text(name)).send().await.expect("the server answers");
        assert!(imported.status().is_success(), "{name}");
    }
    server
}

on_both_databases! {
    async fn a_flag_counts_more_than_the_environment_whichever_way_it_names_the_database(database: TestDatabase) {
        run(&["migrate", "up", "--database-url", &database.url]).with_status(0);
        let nowhere = "sqlite:///nowhere/registry.db";
        let (here, there) = (file(database.directory(), "here", &database.url), file(database.directory(), "there", nowhere));
        let list = |words: &[&str], name: &str, value: &str| {
            let words = [&["list", "--json"][..], words].concat();
            ran(program(&words).env_remove("DATABASE_URL").env(name, value))
        };
        list(&["--database-url", &database.url], "DATABASE_URL_FILE", &there).with_status(0);
        list(&["--database-url-file", &here], "DATABASE_URL", nowhere).with_status(0);
        list(&["--database-url-file", &there], "DATABASE_URL", &database.url).with_status(1);
        let twice = list(&["--database-url", &database.url, "--database-url-file", &here], "REC_REGISTRY_LOG", "info");
        assert!(twice.with_status(2).error.contains("named twice"));
    }

    async fn an_import_that_was_not_judged_is_no_refusal(database: TestDatabase) {
        let server = Server::start(database.directory(), &database.url).await;
        let bundle = file(database.directory(), "bundle.yaml", &neighbours::bundle("new"));
        let token = crate::support::server::token(database.directory(), "ann", "rec-registry.read");
        let mut import = program(&["import", &bundle, "--json"]);
        let said = ran(import.env("REC_REGISTRY_API", server.base_url()).env("REC_REGISTRY_TOKEN", token)).with_status(1);
        assert!(said.error.contains("403") && !said.output.contains("refused"), "{said:?}");
    }

    async fn what_is_stored_is_told_alike_by_the_database_and_through_a_server(database: TestDatabase) {
        let server = filled(&database).await;
        let url = database.url.as_str();
        let until = run(&["audit", "--json", "--limit", "1", "--database-url", url]).with_status(0).json()[0]["at"].clone();
        let until = until.as_str().expect("a time");
        for (words, status) in [
            (&["list"][..], 0),
            (&["tree", "valley-rec"], 0),
            (&["tree", "example_rec"], 0),
            (&["tree", "empty-rec"], 0),
            (&["tree", "nowhere"], 1),
            (&["lookup", "user", "comune.valle"], 0),
            (&["lookup", "sensor", "4e10"], 0),
            (&["lookup", "delivery-point", "it001e11111111"], 0),
            (&["lookup", "user", "no/body ?"], 1),
            (&["lookup", "sensor", "nobody's"], 1),
            (&["audit", "--until", until, "--limit", "3"], 0),
            (&["audit", "--until", until, "--operation", "import", "--outcome", "ok"], 0),
            (&["export", "--community", "valley-rec"], 0),
            (&["export", "--community", "nowhere"], 1),
        ] {
            for more in [&["--json"][..], &[]] {
                let words = match (words[0], more) {
                    ("export", [_]) => continue,
                    _ => [words, more].concat(),
                };
                let straight = run(&[&words, &["--database-url", url][..]].concat()).with_status(status);
                let remote = through(&server, &words).with_status(status);
                assert_eq!(straight.output, remote.output, "{words:?}");
                assert_eq!(straight.error.is_empty(), remote.error.is_empty(), "{words:?}: {straight:?} {remote:?}");
                if words.contains(&"--json") && status == 0 {
                    assert!(!straight.json().is_null(), "{words:?}");
                }
            }
        }
        assert_eq!(run(&["lookup", "user", "nobody", "--json", "--database-url", url]).json(), Value::Null);
    }

    async fn a_write_is_told_alike_by_the_database_and_through_a_server(database: TestDatabase) {
        let directory = database.directory();
        let bundles = [file(directory, "own.yaml", &neighbours::bundle("own")), file(directory, "bad.yaml", "community: {id: x}\n")];
        let import = ["import", "--json", &bundles[0], &bundles[1]];
        let straight = run(&[&import[..], &["--database-url", &database.url]].concat()).with_status(1);
        let other = TestDatabase::create(database.backend).await.expect("there is one already");
        let server = Server::start(other.directory(), &other.url).await;
        let remote = through(&server, &import).with_status(1);
        assert_eq!(straight.json(), remote.json());
        let reports = remote.json();
        assert_eq!(reports[0]["outcome"], "imported", "{reports}");
        assert_eq!(reports[0]["reports"][0]["inserted"]["member"], 3);
        assert_eq!(reports[1]["outcome"], "refused");
        assert!(reports[1]["refusals"][0]["code"].is_string());

        // What was done is told, also when the rest could not be.
        let absent = directory.join("absent.yaml").display().to_string();
        let cut_off = through(&server, &["import", "--json", "--dry-run", &bundles[0], &absent]).with_status(1);
        assert_eq!(cut_off.json()[0]["outcome"], "would_be_imported");
        assert!(cut_off.error.contains("absent.yaml"), "{cut_off:?}");

        let restore = ["restore", "own", "--revision", "1", "--dry-run", "--json"];
        let remote = through(&server, &restore).with_status(0);
        assert_eq!(remote.json(), run(&[&restore[..], &["--database-url", &database.url]].concat()).with_status(0).json());
        let refused = through(&server, &["restore", "own", "--revision", "9"]).with_status(1);
        assert!(refused.error.contains("Revisions 1 to 1"), "{refused:?}");
        drop(server);
        other.remove().await;
    }

    async fn every_command_that_tells_something_tells_it_to_machines_too(database: TestDatabase) {
        let url = database.url.as_str();
        let migrated = run(&["migrate", "up", "--json", "--database-url", url]).with_status(0).json();
        let status = run(&["migrate", "status", "--json", "--database-url", url]).with_status(0).json();
        assert_eq!(migrated, status);
        let is_applied = |line: &Value| line["applied"] == true && line["migration"].is_string();
        assert!(status.as_array().is_some_and(|lines| lines.len() > 5 && lines.iter().all(is_applied)), "{status}");
        let down = run(&["migrate", "down", "--json", "--database-url", url]).with_status(0).json();
        assert_eq!(down.as_array().and_then(|lines| lines.last().cloned()).expect("a line")["applied"], false);
        run(&["migrate", "up", "--database-url", url]).with_status(0);

        let bundle = file(database.directory(), "own.yaml", &neighbours::bundle("own"));
        run(&["import", &bundle, "--database-url", url]).with_status(0);
        assert_eq!(run(&["check", "--json", "--database-url", url]).with_status(0).json(), json!([]));
        let person = run(&["person", "export", "--user", neighbours::USER, "--database-url", url]).with_status(0).json();
        assert!(person.to_string().contains("name.own.p"), "{person}");
        let erase = ["person", "erase", "--yes", "--json", "--user", neighbours::USER, "--database-url", url];
        assert!(run(&erase).with_status(0).json()["removed"].as_u64().is_some_and(|removed| removed > 5));
        let all = database.directory().join("all.yaml");
        let export = ["export", "--json", "--output", all.to_str().expect("a path"), "--database-url", url];
        let written = run(&export).with_status(0).json();
        assert_eq!(written["bytes"], std::fs::metadata(&all).expect("a file").len(), "{written}");
        let absent = free_address();
        let health = run(&["healthcheck", "--json", "--listen", &absent]).with_status(1).json();
        assert_eq!((&health["healthy"], &health["address"]), (&json!(false), &json!(absent)));
        assert!(health["reason"].as_str().is_some_and(|reason| reason.contains("nobody answers")), "{health}");
        let server = Server::start(database.directory(), url).await;
        let health = run(&["healthcheck", "--json", "--ready", "--listen", server.address()]).with_status(0).json();
        assert_eq!(health, json!({"address": server.address(), "path": "/ready", "healthy": true, "reason": null}));
        drop(server);
        let data = database.directory().to_str().expect("a path");
        let token = run(&["token", "--json", "--user", "ann", "--ttl", "90s", "--data-dir", data]).with_status(0).json();
        assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(90)));
        assert!(token["access_token"].as_str().is_some_and(|token| token.split('.').count() == 3));
    }

    async fn statuses_tell_no_from_no_answer(database: TestDatabase) {
        let url = database.url.as_str();
        // Nothing brought its schema up: nobody knows.
        for words in [&["lookup", "user", "ann"][..], &["check"]] {
            run(&[words, &["--database-url", url]].concat()).with_status(2);
        }
        run(&["list", "--database-url", url]).with_status(1);
        run(&["migrate", "up", "--database-url", url]).with_status(0);
        run(&["lookup", "user", "ann", "--database-url", url]).with_status(1);
        run(&["lookup", "user"]).with_status(2);
        let help = run(&["--help"]).with_status(0).output;
        assert!(help.contains("Exit status:"), "{help}");
        let man = run(&["man"]).with_status(0).output;
        assert!(man.contains("Exit status"), "{man}");
    }

    async fn a_client_signs_in_with_the_scopes_that_it_asks_for(database: TestDatabase) {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        let server = Server::serve(database.directory(), &database.url, &provider).await;
        let secret = file(database.directory(), "secret", "the-secret-of-the-service\n");
        let token_endpoint = format!("{}/token", provider.issuer());
        let signed_in = |words: &[&str]| {
            let mut command = program(words);
            command.env("REC_REGISTRY_API", server.base_url()).env("REC_REGISTRY_CLIENT_ID", "service");
            command.env("REC_REGISTRY_CLIENT_SECRET_FILE", &secret).env("REC_REGISTRY_AUTH_URL", &token_endpoint);
            ran(&mut command)
        };
        let bundle = file(database.directory(), "own.yaml", &neighbours::bundle("own"));
        let refused = signed_in(&["import", &bundle, "--client-scope", "rec-registry.read"]).with_status(1);
        assert!(refused.error.contains("rec-registry.import"), "{refused:?}");
        let admin = ["--client-scope", "rec-registry.admin", "--client-field", "resource=urn:rec-registry:EdDSA"];
        for words in [&["import", &bundle][..], &["list"], &["tree", "own"], &["lookup", "user", neighbours::USER], &["audit"], &["export"]] {
            let done = signed_in(&[words, &admin].concat()).with_status(0);
            assert!(done.output.contains("own") || words == ["audit"], "{words:?}: {done:?}");
        }
        // This provider leaves out what it does not know.
        let refused = signed_in(&["list", "--client-scope", "no-such-scope"]).with_status(1);
        assert!(refused.error.contains("needs the grant rec-registry.read"), "{refused:?}");
        std::fs::write(&secret, "the secret of somebody else\n").expect("a file is written");
        let refused = signed_in(&["list"]).with_status(1);
        assert!(refused.error.contains("gives no token") && refused.error.contains("invalid_client"), "{refused:?}");
        assert!(!refused.error.contains("somebody else"), "{refused:?}");
    }
}

/// What a command writes to a terminal; none where there is no program that makes one.
fn on_a_terminal(words: &[&str], colours: Option<&str>) -> Option<String> {
    let line: Vec<_> = [PROGRAM].iter().chain(words).map(|word| format!("'{word}'")).collect();
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"]);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        script.env_remove(name);
    }
    script.env("TERM", "xterm-256color").envs(colours.map(|name| (name, "1")));
    match script.output() {
        Ok(output) => Some(String::from_utf8(output.stdout).expect("text")),
        Err(_) => {
            missing("a terminal", "script (bsdutils) is not there");
            assert!(!must_be_complete(), "CI=true demands it");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn colours_and_progress_are_for_a_terminal() {
    const GREEN: &str = "\u{1b}[32mimported";
    let database = TestDatabase::create(crate::support::Backend::Sqlite).await.expect("a directory");
    let bundle = file(database.directory(), "own.yaml", &neighbours::bundle("own"));
    let import = ["import", &bundle, "--database-url", &database.url];
    let Some(shown) = on_a_terminal(&import, None) else { return };
    assert!(shown.contains(GREEN) && shown.contains("importing"), "{shown}");
    let plain = on_a_terminal(&import, Some("NO_COLOR")).expect("a terminal");
    assert!(plain.contains("imported") && !plain.contains("\u{1b}[32m"), "{plain}");
    let piped = run(&import).with_status(0);
    assert!(piped.error.is_empty() && !piped.output.contains('\u{1b}'), "{piped:?}");
    let wrong = on_a_terminal(&["list", "--database-url", "sqlite:///nowhere/registry.db"], None)
        .expect("a terminal");
    assert!(
        wrong.contains("\u{1b}[1m\u{1b}[31merror:") || wrong.contains("\u{1b}[31m\u{1b}[1merror:"),
        "{wrong:?}"
    );
}

/// What bash offers for a line whose last word is not finished.
fn completed(line: &str) -> String {
    let script = run(&["completions", "bash"]).with_status(0).output;
    let words: Vec<&str> = line.split(' ').collect();
    let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
    // The function is the one that the script itself names for the program.
    let ask = format!(
        "COMP_WORDS=({line}); COMP_CWORD={}\n\
         function=$(complete -p rec-registry | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
         \"$function\" rec-registry {last} {before}; echo \"${{COMPREPLY[@]}}\"",
        words.len() - 1
    );
    let bash =
        Command::new("bash").args(["--norc", "-c", &format!("{script}\n{ask}")]).output().expect("bash runs");
    assert!(bash.status.success(), "{bash:?}");
    String::from_utf8(bash.stdout).expect("text").trim().to_owned()
}

#[test]
fn bash_completes_commands_and_what_stands_behind_them() {
    for (line, offered) in [
        ("rec-registry doc", "doctor"),
        ("rec-registry backup t", "take"),
        ("rec-registry backup take --ke", "--keep"),
        ("rec-registry person erase --y", "--yes"),
        ("rec-registry import --client-sc", "--client-scope"),
        ("rec-registry completions z", "zsh"),
    ] {
        assert_eq!(completed(line), offered, "{line}");
    }
}

/// Every setting that reaches a server is there for each command that can go through one.
#[test]
fn what_goes_through_a_server_signs_in_alike() {
    let settings = |command: &str| -> BTreeSet<String> {
        let help = run(&[command, "--help"]).with_status(0).output;
        let words = help.split(|c: char| c.is_whitespace() || c == '=' || c == ']');
        words
            .filter(|word| {
                word.starts_with("--api") || word.starts_with("--client-") || word.starts_with("--auth-url")
            })
            .map(str::to_owned)
            .collect()
    };
    let expected = settings("import");
    assert!(expected.len() >= 7, "{expected:?}");
    for command in ["export", "list", "tree", "lookup", "audit", "restore"] {
        assert_eq!(settings(command), expected, "{command}");
    }
}
