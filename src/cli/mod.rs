//! The command line: one file a subcommand. Results go to standard output, everything else to standard
//! error.

pub mod audit;
pub mod backup;
pub mod check;
pub mod completions;
pub mod dev;
mod difference;
pub mod doctor;
pub mod export;
pub mod healthcheck;
pub mod import;
pub mod list;
pub mod lock;
mod logging;
pub mod lookup;
pub mod man;
pub mod migrate;
pub mod openapi;
mod outcome;
mod output;
pub mod person;
mod progress;
mod remote;
mod report;
pub mod restore;
pub mod schema;
pub mod serve;
mod target;
pub mod token;
pub mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::LogArgs;

/// What the status says with which a command ends.
const EXIT_STATUS: &str = "\
Exit status:
  0  done; of a command that asks something: yes, found, nothing is wrong
  1  refused or failed; of a command that asks something (check, doctor, lookup): no, nobody, something is wrong
  2  a wrong command line; of a command that asks something: there is no answer";

/// The status of a command that asks something and is told no.
const NO: u8 = 1;

/// The status of a command that asks something and is told nothing.
const NO_ANSWER: u8 = 2;

/// The registry of renewable energy communities: who is in a community, where they are connected to the
/// grid, what they own.
#[derive(Debug, Parser)]
#[command(name = "rec-registry", version, arg_required_else_help = true, after_help = EXIT_STATUS)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    Dev(Box<dev::Dev>),
    Serve(Box<serve::Serve>),
    Migrate(migrate::Migrate),
    Import(import::Import),
    Export(export::Export),
    List(list::List),
    Tree(tree::Tree),
    Lookup(lookup::Lookup),
    Audit(audit::Audit),
    Person(person::Person),
    Check(check::Check),
    Doctor(Box<doctor::Doctor>),
    Backup(backup::Backup),
    Healthcheck(healthcheck::Healthcheck),
    Restore(restore::Restore),
    Token(token::Token),
    Schema(schema::Schema),
    Openapi(openapi::OpenApi),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Dev(dev) => dev.run().await,
            Self::Serve(serve) => serve.run().await,
            Self::Migrate(migrate) => migrate.run().await,
            Self::Import(import) => import.run().await,
            Self::Export(export) => export.run().await,
            Self::List(list) => list.run().await,
            Self::Tree(tree) => tree.run().await,
            Self::Lookup(lookup) => lookup.run().await,
            Self::Audit(audit) => audit.run().await,
            Self::Person(person) => person.run().await,
            Self::Check(check) => check.run().await,
            Self::Doctor(doctor) => doctor.run().await,
            Self::Backup(backup) => backup.run().await,
            Self::Healthcheck(healthcheck) => healthcheck.run().await,
            Self::Restore(restore) => restore.run().await,
            Self::Token(token) => token.run(),
            Self::Schema(schema) => schema.run(),
            Self::Openapi(openapi) => openapi.run(),
            Self::Completions(completions) => completions.run(),
            Self::Man(man) => man.run(),
        }
    }

    /// Whether the command serves until it is told to stop.
    fn serves(&self) -> bool {
        matches!(self, Self::Dev(_) | Self::Serve(_))
    }
}

/// Does what the command line says, and ends with a status that says how it went: see `EXIT_STATUS`.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { command, log } = Cli::parse();
    let outcome = logging::start(&log, command.serves())
        .and_then(|()| Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?))
        .and_then(|runtime| runtime.block_on(command.run()));
    logging::flush();
    outcome.unwrap_or_else(|error| {
        output::fail(&error);
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_and_every_command_says_what_it_is_for() {
        fn walk(command: &clap::Command, missing: &mut Vec<String>) {
            if command.get_about().is_none() {
                missing.push(command.get_name().to_owned());
            }
            for argument in command.get_arguments() {
                if argument.get_help().is_none() && argument.get_long_help().is_none() {
                    missing.push(format!("{} {}", command.get_name(), argument.get_id()));
                }
            }
            command.get_subcommands().for_each(|below| walk(below, missing));
        }
        let mut missing = Vec::new();
        let mut command = Cli::command();
        command.build();
        walk(&command, &mut missing);
        missing.retain(|name| !name.starts_with("help"));
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn the_defaults_of_flags_are_those_of_the_library() {
        let cli = Cli::try_parse_from(["rec-registry", "dev"]).expect("a command line");
        let Command::Dev(dev) = cli.command else { panic!("another command") };
        assert_eq!(dev.http.limits, crate::config::HttpLimits::default());
    }
}
