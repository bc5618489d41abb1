//! A row of places.
//!
//! To turn somebody away costs something as well, and whoever was turned away at once comes again at once. Who waits
//! costs nothing. So when a crowd waits for nothing, its refusals are spread over a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

/// How many are turned away in a second for each processor, unless that would keep somebody for longer than this. With a
/// connection each, as many as a process takes are all told within a second, and few clients have hung up by then.
const REFUSALS: usize = 1_200;
const LONGEST: Duration = Duration::from_millis(1_500);

/// Places in a row.
pub(super) struct Row {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    processors: usize,
}

/// A place in a row, taken until this is dropped.
pub(super) type Seat = OwnedSemaphorePermit;

impl Row {
    /// A row of so many places.
    pub(super) fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            waiting: AtomicUsize::new(0),
            processors: available_parallelism().map_or(1, |processors| processors.get()),
        }
    }

    /// Whether somebody waits for a place.
    pub(super) fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// A place, if one becomes free within this time. Who gets none may hear of it later.
    pub(super) async fn take(&self, patience: Duration) -> Option<Seat> {
        if let Ok(seat) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(seat);
        }
        let (_waiting, begun) = (Waiting::among(&self.waiting), Instant::now());
        if let Ok(Ok(seat)) = timeout(patience, Arc::clone(&self.places).acquire_owned()).await {
            return Some(seat);
        }
        let crowd = self.waiting.load(Ordering::Relaxed);
        sleep_until(begun + told_after(crowd, self.processors)).await;
        None
    }
}

/// Somebody who waits, until this is dropped.
struct Waiting<'r>(&'r AtomicUsize);

impl<'r> Waiting<'r> {
    fn among(count: &'r AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long after they came those of a crowd are told that there is no place for them.
fn told_after(crowd: usize, processors: usize) -> Duration {
    Duration::from_secs_f64(crowd as f64 / (REFUSALS * processors) as f64).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusals_of_a_crowd_are_spread_over_a_time() {
        assert!(told_after(1, 1) <= Duration::from_millis(2));
        assert_eq!(told_after(REFUSALS, 1), Duration::from_secs(1));
        assert_eq!(told_after(REFUSALS, 2), Duration::from_millis(500));
        assert_eq!(told_after(1_000_000, 1), LONGEST, "nobody is kept for ever");
    }
}
