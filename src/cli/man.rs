//! `rec-registry man`: the manual, made of what `--help` says.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::output;

/// Print the manual page, or write the pages of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = "To read it at once: rec-registry man | man -l -")]
pub struct Man {
    /// Write one page for the program and one for every command into this folder, as `rec-registry-import.1`.
    /// What is missing of the folder is made; pages that are there are written anew.
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

impl Man {
    /// Prints or writes the pages.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let command = super::Cli::command();
        match self.into {
            Some(folder) => {
                let unwritable = || format!("the manual cannot be written into {}", folder.display());
                std::fs::create_dir_all(&folder).with_context(unwritable)?;
                clap_mangen::generate_to(command, &folder).with_context(unwritable)?;
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(command).render(&mut page)?;
                output::write(&String::from_utf8(page)?)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_tells_its_settings() {
        fn expected(command: &clap::Command, before: &str, into: &mut Vec<(String, Vec<String>)>) {
            let name = format!("{before}{}", command.get_name());
            command.get_subcommands().for_each(|below| expected(below, &format!("{name}-"), into));
            let variables = command.get_arguments().filter_map(clap::Arg::get_env);
            let variables = variables.map(|variable| format!("\\fB{}\\fR", variable.to_string_lossy()));
            into.push((format!("{name}.1"), variables.collect()));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let into = folder.path().join("man").join("man1");
        Man { into: Some(into.clone()) }.run().expect("pages");
        let mut pages = Vec::new();
        expected(&super::super::Cli::command(), "", &mut pages);
        assert!(pages.iter().any(|(page, _)| page == "rec-registry-migrate-up.1"), "{pages:?}");
        assert!(
            pages.iter().any(|(page, settings)| page == "rec-registry-serve.1" && settings.len() > 20),
            "{pages:?}"
        );
        for (page, settings) in pages {
            let text =
                std::fs::read_to_string(into.join(&page)).unwrap_or_else(|error| panic!("{page}: {error}"));
            assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
            for setting in settings {
                assert!(text.contains(&setting), "{page} without {setting}");
            }
        }
    }
}
