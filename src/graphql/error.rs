//! Errors as answers: `extensions.code` on every one, `extensions.reason` for a coded refusal,
//! `extensions.refusals` for an import's list. What is internal goes to the log alone.

use async_graphql::indexmap::IndexMap;
use async_graphql::{ErrorExtensionValues, Name, PathSegment, ServerError, Value};

use crate::domain::error::Error;
use crate::domain::import::Refusal;
use crate::http::problem;

/// The values of `extensions.code` that this door gives by itself; the services' errors have theirs from
/// [`problem`].
pub mod code {
    /// A value of the request does not fit.
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    /// The text is no GraphQL.
    pub const GRAPHQL_PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    /// The document does not fit the schema.
    pub const GRAPHQL_VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    /// The document asks for too much.
    pub const QUERY_TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
    /// The document is nested too deep.
    pub const QUERY_TOO_DEEP: &str = "QUERY_TOO_DEEP";
    /// More bytes than a limit allows.
    pub const PAYLOAD_TOO_LARGE: &str = "PAYLOAD_TOO_LARGE";
    /// A document is named by its digest and not known here: send its text along.
    pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
    /// The document is none of those that this server runs.
    pub const PERSISTED_QUERY_NOT_IN_LIST: &str = "PERSISTED_QUERY_NOT_IN_LIST";
    /// It took too long.
    pub const TIMEOUT: &str = "TIMEOUT";
    /// A fault of this service.
    pub const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        problem::log(&error);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", problem::graphql_code(&error));
        if let Some(reason) = error.code() {
            extensions.set("reason", reason.as_str());
        }
        if let Error::Refused(refusals) = &error {
            extensions.set("refusals", refusals.iter().map(refusal).collect::<Vec<_>>());
        }
        if let Error::Forbidden(operation) = &error {
            extensions.set("required", operation.required_scope());
        }
        if let Some(seconds) = error.retry_after_seconds() {
            extensions.set("retryAfter", seconds);
        }
        Self { message: error.public(), source: None, extensions: Some(extensions) }
    }
}

fn refusal(refusal: &Refusal) -> Value {
    let entries = [
        ("code", Value::from(refusal.code.as_str())),
        ("detail", Value::from(refusal.detail.as_str())),
        ("document", Value::from(refusal.document)),
        ("path", Value::from(refusal.path.as_str())),
    ];
    Value::Object(entries.into_iter().map(|(key, value)| (Name::new(key), value)).collect::<IndexMap<_, _>>())
}

/// An error of the request as a whole, with its code.
pub fn request_error(code: &'static str, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    set_code(&mut error, code);
    error
}

/// An error of the request as a whole, from a service.
pub fn server_error(error: Error) -> ServerError {
    let error = async_graphql::Error::from(error);
    ServerError { extensions: error.extensions, ..ServerError::new(error.message, None) }
}

/// The code of an error; none when it has none yet.
pub fn code_in(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// After how many seconds it may be asked again, where an error says so.
pub fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

/// Gives an error a code, unless it has one.
pub fn set_code(error: &mut ServerError, code: &'static str) {
    if code_in(error).is_none() {
        error.extensions.get_or_insert_default().set("code", code);
    }
}

/// Makes the errors of an answer fit for the client: each has a code, one that is internal names the
/// request it is logged under, and there are no more than `most`, in the order of their paths.
/// Errors without a code come from the library: about a value in the middle of an answer (it has a
/// path), or about the document before there is one.
pub fn finish(errors: &mut Vec<ServerError>, most: usize, request_id: Option<&str>) {
    errors.sort_by(|a, b| path_key(a).cmp(&path_key(b)));
    errors.truncate(most);
    for error in errors {
        let code = if error.path.is_empty() { code::GRAPHQL_VALIDATION_FAILED } else { code::BAD_USER_INPUT };
        set_code(error, code);
        if code_in(error) == Some(code::INTERNAL_SERVER_ERROR)
            && let Some(request_id) = request_id
        {
            error.extensions.get_or_insert_default().set("requestId", request_id);
        }
    }
}

/// What errors are sorted by: fields of one object by name, entries of a list by place.
fn path_key(error: &ServerError) -> Vec<(usize, &str)> {
    let part = |segment| match segment {
        &PathSegment::Index(at) => (at, ""),
        PathSegment::Field(name) => (0, name.as_str()),
    };
    error.path.iter().map(part).collect()
}
