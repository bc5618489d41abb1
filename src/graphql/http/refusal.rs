//! What is no GraphQL request at all, and how it is answered.

use async_graphql::ServerError;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::media::Media;
use crate::domain::error::Error;
use crate::graphql::door::Answer;
use crate::graphql::error::{code, code_in, request_error};

/// What is no GraphQL request, and why.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    allow: Option<&'static str>,
}

impl Refusal {
    /// A refusal with a status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, code: code::BAD_USER_INPUT, message: message.into(), allow: None }
    }

    /// Something that is badly formed.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A method that does not do what is asked; `allow` are those that would.
    pub fn method(allow: &'static str) -> Self {
        let message = "Queries are asked by GET or POST, mutations by POST";
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// A media type that is not taken.
    pub fn media_type(message: &str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// More bytes than a limit allows.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self { code: code::PAYLOAD_TOO_LARGE, ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, message) }
    }

    /// A request that took too long.
    pub fn too_slow(status: StatusCode, seconds: u64) -> Self {
        let message = format!("The request took longer than {seconds} s");
        Self { code: code::TIMEOUT, ..Self::new(status, message) }
    }

    /// Whether the request did not come in time; no more of it is waited for.
    pub fn is_too_slow(&self) -> bool {
        self.code == code::TIMEOUT
    }

    /// The answer, in the media type that the client takes.
    pub fn answer(self, media: Media) -> Response {
        let answer = Answer::refused(request_error(self.code, self.message));
        let mut response = (self.status, media.body(&answer)).into_response();
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
        }
        response
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::TooLarge(message) => Self::too_large(message),
            error => Self::bad(error.public()),
        }
    }
}

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        let code = match code_in(&error) {
            Some(code::QUERY_TOO_DEEP) => code::QUERY_TOO_DEEP,
            _ => code::BAD_USER_INPUT,
        };
        Self { code, ..Self::bad(error.message) }
    }
}
