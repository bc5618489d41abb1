//! `serve` starts closed or not at all, and secrets come from the environment or from files and are never shown.

use std::path::Path;
use std::process::{Command, Output};

use super::support::provider::Provider;
use super::support::server::{PROGRAM, Server, token};
use super::support::{TestDatabase, on_both_databases};

const HUSH: &str = "hush-4711";

/// The program with these words and nothing of this environment that is a setting.
fn program(words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("DATABASE_URL") || name.starts_with("REC_REGISTRY_") {
            command.env_remove(name);
        }
    }
    command.args(words);
    command
}

/// What the program said, which holds no secret, and the status that it ended with.
fn said(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let said = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(!said.contains(HUSH), "{said}");
    (status.code(), said)
}

/// The same, of a command that is refused; all of these words are in what it says.
#[track_caller]
fn refused(command: &mut Command, status: i32, words: &[&str]) {
    let (code, said) = said(command);
    assert_eq!(code, Some(status), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
}

fn file(directory: &Path, name: &str, content: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, content).expect("a file is written");
    path.to_str().expect("a path in UTF-8").to_owned()
}

#[test]
fn every_reason_for_which_it_would_be_open_is_named_at_once() {
    let mut serve = program(&["serve", "--listen", "0.0.0.0:0"]);
    serve.env("DATABASE_URL", "postgres://registry:registry@db.example.org/registry");
    refused(&mut serve, 1, &["REC_REGISTRY_AUTH_ISSUER", "REC_REGISTRY_AUTH_AUDIENCE", "everybody knows"]);
    let mut serve = program(&["serve", "--listen", "[::]:0", "--auth-issuer", "urn:rec-registry:dev"]);
    serve.env("DATABASE_URL", "postgres://registry:change-me@db.example.org/registry");
    refused(
        &mut serve,
        1,
        &["REC_REGISTRY_AUTH_JWKS_URL", "REC_REGISTRY_AUTH_AUDIENCE", "development key", "everybody knows"],
    );
    refused(
        &mut program(&["serve", "--auth-issuer", " ", "--auth-audience", ""]),
        1,
        &["REC_REGISTRY_AUTH_ISSUER", "REC_REGISTRY_AUTH_AUDIENCE"],
    );
}

#[test]
fn a_secret_is_given_itself_or_by_a_file_and_is_never_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let absent = directory.path().join(HUSH).to_str().expect("a path").to_owned();
    let secret = file(directory.path(), "secret", HUSH);
    let empty = file(directory.path(), "empty", "\n");
    let url = format!("postgres://registry:{HUSH}@127.0.0.1:1/registry");
    let url_file = file(directory.path(), "url", &format!("{url}\n"));
    let import = ["import", "-", "--api", "http://127.0.0.1:1"];

    for (words, name, value, expected) in [
        (&["serve"][..], "DATABASE_URL", format!("mysql://u:{HUSH}@h/d"), "--database-url"),
        (&["serve"], "DATABASE_URL_FILE", absent.clone(), "cannot be read"),
        (&["serve"], "DATABASE_URL_FILE", empty.clone(), "what the file holds is no value"),
        (&["serve"], "DATABASE_URL_FILE", secret.clone(), "must begin with sqlite://"),
        (&["migrate", "up"], "DATABASE_URL_FILE", absent.clone(), "--database-url-file"),
        (&import, "REC_REGISTRY_TOKEN_FILE", absent.clone(), "--token-file"),
        (&import, "REC_REGISTRY_TOKEN_FILE", empty.clone(), "it is empty"),
        (&import, "REC_REGISTRY_CLIENT_SECRET_FILE", absent, "--client-secret-file"),
    ] {
        refused(program(words).env(name, value), 2, &[expected]);
    }
    for (words, name, value) in [
        (&["serve"][..], "DATABASE_URL", &url),
        (&import, "REC_REGISTRY_TOKEN", &HUSH.to_owned()),
        (&import, "REC_REGISTRY_CLIENT_SECRET", &HUSH.to_owned()),
    ] {
        let file = if name == "DATABASE_URL" { &url_file } else { &secret };
        let mut both = program(words);
        both.env(name, value).env(format!("{name}_FILE"), file);
        refused(&mut both, 2, &["cannot be used with"]);
    }
    // A database that does not answer is named without its password, wherever the URL came from.
    let trouble = ["migrate", "status", "--database-acquire-timeout", "1s"];
    for (name, value) in [("DATABASE_URL", &url), ("DATABASE_URL_FILE", &url_file)] {
        refused(program(&trouble).env(name, value), 1, &["postgres://127.0.0.1/registry"]);
    }
    let broken = format!("postgres://registry:{HUSH}@127.0.0.1:port/registry");
    refused(program(&trouble).env("DATABASE_URL", broken), 2, &["it is no URL"]);
    for words in [["serve", "--help"], ["import", "--help"], ["migrate", "--help"]] {
        let mut help = program(&words);
        help.env("DATABASE_URL", &url)
            .env("REC_REGISTRY_TOKEN", HUSH)
            .env("REC_REGISTRY_CLIENT_SECRET", HUSH);
        assert_eq!(said(&mut help).0, Some(0));
    }
}

on_both_databases! {
    async fn the_command_line_takes_its_secrets_from_files(database: TestDatabase) {
        let url = file(database.directory(), "url", &format!("{}\n", database.url));
        assert_eq!(said(program(&["migrate", "up"]).env("DATABASE_URL_FILE", &url)).0, Some(0));
        let server = Server::start(database.directory(), &database.url).await;
        let reader = token(database.directory(), "operator", "rec-registry.admin");
        let token = file(database.directory(), "token", &format!("{reader}\n"));
        let mut export = program(&["export", "--api", server.base_url()]);
        let (status, said) = said(export.env("REC_REGISTRY_TOKEN_FILE", &token));
        assert_eq!(status, Some(0), "{said}");
    }

    async fn a_client_asks_the_provider_for_its_token(database: TestDatabase) {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        let server = Server::serve(database.directory(), &database.url, &provider).await;
        let secret = file(database.directory(), "secret", "the-secret-of-the-service\n");
        let mut export = program(&["export", "--api", server.base_url(), "--client-id", "service"]);
        export.args(["--auth-url", &format!("{}/token", provider.issuer())]);
        // This provider grants what is asked for alone, and the client asks for nothing: it is known, and may not.
        refused(export.env("REC_REGISTRY_CLIENT_SECRET_FILE", &secret), 1, &["403", "rec-registry.export"]);
        export.env_remove("REC_REGISTRY_CLIENT_SECRET_FILE").env("REC_REGISTRY_CLIENT_SECRET", HUSH);
        refused(&mut export, 1, &["the identity provider gives no token"]);
    }
}
