//! Room for connections. Who comes when there is none waits at the door for the place of somebody who asks nothing, and is
//! told after a moment that there is none: in the system's queue nobody would know for how long they have waited, nor
//! whether they are still there.
//!
//! One look over all who are there, now and then, finds who has asked nothing for too long: no request needs a timer.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{interval, timeout};

use super::descriptors::room_for;

/// How many may stand at the door at a time, and how many of the places of a small room that are.
const AT_THE_DOOR: usize = 64;
const PLACES_A_VISITOR: usize = 8;

/// How long each waits there.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often somebody who waits looks for who is quiet, and at how many each time.
const PACE: Duration = Duration::from_millis(100);
const LOOKS: usize = 64;

/// Who has been answered is quiet after so long, and who has asked nothing yet.
const QUIET: Duration = Duration::from_secs(1);
const SILENT: Duration = Duration::from_secs(2);

/// Where nobody is quiet one of so many answers is the last of its connection, so that who waits has a turn: few enough
/// that hardly anybody who is answered has waited.
const ANSWERS_A_TURN: usize = 256;

/// How often within the time that a head may take everybody is looked at, and how often at the most.
const LOOKS_A_HEAD: u32 = 10;
const SHORTEST_ROUND: Duration = Duration::from_millis(10);
const LONGEST_ROUND: Duration = Duration::from_secs(1);

/// The room of a process.
pub(super) struct Room {
    began: Instant,
    places: Arc<Semaphore>,
    door: Arc<Semaphore>,
    /// How long the head of a request may take, from the answer before it on.
    head_timeout: Duration,
    /// How long a client may take nothing of an answer.
    send_timeout: Duration,
    /// Shared with each who waits.
    waiting: Arc<()>,
    answers: AtomicUsize,
    guests: Mutex<Guests>,
    is_closing: AtomicBool,
    is_over: AtomicBool,
}

/// Those who have a place, by when they came, and behind whom the last look ended.
#[derive(Default)]
struct Guests {
    present: BTreeMap<u64, Arc<Guest>>,
    last: u64,
    seen: u64,
}

/// Why a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// The process stops: what runs is answered, and nothing more.
    Stopping,
    /// Nothing is asked over it, and its place is wanted, or the next request has taken too long.
    Idle,
    /// Whatever is under way: the client takes nothing of its answer, or the process ends.
    AtOnce,
}

impl Room {
    /// Room for so many connections, or for as many as the system gives files for.
    pub(super) fn new(connections: usize, head_timeout: Duration, send_timeout: Duration) -> Self {
        let places = room_for(connections);
        Self {
            began: Instant::now(),
            places: Arc::new(Semaphore::new(places)),
            door: Arc::new(Semaphore::new((places / PLACES_A_VISITOR).clamp(1, AT_THE_DOOR))),
            head_timeout,
            send_timeout,
            waiting: Arc::default(),
            answers: AtomicUsize::new(0),
            guests: Mutex::default(),
            is_closing: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
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
                self.call_somebody_quiet();
                if let Ok(place) = timeout(PACE, &mut place).await {
                    return place.ok();
                }
            }
        });
        place.await.ok().flatten()
    }

    /// Has a place from now on, until this is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> Entered {
        let guest = Arc::new(Guest::new(Arc::clone(self), self.now()));
        let mut guests = self.guests();
        guests.last += 1;
        let number = guests.last;
        guests.present.insert(number, Arc::clone(&guest));
        drop(guests);
        // Whoever closed the room has called everybody who was there.
        if self.is_closing.load(Ordering::SeqCst) || self.is_over.load(Ordering::SeqCst) {
            guest.call();
        }
        Entered { guest, number }
    }

    /// Calls whoever has not said all of its next request's head in time, and who takes nothing of an answer, for as long as it is
    /// polled.
    pub(super) async fn watch(&self) {
        let mut round = interval((self.head_timeout / LOOKS_A_HEAD).clamp(SHORTEST_ROUND, LONGEST_ROUND));
        loop {
            round.tick().await;
            let now = self.now();
            let guests = self.guests();
            let leave = guests.present.values().filter(|guest| guest.is_late(now) || guest.is_stuck(now));
            leave.for_each(|guest| guest.call());
        }
    }

    /// Tells everybody, and whoever comes, that the process stops.
    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
        self.guests().present.values().for_each(|guest| guest.call());
    }

    /// Ends all connections, whatever is under way, when what is given is dropped.
    pub(super) fn over_when_dropped(self: &Arc<Self>) -> Over {
        Over(Arc::clone(self))
    }

    /// Whether the connection of an answer is to end with it, for those who wait.
    fn is_last(&self) -> bool {
        Arc::strong_count(&self.waiting) > 1
            && self.answers.fetch_add(1, Ordering::Relaxed).is_multiple_of(ANSWERS_A_TURN)
    }

    /// Milliseconds since there is this room.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Looks on from where the last look ended.
    fn call_somebody_quiet(&self) {
        let now = self.now();
        let mut guests = self.guests();
        let seen = guests.seen;
        let on = guests.present.range(seen + 1..).chain(guests.present.range(..=seen));
        let mut last = seen;
        for (number, guest) in on.take(LOOKS) {
            last = *number;
            if guest.is_quiet(now) {
                guest.call();
                break;
            }
        }
        guests.seen = last;
    }

    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends all connections of a room when it is dropped.
