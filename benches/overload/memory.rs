//! How much memory the server has while it is loaded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it is looked at.
const PACE: Duration = Duration::from_millis(250);

/// Looks at the memory of a process until it is told to end.
pub struct Watch {
    is_over: Arc<AtomicBool>,
    looks: JoinHandle<Looks>,
}

/// What was seen: seconds since the beginning, and MiB.
pub struct Looks(Vec<(f64, f64)>);

impl Watch {
    /// Begins.
    pub fn over(process: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let looks = std::thread::spawn(move || {
            let (began, mut looks) = (Instant::now(), Vec::new());
            while !told.load(Ordering::Relaxed) {
                looks.push((began.elapsed().as_secs_f64(), resident(process)));
                std::thread::sleep(PACE);
            }
            Looks(looks)
        });
        Self { is_over, looks }
    }

    /// What was seen.
    pub fn ended(self) -> Looks {
        self.is_over.store(true, Ordering::Relaxed);
        self.looks.join().expect("the watch comes to its end")
    }
}

impl Looks {
    /// The most while all was well, and in the overload.
    pub fn peaks(&self, before: f64, overload: f64) -> [f64; 2] {
        let most = |from: f64, to: f64| {
            let within = self.0.iter().filter(|(at, _)| (from..to).contains(at));
            within.map(|(_, mebibytes)| *mebibytes).fold(0.0, f64::max)
        };
        [most(0.0, before), most(before, before + overload)]
    }
}

/// The memory that a process has, in MiB.
fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap_or_default() / 1024.0
}
