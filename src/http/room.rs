//! Room for connections. Who comes when there is none waits at the door for the place of somebody who asks nothing, and is
//! told after a moment that there is none: in the system's queue nobody would know for how long they have waited, nor
//! whether they are still there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::descriptors::room_for;

/// How many may stand at the door at a time, and how many of the places of a small room that are.
const AT_THE_DOOR: usize = 64;
const PLACES_A_VISITOR: usize = 8;

/// How long each waits there.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often somebody who waits has it asked who is quiet, and how many are asked each time.
const PACE: Duration = Duration::from_millis(100);
const LOOKS: usize = 8;

/// Who has been answered is quiet after so long, and who has asked nothing yet.
const QUIET: Duration = Duration::from_secs(1);
const SILENT: Duration = Duration::from_secs(2);

/// Where nobody is quiet one of so many answers is the last of its connection, so that who waits has a turn: few enough
/// that hardly anybody who is answered has waited.
const ANSWERS_A_TURN: usize = 256;

/// The room of a process.
pub(super) struct Room {
    began: Instant,
    places: Arc<Semaphore>,
    door: Arc<Semaphore>,
    /// Shared with each who waits.
    waiting: Arc<()>,
    answers: AtomicUsize,
    /// Asks one open connection after the other whether it is quiet.
    look: Notify,
    looks: AtomicUsize,
}

impl Room {
    /// Room for so many connections, or for as many as the system gives files for.
    pub(super) fn new(connections: usize) -> Self {
        let places = room_for(connections);
        Self {
            began: Instant::now(),
            places: Arc::new(Semaphore::new(places)),
            door: Arc::new(Semaphore::new((places / PLACES_A_VISITOR).clamp(1, AT_THE_DOOR))),
            waiting: Arc::default(),
            answers: AtomicUsize::new(0),
            look: Notify::new(),
            looks: AtomicUsize::new(0),
        }
    }

    /// Lets the next one come to the door, when there is room there.
    pub(super) async fn door(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.door).acquire_owned().await.ok()
    }

    /// A place, if one becomes free in time.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        let _waiting = Arc::clone(&self.waiting);
        let place = Arc::clone(&self.places).acquire_owned();
        let place = timeout(PATIENCE, async {
            tokio::pin!(place);
            loop {
                self.looks.store(LOOKS, Ordering::Relaxed);
                self.look.notify_one();
                if let Ok(place) = timeout(PACE, &mut place).await {
                    return place.ok();
                }
            }
        });
        place.await.ok().flatten()
    }

    /// Whether the connection of an answer is to end with it, for those who wait.
    pub(super) fn is_last(&self) -> bool {
        Arc::strong_count(&self.waiting) > 1
            && self.answers.fetch_add(1, Ordering::Relaxed).is_multiple_of(ANSWERS_A_TURN)
    }

    /// Waits until the place of this connection is wanted and it is quiet.
    pub(super) async fn wants(&self, guest: &Guest) {
        loop {
            self.look.notified().await;
            if guest.is_quiet(self.now()) {
                return;
            }
            let looks =
                self.looks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |looks| looks.checked_sub(1));
            if looks.is_ok() {
                self.look.notify_one();
            }
        }
    }

    /// Milliseconds since there is this room.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Who has a place.
pub(super) struct Guest {
    /// Since when nothing is asked; [`Self::ASKING`] while something is.
    since: AtomicU64,
    has_asked: AtomicBool,
}

impl Guest {
    const ASKING: u64 = u64::MAX;

    /// Comes in now, and has not asked yet.
    pub(super) fn new(now: u64) -> Self {
        Self { since: AtomicU64::new(now), has_asked: false.into() }
    }

    /// Asks.
    pub(super) fn asks(&self) {
        self.has_asked.store(true, Ordering::Relaxed);
        self.since.store(Self::ASKING, Ordering::Relaxed);
    }

    /// Has been answered.
    pub(super) fn is_answered(&self, now: u64) {
        self.since.store(now, Ordering::Relaxed);
    }

    /// Whether this one ever asked.
    pub(super) fn has_asked(&self) -> bool {
        self.has_asked.load(Ordering::Relaxed)
    }

    fn is_quiet(&self, now: u64) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        let enough = if self.has_asked() { QUIET } else { SILENT };
        since != Self::ASKING && u128::from(now.saturating_sub(since)) >= enough.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_not_quiet() {
        let guest = Guest::new(0);
        assert!(!guest.is_quiet(1_999));
        assert!(guest.is_quiet(2_000), "a connection over which nothing came");
        guest.asks();
        assert!(!guest.is_quiet(1_000_000), "an answer may take its time");
        guest.is_answered(5_000);
        assert!(!guest.is_quiet(5_999));
        assert!(guest.is_quiet(6_000));
    }

    #[tokio::test]
    async fn who_waits_has_the_place_of_somebody_quiet_and_of_nobody_else() {
        let room = Arc::new(Room::new(2));
        let (busy, quiet) = (Guest::new(0), Guest::new(0));
        busy.asks();
        quiet.asks();
        quiet.is_answered(0);
        let (first, second) = (room.place().await, room.place().await);
        assert!(first.is_some() && second.is_some());
        let leave = |guest: Guest, place| {
            let room = Arc::clone(&room);
            tokio::spawn(async move {
                room.wants(&guest).await;
                drop(place);
            })
        };
        let stays = leave(busy, first);
        assert!(room.place().await.is_none(), "nobody is quiet");
        std::thread::sleep(QUIET);
        let leaves = leave(quiet, second);
        assert!(room.place().await.is_some());
        leaves.await.expect("the quiet one goes");
        assert!(!stays.is_finished());
    }

    #[tokio::test]
    async fn a_connection_ends_with_an_answer_now_and_then_while_somebody_waits() {
        let room = Room::new(1);
        assert!((0..1_000).all(|_| !room.is_last()), "nobody waits");
        let _waits = Arc::clone(&room.waiting);
        assert_eq!((0..ANSWERS_A_TURN * 3).filter(|_| room.is_last()).count(), 3);
    }
}
