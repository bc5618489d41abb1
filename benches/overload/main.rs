//! What becomes of the server when ten times as much comes as it can do: `README.md` beside this file says how it is
//! measured. The table goes to the standard output and into `docs/reliability.md`.
//!
//! `cargo bench --bench overload [-- [sqlite|postgres] [SECONDS [CONNECTIONS]]]`.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot be made ends")]

mod figures;
mod load;
mod memory;

#[path = "../../tests/it/support/federation.rs"]
mod federation;
#[expect(dead_code, reason = "all operations are made, not all are asked for here")]
#[path = "../compare/operations.rs"]
mod operations;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../../tests/it/support/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "the suite notes single rows")]
#[path = "../../tests/it/support/report.rs"]
mod report;
#[expect(dead_code, reason = "the suite asks more of it")]
#[path = "../../tests/it/support/server.rs"]
mod server;

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use federation::Federation;
use figures::{Course, Figures};
use load::{Order, Phase};
use memory::Watch;
use operations::{Operation, Requests, operations};
use postgres::Postgres;
use server::Server;

/// The processor of the server, with a PostgreSQL server if there is one, and that of the load.
const PROCESSORS: [usize; 2] = [0, 1];

/// The word that says that this process is on its processor.
const PINNED: &str = "pinned";

/// How much more comes than was ever answered.
const TIMES: f64 = 10.0;

/// How often, for the speed of a processor that others share changes within a minute.
const ROUNDS: usize = 3;

/// What is normal: half of the best rate.
const NORMAL: f64 = 0.5;

/// Connections with which the best rate is looked for, each for so many seconds.
const CLIENTS: usize = 3;
const CALIBRATION: ([usize; CLIENTS], f64) = ([16, 64, 256], 3.0);

/// How many seconds all is well before and after.
const BEFORE: f64 = 5.0;
const AFTER: f64 = 8.0;

/// What is asked of a server that was told so.
const TRIALS: [(&str, &str, &[&str]); 3] = [
    ("lookup by sensor, any id", "database", &["--memory-mib", "0"]),
    ("GraphQL: 50 members, assets, points", "database", &["--memory-mib", "0"]),
    ("lookup by sensor, 1 000 hot ids", "memory", &[]),
];

/// How long the overload lasts, and on how many connections it comes at most.
#[derive(Clone, Copy)]
struct Extent {
    seconds: f64,
    connections: usize,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let is_told = |word: &str| words.iter().any(|told| told == word);
    if is_told(load::WORD) {
        return load::obey();
    }
    if !is_told(PINNED) {
        // Whatever is started from here on stays there, but for the load.
        let program = std::env::current_exe().expect("this program has a file");
        let processor = PROCESSORS[0].to_string();
        let error =
            Command::new("taskset").args(["-c", &processor]).arg(program).arg(PINNED).args(&words).exec();
        panic!("taskset: {error}");
    }
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let extent = Extent {
        seconds: numbers.first().copied().unwrap_or(15) as f64,
        connections: numbers.get(1).copied().unwrap_or(10_000),
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        if !is_told("postgres") {
            let directory = tempfile::tempdir().expect("a temporary directory can be made");
            let url = format!("sqlite://{}?mode=rwc", directory.path().join("registry.db").display());
            measure("SQLite", &url, extent).await;
        }
        if !is_told("sqlite") {
            match Postgres::start("") {
                Ok(postgres) => {
                    let url = postgres.create_database("overload").await;
                    measure("PostgreSQL", &url, extent).await;
                }
                Err(reason) => println!("\nPostgreSQL is not measured: {reason}"),
            }
        }
    });
}

async fn measure(system: &str, database_url: &str, extent: Extent) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let federation = Federation { communities: 20, members: 500, edition: 1 };
    let all = operations(federation);
    let server = Server::start(directory.path(), database_url).await;
    let imported = server.import(federation.to_yaml()).send().await.expect("the import is answered");
    assert!(imported.status().is_success(), "{}", imported.status());
    drop(server);
    let mut table = format!(
        "{}: 10 000 members, 30 000 assets; {} s of overload on at most {} connections.\n\n\
         | operation | answered by | best | came | accepted | share | p50 | p99 | refused | no connection | failed | MiB | normal after |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        report::occasion(),
        extent.seconds,
        extent.connections
    );
    print!("\n{system}. {table}");
    for (name, by, words) in TRIALS {
        let operation =
            all.iter().find(|operation| operation.name == name).expect("an operation of that name");
        let server = Server::told(directory.path(), database_url, words).await;
        let row = format!("| {name} | {by} | {} |\n", overloaded(&server, operation, extent));
        print!("{row}");
        table.push_str(&row);
    }
    report::replace(&format!("overload on {system}"), &table);
}

