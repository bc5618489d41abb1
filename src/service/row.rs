//! A row of places, of which fewer are given when each is kept for long.
//!
//! What a process can do at the same time is not what it can be asked at the same time: beyond that, more at once is
//! only slower for everybody. So a row begins with few places and has more when somebody waits and all goes fast; when
//! places are kept for longer than they should be on average, some are taken out of it until they are not.
//!
//! To turn somebody away costs something as well, and whoever was turned away at once comes again at once. Who waits
//! costs nothing. So when a crowd waits for nothing, its refusals are spread over a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How often it is asked whether there are too many places or too few.
const PACE: Duration = Duration::from_millis(100);

/// However slow it is, so much is done at the same time, if there are so many places, and so much at first: more than the
/// connections of a small pool, so that the database is not idle for want of requests.
const FEWEST: usize = 12;

/// How many are turned away in a second for each processor, unless that would keep somebody for longer than this.
const REFUSALS: usize = 500;
const LONGEST: Duration = Duration::from_millis(1_500);

/// Places in a row.
pub(super) struct Row {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    processors: usize,
    most: usize,
    /// How long a place may be kept on average while somebody waits.
    brisk: Option<Duration>,
    pace: Mutex<Pace>,
}

/// What was seen since the last look.
struct Pace {
    since: Instant,
    /// How many places were given back, and how long they had been kept all together.
    ended: u32,
    kept: Duration,
    /// Whether somebody had to wait.
    is_full: bool,
    /// How many places there are.
    open: usize,
    /// How many of those that are taken are not to be given again.
    owed: usize,
}

/// A place in a row, taken until this is dropped.
pub(super) struct Seat {
    row: Arc<Row>,
    since: Instant,
    permit: Option<OwnedSemaphorePermit>,
}

impl Row {
    /// A row of so many places at most; of fewer when each is kept for longer than `brisk`.
    pub(super) fn new(places: usize, brisk: Option<Duration>) -> Self {
        let most = places.min(Semaphore::MAX_PERMITS);
        let open = if brisk.is_some() { most.min(FEWEST) } else { most };
        let pace =
            Pace { since: Instant::now(), ended: 0, kept: Duration::ZERO, is_full: false, open, owed: 0 };
        Self {
            places: Arc::new(Semaphore::new(open)),
            waiting: AtomicUsize::new(0),
            processors: available_parallelism().map_or(1, |processors| processors.get()),
            most,
            brisk,
            pace: Mutex::new(pace),
        }
    }

