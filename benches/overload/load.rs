//! The load, as a process of its own. Closed: so many clients, each of which asks again as soon as it is answered.
//! Open: requests that come at times which were fixed in advance, however the server does; each time counts from
//! when its request was to be sent, so that a server that holds everybody up does not look fast.
//!
//! A request takes a connection that is open and free, as from a balancer that keeps them, and opens one where none is. Of those
//! there is a bound, as a balancer has one; who comes beyond it is turned away there, which is counted and costs nothing.

use std::cell::RefCell;
use std::io::{ErrorKind, Read as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;
use tokio::time::{Instant, timeout_at};

/// The word that makes this program the load.
pub const WORD: &str = "load";

/// How long a client waits for its answer before it hangs up: so long, give or take half. If all waited as long, those who came in
/// one moment would hang up and come again in one moment, and the load would get to nothing else then.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long who could not ask waits before the next time.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the windows are in which a phase is looked at, in microseconds.
pub const WINDOW: u32 = 250_000;

/// What is to be done.
#[derive(Serialize, Deserialize)]
pub struct Order {
    /// The server.
    pub address: SocketAddr,
    /// Requests as they go over the wire, of which one is drawn each time.
    pub requests: Vec<String>,
    /// Most connections.
    pub connections: usize,
    /// One after the other, without a pause.
    pub phases: Vec<Phase>,
}

/// Load of one kind.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Phase {
    /// Requests a second; none when each connection asks again as soon as it is answered.
    pub rate: Option<f64>,
    /// How long.
    pub seconds: f64,
}

/// What came of a phase.
#[derive(Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Requests for which there was no connection, by the [`WINDOW`] in which they were to be sent.
    pub unsent: Vec<usize>,
    /// The others.
    pub asked: Vec<Asked>,
}

/// What came of a request.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Asked {
    /// When it was to be sent: microseconds since the beginning of its phase.
    pub due: u32,
    /// Microseconds from then until it was over.
    pub took: u32,
    /// How it ended.
    pub end: End,
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// With an answer of this status.
    Answered(u16),
    /// The connection was not to be had, or was cut.
    Broken,
    /// The client hung up.
    GivenUp,
}

