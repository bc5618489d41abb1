//! One line in the log for each request: its method, its route's template, its status and its time.
//! Neither path nor query: they may name people.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::instrument::Instrumented;

use super::request_id::RequestId;
use crate::metrics::{self, InFlight, Metrics};

/// What a request is to the log.
#[derive(Clone)]
pub(super) struct Asked {
    started: Instant,
    id: RequestId,
    what: metrics::Asked,
}

/// A request that is being answered.
pub(super) struct Counted<'a> {
    asked: &'a Asked,
    metrics: &'a Metrics,
    _in_flight: InFlight,
}

impl Asked {
    pub(super) fn now(id: RequestId, request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        Self { started: Instant::now(), id, what: metrics::Asked::new(known(request.method()), route) }
    }

    /// Counts the request among those that are being answered.
    pub(super) fn begun<'a>(&'a self, metrics: &'a Metrics) -> Counted<'a> {
        Counted { asked: self, metrics, _in_flight: metrics.requests().begun() }
    }

    /// Gives everything that is logged on the way to an answer the request's id. What is told from memory logs nothing, and
    /// goes without.
    pub(super) fn spanning<F: Future>(&self, answer: F) -> Instrumented<F> {
        let (id, method, route) = (self.id.as_str(), self.what.method(), self.what.route());
        answer.instrument(tracing::info_span!("request", id, method, route))
    }
}

impl Counted<'_> {
    /// Counts the answer and writes the line: outside of the span, whose fields would be read back and written anew.
    pub(super) fn answered(self, response: &Response) {
        let Asked { started, id, what } = self.asked;
        let (id, method, route) = (id.as_str(), what.method(), what.route());
        let status = response.status();
        let took = started.elapsed();
        self.metrics.requests().answered(what, status.as_u16(), took);
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if status.is_server_error() {
            tracing::warn!(id, method, route, status = status.as_u16(), microseconds, "answered");
        } else {
            tracing::info!(id, method, route, status = status.as_u16(), microseconds, "answered");
        }
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
