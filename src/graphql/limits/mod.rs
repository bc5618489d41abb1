//! What a request may ask for. Everything here runs before any resolver, and the text is looked at
//! before the library's parser, which a small hostile query can kill.

mod document;
mod text;

pub use document::{MAX_LEVELS, check_document};
pub use text::{check_query_text, check_variables_text};

pub use crate::config::GraphqlLimits as Limits;
