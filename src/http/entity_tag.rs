//! `ETag` and `If-None-Match`: who already has an answer is not sent it again.

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};

/// How much of the hash is shown, in bytes.
const TAG_BYTES: usize = 16;

/// The answers are about people: no cache that others use may keep them, and each use is asked for.
pub(super) const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Gives answers to `GET` a tag and honours `If-None-Match`. An answer whose handler gave it a tag keeps
/// it; one that is streamed has none otherwise.
pub fn with_entity_tags<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes.layer(from_fn(tag_answer))
}

/// The tags that a caller has.
pub(super) struct Known(Vec<HeaderValue>);

impl Known {
    /// Those of a request.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect())
    }

    /// The answer, or that the caller has it.
    pub(super) fn or_not_modified(&self, response: Response) -> Response {
        match response.headers().get(header::ETAG) {
            Some(tag) if is_known(&self.0, tag) => not_modified(response.headers()),
            _ => response,
        }
    }
}

async fn tag_answer(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = Known::of(request.headers());
    let response = next.run(request).await;
    if !reads || response.status() != StatusCode::OK {
        return response;
    }
    let mut response = tagged(response).await;
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, PRIVATE);
    }
    known.or_not_modified(response)
}

/// The answer with a tag, when its body is in memory.
async fn tagged(response: Response) -> Response {
    if response.headers().contains_key(header::ETAG) || response.body().size_hint().exact().is_none() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // A body of known size is in memory already.
    let Ok(body) = body.collect().await else { return Response::from_parts(parts, Body::empty()) };
    let body = body.to_bytes();
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..TAG_BYTES]));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    Response::from_parts(parts, Body::from(body))
}

/// Whether one of the tags that the caller has is this one, compared weakly.
fn is_known(known: &[HeaderValue], tag: &HeaderValue) -> bool {
    if known.is_empty() {
        return false;
    }
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(tag) = tag.to_str().map(strong) else { return false };
    known
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim() == "*" || strong(one) == tag)
}

/// A browser puts the headers of this answer in the place of those that it keeps with the page: all are there that would be with
/// the whole answer, but for those that tell of its body.
fn not_modified(headers: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.headers_mut() = headers.clone();
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
        response.headers_mut().remove(name);
    }
    response
}
