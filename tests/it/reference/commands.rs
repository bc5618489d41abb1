//! Every command: what `--help` says on every level.

use clap::{Arg, Command, CommandFactory as _};
use rec_registry::cli::Cli;

use super::{code, escaped, one_line, table};

pub(super) fn page() -> String {
    let mut command = Cli::command();
    command.build();
    let mut page = format!(
        "# Commands\n\n{}\n\nResults go to standard output, everything else to standard error. What the environment gives is in \
         [Settings](settings.md).\n\n",
        about(&command)
    );
    for below in command.get_subcommands() {
        describe(below, &mut page);
    }
    page
}

fn describe(command: &Command, page: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    *page += &format!("## {name}\n\n{}\n\n", about(command));
    let usage = command.clone().render_usage().to_string();
    *page += &format!("```text\n{}\n```\n\n", usage.trim_start_matches("Usage: ").trim());
    // Those of the log stand with every command, and the settings of a server on a page of their own.
    let own = command.get_arguments().filter(|argument| {
        !argument.is_global_set() && !["help", "version"].contains(&argument.get_id().as_str())
    });
    let own: Vec<&Arg> = match command.get_name() {
        "serve" | "dev" => own.filter(|argument| argument.get_help_heading().is_none()).collect(),
        _ => own.collect(),
    };
    if !own.is_empty() {
        let rows =
            own.into_iter().map(|argument| vec![code(&flag(argument)), default(argument), says(argument)]);
        *page += &table(&["argument", "default", "says"], rows);
    }
    if let Some(after) = command.get_after_help() {
        *page += &format!("```text\n{}\n```\n\n", after.to_string().trim());
    }
    for below in command.get_subcommands() {
        describe(below, page);
    }
}

fn about(command: &Command) -> String {
    let text = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let paragraphs = text.split("\n\n").map(one_line);
    paragraphs
        .map(|paragraph| if paragraph.ends_with('.') { paragraph } else { paragraph + "." })
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// How an argument is written: `--listen <ADDR>`, `<FILE>...`.
pub(super) fn flag(argument: &Arg) -> String {
    let values = argument.get_value_names().unwrap_or_default();
    let takes = argument.get_action().takes_values();
    let values: Vec<String> = values.iter().filter(|_| takes).map(|name| format!("<{name}>")).collect();
    let many =
        argument.is_positional() && argument.get_num_args().is_some_and(|range| range.max_values() > 1);
    let words = argument.get_long().map(|long| format!("--{long}")).into_iter().chain(values);
    words.collect::<Vec<_>>().join(" ") + if many { "..." } else { "" }
}

pub(super) fn default(argument: &Arg) -> String {
    let values: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if values.is_empty() || !argument.get_action().takes_values() {
        String::new()
    } else {
        code(&values.join(","))
    }
}

/// What an argument is for, and what it may be.
pub(super) fn says(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let possible = argument.get_possible_values();
    let words: Vec<String> =
        possible.iter().filter(|value| !value.is_hide_set()).map(|value| code(value.get_name())).collect();
    let choice = if words.is_empty() || !argument.get_action().takes_values() {
        String::new()
    } else {
        format!(" One of {}.", words.join(", "))
    };
    escaped(&(help + &choice))
}
