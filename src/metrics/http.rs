//! Requests over HTTP: how many, how they ended, how long they took.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use axum::extract::MatchedPath;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Bounds of times, in seconds: from an answer out of memory to the longest request.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// A distribution of times.
pub(super) fn times() -> Histogram {
    Histogram::new(SECONDS)
}

/// The template of a route; `none` where no route fits.
#[derive(Debug, Clone)]
struct Route(Option<MatchedPath>);

impl Route {
    fn as_str(&self) -> &str {
        self.0.as_ref().map_or("none", MatchedPath::as_str)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        self.as_str().encode(encoder)
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Asked {
    method: &'static str,
    route: Route,
}

impl Asked {
    /// A method of HTTP, and the route that it goes to.
    #[must_use]
    pub fn new(method: &'static str, route: Option<MatchedPath>) -> Self {
        Self { method, route: Route(route) }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The route's template, where one fits.
    #[must_use]
    pub fn template(&self) -> Option<&str> {
        self.route.0.as_ref().map(MatchedPath::as_str)
    }

    /// The route's template; `none` where no route fits.
    #[must_use]
    pub fn route(&self) -> &str {
        self.route.as_str()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    #[prometheus(flatten)]
    asked: Asked,
    status: u32,
}

/// Which requests were turned away because there were too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Shed {
    /// Any but those below.
    Request,
    /// Imports and exports.
    Transfer,
    /// Whatever was asked over a connection for which there was no room.
    Connection,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ShedLabels {
    kind: Shed,
}

/// Requests over HTTP.
pub struct Requests {
    answered: Family<Answered, Counter>,
    times: Family<Asked, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    shed: Family<ShedLabels, Counter>,
}

/// A request that is being answered, for as long as this is there.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Requests {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let requests = Self {
            answered: Family::default(),
            times: Family::new_with_constructor(times as fn() -> Histogram),
            in_flight: Gauge::default(),
            shed: Family::default(),
        };
        registry.register("http_requests", "Requests answered", requests.answered.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to the head of an answer",
            Unit::Seconds,
            requests.times.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests that are being answered",
            requests.in_flight.clone(),
        );
        registry.register(
            "http_requests_shed",
            "Requests turned away because too many were being answered",
            requests.shed.clone(),
        );
        requests
    }

    /// Counts a request as being answered.
    #[must_use]
    pub fn begun(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts an answer.
    pub fn answered(&self, asked: &Asked, status: u16, took: Duration) {
        self.times.get_or_create(asked).observe(took.as_secs_f64());
        self.answered.get_or_create(&Answered { asked: asked.clone(), status: status.into() }).inc();
    }

    /// Counts a request that was turned away.
    pub fn shed(&self, kind: Shed) {
        self.shed.get_or_create(&ShedLabels { kind }).inc();
    }
}