pub(super) struct Over(Arc<Room>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
        self.0.guests().present.values().for_each(|guest| guest.call());
    }
}

/// A place that somebody has.
pub(super) struct Entered {
    guest: Arc<Guest>,
    number: u64,
}

impl Entered {
    /// Who has it.
    pub(super) fn guest(&self) -> &Arc<Guest> {
        &self.guest
    }

    /// Waits until the connection is to end.
    pub(super) async fn leaves(&self) -> Leave {
        poll_fn(|context| {
            self.guest.waker.register(context.waker());
            self.guest.leaves().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.guest.room.guests().present.remove(&self.number);
    }
}

/// Who has a place.
pub(super) struct Guest {
    room: Arc<Room>,
    /// Since when nothing is asked; [`Self::ASKING`] while something is.
    since: AtomicU64,
    /// Since when the client takes nothing of its answer; [`Self::FLOWING`] while it does.
    stuck_since: AtomicU64,
    has_asked: AtomicBool,
    /// Is to see whether to leave.
    is_called: AtomicBool,
    waker: AtomicWaker,
}

impl Guest {
    const ASKING: u64 = u64::MAX;
    const FLOWING: u64 = u64::MAX;

    /// Comes in now, and has not asked yet.
    fn new(room: Arc<Room>, now: u64) -> Self {
        Self {
            room,
            since: AtomicU64::new(now),
            stuck_since: AtomicU64::new(Self::FLOWING),
            has_asked: false.into(),
            is_called: false.into(),
            waker: AtomicWaker::new(),
        }
    }

    /// Asks.
    pub(super) fn asks(&self) {
        self.has_asked.store(true, Ordering::Relaxed);
        self.since.store(Self::ASKING, Ordering::Relaxed);
    }

    /// Has been answered. Whether that is the last answer of its connection, for those who wait.
    pub(super) fn is_answered(&self, may_be_last: bool) -> bool {
        let is_last = may_be_last && self.room.is_last();
        self.since.store(self.room.now(), Ordering::Relaxed);
        is_last
    }

    /// Is being told something, and whether it takes some of that. Only the connection itself says so.
    pub(super) fn is_told(&self, takes: bool) {
        let is_stuck = self.stuck_since.load(Ordering::Relaxed) != Self::FLOWING;
        if takes && is_stuck {
            self.stuck_since.store(Self::FLOWING, Ordering::Relaxed);
        } else if !takes && !is_stuck {
            self.stuck_since.store(self.room.now(), Ordering::Relaxed);
        }
    }

    /// Whether a request is being answered.
    pub(super) fn is_asking(&self) -> bool {
        self.since.load(Ordering::Relaxed) == Self::ASKING
    }

    /// Whether this one ever asked.
    pub(super) fn has_asked(&self) -> bool {
        self.has_asked.load(Ordering::Relaxed)
    }

    fn call(&self) {
        self.is_called.store(true, Ordering::SeqCst);
        self.waker.wake();
    }

    /// Why to leave, when called and if there is a reason still.
    fn leaves(&self) -> Option<Leave> {
        if !self.is_called.load(Ordering::SeqCst) {
            return None;
        }
        self.is_called.store(false, Ordering::SeqCst);
        let now = self.room.now();
        if self.is_stuck(now) || self.room.is_over.load(Ordering::SeqCst) {
            return Some(Leave::AtOnce);
        }
        if self.is_quiet(now) || self.is_late(now) {
            return Some(Leave::Idle);
        }
        self.room.is_closing.load(Ordering::SeqCst).then_some(Leave::Stopping)
    }

    fn is_late(&self, now: u64) -> bool {
        self.is_idle_for(self.room.head_timeout, now)
    }

    fn is_quiet(&self, now: u64) -> bool {
        self.is_idle_for(if self.has_asked() { QUIET } else { SILENT }, now)
    }

    fn is_stuck(&self, now: u64) -> bool {
        let since = self.stuck_since.load(Ordering::Relaxed);
        since != Self::FLOWING && is_over(self.room.send_timeout, since, now)
    }

    fn is_idle_for(&self, enough: Duration, now: u64) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        // An answer is made before it is told, and who is being told one is not idle.
        let is_told = self.stuck_since.load(Ordering::Relaxed) != Self::FLOWING;
        since != Self::ASKING && !is_told && is_over(enough, since, now)
    }
}

/// Whether so much time is over since a moment of a room.
fn is_over(time: Duration, since: u64, now: u64) -> bool {
    u128::from(now.saturating_sub(since)) >= time.as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(10);
    const SEND: Duration = Duration::from_secs(30);

    #[test]
    fn who_asks_is_not_quiet() {
        let guest = Guest::new(Arc::new(Room::new(1, HEAD, SEND)), 0);
        assert!(!guest.is_quiet(1_999));
        assert!(guest.is_quiet(2_000), "a connection over which nothing came");
        assert!(guest.is_late(10_000));
        guest.asks();
        assert!(!guest.is_quiet(1_000_000), "an answer may take its time");
        assert!(!guest.is_late(1_000_000));
        guest.since.store(5_000, Ordering::Relaxed);
        assert!(!guest.is_quiet(5_999));
        assert!(guest.is_quiet(6_000));
        assert!(!guest.is_late(14_999));
        assert!(guest.is_late(15_000));
    }

    #[test]
    fn who_takes_nothing_of_an_answer_is_not_idle_and_is_let_go_of_in_time() {
        let guest = Guest::new(Arc::new(Room::new(1, HEAD, SEND)), 0);
        guest.stuck_since.store(5_000, Ordering::Relaxed);
        assert!(!guest.is_quiet(34_999) && !guest.is_late(34_999));
        assert!(!guest.is_stuck(34_999));
        assert!(guest.is_stuck(35_000));
        guest.is_told(true);
        assert!(!guest.is_stuck(1_000_000), "it takes some of it");
        guest.is_told(false);
        let since = guest.stuck_since.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(5));
        guest.is_told(false);
        assert_eq!(guest.stuck_since.load(Ordering::Relaxed), since, "since the first time");
    }

