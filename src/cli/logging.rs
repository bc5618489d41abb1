//! The log: on standard error, for people on a terminal and for machines elsewhere.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use crate::config::{LogArgs, LogFormat};

/// Starts the log. Commands that do one thing and end say nothing unless something is odd.
pub(super) fn start(args: &LogArgs, serves: bool) -> anyhow::Result<()> {
    let standard = if serves { "info" } else { "warn" };
    let filter = match args.log.clone().or_else(|| std::env::var("RUST_LOG").ok()) {
        Some(text) if !text.trim().is_empty() => {
            text.parse::<EnvFilter>().context("--log, REC_REGISTRY_LOG or RUST_LOG is no filter")?
        }
        _ => EnvFilter::new(standard),
    };
    let terminal = std::io::stderr().is_terminal();
    let format = args.log_format.unwrap_or(if terminal { LogFormat::Pretty } else { LogFormat::Json });
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Pretty => log.with_ansi(terminal).init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    if serves {
        // What a panic says may hold what a caller sent; where it was is enough to find it.
        std::panic::set_hook(Box::new(|panic| {
            let location = panic.location().map(ToString::to_string);
            tracing::error!(location, "a panic");
        }));
    }
    Ok(())
}
