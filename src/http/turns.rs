//! Turns: when more connections ask than can be answered at once, some of them have a turn for a moment, then others.
//!
//! What a connection needs is in the processor's cache if it has asked a moment ago. Where a thousand ask in a circle each finds
//! it cold, and an answer from memory takes a third more of the processor. Who waits for a turn waits in the system's memory, before
//! anything is read of what is asked.
//!
//! Where requests wait for a place, it is the database that is waited for, and fewer have a turn at a time: what was read of a request is
//! to be in the cache still when its place is free.

use std::collections::VecDeque;
use std::io;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::room::Guest;

/// How many connections have a turn in a round, and how long a round is. A thousand have had their turns within 160 ms.
const CONNECTIONS: usize = 128;
const ROUND: Duration = Duration::from_millis(20);

/// How many for each processor while requests wait for a place, and never more than [`CONNECTIONS`], in rounds that are as much shorter.
const FEW: usize = 32;

/// For how long fewer have a turn when somebody was seen to wait for a place.
const LATELY: Duration = Duration::from_millis(100);

/// How often is looked whether a thread has nothing to do while somebody waits.
const LOOK: Duration = Duration::from_millis(1);

/// The turns of a process.
pub(super) struct Turns {
    round: AtomicU64,
    /// How many more connections may have a turn in this round.
    left: AtomicUsize,
    is_waited_for: AtomicBool,
    waited_for: Notify,
    queue: Mutex<Queue>,
    few: usize,
}

struct Queue {
    waiting: VecDeque<Arc<Ticket>>,
    /// When this round began.
    began: Instant,
    /// How many may have a turn in it.
    connections: usize,
}

impl Queue {
    /// Whether the round is over.
    fn is_over(&self) -> bool {
        self.began.elapsed() * CONNECTIONS as u32 >= ROUND * self.connections as u32
    }
}

/// Somebody's wait for a turn.
#[derive(Default)]
struct Ticket {
    is_given: AtomicBool,
    waker: AtomicWaker,
}

