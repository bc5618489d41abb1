//! What a command says: results on standard output, everything else on standard error. Styles are left out where
//! nobody would see them: no terminal, or `NO_COLOR`.

use std::io::{ErrorKind, Write as _};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

/// What went well, what is odd, what is wrong, and what matters less than the rest.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const ODD: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const FAINT: Style = Style::new().dimmed();

/// Writes a line to standard output, like `println!`, but returns the error from the function at hand.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::cli::output::write(&format!("{}\n", format_args!($($words)*)))?
    };
}
pub(super) use say;

/// Writes a result with styles.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_styled(text: &[u8]) -> anyhow::Result<()> {
    let mut output = anstream::AutoStream::auto(std::io::stdout().lock());
    match output.write_all(text).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a result to standard output. Whoever reads may stop when they have seen enough.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(text: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a result as JSON.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_json(value: &(impl Serialize + ?Sized)) -> anyhow::Result<()> {
    write(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// Says why the command is not done.
pub(super) fn fail(error: &anyhow::Error) {
    anstream::eprintln!("{BAD}error:{BAD:#} {error:#}");
}

/// Says that something is odd.
pub(super) fn warn(text: &str) {
    anstream::eprintln!("{ODD}warning:{ODD:#} {text}");
}
