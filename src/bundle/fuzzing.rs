//! What is read line by line, held to what the reader of any YAML makes of it.

use super::{read_lines, read_yaml};

/// Reads a text both ways, if it is of the kind that is read line by line; whether it is.
///
/// # Panics
/// When they give something different.
pub fn lines_are_yaml(text: &str) -> bool {
    let Some(read) = read_lines::documents(text) else { return false };
    let mut found = Vec::new();
    let outcome = read_yaml::each_document(text, &mut |document| found.push(document));
    assert_eq!(outcome.map(|()| found), Ok(read), "{text}");
    true
}
