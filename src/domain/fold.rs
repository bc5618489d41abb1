//! How text is compared where case does not matter. Folding happens here, in Rust, and the result is
//! stored in a column of its own, so that SQLite and PostgreSQL agree to the byte.

use unicase::UniCase;

/// Unicode case folding: `Straße` and `STRASSE` fold to the same text.
#[must_use]
pub fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { UniCase::unicode(text).to_folded_case() }
}

/// The form in which a delivery-point code is compared: trimmed of Unicode white space, case-folded.
#[must_use]
pub fn folded_code(code: &str) -> String {
    folded(code.trim())
}
