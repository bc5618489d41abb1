//! What is shown on a terminal while something takes its time, on standard error, and taken away when it is over. Where
//! nobody sits there is nothing.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often what is shown moves.
const TICK: Duration = Duration::from_millis(100);

const UNBOUNDED: &str = "{spinner} {msg}";
const BYTES: &str = "{spinner} {msg} {bytes} ({bytes_per_sec})";
const BYTES_OF: &str = "{spinner} {bar:30} {bytes}/{total_bytes} {msg}";
const COUNT_OF: &str = "{spinner} {bar:30} {pos}/{len} {msg}";

/// What is shown while something runs; it goes when this is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Something whose end is not known.
    #[must_use]
    pub fn of(what: impl Into<String>) -> Self {
        Self::shown(ProgressBar::new_spinner(), UNBOUNDED, what.into())
    }

    /// Bytes, nobody knows how many.
    #[must_use]
    pub fn of_bytes(what: &str) -> Self {
        Self::shown(ProgressBar::new_spinner(), BYTES, what.to_owned())
    }

    /// So many bytes.
    #[must_use]
    pub fn of_bytes_in_all(bytes: u64) -> Self {
        Self::shown(ProgressBar::new(bytes), BYTES_OF, String::new())
    }

    /// Things that are counted.
    #[must_use]
    pub fn of_count(what: &str) -> Self {
        Self::shown(ProgressBar::new(0), COUNT_OF, what.to_owned())
    }

    /// Nothing: what is made goes to the terminal itself.
    #[must_use]
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    fn shown(bar: ProgressBar, template: &str, what: String) -> Self {
        // A template that cannot be read is the standard one: it is no reason not to do the work.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// So much of it is done by now.
    pub fn stands_at(&self, done: u64) {
        self.0.set_position(done);
    }

    /// So many of so many are done.
    pub fn counted(&self, done: usize, of: usize) {
        self.0.set_length(of as u64);
        self.0.set_position(done as u64);
    }

    /// What is done now.
    pub fn now(&self, what: impl Into<String>) {
        self.0.set_message(what.into());
    }

    /// Another handle of the same, for what is done elsewhere.
    #[must_use]
    pub fn shared(&self) -> Shared {
        Shared(self.0.clone())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A handle of what is shown, which leaves it there when it is dropped.
#[derive(Clone)]
pub struct Shared(ProgressBar);

impl Shared {
    /// So much more of it is done.
    pub fn add(&self, more: u64) {
        self.0.inc(more);
    }

    /// What is done now.
    pub fn now(&self, what: &'static str) {
        self.0.set_message(what);
    }
}
