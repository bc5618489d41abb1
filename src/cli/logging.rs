//! The log: on standard error, for people on a terminal and for machines elsewhere.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt, registry};

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
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Pretty => lines.with_ansi(terminal).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    registry().with(filter).with(filter_fn(holds_nothing_personal)).with(lines).init();
    if serves {
        // What a panic says may hold what a caller sent; where it was is enough to find it.
        std::panic::set_hook(Box::new(|panic| {
            let location = panic.location().map(ToString::to_string);
            tracing::error!(location, "a panic");
        }));
    }
    Ok(())
}

/// Whether what is logged there was written with an eye on personal data. Other crates write what goes over
/// the wire when they are asked for details, messages and statements with their values among it.
fn holds_nothing_personal(place: &Metadata<'_>) -> bool {
    *place.level() <= Level::INFO || place.target().starts_with(env!("CARGO_CRATE_NAME"))
}
