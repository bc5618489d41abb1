//! The command line: the program run to its end.

use std::process::{Command, Output};

use serde_json::Value;

use super::server::PROGRAM;

/// The program with these words, and nothing of this environment that is a setting.
pub fn program(words: &[&str]) -> Command {
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

/// What a run of the program came to.
#[derive(Debug)]
pub struct Ran {
    /// The status that it ended with.
    pub status: Option<i32>,
    /// Its standard output.
    pub output: String,
    /// Its standard error.
    pub error: String,
}

/// Runs a command to its end.
pub fn ran(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program speaks UTF-8");
    Ran { status: status.code(), output: text(stdout), error: text(stderr) }
}

/// Runs the program with these words.
pub fn run(words: &[&str]) -> Ran {
    ran(&mut program(words))
}

impl Ran {
    /// The same, when it ended with this status.
    #[track_caller]
    pub fn with_status(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self:?}");
        self
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}