/// Finds the best rate and lets ten times as much come, [`ROUNDS`] times, and looks how all goes on; as the cells of a row.
fn overloaded(server: &Server, operation: &Operation, extent: Extent) -> String {
    let address = server.address().parse().expect("an address");
    let requests = requests(operation, server);
    let run = |connections: usize, phases: &[Phase]| {
        let order = Order { address, requests: requests.clone(), connections, phases: phases.to_vec() };
        load::run(&order, PROCESSORS[1])
    };
    let (connections, seconds) = CALIBRATION;
    // What is asked for the first time is not what is measured.
    run(connections[0], &[Phase { rate: None, seconds: 1.0 }]);
    let rates = || {
        connections.map(|connections| {
            let outcomes = run(connections, &[Phase { rate: None, seconds }]);
            outcomes.first().map_or(0.0, |outcome| Figures::of(outcome, seconds).accepted)
        })
    };
    let best = |rates: [f64; CLIENTS]| rates.into_iter().fold(0.0, f64::max);
    let mut rates_before = rates();
    let rounds: [Round; ROUNDS] = std::array::from_fn(|_| {
        let best_before = best(rates_before);
        let watch = Watch::over(server.process.id());
        let open = |times: f64, seconds| Phase { rate: Some(best_before * times), seconds };
        let phases = [open(NORMAL, BEFORE), open(TIMES, extent.seconds), open(NORMAL, AFTER)];
        let outcomes = run(extent.connections, &phases);
        let memory = watch.ended().peaks(BEFORE, extent.seconds);
        // A processor that others share is not as fast all the time.
        let rates_after = rates();
        let best = best(std::array::from_fn(|at| f64::midpoint(rates_before[at], rates_after[at])));
        rates_before = rates_after;
        let [before, over, after] = outcomes.as_slice() else { panic!("three phases") };
        let normal = Figures::of(before, BEFORE);
        assert!(normal.p99.is_finite(), "nobody was answered when all was well");
        // A window has few requests; what is twice as slow as when all is well is no sign of trouble.
        let bound = (2.0 * normal.p99).max(50.0);
        let back = Course::of(after, AFTER, bound).back_to_normal(&Course::of(before, BEFORE, bound));
        Round { best, figures: Figures::of(over, extent.seconds), memory, back }
    });
    cells(rounds)
}

/// What came of one overload.
struct Round {
    best: f64,
    figures: Figures,
    /// MiB at the most, before and meanwhile.
    memory: [f64; 2],
    back: String,
}

impl Round {
    /// What was accepted, of the best rate.
    fn share(&self) -> f64 {
        self.figures.accepted / self.best
    }
}

/// The round whose share is the middle one, with what tells of the others.
fn cells(mut rounds: [Round; ROUNDS]) -> String {
    let each = |of: fn(&Round) -> String| rounds.each_ref().map(of).join(", ");
    let shares = each(|round| format!("{:.0}", 100.0 * round.share()));
    let p99 = each(|round| format!("{:.0}", round.figures.p99));
    let back = each(|round| round.back.clone());
    let calm = rounds[0].memory[0];
    let memory = each(|round| format!("{:.0}", round.memory[1]));
    rounds.sort_by(|a, b| a.share().total_cmp(&b.share()));
    let middle = &rounds[ROUNDS / 2];
    let (share, Figures { came, accepted, refused, unsent, failed, p50, .. }) =
        (100.0 * middle.share(), middle.figures);
    format!(
        "{:.0}/s | {came:.0}/s | {accepted:.0}/s | **{share:.0} %** ({shares}) | {p50:.0} ms | {p99} ms | {refused:.0}/s | \
         {unsent:.0}/s | {failed:.1}/s | {calm:.0}; {memory} | {back}",
        middle.best,
    )
}

/// The requests of an operation as they go over the wire.
fn requests(operation: &Operation, server: &Server) -> Vec<String> {
    let head = |method: &str, path: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n",
            server.address(),
            server.token()
        )
    };
    match &operation.requests {
        Requests::Get(paths) => paths.iter().map(|path| format!("{}\r\n", head("GET", path))).collect(),
        Requests::Post(path, bodies) => bodies
            .iter()
            .map(|body| {
                let head = head("POST", path);
                format!(
                    "{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            })
            .collect(),
    }
}
