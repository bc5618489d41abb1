//! Other programs.

use std::process::Command;

/// Runs a command to its end and returns what it said; what one that fails said is the error.
pub fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    if output.status.success() {
        Ok(said)
    } else {
        Err(format!("{name} ended with {}:\n{said}", output.status))
    }
}
