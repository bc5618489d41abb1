//! Questions that are being answered. Whoever asks the same meanwhile waits for that answer: what a write has made void is
//! otherwise made anew by everybody who asks for it at that moment, each for itself and all at the same time.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// How long somebody waits for another's answer. One that is not remembered is waited for in vain.
const PATIENCE: Duration = Duration::from_millis(200);

/// The questions of a process that are being answered, by their hashes: two that are not the same and have one hash wait in vain.
#[derive(Default)]
pub(super) struct Pending {
    asked: Mutex<HashMap<u64, watch::Receiver<()>>>,
    hashes: RandomState,
}

/// A question that is being answered until this is dropped.
pub(super) struct Turn {
    pending: Arc<Pending>,
    hash: u64,
    _over: watch::Sender<()>,
}

impl Pending {
    /// Notes that a question is being answered; none when it is already.
    pub(super) fn begin(this: &Arc<Self>, question: &impl Hash) -> Option<Turn> {
        let hash = this.hashes.hash_one(question);
        let (over, wait) = watch::channel(());
        let mut asked = this.asked();
        if asked.contains_key(&hash) {
            return None;
        }
        asked.insert(hash, wait);
        Some(Turn { pending: Arc::clone(this), hash, _over: over })
    }

    /// Waits while a question is being answered; whether it was.
    pub(super) async fn over(&self, question: &impl Hash) -> bool {
        let wait = self.asked().get(&self.hashes.hash_one(question)).cloned();
        let Some(mut wait) = wait else { return false };
        // Nothing is ever sent: it ends with the turn.
        timeout(PATIENCE, wait.changed()).await.is_ok()
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<u64, watch::Receiver<()>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.pending.asked().remove(&self.hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_the_same_waits_and_nobody_else_does() {
        let pending = Arc::new(Pending::default());
        assert!(!pending.over(&"one").await, "nobody asks");
        let turn = Pending::begin(&pending, &"one").expect("the first");
        assert!(Pending::begin(&pending, &"one").is_none(), "the second");
        assert!(!pending.over(&"other").await, "another question");
        let waiting = tokio::spawn({
            let pending = Arc::clone(&pending);
            async move { pending.over(&"one").await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(turn);
        assert!(waiting.await.expect("it ends"));
        assert!(!pending.over(&"one").await, "it is over");
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let pending = Arc::new(Pending::default());
        let _turn = Pending::begin(&pending, &"one").expect("the first");
        assert!(!pending.over(&"one").await);
    }
}
