//! What the outcome of a load says.

use super::load::{Asked, End, Outcome, WINDOW};

/// What a phase came to.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Requests a second that were to be sent.
    pub came: f64,
    /// Requests a second that were answered 200 within the phase.
    pub accepted: f64,
    /// Requests a second for which there was no connection.
    pub unsent: f64,
    /// Requests a second that were answered 503.
    pub refused: f64,
    /// Requests a second that were answered otherwise or not at all: errors, connections cut, clients who gave up.
    pub failed: f64,
    /// Half of those accepted, and all but a hundredth of them, took at most this: milliseconds.
    pub p50: f64,
    pub p99: f64,
}

impl Figures {
    /// Those of a phase of so many seconds.
    pub fn of(outcome: &Outcome, seconds: f64) -> Self {
        let is_within = |asked: &&Asked| f64::from(asked.due) + f64::from(asked.took) <= seconds * 1e6;
        let count = |is: fn(End) -> bool| outcome.asked.iter().filter(|asked| is(asked.end)).count() as f64;
        // Those who are answered afterwards are no part of the phase: they were waiting for its end.
        let times = times(outcome.asked.iter().filter(is_within));
        let unsent = outcome.unsent.iter().sum::<usize>();
        Self {
            came: (unsent + outcome.asked.len()) as f64 / seconds,
            accepted: times.len() as f64 / seconds,
            unsent: unsent as f64 / seconds,
            refused: count(is_refused) / seconds,
            failed: count(|end| !is_accepted(end) && !is_refused(end)) / seconds,
            p50: quantile(&times, 0.50),
            p99: quantile(&times, 0.99),
        }
    }
}

fn is_accepted(end: End) -> bool {
    end == End::Answered(200)
}

fn is_refused(end: End) -> bool {
    end == End::Answered(503)
}

/// How long those who were accepted took, in milliseconds, the shortest first.
fn times<'a>(asked: impl Iterator<Item = &'a Asked>) -> Vec<f64> {
    let accepted = asked.filter(|asked| is_accepted(asked.end));
    let mut times: Vec<f64> = accepted.map(|asked| f64::from(asked.took) / 1e3).collect();
    times.sort_by(f64::total_cmp);
    times
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).ceil() as usize).copied().unwrap_or(f64::NAN)
}

/// So many windows in a row must be normal before all is well again: a second.
const WELL: usize = 4;

/// How a phase of so many seconds went, window by window.
pub struct Course(Vec<bool>);

impl Course {
    /// A window is normal when everybody is accepted, all but a hundredth within this many milliseconds.
    pub fn of(outcome: &Outcome, seconds: f64, bound: f64) -> Self {
        let windows = (seconds * 1e6) as u32 / WINDOW;
        let is_normal = |window: u32| {
            let within = || outcome.asked.iter().filter(move |asked| asked.due / WINDOW == window);
            let unsent = outcome.unsent.get(window as usize).copied().unwrap_or_default();
            unsent == 0
                && within().all(|asked| is_accepted(asked.end))
                && quantile(&times(within()), 0.99) <= bound
        };
        Self((0..windows).map(is_normal).collect())
    }

    /// How many windows passed until all was well for a second; none when it never was.
    fn until_well(&self) -> Option<usize> {
        self.0.windows(WELL).position(|windows| windows.iter().all(|normal| *normal))
    }

    /// How many windows from this one on were not normal, and of how many.
    fn abnormal_from(&self, window: usize) -> String {
        let windows = &self.0[window..];
        format!("{} of {}", windows.iter().filter(|normal| !**normal).count(), windows.len())
    }

    /// When all was well again, and how often it was not afterwards, beside how often it was not before.
    pub fn back_to_normal(&self, before: &Self) -> String {
        match self.until_well() {
            Some(window) => {
                let seconds = window as f64 * f64::from(WINDOW) / 1e6;
                format!("{seconds:.2} s ({}; {})", self.abnormal_from(window), before.abnormal_from(0))
            }
            None => format!("not within the phase (before: {})", before.abnormal_from(0)),
        }
    }
}