/// Runs the load on a processor of its own, and tells what came of each phase.
pub fn run(order: &Order, processor: usize) -> Vec<Outcome> {
    let program = std::env::current_exe().expect("this program has a file");
    let mut process = Command::new("taskset")
        .args(["-c", &processor.to_string()])
        .arg(program)
        .arg(WORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("taskset is installed");
    let input = process.stdin.take().expect("an input");
    serde_json::to_writer(input, order).expect("the load hears its order");
    let mut said = Vec::new();
    process.stdout.take().expect("an output").read_to_end(&mut said).expect("the load says what it found");
    assert!(process.wait().is_ok_and(|status| status.success()), "the load came to its end");
    serde_json::from_slice(&said).expect("JSON")
}

/// The program as the load: takes its order from the standard input.
pub fn obey() {
    let order: Order = serde_json::from_reader(std::io::stdin().lock()).expect("an order");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let outcomes = LocalSet::new().block_on(&runtime, all(order));
    serde_json::to_writer(std::io::stdout().lock(), &outcomes).expect("somebody listens");
}

async fn all(order: Order) -> Vec<Outcome> {
    let phases = order.phases.clone();
    let outcomes = phases.iter().map(|_| Outcome::default()).collect();
    let crowd = Rc::new(Crowd {
        order,
        began: RefCell::new(Vec::new()),
        outcomes: RefCell::new(outcomes),
        coming: RefCell::default(),
        open: RefCell::default(),
        closed: RefCell::default(),
        clients: RefCell::default(),
        random: RefCell::new(Random(7)),
    });
    for (number, phase) in phases.into_iter().enumerate() {
        crowd.began.borrow_mut().push(Instant::now());
        match phase.rate {
            Some(rate) => crowd.come(number, rate, phase.seconds).await,
            None => crowd.ask_again_and_again(number, phase.seconds).await,
        }
    }
    // Whoever was sent is waited for.
    let last = Instant::now() + PATIENCE.mul_f64(1.5) + PAUSE;
    while Instant::now() < last && crowd.is_busy() {
        tokio::time::sleep(PAUSE).await;
    }
    crowd.outcomes.take()
}

/// A request that is to be sent.
#[derive(Clone, Copy)]
struct Due {
    phase: usize,
    at: Instant,
    request: usize,
}

/// Requests that come at a rate.
struct Coming {
    phase: usize,
    rate: f64,
    /// When the next one comes.
    next: Instant,
    end: Instant,
}

/// Everybody who asks.
struct Crowd {
    order: Order,
    /// When each phase began.
    began: RefCell<Vec<Instant>>,
    outcomes: RefCell<Vec<Outcome>>,
    coming: RefCell<Option<Coming>>,
    /// Who may be given a request, by number, and has a connection; who became free last is the first to be asked.
    open: RefCell<Vec<usize>>,
    /// Who may be given one and has to open a connection for it.
    closed: RefCell<Vec<usize>>,
    clients: RefCell<Vec<UnboundedSender<Due>>>,
    random: RefCell<Random>,
}

impl Crowd {
    /// Lets requests come at a rate, as many do who know nothing of each other.
    async fn come(self: &Rc<Self>, phase: usize, rate: f64, seconds: f64) {
        let began = self.began.borrow()[phase];
        let end = began + Duration::from_secs_f64(seconds);
        let next = began + self.gap(rate);
        *self.coming.borrow_mut() = Some(Coming { phase, rate, next, end });
        // The processor never sleeps: who answers would have to wake it up.
        while self.coming.borrow().is_some() {
            self.send_due();
            tokio::task::yield_now().await;
        }
    }

    fn gap(&self, rate: f64) -> Duration {
        Duration::from_secs_f64(-self.random.borrow_mut().fraction().ln() / rate)
    }

    /// Sends whatever is due by now.
    fn send_due(self: &Rc<Self>) {
        let now = Instant::now();
        while let Some(due) = self.due_before(now) {
            self.send(due);
        }
    }

    /// The next request that comes, if it is due by then.
    fn due_before(&self, now: Instant) -> Option<Due> {
        let mut coming = self.coming.borrow_mut();
        let Coming { phase, rate, next, end } = coming.as_mut()?;
        if *next >= *end {
            *coming = None;
            return None;
        }
        if *next > now {
            return None;
        }
        if self.is_full() {
            // All of these find the same: they are counted and not drawn, which would cost as much as to send them. Nobody can
            // tell when the next one comes from when the others came.
            let until = now.min(*end);
            let between = (until - *next).as_secs_f64() * *rate;
            self.turn_away(*phase, until, 1 + (between + self.random.borrow_mut().fraction()) as usize);
            *next = until + self.gap(*rate);
            return None;
        }
        let due = self.due(*phase, *next);
        *next += self.gap(*rate);
        Some(due)
    }

    fn due(&self, phase: usize, at: Instant) -> Due {
        let request = self.random.borrow_mut().below(self.order.requests.len());
        Due { phase, at, request }
    }

    /// When a request was to be sent: microseconds since the beginning of its phase.
    fn since_beginning(&self, due: Due) -> u32 {
        micros(due.at - self.began.borrow()[due.phase])
    }

    /// Whether all connections are taken that there may be.
    fn is_full(&self) -> bool {
        let free = self.open.borrow().len() + self.closed.borrow().len();
        free == 0 && self.clients.borrow().len() == self.order.connections
    }

    /// Counts requests for which there is no connection.
    fn turn_away(&self, phase: usize, at: Instant, requests: usize) {
        let window = (micros(at - self.began.borrow()[phase]) / WINDOW) as usize;
        let unsent = &mut self.outcomes.borrow_mut()[phase].unsent;
        unsent.resize(unsent.len().max(window + 1), 0);
        unsent[window] += requests;
    }

    /// Whether somebody waits for an answer.
    fn is_busy(&self) -> bool {
        self.open.borrow().len() + self.closed.borrow().len() < self.clients.borrow().len()
    }

    fn send(self: &Rc<Self>, due: Due) {
        let open = self.open.borrow_mut().pop();
        if let Some(number) = open.or_else(|| self.closed.borrow_mut().pop()) {
            self.clients.borrow()[number].send(due).expect("a client never ends");
            return;
        }
        let number = self.clients.borrow().len();
        let (orders, hears) = unbounded_channel();
        orders.send(due).expect("its client is there");
        self.clients.borrow_mut().push(orders);
        tokio::task::spawn_local(Rc::clone(self).serve(number, hears));
    }

    /// A connection that is given requests.
    async fn serve(self: Rc<Self>, number: usize, mut orders: UnboundedReceiver<Due>) {
        let mut client = Client { address: self.order.address, stream: None, read: Vec::new() };
        while let Some(due) = orders.recv().await {
            self.ask(&mut client, due).await;
            // Whoever came before this connection was free does not have it.
            self.send_due();
            let free = if client.stream.is_some() { &self.open } else { &self.closed };
            free.borrow_mut().push(number);
        }
    }

    async fn ask_again_and_again(self: &Rc<Self>, phase: usize, seconds: f64) {
        let end = Instant::now() + Duration::from_secs_f64(seconds);
        let clients = (0..self.order.connections).map(|_| {
            let crowd = Rc::clone(self);
            tokio::task::spawn_local(async move {
                let mut client = Client { address: crowd.order.address, stream: None, read: Vec::new() };
                while Instant::now() < end {
                    crowd.ask(&mut client, crowd.due(phase, Instant::now())).await;
                }
            })
        });
        let clients: Vec<_> = clients.collect();
        while Instant::now() < end {
            tokio::task::yield_now().await;
        }
        for client in clients {
            client.await.expect("a client comes to its end");
        }
    }

    async fn ask(&self, client: &mut Client, due: Due) {
        let patience = PATIENCE.mul_f64(0.5 + self.random.borrow_mut().fraction());
        let answer = timeout_at(due.at + patience, client.ask(&self.order.requests[due.request])).await;
        let end = match answer {
            Ok(Ok(status)) => End::Answered(status),
            Ok(Err(_)) => End::Broken,
            Err(_) => End::GivenUp,
        };
        if !matches!(end, End::Answered(_)) {
            client.hang_up();
        }
        let asked = Asked { due: self.since_beginning(due), took: micros(due.at.elapsed()), end };
        self.outcomes.borrow_mut()[due.phase].asked.push(asked);
        if end == End::Broken {
            // Nobody comes again in the same moment.
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

/// One end of a connection.
struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

impl Client {
    /// Asks, and reads the whole answer; on a new connection when the server has closed the old one since.
    async fn ask(&mut self, request: &str) -> std::io::Result<u16> {
        if self.stream.is_some() {
            match self.ask_once(request).await {
                Err(_) if self.read.is_empty() => self.stream = None,
                outcome => return outcome,
            }
        }
        self.ask_once(request).await
    }

    async fn ask_once(&mut self, request: &str) -> std::io::Result<u16> {
        self.read.clear();
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                none.insert(stream)
            }
        };
        stream.write_all(request.as_bytes()).await?;
        loop {
            if stream.read_buf(&mut self.read).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let Some(head) = Head::of(&self.read)? else { continue };
            while self.read.len() < head.length {
                if stream.read_buf(&mut self.read).await? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
            if head.is_last {
                self.stream = None;
            }
            return Ok(head.status);
        }
    }

    /// Closes the connection at once, so that its port is free.
    fn hang_up(&mut self) {
        if let Some(stream) = self.stream.take() {
            // What cannot be set is closed by the system in its own time.
            _ = stream.set_zero_linger();
        }
    }
}

/// What the head of an answer says.
struct Head {
    status: u16,
    /// Bytes of the whole answer.
    length: usize,
    /// Whether the server closes the connection behind it.
    is_last: bool,
}

impl Head {
    /// Reads it; none while it is not all there.
    fn of(read: &[u8]) -> std::io::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut answer = httparse::Response::new(&mut headers);
        let Ok(parsed) = answer.parse(read) else { return Err(ErrorKind::InvalidData.into()) };
        let httparse::Status::Complete(head) = parsed else { return Ok(None) };
        let header = |name: &str| {
            let found = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(found.value).ok()
        };
        let body: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or_default();
        let is_last = header("connection").is_some_and(|text| text.eq_ignore_ascii_case("close"));
        Ok(Some(Self { status: answer.code.unwrap_or_default(), length: head + body, is_last }))
    }
}

/// Numbers that are the same on every run (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// More than 0 and at most 1.
    fn fraction(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