    #[tokio::test]
    async fn everybody_leaves_at_once_when_all_is_over() {
        let room = Arc::new(Room::new(2, HEAD, SEND));
        let before = room.enter();
        before.guest().asks();
        drop(room.over_when_dropped());
        let behind = room.enter();
        for entered in [&before, &behind] {
            assert_eq!(entered.leaves().await, Leave::AtOnce);
        }
    }

    #[tokio::test]
    async fn who_waits_has_the_place_of_somebody_quiet_and_of_nobody_else() {
        let room = Arc::new(Room::new(2, HEAD, SEND));
        let enter = async || (room.place().await.expect("there is room"), room.enter());
        let (busy, quiet) = (enter().await, enter().await);
        busy.1.guest().asks();
        quiet.1.guest().asks();
        quiet.1.guest().is_answered(true);
        let leave = |(place, entered): (_, Entered)| {
            tokio::spawn(async move {
                let why = entered.leaves().await;
                drop(place);
                why
            })
        };
        let stays = leave(busy);
        assert!(room.place().await.is_none(), "nobody is quiet");
        std::thread::sleep(QUIET);
        let leaves = leave(quiet);
        assert!(room.place().await.is_some());
        assert_eq!(leaves.await.expect("the quiet one goes"), Leave::Idle);
        assert!(!stays.is_finished());
    }

    #[tokio::test]
    async fn who_asks_nothing_in_time_leaves() {
        let room = Arc::new(Room::new(2, Duration::from_millis(50), SEND));
        let (asks, silent) = (room.enter(), room.enter());
        asks.guest().asks();
        tokio::select! {
            () = room.watch() => {}
            _ = asks.leaves() => panic!("it asks"),
            why = silent.leaves() => assert_eq!(why, Leave::Idle),
        }
        assert!(silent.guest.since.load(Ordering::Relaxed) + 50 <= room.now());
    }

    #[tokio::test]
    async fn everybody_leaves_when_the_room_closes() {
        let room = Arc::new(Room::new(2, HEAD, SEND));
        let before = room.enter();
        room.close();
        let behind = room.enter();
        for entered in [&before, &behind] {
            assert_eq!(entered.leaves().await, Leave::Stopping);
        }
        drop((before, behind));
        assert!(room.guests().present.is_empty());
    }

    #[tokio::test]
    async fn a_connection_ends_with_an_answer_now_and_then_while_somebody_waits() {
        let room = Room::new(1, HEAD, SEND);
        assert!((0..1_000).all(|_| !room.is_last()), "nobody waits");
        let _waits = Arc::clone(&room.waiting);
        assert_eq!((0..ANSWERS_A_TURN * 3).filter(|_| room.is_last()).count(), 3);
    }
}
