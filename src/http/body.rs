//! How large a body may be.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::problem::Problem;
use super::state::AppState;
use crate::config::HttpLimits;
use crate::domain::error::Error;

/// How long a body that is too large is read and forgotten, so that the caller has an ear for the answer.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// The routes that take a bundle, by template.
const LARGE_BODIES: &[&str] = &["/admin/import", "/admin/import/yaml", "/graphql"];

fn limit(request: &Request, limits: &HttpLimits) -> usize {
    match request.extensions().get::<MatchedPath>() {
        Some(route) if LARGE_BODIES.contains(&route.as_str()) => limits.max_body_bytes(),
        _ => HttpLimits::MAX_SMALL_BODY_BYTES,
    }
}

fn too_large(limit: usize) -> Error {
    Error::TooLarge(format!("The body is larger than {limit} bytes"))
}

/// Refuses a body that says it is too large, and ends one that turns out to be.
pub(super) async fn limit_body(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limit = limit(&request, &state.limits);
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        let mut rest = request.into_body().into_data_stream();
        _ = tokio::time::timeout(DRAIN_TIME, async { while let Some(Ok(_)) = rest.next().await {} }).await;
        return Problem(too_large(limit)).into_response();
    }
    next.run(request.map(|body| Body::new(Limited::new(body, limit)))).await
}

/// The whole body of a request.
///
/// # Errors
/// When it is larger than the route allows, or breaks off.
pub async fn read_body(body: Body) -> Result<Bytes, Error> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(body_error(&error)),
    }
}

fn body_error(error: &(dyn std::error::Error + 'static)) -> Error {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Error::TooLarge("The body is larger than this route allows".to_owned());
        }
        cause = error.source();
    }
    Error::Unreadable("The body broke off".to_owned())
}
