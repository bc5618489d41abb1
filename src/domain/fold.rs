//! How text is compared where case does not matter. Folding happens here, in Rust, and the result is
//! stored in a column of its own, so that SQLite and PostgreSQL agree to the byte.

use std::borrow::Cow;

use unicase::UniCase;

/// Unicode case folding: `Straße` and `STRASSE` fold to the same text. Most texts that are folded are so already.
#[must_use]
pub fn folding(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        Cow::Owned(UniCase::unicode(text).to_folded_case())
    } else if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// The same, as a text of its own.
#[must_use]
pub fn folded(text: &str) -> String {
    folding(text).into_owned()
}

/// The form in which a delivery-point code is compared: trimmed of Unicode white space, case-folded.
#[must_use]
pub fn folded_code(code: &str) -> String {
    folded(code.trim())
}
