//! One line in the log for each request: its method, its route's template, its status and its time.
//! Neither path nor query: they may name people.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use super::request_id::RequestId;

/// Writes the line, and gives everything that is logged on the way the request's id.
pub(super) async fn trace_request(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let id = request.extensions().get::<RequestId>().map_or("none", RequestId::as_str);
    let span = tracing::info_span!("request", id, method = known(request.method()), route);
    async move {
        let response = next.run(request).await;
        let (status, microseconds) = (response.status(), started.elapsed().as_micros());
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), microseconds, "answered");
        } else {
            tracing::info!(status = status.as_u16(), microseconds, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// The name of a method that HTTP knows; any other is what the caller made up.
fn known(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 7] = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    KNOWN.iter().find(|(known, _)| known == method).map_or("other", |(_, name)| name)
}
