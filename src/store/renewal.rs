//! Connections that are not to be used again, though they are open. One to a file that could only be read when it was
//! opened, or to a server that follows another by now, can only read for as long as it lives.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Since when connections of a pool are opened anew.
#[derive(Debug, Clone, Default)]
pub(super) struct Renewal(Arc<Mutex<Option<Instant>>>);

impl Renewal {
    /// From now on none of the connections that are open is used for anything new.
    pub(super) fn begin(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection that was opened so long ago may be used.
    pub(super) fn admits(&self, age: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none_or(|since| age < since.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_opened_before_is_not_used_again() {
        let renewal = Renewal::default();
        assert!(renewal.admits(Duration::from_secs(3600)));
        renewal.begin();
        assert!(!renewal.admits(Duration::from_secs(3600)));
        std::thread::sleep(Duration::from_millis(2));
        assert!(renewal.admits(Duration::from_millis(1)));
    }
}
