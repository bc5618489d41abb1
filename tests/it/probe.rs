//! The REST door does what its OpenAPI document says, whatever is sent: Schemathesis makes requests from the document, good ones
//! and bad ones, and looks at the answers with every check that it has.
//!
//! A few requests an operation, always the same ones. `REC_REGISTRY_PROBE_EXAMPLES` makes them more, `REC_REGISTRY_PROBE_SEED`
//! others.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::sync::Mutex;

use crate::support::command::run;
use crate::support::database::{missing, must_be_complete};
use crate::support::server::Server;
use crate::support::{TestDatabase, on_both_databases};

const VERSION: &str = "4.32.5";

on_both_databases! {
    async fn the_rest_door_does_what_its_document_says(database: TestDatabase) {
        let python = match environment().await {
            Ok(python) => python,
            Err(reason) => {
                missing("the REST door with Schemathesis", &reason);
                assert!(!must_be_complete(), "{reason}");
                return;
            }
        };
        let mut server = Server::start(database.directory(), &database.url).await;
        let bundle = std::fs::read(folder().join("probe.yaml")).expect("the bundle is there");
        let imported = server.import(bundle).send().await.expect("the bundle is sent");
        assert!(imported.status().is_success(), "{:?}", imported.text().await);
        let mut probe = probe(&python, &server, database.directory());
        let outcome = tokio::task::spawn_blocking(move || run(&mut probe)).await.expect("Schemathesis is run");
        outcome.unwrap_or_else(|output| panic!("{output}\n{}", server.account()));
    }
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

fn probe(python: &Path, server: &Server, directory: &Path) -> Command {
    let mut probe = Command::new(python);
    probe.args(["-m", "schemathesis.cli", "--config-file"]).arg(folder().join("probe.toml"));
    probe.args(["run", &format!("{}/openapi.json", server.base_url()), "--checks", "all", "--no-color"]);
    probe.args(["--seed", &setting("REC_REGISTRY_PROBE_SEED", "7")]);
    probe.args(["--max-examples", &setting("REC_REGISTRY_PROBE_EXAMPLES", "5")]);
    probe.env("REC_REGISTRY_URL", server.base_url()).env("REC_REGISTRY_TOKEN", server.token());
    probe.env("PYTHONPATH", folder()).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(directory);
    probe
}

/// The interpreter of a virtual environment that has Schemathesis. It is made once and kept with the build.
async fn environment() -> Result<PathBuf, String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let _making = ONE_AT_A_TIME.lock().await;
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("schemathesis-{VERSION}"));
    let python = home.join("bin/python");
    let complete = home.join("complete");
    if !complete.exists() {
        let requirements = folder().join("requirements-schemathesis.txt");
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))?;
        std::fs::write(complete, VERSION).map_err(|error| error.to_string())?;
    }
    Ok(python)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}
