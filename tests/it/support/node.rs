//! Tools from npm: a folder that has them installed, and how they are run.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::sync::Mutex;

use super::command::run;
use super::database::{missing, must_be_complete};

/// The folder of the scripts in the source.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node")
}

/// A folder with the scripts and the packages that they use. It is made once for each lock file and kept with the build.
/// None when Node or its packages are not to be had here, which is said loudly, and is a failure under `CI=true`.
pub async fn folder() -> Option<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let _making = ONE_AT_A_TIME.lock().await;
    match install() {
        Ok(folder) => Some(folder),
        Err(reason) => {
            missing("whatever needs Node: GraphQL's tools, an identity provider", &reason);
            assert!(!must_be_complete(), "{reason}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let said = |error: std::io::Error| error.to_string();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node");
    std::fs::create_dir_all(&home).map_err(said)?;
    for entry in std::fs::read_dir(sources()).map_err(said)? {
        let file = entry.map_err(said)?;
        if file.file_type().map_err(said)?.is_file() {
            std::fs::copy(file.path(), home.join(file.file_name())).map_err(said)?;
        }
    }
    let lock = std::fs::read(home.join("package-lock.json")).map_err(said)?;
    let complete = home.join("node_modules/complete");
    if std::fs::read(&complete).ok().as_ref() != Some(&lock) {
        run(Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(&home))?;
        std::fs::write(complete, lock).map_err(said)?;
    }
    Ok(home)
}
