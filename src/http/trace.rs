//! One line in the log for each request: its method, its route's template, its status and its time.
//! Neither path nor query: they may name people.

use std::time::Instant;

use axum::http::{HeaderMap, Method};
use axum::response::Response;
use opentelemetry::trace::{Span as _, SpanContext, SpanId, TraceId};
use opentelemetry_sdk::trace::Span;
use tracing::Instrument as _;
use tracing::field::{DisplayValue, display};
use tracing::instrument::Instrumented;

use super::export::{self, Traces};
use super::request_id::RequestId;
use super::trace_context;
use crate::metrics::{self, InFlight, Metrics};

/// What a request is to the log.
#[derive(Clone)]
pub(super) struct Asked {
    started: Instant,
    id: RequestId,
    what: metrics::Asked,
    /// The trace that the request belongs to: its caller's, or the one that its span begins.
    trace: Option<TraceId>,
    /// The span of the caller that it comes from.
    parent: Option<SpanId>,
}

/// A request that is being answered.
pub(super) struct Counted<'a> {
    asked: &'a Asked,
    metrics: &'a Metrics,
    span: Option<Span>,
    _in_flight: InFlight,
}

impl Asked {
    /// A request that came in at a moment, and its span if spans go anywhere.
    pub(super) fn at(
        started: Instant,
        id: RequestId,
        what: metrics::Asked,
        headers: &HeaderMap,
        traces: Option<&Traces>,
    ) -> (Self, Option<Span>) {
        let parent = trace_context::parent(headers);
        let (mut trace, parent_id) =
            (parent.as_ref().map(SpanContext::trace_id), parent.as_ref().map(SpanContext::span_id));
        let span = traces.map(|traces| traces.begun(parent, &what));
        if let Some(span) = &span {
            trace = Some(span.span_context().trace_id());
        }
        (Self { started, id, what, trace, parent: parent_id }, span)
    }

    /// The request's id.
    pub(super) fn id(&self) -> &RequestId {
        &self.id
    }

    /// Counts the request among those that are being answered.
    pub(super) fn begun<'a>(&'a self, metrics: &'a Metrics, span: Option<Span>) -> Counted<'a> {
        Counted { asked: self, metrics, span, _in_flight: metrics.requests().begun() }
    }

    /// Gives everything that is logged on the way to an answer the request's id. What is told from memory logs nothing, and
    /// goes without.
    pub(super) fn spanning<F: Future>(&self, answer: F) -> Instrumented<F> {
        let (id, method, route) = (self.id.as_str(), self.what.method(), self.what.route());
        let trace_id = self.trace_id();
        answer.instrument(tracing::info_span!("request", id, method, route, trace_id))
    }

    fn trace_id(&self) -> Option<DisplayValue<TraceId>> {
        self.trace.map(display)
    }
}

impl Counted<'_> {
    /// Counts the answer and writes the line: outside of the span, whose fields would be read back and written anew.
    pub(super) fn answered(self, response: &Response) {
        let Asked { started, id, what, parent, .. } = self.asked;
        let (trace_id, parent_id) = (self.asked.trace_id(), parent.map(display));
        let (id, method, route) = (id.as_str(), what.method(), what.route());
        let (answer, status) = (response.status(), response.status().as_u16());
        let took = started.elapsed();
        self.metrics.requests().answered(what, status, took);
        if let Some(span) = self.span {
            export::ended(span, status);
        }
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if answer.is_server_error() {
            tracing::warn!(id, method, route, status, microseconds, trace_id, parent_id, "answered");
        } else {
            tracing::info!(id, method, route, status, microseconds, trace_id, parent_id, "answered");
        }
    }
}

/// The name of a method that HTTP knows; any other is what the caller made up.
pub(super) fn known(method: &Method) -> &'static str {
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
