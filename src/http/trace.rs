//! One line in the log for each request: its method, its route's template, its status and its time.
//! Neither path nor query: they may name people.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::Response;
use tracing::Instrument as _;

use super::request_id::RequestId;
use crate::metrics::{self, Metrics};

/// What a request is to the log.
pub(super) struct Asked {
    started: Instant,
    id: RequestId,
    what: metrics::Asked,
}

impl Asked {
    pub(super) fn now(id: RequestId, request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        Self { started: Instant::now(), id, what: metrics::Asked::new(known(request.method()), route) }
    }

    /// Counts the request and writes the line, and gives everything that is logged on the way the request's id.
    pub(super) async fn traced(&self, answer: impl Future<Output = Response>, metrics: &Metrics) -> Response {
        let (id, method, route) = (self.id.as_str(), self.what.method(), self.what.route());
        let _in_flight = metrics.requests().begun();
        let response = answer.instrument(tracing::info_span!("request", id, method, route)).await;
        let status = response.status();
        let took = self.started.elapsed();
        metrics.requests().answered(&self.what, status.as_u16(), took);
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
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
