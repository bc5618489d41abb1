//! Standard output.

use std::io::{ErrorKind, Write as _};

/// Writes a line to standard output, like `println!`, but returns the error from the function at hand.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::cli::output::write(&format!("{}\n", format_args!($($words)*)))?
    };
}
pub(super) use say;

/// Writes a result with styles, which are left out where nobody would see them: no terminal, or `NO_COLOR`.
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
