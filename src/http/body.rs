//! How large a body may be.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{MatchedPath, Request};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{Stream as _, StreamExt as _};
use http_body_util::{LengthLimitError, Limited};

use super::places::Seat;
use super::problem::Problem;
use crate::config::HttpLimits;
use crate::domain::error::Error;

/// How long a body that is refused is read and forgotten.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// The routes that take a bundle, by template.
const LARGE_BODIES: &[&str] = &["/admin/import", "/admin/import/yaml"];

/// The limit of a route; none for GraphQL, which bounds its bodies by itself and refuses in its own words.
fn limit(request: &Request, limits: &HttpLimits) -> Option<usize> {
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(super::GRAPHQL_PATH) => None,
        Some(route) if LARGE_BODIES.contains(&route) => Some(limits.max_body_bytes()),
        _ => Some(HttpLimits::MAX_SMALL_BODY_BYTES),
    }
}

fn too_large(limit: usize) -> Error {
    Error::TooLarge(format!("The body is larger than {limit} bytes"))
}

/// Refuses a body that says it is too large, and ends one that turns out to be.
pub(super) async fn bounded(request: Request, limits: &HttpLimits) -> Result<Request, Response> {
    let Some(limit) = limit(&request, limits) else { return Ok(request) };
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        drain(&mut request.into_body().into_data_stream()).await;
        return Err(Problem(too_large(limit)).into_response());
    }
    if axum::body::HttpBody::is_end_stream(request.body()) {
        return Ok(request);
    }
    Ok(request.map(|body| Body::new(Limited::new(body, limit))))
}

/// Reads the rest of a body that is refused and forgets it, so that the caller has an ear for the answer.
pub async fn drain(body: &mut BodyDataStream) {
    _ = tokio::time::timeout(DRAIN_TIME, async { while let Some(Ok(_)) = body.next().await {} }).await;
}

/// What is left of a body, held to a limit in bytes.
///
/// # Errors
/// When it is larger, or breaks off.
pub async fn read_up_to(body: &mut BodyDataStream, limit: usize) -> Result<Vec<u8>, Error> {
    // One buffer of the announced length, instead of one that is copied each time it grows; what is never
    // sent never takes real memory.
    let (announced, _) = body.size_hint();
    let mut read = Vec::with_capacity(announced.min(limit));
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| body_error(&error))?;
        if chunk.len() > limit - read.len() {
            return Err(too_large(limit));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}

/// The whole body of a request, which is held to the limit of its route already. From now on the request is one of
/// those that are being answered.
///
/// # Errors
/// When it is larger than the route allows, or breaks off; when too much is being done.
pub async fn read_body(request: Request) -> Result<Bytes, Error> {
    let (parts, body) = request.into_parts();
    let body = read_up_to(&mut body.into_data_stream(), usize::MAX).await?;
    if let Some(seat) = parts.extensions.get::<Seat>() {
        seat.take().await?;
    }
    Ok(body.into())
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
