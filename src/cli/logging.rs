//! The log: on standard error, for people on a terminal and for machines elsewhere.

use std::io::{self, BufWriter, IsTerminal as _, Stderr, Write};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt, registry};

use crate::config::{LogArgs, LogFormat};

/// Lines of a server on their way: a system call for each would cost a request more than the line itself. A warning goes out
/// at once, with all that stands before it.
static LINES: LazyLock<Mutex<BufWriter<Stderr>>> =
    LazyLock::new(|| Mutex::new(BufWriter::with_capacity(64 * 1024, io::stderr())));

/// How long a line may be on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(100);

fn lines() -> MutexGuard<'static, BufWriter<Stderr>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends out the lines that are on their way; before the process ends.
pub(super) fn flush() {
    // Whoever reads the log may be gone; there is nobody else to tell.
    _ = lines().flush();
}

/// Writes lines, many to a system call.
struct Gathering;

/// Writes one line.
struct Line {
    lines: MutexGuard<'static, BufWriter<Stderr>>,
    is_urgent: bool,
}

impl MakeWriter<'_> for Gathering {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line { lines: lines(), is_urgent: true }
    }

    fn make_writer_for(&self, place: &Metadata<'_>) -> Line {
        Line { lines: lines(), is_urgent: *place.level() <= Level::WARN }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_urgent {
            _ = self.lines.flush();
        }
    }
}

/// Starts the log. Commands that do one thing and end say nothing unless something is odd.
pub(super) fn start(args: &LogArgs, serves: bool) -> anyhow::Result<()> {
    let standard = if serves { "info" } else { "warn" };
    let filter = match args.log.clone().or_else(|| std::env::var("RUST_LOG").ok()) {
        Some(text) if !text.trim().is_empty() => {
            text.parse::<EnvFilter>().context("--log, REC_REGISTRY_LOG or RUST_LOG is no filter")?
        }
        _ => EnvFilter::new(standard),
    };
    let terminal = io::stderr().is_terminal();
    let format = args.log_format.unwrap_or(if terminal { LogFormat::Pretty } else { LogFormat::Json });
    let shows_colours = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    let lines = match format {
        LogFormat::Pretty => fmt::layer().with_writer(io::stderr).with_ansi(shows_colours).boxed(),
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true).with_span_list(false);
            if serves { lines.with_writer(Gathering).boxed() } else { lines.with_writer(io::stderr).boxed() }
        }
    };
    registry().with(filter).with(filter_fn(holds_nothing_personal)).with(lines).init();
    if serves {
        std::thread::Builder::new().name("log".to_owned()).spawn(|| {
            loop {
                std::thread::sleep(ON_ITS_WAY);
                flush();
            }
        })?;
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
