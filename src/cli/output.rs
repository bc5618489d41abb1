//! Standard output.

use std::io::{ErrorKind, Write as _};

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
