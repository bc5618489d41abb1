//! How much is done at the same time. Who comes when all places are taken waits a moment, and is turned away when
//! none becomes free: a queue that only grows answers nobody in time. Each process counts for itself.

use std::time::Duration;

use super::Result;
use super::row::{Row, Seat};
use crate::domain::error::Error;
use crate::metrics::{Metrics, Shed};

/// How long a request waits for a place, and how long an import or export does: the first is somebody who looks at
/// a page, the second mostly a machine.
const PATIENCE: Duration = Duration::from_millis(300);
const TRANSFER_PATIENCE: Duration = Duration::from_secs(30);

/// After how long who was turned away is to come again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How much may be done at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceSettings {
    /// Requests and GraphQL operations that read, and as many that write; none: as many as suit the database.
    pub requests: Option<usize>,
    /// Imports and exports, through whichever door.
    pub transfers: usize,
}

impl Default for PlaceSettings {
    /// As much as comes.
    fn default() -> Self {
        Self { requests: Some(usize::MAX), transfers: usize::MAX }
    }
}

/// The places of a process.
pub struct Places {
    reads: Row,
    /// Who writes may have to wait until somebody else has written, and keeps nobody from reading meanwhile.
    writes: Row,
    transfers: Row,
    metrics: Metrics,
}

/// A place, taken until this is dropped.
#[must_use]
pub struct Place {
    _seat: Seat,
}

impl Places {
    /// The places of a process whose database suits so many requests.
    pub(super) fn new(settings: PlaceSettings, suitable: usize, metrics: Metrics) -> Self {
        let requests = settings.requests.unwrap_or(suitable);
        let transfers = Row::new(settings.transfers);
        Self { reads: Row::new(requests), writes: Row::new(requests), transfers, metrics }
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

    /// Whether requests that read wait for a place.
    #[must_use]
    pub fn are_waited_for(&self) -> bool {
        self.reads.is_waited_for()
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

    async fn take(&self, row: &Row, patience: Duration, kind: Shed) -> Result<Place> {
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
    async fn there_are_as_many_places_as_suit_the_database() {
        let settings = PlaceSettings { requests: None, transfers: 1 };
        let places = Places::new(settings, 3, Metrics::default());
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(places.read().await.expect("a place"));
        }
        assert!(places.read().await.is_err(), "all are taken");
        assert!(places.write().await.is_ok(), "who writes has as many others");
    }

    #[tokio::test]
    async fn who_finds_no_place_waits_a_moment_and_is_turned_away() {
        let places = Places::new(PlaceSettings { requests: Some(1), transfers: 1 }, 8, Metrics::default());
        let place = places.read().await.expect("the only place");
        let _others = (
            places.write().await.expect("who writes has another"),
            places.transfer().await.expect("a third"),
        );
        let turned_away = places.read().await.err().expect("no place is left");
        assert_eq!(turned_away.retry_after_seconds(), Some(1));
        assert!(!places.are_waited_for());
        let mut waiting = std::pin::pin!(places.read());
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        assert!(places.are_waited_for());
        drop(place);
        assert!(waiting.await.is_ok(), "the place is free again");
        assert!(!places.are_waited_for());
        assert!(places.metrics.text().expect("figures").contains(r#"shed_total{kind="Request"} 1"#));
    }
}
