//! Imports: how large, how long, how they ended.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Outcome {
    /// What it says is stored.
    Written,
    /// It was a dry run.
    DryRun,
    /// Nothing was written.
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: Outcome,
}

/// Imports.
pub struct Imports {
    ended: Family<Labels, Counter>,
    bytes: Histogram,
    times: Histogram,
    rows: Counter,
}

impl Imports {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let imports = Self {
            ended: Family::default(),
            // From 1 KiB to 1 GiB, the largest body that can be allowed.
            bytes: Histogram::new(exponential_buckets(1024.0, 4.0, 11)),
            times: Histogram::new([0.01, 0.05, 0.25, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0]),
            rows: Counter::default(),
        };
        registry.register("imports", "Imports that ended", imports.ended.clone());
        registry.register_with_unit("import_body", "Size of a body", Unit::Bytes, imports.bytes.clone());
        registry.register_with_unit(
            "import_duration",
            "Time of an import",
            Unit::Seconds,
            imports.times.clone(),
        );
        registry.register(
            "import_rows",
            "Members, delivery points and assets of imports that were written",
            imports.rows.clone(),
        );
        imports
    }

    /// Counts an import of a body of so many bytes.
    pub fn ended(&self, outcome: Outcome, bytes: usize, took: Duration) {
        self.ended.get_or_create(&Labels { outcome }).inc();
        self.bytes.observe(bytes as f64);
        self.times.observe(took.as_secs_f64());
    }

    /// Counts what was written.
    pub fn wrote(&self, rows: u64) {
        self.rows.inc_by(rows);
    }
}
