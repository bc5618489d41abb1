//! The two media types of answers, and which of them a client takes.

use async_graphql::ServerError;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::graphql::door::Answer;
use crate::graphql::error::{code, code_in, retry_after};

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// The media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// Its status says whether the operation was run.
    Graphql,
    /// What older clients take: 200 for whatever is a GraphQL request at all.
    Json,
}

impl Media {
    /// What the client takes best; none when it takes neither.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut accepts = headers.get_all(header::ACCEPT).iter().peekable();
        if accepts.peek().is_none() {
            return Some(Self::Json);
        }
        let ranges = accepts.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let mut best: Option<(f32, Self)> = None;
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                GRAPHQL => Self::Graphql,
                JSON | "application/*" | "*/*" => Self::Json,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
            // Of two that are as good, the one that says more.
            let better = match best {
                None => quality > 0.0,
                Some((known, Self::Json)) if media == Self::Graphql => quality >= known,
                Some((known, _)) => quality > known,
            };
            if better {
                best = Some((quality, media));
            }
        }
        best.map(|(_, media)| media)
    }

    /// An answer to a request that is well formed.
    pub fn answer(self, answer: &Answer) -> Response {
        let wait = answer.errors.first().filter(|_| answer.data.is_none()).and_then(retry_after);
        let status = match (self, wait) {
            (_, Some(_)) if answer.errors.first().is_some_and(is_too_often) => StatusCode::TOO_MANY_REQUESTS,
            (_, Some(_)) => StatusCode::SERVICE_UNAVAILABLE,
            (Self::Graphql, None) if answer.data.is_none() => refusal_status(answer),
            _ => StatusCode::OK,
        };
        let mut response = (status, self.body(answer)).into_response();
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }

    /// A body of this type.
    pub fn body(self, answer: &impl Serialize) -> Response {
        self.text(serde_json::to_vec(answer).unwrap_or_default().into())
    }

    /// A text that is such a body.
    pub fn text(self, body: Bytes) -> Response {
        let content_type = HeaderValue::from_static(match self {
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        });
        ([(header::CONTENT_TYPE, content_type)], body).into_response()
    }
}

/// Whether the caller has asked too often, and not everybody together.
fn is_too_often(error: &ServerError) -> bool {
    code_in(error) == Some("FORBIDDEN")
}

fn refusal_status(answer: &Answer) -> StatusCode {
    match answer.errors.first().and_then(code_in) {
        Some(code::PAYLOAD_TOO_LARGE) => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<Media> {
        Media::accepted(&HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]))
    }

    #[test]
    fn the_newer_type_is_for_those_who_name_it() {
        assert_eq!(Media::accepted(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(accepted("*/*"), Some(Media::Json));
        assert_eq!(accepted("application/json"), Some(Media::Json));
        assert_eq!(accepted("application/graphql-response+json"), Some(Media::Graphql));
        let both = "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8";
        assert_eq!(accepted(both), Some(Media::Graphql));
        assert_eq!(accepted("application/json, application/graphql-response+json"), Some(Media::Graphql));
        assert_eq!(accepted("application/json, application/graphql-response+json;q=0.5"), Some(Media::Json));
        assert_eq!(accepted("text/plain"), None);
        assert_eq!(accepted("application/json;q=0"), None);
    }
}
