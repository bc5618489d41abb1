//! `rec-registry doctor`: what is wrong with a deployment is found, each thing for real, and told with how to mend it.

use std::collections::BTreeSet;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::Value;

use crate::support::database::Backend;
use crate::support::pooler::Pooler;
use crate::support::program::{Ran, program, ran};
use crate::support::server::{Server, free_address};
use crate::support::{TestDatabase, neighbours, on_both_databases};

/// What the server of the tests is not careful about, and whose role is its superuser.
const OF_THE_TEST_SERVER: &[&str] = &["durability", "database_role"];

/// Where the doctor is told to look.
struct Told<'t> {
    database: &'t str,
    jwks: String,
    listen: String,
}

impl<'t> Told<'t> {
    /// Of a server that runs, whose own key its tokens are signed with.
    fn of(server: &Server, database: &'t str) -> Self {
        let jwks = format!("{}/.well-known/jwks.json", server.base_url());
        Self { database, jwks, listen: server.address().to_owned() }
    }

    fn ask(&self, words: &[&str]) -> Ran {
        let mut doctor =
            program(&["doctor", "--auth-issuer", "urn:rec-registry:dev", "--auth-audience", "rec-registry"]);
        doctor.args(["--auth-jwks-url", &self.jwks, "--listen", &self.listen]).args(words);
        ran(doctor.env("DATABASE_URL", self.database))
    }

    fn ask_json(&self) -> Ran {
        self.ask(&["--json"])
    }
}

/// The checks that found something wrong, but for what is so on the server of the tests.
fn wrong(ran: &Ran) -> BTreeSet<String> {
    let said = ran.json();
    let findings = said["findings"].as_array().expect("a list");
    assert!(findings.len() > 5, "{said}");
    let mut checks = BTreeSet::new();
    for finding in findings {
        let text = |field: &str| finding[field].as_str().map(str::to_owned);
        let (check, severity) = (text("check").expect("a check"), text("severity").expect("a severity"));
        assert!(text("what").is_some_and(|what| !what.is_empty()));
        // Whatever is not as it should be can be mended.
        assert_eq!(text("mend").is_some(), severity != "ok", "{finding}");
        if ["warning", "error"].contains(&severity.as_str()) && !OF_THE_TEST_SERVER.contains(&check.as_str())
        {
            checks.insert(check);
        }
    }
    let any = findings
        .iter()
        .any(|finding| ["warning", "error"].contains(&finding["severity"].as_str().unwrap_or_default()));
    assert_eq!(said["healthy"], !any);
    assert_eq!(ran.status, Some(if said["complete"] == false { 2 } else { i32::from(any) }), "{ran:?}");
    checks
}

/// A server as it should be deployed: nobody else can enter the folder of its database.
async fn deployed(database: &TestDatabase) -> Server {
    mode(database.directory(), 0o700);
    Server::start(database.directory(), &database.url).await
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode is set");
}

fn checks(checks: &[&str]) -> BTreeSet<String> {
    checks.iter().map(|check| (*check).to_owned()).collect()
}

async fn execute(url: &str, sql: &str) {
    let connection = Database::connect(url).await.expect("the database answers");
    connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.expect("closed");
}

/// A web server that answers everything with these bytes, until the tests end.
fn always(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut connection in listener.incoming().filter_map(Result::ok) {
            let mut head = [0; 4096];
            // Whoever goes away is not answered.
            let _ = connection.read(&mut head).and_then(|_| connection.write_all(answer.as_bytes()));
        }
    });
    format!("http://{address}")
}

fn http(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}", body.len())
}

