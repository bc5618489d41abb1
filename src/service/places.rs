//! How much is done at the same time. Who comes when all places are taken waits a moment, and is turned away when
//! none becomes free: a queue that only grows answers nobody in time. Each process counts for itself.

use std::sync::Arc;
use std::time::Duration;

use super::Result;
use super::row::{Row, Seat};
use crate::domain::error::Error;
use crate::metrics::{Metrics, Shed};

/// How long a request waits for a place, and how long an import or export does: the first is somebody who looks at
/// a page, the second mostly a machine. When more comes than can be done, everybody who gets a place has waited for as long as that:
/// with half a second, the slowest of those answered took more than a second in all.
const PATIENCE: Duration = Duration::from_millis(300);
const TRANSFER_PATIENCE: Duration = Duration::from_secs(30);

/// How long a request may keep its place on average, when others wait for one: with fewer places nobody is answered
/// later, and whoever has one is answered sooner.
const BRISK: Duration = Duration::from_millis(250);

/// After how long who was turned away is to come again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How much may be done at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceSettings {
    /// Requests and GraphQL operations that read; and as many that write.
    pub requests: usize,
    /// Imports and exports, through whichever door.
    pub transfers: usize,
}

impl Default for PlaceSettings {
    /// As much as comes.
    fn default() -> Self {
        Self { requests: usize::MAX, transfers: usize::MAX }
    }
}

/// The places of a process.
pub struct Places {
    reads: Arc<Row>,
    writes: Arc<Row>,
    transfers: Arc<Row>,
    metrics: Metrics,
}

/// A place, taken until this is dropped.
#[must_use]
pub struct Place {
    _seat: Seat,
}

impl Places {
    pub(super) fn new(settings: PlaceSettings, metrics: Metrics) -> Self {
        // Where as much is done as comes, nobody counts.
        let brisk = (settings.requests < usize::MAX).then_some(BRISK);
        let row = || Arc::new(Row::new(settings.requests, brisk));
        Self {
            reads: row(),
            // Who writes may have to wait until somebody else has written, and keeps nobody from reading meanwhile.
            writes: row(),
            // They take as long as their communities are large.
            transfers: Arc::new(Row::new(settings.transfers, None)),
            metrics,
        }
    }

    /// A place for a request or a GraphQL operation that reads.
    ///
    /// # Errors
    /// When none becomes free in time.
    pub async fn read(&self) -> Result<Place> {
        self.take(&self.reads, PATIENCE, Shed::Request).await
    }

    /// A place for one that writes.
    ///
    /// # Errors
    /// When none becomes free in time.
    pub async fn write(&self) -> Result<Place> {
        self.take(&self.writes, PATIENCE, Shed::Request).await
    }

    /// A place for an import or an export.
    ///
    /// # Errors
    /// When none becomes free in time.
    pub(super) async fn transfer(&self) -> Result<Place> {
        self.take(&self.transfers, TRANSFER_PATIENCE, Shed::Transfer).await
    }

    /// What is told to who comes when there is no room for another connection.
    #[must_use]
    pub fn no_room(&self) -> Error {
        self.turned_away(Shed::Connection)
    }

    async fn take(&self, row: &Arc<Row>, patience: Duration, kind: Shed) -> Result<Place> {
        match row.take(patience).await {
            Some(seat) => Ok(Place { _seat: seat }),
            None => Err(self.turned_away(kind)),
        }
    }

    fn turned_away(&self, kind: Shed) -> Error {
        self.metrics.requests().shed(kind);
        Error::Overloaded { retry_after: RETRY_AFTER }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_finds_no_place_waits_a_moment_and_is_turned_away() {
        let places = Places::new(PlaceSettings { requests: 1, transfers: 1 }, Metrics::default());
        let place = places.read().await.expect("the only place");
        let _others = (
            places.write().await.expect("who writes has another"),
            places.transfer().await.expect("a third"),
        );
        let turned_away = places.read().await.err().expect("no place is left");
        assert_eq!(turned_away.retry_after_seconds(), Some(1));
        let waiting = places.read();
        drop(place);
        assert!(waiting.await.is_ok(), "the place is free again");
        assert!(places.metrics.text().expect("figures").contains(r#"shed_total{kind="Request"} 1"#));
    }
}
