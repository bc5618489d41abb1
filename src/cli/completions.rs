//! `rec-registry completions`: what a shell needs to complete this command line.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::output;

/// Print the completions of a shell, to be sourced by it.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut command = super::Cli::command();
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        let script = String::from_utf8(script)?;
        output::write(&if self.shell == Shell::Bash { with_one_name(&script) } else { script })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The script for bash, in which the branches below the first word are called as the script calls them.
///
/// The library writes a hyphen of the program's name in two ways (<https://github.com/clap-rs/clap/issues/6421>), so that
/// nothing would be completed behind a subcommand.
fn with_one_name(script: &str) -> String {
    let name = super::Cli::command().get_name().to_owned();
    script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"))
}
