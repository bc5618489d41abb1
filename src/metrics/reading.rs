//! Figures that are read when they are asked for: what stands in a pool, what waits in a queue.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::gauge::ConstGauge;

struct Reading {
    name: &'static str,
    help: &'static str,
    read: Box<dyn Fn() -> f64 + Send + Sync>,
}

/// Figures that are read when they are asked for. Clones have the same.
#[derive(Clone, Default)]
pub(super) struct Readings(Arc<RwLock<Vec<Reading>>>);

impl Readings {
    /// Adds a figure, or puts another in the place of the one with this name.
    pub(super) fn add(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        let mut readings = self.0.write().unwrap_or_else(PoisonError::into_inner);
        readings.retain(|reading| reading.name != name);
        readings.push(Reading { name, help, read: Box::new(read) });
    }
}

impl fmt::Debug for Readings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readings")
    }
}

impl Collector for Readings {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for Reading { name, help, read } in &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            let gauge = ConstGauge::new(read());
            let encoder = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(encoder)?;
        }
        Ok(())
    }
}
