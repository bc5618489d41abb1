//! GraphQL operations: how many, how they ended, how long they took.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::http::times;

/// The kind of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Kind {
    /// It reads.
    Query,
    /// It writes.
    Mutation,
    /// It is told of changes; each time counts.
    Subscription,
    /// What was asked is none, or was refused before it was known.
    None,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Outcome {
    /// Without errors.
    Ok,
    /// With errors.
    Errors,
    /// It was not run.
    Refused,
}

/// An operation among the figures.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Operation {
    kind: Kind,
    operation: Arc<str>,
}

impl Operation {
    pub(super) fn new(kind: Kind, name: Arc<str>) -> Self {
        Self { kind, operation: name }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    #[prometheus(flatten)]
    asked: Operation,
    outcome: Outcome,
}

/// GraphQL operations.
pub struct Operations {
    answered: Family<Answered, Counter>,
    times: Family<Operation, Histogram, fn() -> Histogram>,
}

impl Operations {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let operations = Self {
            answered: Family::default(),
            times: Family::new_with_constructor(times as fn() -> Histogram),
        };
        registry.register(
            "graphql_operations",
            "Operations answered, each of a batch for itself",
            operations.answered.clone(),
        );
        registry.register_with_unit(
            "graphql_operation_duration",
            "Time to answer an operation",
            Unit::Seconds,
            operations.times.clone(),
        );
        operations
    }

    /// Counts an answer.
    pub fn answered(&self, asked: &Operation, outcome: Outcome, took: Duration) {
        self.times.get_or_create(asked).observe(took.as_secs_f64());
        self.answered.get_or_create(&Answered { asked: asked.clone(), outcome }).inc();
    }
}
