//! Every setting of a server: what `rec-registry serve --help` says.

use std::collections::BTreeSet;

use clap::{Arg, Command, CommandFactory as _};
use rec_registry::cli::Cli;

use super::commands::{default, flag, says};
use super::{code, table};

const COLUMNS: [&str; 3] = ["setting", "default", "says"];

pub(super) fn page() -> String {
    let mut command = Cli::command();
    command.build();
    let serve = command.find_subcommand("serve").expect("there is a command serve");
    let mut page = "# Settings\n\nWhat `rec-registry serve` can be told. Each setting is a flag with an environment variable; \
                    the flag counts more. `rec-registry serve --help` says the same.\n\n"
        .to_owned();
    for heading in headings(serve) {
        page += &format!("## {}\n\n", heading.unwrap_or("The server"));
        let settings = settings(serve).filter(|argument| argument.get_help_heading() == heading);
        page += &table(&COLUMNS, settings.map(row));
    }
    page += "## Of other commands alone\n\nWhat only the commands that are no server take from the environment.\n\n";
    let mut known: BTreeSet<String> = settings(serve).filter_map(variable).collect();
    let mut rows = Vec::new();
    let mut commands: Vec<&Command> = command.get_subcommands().collect();
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands());
        for argument in settings(command) {
            if variable(argument).is_some_and(|name| known.insert(name)) {
                rows.push((variable(argument), row(argument)));
            }
        }
    }
    rows.sort();
    let rows = rows.into_iter().map(|(_, row)| row);
    page + &table(&COLUMNS, rows)
}

/// The headings of a command's settings, in their order.
fn headings(command: &Command) -> Vec<Option<&str>> {
    let mut headings = Vec::new();
    for argument in settings(command) {
        if !headings.contains(&argument.get_help_heading()) {
            headings.push(argument.get_help_heading());
        }
    }
    headings
}

/// What can be set of a command.
fn settings(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|argument| argument.get_env().is_some())
}

/// The name of a setting's environment variable.
pub(super) fn variable(argument: &Arg) -> Option<String> {
    argument.get_env().map(|name| name.to_string_lossy().into_owned())
}

fn row(argument: &Arg) -> Vec<String> {
    let name = variable(argument).unwrap_or_default();
    let setting = format!("{} or {}", code(&flag(argument)), code(&name));
    vec![setting, default(argument), says(argument)]
}
