//! A span for each request, sent to a collector of OpenTelemetry over OTLP (HTTP with protobuf); only where the standard
//! variables of OpenTelemetry name one.
//!
//! A span is made by hand here, of what the log may say of a request, and not of what is logged on its way: nothing else can
//! come into it.

use std::env;
use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{
    OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, Protocol, SpanExporter,
    WithExportConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};

use crate::metrics::Asked;

/// How long the last spans may be on their way when the process ends.
const LAST: Duration = Duration::from_secs(5);

/// Where spans go.
#[derive(Debug, Clone)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// What the environment asks for: nothing, unless `OTEL_EXPORTER_OTLP_ENDPOINT` or
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` names a collector.
    ///
    /// # Errors
    /// When the name is no URL, or another of the variables cannot be followed.
    pub fn of_environment() -> anyhow::Result<Option<Self>> {
        let given = |name| env::var(name).is_ok_and(|value: String| !value.trim().is_empty());
        let is =
            |name, value: &str| env::var(name).is_ok_and(|given| given.trim().eq_ignore_ascii_case(value));
        let is_named = given(OTEL_EXPORTER_OTLP_ENDPOINT) || given(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
        if !is_named || is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
            return Ok(None);
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .build()
            .context("traces cannot be exported as the variables of OpenTelemetry say")?;
        // What the environment says of the process counts more than what it says of itself, so that comes first.
        let resource = Resource::builder_empty()
            .with_service_name(env!("CARGO_PKG_NAME"))
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_detector(Box::new(EnvResourceDetector::new()));
        let resource = match env::var("OTEL_SERVICE_NAME") {
            Ok(name) if !name.trim().is_empty() => resource.with_service_name(name),
            _ => resource,
        };
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build())
            .build();
        let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
        Ok(Some(Self { provider, tracer }))
    }

    /// The span of a request that begins, in the trace that it comes from or in a new one.
    pub(super) fn begun(&self, parent: Option<SpanContext>, what: &Asked) -> Span {
        let (method, route) = (what.method(), what.template());
        let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
        // The conventions of OpenTelemetry have a name of their own for methods that HTTP does not know.
        let method = if method == "other" { "_OTHER" } else { method };
        let mut attributes = vec![KeyValue::new("http.request.method", method)];
        attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
        let parent =
            parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let span = SpanBuilder::from_name(name).with_kind(SpanKind::Server).with_attributes(attributes);
        self.tracer.build_with_context(span, &parent)
    }

    /// Sends what has not been sent. What the collector does not take in a few seconds is lost.
    pub async fn finish(self) {
        let finished = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(LAST)).await;
        if !matches!(finished, Ok(Ok(()))) {
            tracing::warn!("the last spans were not exported");
        }
    }
}

/// Ends the span of a request with the status of its answer.
pub(super) fn ended(mut span: Span, status: u16) {
    if !span.is_recording() {
        return;
    }
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
    if status >= 500 {
        span.set_attribute(KeyValue::new("error.type", status.to_string()));
        span.set_status(Status::error(""));
    }
    span.end();
}