on_both_databases! {
    async fn a_deployment_that_is_sound_is_told_so(database: TestDatabase) {
        let server = deployed(&database).await;
        assert!(server.import(neighbours::bundle("own")).send().await.is_ok_and(|answer| answer.status().is_success()));
        let told = Told::of(&server, &database.url);
        assert_eq!(wrong(&told.ask_json()), checks(&[]));
        let said = told.ask(&[]);
        for check in ["settings", "keys", "clock", "server", "database", "schema", "data"] {
            assert!(said.output.lines().any(|line| line.starts_with("ok") && line.contains(check)), "{check}: {said:?}");
        }
        assert!(!said.output.contains('\u{1b}'), "colours are for a terminal");
        if database.backend == Backend::Sqlite {
            let quiet = told.ask(&["--quiet", "--thorough"]).with_status(0);
            assert_eq!((quiet.output.as_str(), quiet.error.as_str()), ("", ""));
        }
    }

    async fn a_reference_that_leads_nowhere_is_told_and_not_wrong(database: TestDatabase) {
        let server = deployed(&database).await;
        let sample = include_str!("../samples/aurora-highlands-v0.7.yaml");
        assert!(server.import(sample).send().await.is_ok_and(|answer| answer.status().is_success()));
        let said = Told::of(&server, &database.url).ask_json();
        assert_eq!(wrong(&said), checks(&[]));
        assert!(said.output.contains("names no operator of the community"), "{said:?}");
    }

    async fn what_is_wrong_with_the_database_is_found(database: TestDatabase) {
        let server = deployed(&database).await;
        assert!(server.import(neighbours::bundle("own")).send().await.is_ok_and(|answer| answer.status().is_success()));
        let told = Told::of(&server, &database.url);
        execute(&database.url, "DELETE FROM holding").await;
        assert_eq!(wrong(&told.ask_json()), checks(&["data"]));
        execute(&database.url, "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_later', 0)").await;
        // A newer program may bring the schema further while this one serves.
        let said = told.ask_json();
        assert_eq!(wrong(&said), checks(&["data"]));
        assert!(said.output.contains("m20990101_000001_later"), "{said:?}");
        execute(&database.url, "DELETE FROM seaql_migrations WHERE version <> 'm20990101_000001_later'").await;
        let said = told.ask_json();
        assert_eq!(wrong(&said), checks(&["schema", "server"]));
        assert!(said.output.contains("may not fit together"), "{said:?}");
        execute(&database.url, "DELETE FROM seaql_migrations").await;
        assert_eq!(wrong(&told.ask_json()), checks(&["schema", "server"]));
    }

    async fn a_database_that_is_not_there_is_not_made_by_looking(database: TestDatabase) {
        let server = deployed(&database).await;
        let absent = match database.backend {
            Backend::Sqlite => database.url.replace("registry.db", "absent.db"),
            Backend::Postgres => database.url.replace("/rec_registry_test_", "/absent_"),
        };
        let said = Told::of(&server, &absent).ask_json();
        assert_eq!(wrong(&said), checks(&["database"]));
        assert_eq!(said.status, Some(if database.backend == Backend::Sqlite { 1 } else { 2 }));
        assert!(!database.directory().join("absent.db").exists());

        let unused = TestDatabase::create(database.backend).await.expect("there is one already");
        if database.backend == Backend::Postgres {
            assert_eq!(wrong(&Told::of(&server, &unused.url).ask_json()), checks(&["schema"]));
            let tables = "DO $$ BEGIN ASSERT (SELECT count(*) FROM pg_tables WHERE schemaname = 'public') = 0; END $$";
            execute(&unused.url, tables).await;
        }
        unused.remove().await;
    }

    async fn what_is_wrong_with_the_issuer_is_found(database: TestDatabase) {
        let server = deployed(&database).await;
        let own = Told::of(&server, &database.url);
        let jwks = server.get("/.well-known/jwks.json", "").send().await.expect("the server answers").text().await;
        let jwks = jwks.expect("a key set");
        for (answer, expected) in [
            (http("Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n", &jwks), checks(&["clock"])),
            (http("", &jwks), checks(&[])),
            (http("", r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}"#), checks(&["keys"])),
            (http("", "no keys"), checks(&["keys"])),
            (http("", "").replace("200 OK", "500 Internal Server Error"), checks(&["keys"])),
        ] {
            let told = Told { jwks: always(answer), listen: own.listen.clone(), database: &database.url };
            assert_eq!(wrong(&told.ask_json()), expected);
        }
        let told = Told { jwks: format!("http://{}", free_address()), ..own };
        assert_eq!(wrong(&told.ask_json()), checks(&["keys"]));

        // Discovery leads to the keys of the issuer that it names, and of no other.
        let mut doctor = program(&["doctor", "--json", "--auth-audience", "rec-registry", "--listen", &told.listen]);
        doctor.args(["--auth-issuer", &always(http("", r#"{"issuer": "https://id.example.org", "jwks_uri": "https://id.example.org/jwks"}"#))]);
        assert_eq!(wrong(&ran(doctor.env("DATABASE_URL", &database.url))), checks(&["issuer"]));
    }

    async fn what_is_wrong_with_the_settings_is_found(database: TestDatabase) {
        let server = deployed(&database).await;
        let mut doctor = program(&["doctor", "--json", "--listen", server.address()]);
        let ran_so = ran(doctor.env("DATABASE_URL", &database.url));
        assert_eq!(wrong(&ran_so), checks(&["settings"]));
        for word in ["REC_REGISTRY_AUTH_ISSUER", "REC_REGISTRY_AUTH_AUDIENCE"] {
            assert!(ran_so.output.contains(word), "{ran_so:?}");
        }
        let told = Told::of(&server, &database.url);
        let said = told.ask(&["--json", "--cors-origins", "http://app.example.org", "--trusted-proxies", "0.0.0.0/0"]);
        assert_eq!(wrong(&said), checks(&["cors", "proxies"]));
        let said = told.ask(&["--json", "--database-max-connections", "1000"]);
        assert_eq!(wrong(&said), checks(if database.backend == Backend::Postgres { &["connections"] } else { &[] }));
        let elsewhere = always(http("", "hello"));
        let told = Told { listen: elsewhere.trim_start_matches("http://").to_owned(), ..told };
        assert_eq!(wrong(&told.ask_json()), checks(&["server"]));
        ran(&mut program(&["doctor", "--no-such-word"])).with_status(2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_file_of_a_database_is_found() {
    let database = TestDatabase::create(Backend::Sqlite).await.expect("a directory");
    let mut server = deployed(&database).await;
    assert!(
        server
            .import(neighbours::bundle("own"))
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
    );
    let file = database.directory().join("registry.db");
    mode(database.directory(), 0o755);
    mode(&file, 0o644);
    assert_eq!(wrong(&Told::of(&server, &database.url).ask_json()), checks(&["file_permissions"]));
    mode(database.directory(), 0o700);

    // A server that serves elsewhere stands for the issuer while the file is damaged.
    let other = TestDatabase::create(Backend::Sqlite).await.expect("a directory");
    let issuer = deployed(&other).await;
    server.process.kill().expect("the server is killed");
    server.process.wait().expect("the server ends");
    drop(server);
    execute(&database.url, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let told = Told::of(&issuer, &database.url);
    assert_eq!(wrong(&told.ask_json()), checks(&[]));
    let mut damaged = std::fs::OpenOptions::new().write(true).open(&file).expect("the file opens");
    let length = damaged.metadata().expect("a length").len();
    damaged.seek(SeekFrom::Start(4096)).expect("a place");
    damaged.write_all(&vec![0xa5; length as usize - 4096]).expect("it is damaged");
    drop(damaged);
    let said = told.ask_json();
    assert_eq!((wrong(&said), said.status), (checks(&["integrity"]), Some(2)));
    std::fs::write(&file, "this is no database, however long it is, and whatever comes behind it")
        .expect("written");
    let said = told.ask_json();
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(!wrong(&said).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_too_little_and_a_pooler_are_found() {
    let Some(database) = TestDatabase::create(Backend::Postgres).await else { return };
    let server = deployed(&database).await;
    let behind = Told::of(&server, &database.url);
    let name = database.url.rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("a name");
    let role = format!("{name}_role");
    execute(
        &database.url,
        &format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'Kc8-x9'; REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
             GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
        ),
    )
    .await;
    let mut url = reqwest::Url::parse(&database.url).expect("a URL");
    url.set_username(&role).expect("a name");
    url.set_password(Some("Kc8-x9")).expect("a password");
    let told = Told { database: url.as_str(), jwks: behind.jwks.clone(), listen: behind.listen.clone() };
    let said = told.ask_json().json();
    let finding = said["findings"].as_array().expect("a list").iter().find(|f| f["check"] == "database_role");
    let what = finding.and_then(|finding| finding["what"].as_str()).unwrap_or_default();
    assert!(what.contains("may not make tables"), "{said}");
    execute(&database.url, &format!("GRANT CREATE ON SCHEMA public TO {role}")).await;
    let said = told.ask_json().json();
    let finding = |said: &Value, check: &str| {
        said["findings"].as_array().expect("a list").iter().find(|f| f["check"] == check).cloned()
    };
    assert_eq!(finding(&said, "database_role").map(|f| f["severity"].clone()), Some("ok".into()), "{said}");
    execute(&database.url, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;

    if let Some(pooler) = Pooler::before(&database.url, database.directory()).await {
        let told = Told { database: &pooler.url, ..behind };
        let found = wrong(&told.ask_json());
        assert!(found.is_superset(&checks(&["pooler", "listen"])), "{found:?}");
    }
    drop(server);
    database.remove().await;
}