    /// A place, if one becomes free within this time. Who gets none may hear of it later.
    pub(super) async fn take(self: &Arc<Self>, patience: Duration) -> Option<Seat> {
        let seat = |permit| Seat { row: Arc::clone(self), since: Instant::now(), permit: Some(permit) };
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(seat(permit));
        }
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).is_full = true;
        let (_waiting, begun) = (Waiting::among(&self.waiting), tokio::time::Instant::now());
        let permit = tokio::time::timeout(patience, Arc::clone(&self.places).acquire_owned()).await;
        if let Ok(Ok(permit)) = permit {
            return Some(seat(permit));
        }
        let crowd = self.waiting.load(Ordering::Relaxed);
        tokio::time::sleep_until(begun + told_after(crowd, self.processors)).await;
        None
    }

    /// Takes a place back; whether it is to be given again.
    fn given_back(&self, kept: Duration) -> bool {
        let Some(brisk) = self.brisk else { return true };
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.ended += 1;
        pace.kept += kept;
        if pace.since.elapsed() >= PACE {
            let open = pace.fitting(brisk, self.most);
            self.open(&mut pace, open);
        }
        if pace.owed > 0 {
            pace.owed -= 1;
            return false;
        }
        true
    }

    /// Changes how many places there are.
    fn open(&self, pace: &mut Pace, open: usize) {
        if open < pace.open {
            let fewer = pace.open - open;
            pace.owed += fewer - self.places.forget_permits(fewer);
        } else {
            let more = open - pace.open;
            let not_owed = more.min(pace.owed);
            pace.owed -= not_owed;
            self.places.add_permits(more - not_owed);
        }
        pace.open = open;
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

impl Pace {
    /// How many places there should be, from what was seen; begins to look anew.
    fn fitting(&mut self, brisk: Duration, most: usize) -> usize {
        let average = self.kept / self.ended.max(1);
        let open = if !self.is_full {
            self.open
        } else if average > brisk {
            // As many as are given back within that time, and not fewer than half of what there is.
            let ratio = (brisk.as_secs_f64() / average.as_secs_f64()).max(0.5);
            ((self.open as f64 * ratio) as usize).max(FEWEST.min(most))
        } else if average * 5 > brisk * 4 {
            self.open
        } else {
            (self.open + self.open / 8 + 1).min(most)
        };
        (self.since, self.ended, self.kept, self.is_full) = (Instant::now(), 0, Duration::ZERO, false);
        open
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        if !self.row.given_back(self.since.elapsed()) {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRISK: Duration = Duration::from_millis(250);

    fn pace(row: &Row, ended: u32, kept: Duration, is_full: bool) {
        let mut pace = row.pace.lock().expect("nobody panics");
        (pace.ended, pace.kept, pace.is_full) = (ended, kept * ended, is_full);
        let open = pace.fitting(BRISK, row.most);
        row.open(&mut pace, open);
        // What happens in between is not looked at by itself.
        pace.since = Instant::now() + Duration::from_secs(3600);
    }

    async fn all(row: &Arc<Row>) -> Vec<Seat> {
        let mut seats = Vec::new();
        while let Some(seat) = row.take(Duration::ZERO).await {
            seats.push(seat);
        }
        seats
    }

    #[tokio::test]
    async fn places_become_more_when_all_goes_fast_and_fewer_when_they_are_kept_too_long() {
        let row = Arc::new(Row::new(128, Some(BRISK)));
        assert_eq!(all(&row).await.len(), FEWEST);
        for _ in 0..40 {
            pace(&row, 10, BRISK / 10, true);
        }
        let taken = all(&row).await;
        assert_eq!(taken.len(), 128, "fast ones get all of them");
        for _ in 0..10 {
            pace(&row, 10, BRISK * 4, true);
        }
        drop(taken);
        let fewer = all(&row).await;
        assert_eq!(fewer.len(), FEWEST, "never fewer than this");
        drop(fewer);
        pace(&row, 10, BRISK * 4, true);
        assert_eq!(all(&row).await.len(), FEWEST);
    }

    #[test]
    fn the_refusals_of_a_crowd_are_spread_over_a_time() {
        assert!(told_after(1, 1) <= Duration::from_millis(2));
        assert_eq!(told_after(REFUSALS, 1), Duration::from_secs(1));
        assert_eq!(told_after(REFUSALS, 2), Duration::from_millis(500));
        assert_eq!(told_after(1_000_000, 1), LONGEST, "nobody is kept for ever");
    }

    #[tokio::test]
    async fn places_stay_while_nobody_waits_for_one() {
        let row = Arc::new(Row::new(128, Some(BRISK)));
        pace(&row, 10, BRISK / 10, true);
        let before = all(&row).await.len();
        for _ in 0..10 {
            pace(&row, 10, BRISK * 40, false);
        }
        assert_eq!(all(&row).await.len(), before);
    }

    #[tokio::test]
    async fn a_row_of_those_who_may_take_their_time_has_all_its_places() {
        assert_eq!(all(&Arc::new(Row::new(40, None))).await.len(), 40);
    }

    #[tokio::test]
    async fn a_small_row_stays_as_it_is() {
        let row = Arc::new(Row::new(2, Some(BRISK)));
        for _ in 0..10 {
            pace(&row, 10, BRISK * 40, true);
        }
        assert_eq!(all(&row).await.len(), 2);
    }
}
