//! The public Python client reads everything: each generated operation parses its answer, in the oldest and in the newest
//! version that is in use; and the newest writes everything. `tests/python/` says what "everything" is.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::sync::Mutex;

use crate::support::command::run;
use crate::support::database::{missing, must_be_complete};
use crate::support::provider::Provider;
use crate::support::server::{Server, token};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    async fn celine_sdk_1_15_reads_everything(database: TestDatabase) {
        read_everything(&database, "1.15.0").await;
    }

    async fn celine_sdk_2_2_reads_everything(database: TestDatabase) {
        read_everything(&database, "2.2.0").await;
    }

    async fn celine_sdk_reads_everything_with_the_tokens_of_a_provider(database: TestDatabase) {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        let mut server = Server::serve(database.directory(), &database.url, &provider).await;
        let alice = provider.user_token("RS256", "alice", "").await;
        read_everything_from(&mut server, &alice, "2.2.0").await;
    }

    async fn celine_sdk_2_2_writes_everything(database: TestDatabase) {
        write_everything(&database, "2.2.0").await;
    }
}

async fn write_everything(database: &TestDatabase, version: &str) {
    let Some(python) = python(version).await else { return };
    let mut server = Server::start(database.directory(), &database.url).await;
    let [base_url, admin] = [server.base_url(), server.token()].map(str::to_owned);
    let mut write = Command::new(python);
    write.arg(folder().join("write_everything.py")).args(["--base-url", &base_url, "--admin-token", &admin]);
    let outcome = tokio::task::spawn_blocking(move || run(&mut write)).await.expect("the script is run");
    outcome.unwrap_or_else(|output| panic!("{output}\n{}", server.account()));
}

/// The interpreter with a version of the client; none when it is not to be had here, which is said loudly.
async fn python(version: &str) -> Option<PathBuf> {
    match environment(version).await {
        Ok(python) => Some(python),
        Err(reason) => {
            missing("the Python client", &reason);
            assert!(!must_be_complete(), "{reason}");
            None
        }
    }
}

async fn read_everything(database: &TestDatabase, version: &str) {
    let mut server = Server::start(database.directory(), &database.url).await;
    let alice = token(database.directory(), "alice", "openid");
    read_everything_from(&mut server, &alice, version).await;
}

/// Reads everything as the administrator of a server and as Alice, who has this token.
async fn read_everything_from(server: &mut Server, alice: &str, version: &str) {
    let Some(python) = python(version).await else { return };
    let script = folder().join("read_everything.py");
    let mut read = Command::new(python);
    read.arg(script).args(["--base-url", server.base_url(), "--admin-token", server.token()]);
    read.args(["--user-token", alice, "--user", "alice"]);
    let outcome = tokio::task::spawn_blocking(move || run(&mut read)).await.expect("the script is run");
    outcome.unwrap_or_else(|output| panic!("{output}\n{}", server.account()));
}

/// The interpreter of a virtual environment that has this version of the client. It is made once and kept with the build.
async fn environment(version: &str) -> Result<PathBuf, String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let _making = ONE_AT_A_TIME.lock().await;
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("celine-sdk-{version}"));
    let python = home.join("bin/python");
    let complete = home.join("complete");
    if !complete.exists() {
        let requirements = folder().join(format!("requirements-{version}.txt"));
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))?;
        std::fs::write(complete, version).map_err(|error| error.to_string())?;
    }
    Ok(python)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}
