//! Connections that outlive the request they began with, so that the process ends none of them without a
//! word and waits for none of them for ever.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The sockets of a process. Clones are the same.
#[derive(Clone, Default)]
pub struct Sockets {
    open: TaskTracker,
    stopping: CancellationToken,
    over: CancellationToken,
}

/// A socket that is open until this is dropped.
pub struct Open {
    _counted: TaskTrackerToken,
    stopping: CancellationToken,
    over: CancellationToken,
}

impl Sockets {
    /// Lets one more in; none when there are `most` already, or the process is about to end.
    #[must_use]
    pub fn open(&self, most: usize) -> Option<Open> {
        let room = self.open.len() < most && !self.stopping.is_cancelled();
        room.then(|| Open {
            _counted: self.open.token(),
            stopping: self.stopping.clone(),
            over: self.over.clone(),
        })
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.open.len()
    }

    /// Tells every socket to close.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Tells every socket to close, and waits until all have.
    pub async fn close(&self) {
        self.stop();
        self.open.close();
        self.open.wait().await;
    }

    /// Ends every socket at once, whatever is under way.
    pub fn end(&self) {
        self.over.cancel();
    }
}

impl Open {
    /// Waits until the process is about to end.
    pub async fn stopping(&self) {
        self.stopping.cancelled().await;
    }

    /// Waits until nothing is waited for any more.
    pub async fn over(&self) {
        self.over.cancelled().await;
    }
}