impl Turns {
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self {
            round: AtomicU64::new(0),
            left: AtomicUsize::new(CONNECTIONS),
            is_waited_for: AtomicBool::new(false),
            waited_for: Notify::new(),
            queue: Mutex::new(Queue {
                waiting: VecDeque::new(),
                began: Instant::now(),
                connections: CONNECTIONS,
            }),
            few: CONNECTIONS.min(FEW * processors),
        }
    }

    fn round(&self) -> u64 {
        self.round.load(Ordering::Acquire)
    }

    /// A turn in this round, or a ticket for a later one.
    fn take(&self) -> Result<u64, Arc<Ticket>> {
        if !self.is_waited_for.load(Ordering::Acquire) && self.take_one_left() {
            return Ok(self.round());
        }
        let mut queue = self.queue();
        if queue.waiting.is_empty() && queue.is_over() {
            self.begin_round(&mut queue, CONNECTIONS);
        }
        if queue.waiting.is_empty() && self.take_one_left() {
            return Ok(self.round());
        }
        let ticket = Arc::<Ticket>::default();
        queue.waiting.push_back(Arc::clone(&ticket));
        self.is_waited_for.store(true, Ordering::Release);
        self.waited_for.notify_one();
        Err(ticket)
    }

    fn take_one_left(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }

    /// Begins rounds for as long as somebody waits, whenever one is over or a thread has nothing to do, and for as long as
    /// it is polled. `is_crowded` tells whether requests wait for a place.
    pub(super) async fn keep_on(&self, is_crowded: impl Fn() -> bool) {
        loop {
            self.waited_for.notified().await;
            let (mut pauses, mut crowd_seen) = (pauses(), None);
            while self.is_waited_for.load(Ordering::Acquire) {
                sleep(LOOK).await;
                let before = std::mem::replace(&mut pauses, self::pauses());
                if is_crowded() {
                    crowd_seen = Some(Instant::now());
                }
                let is_crowded = crowd_seen.is_some_and(|seen| seen.elapsed() < LATELY);
                self.go_on(pauses > before, if is_crowded { self.few } else { CONNECTIONS });
            }
        }
    }

    /// Begins a round of so many connections if the last one is over, or at once.
    fn go_on(&self, at_once: bool, connections: usize) {
        let mut queue = self.queue();
        if !at_once && !queue.is_over() {
            return;
        }
        let next = self.begin_round(&mut queue, connections);
        drop(queue);
        for ticket in next {
            ticket.is_given.store(true, Ordering::Release);
            ticket.waker.wake();
        }
    }

    /// Begins a round with those who have waited longest, and gives their tickets.
    fn begin_round(&self, queue: &mut Queue, connections: usize) -> Vec<Arc<Ticket>> {
        let mut next = Vec::new();
        while next.len() < connections
            && let Some(ticket) = queue.waiting.pop_front()
        {
            // Whoever has gone does not keep a ticket.
            if Arc::strong_count(&ticket) > 1 {
                next.push(ticket);
            }
        }
        queue.began = Instant::now();
        queue.connections = connections;
        self.left.store(connections - next.len(), Ordering::Relaxed);
        self.is_waited_for.store(!queue.waiting.is_empty(), Ordering::Release);
        self.round.fetch_add(1, Ordering::AcqRel);
        next
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often threads of the runtime had nothing to do.
fn pauses() -> u64 {
    let metrics = Handle::current().metrics();
    (0..metrics.num_workers()).map(|worker| metrics.worker_park_count(worker)).sum()
}

/// A connection that reads what is asked next when it has a turn, and what belongs to a request at any time.
pub(super) struct InTurn {
    stream: TcpStream,
    guest: Arc<Guest>,
    turns: Arc<Turns>,
    /// The round in which it had a turn last.
    round: Option<u64>,
    ticket: Option<Arc<Ticket>>,
}

impl InTurn {
    pub(super) fn new(stream: TcpStream, guest: Arc<Guest>, turns: Arc<Turns>) -> Self {
        Self { stream, guest, turns, round: None, ticket: None }
    }

    fn poll_turn(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.round == Some(self.turns.round()) {
            return Poll::Ready(());
        }
        let ticket = match self.ticket.take().map_or_else(|| self.turns.take(), Err) {
            Ok(round) => {
                self.round = Some(round);
                return Poll::Ready(());
            }
            Err(ticket) => ticket,
        };
        ticket.waker.register(context.waker());
        if ticket.is_given.load(Ordering::Acquire) {
            self.round = Some(self.turns.round());
            return Poll::Ready(());
        }
        self.ticket = Some(ticket);
        Poll::Pending
    }
}

impl AsyncRead for InTurn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.guest.is_asking() {
            ready!(self.stream.poll_read_ready(context))?;
            ready!(self.poll_turn(context));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for InTurn {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.guest.is_told(written.is_ready());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.guest.is_told(written.is_ready());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_all_turns_are_taken_has_one_in_the_next_round_in_order() {
        let turns = Turns::new();
        assert!((0..CONNECTIONS).all(|_| turns.take().is_ok()));
        let waiting: Vec<_> = (0..=CONNECTIONS).map(|_| turns.take().expect_err("none is left")).collect();
        let has_one = |ticket: &&Arc<Ticket>| ticket.is_given.load(Ordering::Acquire);
        turns.go_on(false, CONNECTIONS);
        assert_eq!(waiting.iter().filter(has_one).count(), 0, "the round is not over");
        turns.go_on(true, CONNECTIONS);
        assert_eq!(waiting.iter().take_while(has_one).count(), CONNECTIONS);
        assert_eq!(waiting.iter().filter(has_one).count(), CONNECTIONS);
        assert!(turns.take().is_err(), "somebody waited before");
        drop(waiting);
        turns.go_on(true, CONNECTIONS);
        assert_eq!(turns.take().ok(), Some(2), "whoever has gone has no turn, and keeps nobody waiting");
    }

    #[test]
    fn fewer_have_a_turn_for_less_time_where_places_are_waited_for() {
        let turns = Turns::new();
        while turns.take().is_ok() {}
        let waiting: Vec<_> = (0..2 * FEW).map(|_| turns.take().expect_err("none is left")).collect();
        let have_one = || waiting.iter().filter(|ticket| ticket.is_given.load(Ordering::Acquire)).count();
        turns.go_on(true, FEW);
        assert_eq!(have_one(), FEW);
        turns.queue().began -= ROUND / 4;
        turns.go_on(false, FEW);
        assert_eq!(have_one(), 2 * FEW, "the short round is over");
    }

    #[test]
    fn nobody_waits_when_a_round_is_over() {
        let turns = Turns::new();
        turns.queue().began -= ROUND;
        assert!((0..=CONNECTIONS).all(|_| turns.take().is_ok()));
    }

    #[tokio::test]
    async fn whoever_waits_has_a_turn_as_soon_as_there_is_nothing_to_do() {
        let turns = Turns::new();
        let waits = async {
            while turns.take().is_ok() {}
            let ticket = turns.take().expect_err("none is left");
            std::future::poll_fn(|context| {
                ticket.waker.register(context.waker());
                if ticket.is_given.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        };
        tokio::select! {
            () = turns.keep_on(|| false) => {}
            () = waits => {}
        }
    }
}
