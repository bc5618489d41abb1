//! One line in the log for each request: its method, its route's template, its status and its time.
//! Neither path nor query: they may name people.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::Response;
use tracing::Instrument as _;

use super::request_id::RequestId;

/// What a request is to the log.
pub(super) struct Asked {
    started: Instant,
    id: RequestId,
    method: &'static str,
    route: Option<MatchedPath>,
}

impl Asked {
    pub(super) fn now(id: RequestId, request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        Self { started: Instant::now(), id, method: known(request.method()), route }
    }

    /// Writes the line, and gives everything that is logged on the way the request's id.
    pub(super) async fn traced(&self, answer: impl Future<Output = Response>) -> Response {
        let (id, method) = (self.id.as_str(), self.method);
        let route = self.route.as_ref().map_or("none", MatchedPath::as_str);
        let response = answer.instrument(tracing::info_span!("request", id, method, route)).await;
        let status = response.status();
        let microseconds = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        // Outside of the span, whose fields would be read back and written anew.
        if status.is_server_error() {
            tracing::warn!(id, method, route, status = status.as_u16(), microseconds, "answered");
        } else {
            tracing::info!(id, method, route, status = status.as_u16(), microseconds, "answered");
        }
        response
    }
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
