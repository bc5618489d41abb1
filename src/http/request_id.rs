//! The id under which a request stands in the log: the caller's own when it is well formed.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const MAX_CHARS: usize = 128;

/// The id of a request; every request has one among its extensions.
#[derive(Debug, Clone)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Shows it on the answer.
    pub(super) fn show(&self, response: &mut Response) {
        if let Ok(shown) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(HEADER, shown);
        }
    }

    /// The id that a request with these headers gets.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
        match given.filter(|text| is_well_formed(text)) {
            Some(text) => Self(text.into()),
            None => Self(Uuid::new_v4().to_string().into()),
        }
    }
}

/// Whether a text may be an id: 1 to 128 letters, digits, `.`, `_`, `-`.
fn is_well_formed(text: &str) -> bool {
    (1..=MAX_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
