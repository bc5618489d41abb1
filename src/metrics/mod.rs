//! What this process counts of itself, told in the words of Prometheus. No label says anything of a person:
//! routes are templates, the names of GraphQL operations a bounded set.

mod http;
mod import;
mod names;
mod operation;
mod reading;

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use self::http::Requests;
pub use self::http::{Asked, InFlight, Shed};
use self::import::Imports;
pub use self::import::Outcome as ImportOutcome;
use self::names::Names;
use self::operation::Operations;
pub use self::operation::{Kind, Operation, Outcome};
use self::reading::Readings;

/// What every name begins with.
const PREFIX: &str = "rec_registry";

/// The media type of what is told: OpenMetrics, which Prometheus reads.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What this process counts of itself. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Parts>);

struct Parts {
    registry: Registry,
    requests: Requests,
    operations: Operations,
    names: Names,
    imports: Imports,
    recalled: Counter,
    not_recalled: Counter,
    statements: Counter,
    readings: Readings,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that is running", build);
        let (recalled, not_recalled) = (Counter::default(), Counter::default());
        registry.register("answers_recalled", "Answers told again from memory", recalled.clone());
        registry.register(
            "answers_not_recalled",
            "Answers that could have been in memory and were not",
            not_recalled.clone(),
        );
        let statements = Counter::default();
        registry.register(
            "database_statements",
            "Statements that requests sent to the database, but for BEGIN and COMMIT",
            statements.clone(),
        );
        let readings = Readings::default();
        registry.register_collector(Box::new(readings.clone()));
        Self(Arc::new(Parts {
            requests: Requests::registered(&mut registry),
            operations: Operations::registered(&mut registry),
            names: Names::default(),
            imports: Imports::registered(&mut registry),
            recalled,
            not_recalled,
            statements,
            readings,
            registry,
        }))
    }
}

impl Metrics {
    /// Everything that is counted, as text; see [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// When a figure cannot be written.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    /// Tells from now on a figure that is read when it is asked for. The name is without its beginning, which all
    /// have in common.
    pub fn tell(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.0.readings.add(name, help, read);
    }

    /// Requests over HTTP.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.0.requests
    }

    /// GraphQL operations.
    #[must_use]
    pub fn operations(&self) -> &Operations {
        &self.0.operations
    }

    /// An operation among the figures, by the name that its document gives it. Only who is known brings new names,
    /// and of those only so many; all others are `other`.
    #[must_use]
    pub fn operation(&self, kind: Kind, name: Option<&str>, is_known: bool) -> Operation {
        Operation::new(kind, self.0.names.bounded(name, is_known))
    }

    /// Imports.
    #[must_use]
    pub fn imports(&self) -> &Imports {
        &self.0.imports
    }

    /// Counts a statement of a request.
    pub fn sent_statement(&self) {
        self.0.statements.inc();
    }

    /// Notes whether an answer was in memory.
    pub fn recalled(&self, found: bool) {
        if found {
            self.0.recalled.inc()
        } else {
            self.0.not_recalled.inc()
        };
    }
}
