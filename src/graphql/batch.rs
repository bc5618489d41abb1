//! Runs one operation together with the statements that its loaders ask for.
//!
//! A loader's statement starts when the operation can go no further without it: every resolver that could
//! run has run, so every key that will be asked for in this step is known. No timer decides what belongs
//! together, and the number of statements is the same on a busy machine and on an idle one. Loads are
//! part of the operation's own future: when a client goes away, they go with it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

/// The loads that were asked for and have not begun.
#[derive(Clone, Default)]
pub struct Queue(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Queue {
    /// Adds a load; it begins when the operation can go no further.
    pub fn push(&self, load: BoxFuture<'static, ()>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(load);
    }

    fn take(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The operation's answer, its loads carried out in between.
pub fn run<F: Future>(operation: F, queue: Queue) -> impl Future<Output = F::Output> {
    Run { operation: Box::pin(operation), queue, loads: FuturesUnordered::new() }
}

struct Run<F> {
    operation: Pin<Box<F>>,
    queue: Queue,
    loads: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl<F: Future> Future for Run<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let alarm = Arc::new(Alarm { rang: AtomicBool::new(false), task: context.waker().clone() });
        let waker = Waker::from(Arc::clone(&alarm));
        if let Poll::Ready(output) = self.operation.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Poll::Ready(output);
        }
        if alarm.rang.load(Ordering::Acquire) {
            // Some resolver can go on: the task was woken already and is polled again.
            return Poll::Pending;
        }
        let begun = self.queue.take();
        self.loads.extend(begun);
        // A load that ends wakes the resolvers that wait for it, and with them this task.
        while let Poll::Ready(Some(())) = self.loads.poll_next_unpin(context) {}
        Poll::Pending
    }
}

/// Remembers whether the operation was woken while it was polled.
struct Alarm {
    rang: AtomicBool,
    task: Waker,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rang.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::AtomicUsize;

    use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
    use futures_util::future::join_all;

    use super::*;

    struct Doubles(Arc<AtomicUsize>);

    impl Loader<u32> for Doubles {
        type Value = u32;
        type Error = ();

        async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, ()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(keys.iter().map(|&key| (key, key * 2)).collect())
        }
    }

    /// Not ready at first, but to be polled again at once.
    async fn give_way() {
        let mut given = false;
        std::future::poll_fn(|context| {
            if given {
                return Poll::Ready(());
            }
            given = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    #[tokio::test]
    async fn siblings_of_any_number_are_one_load_a_level() {
        let loads = Arc::new(AtomicUsize::new(0));
        let queue = Queue::default();
        let spawn = queue.clone();
        let loader = DataLoader::with_cache(
            Doubles(Arc::clone(&loads)),
            move |load| spawn.push(load),
            HashMapCache::default(),
        )
        .delay(std::time::Duration::ZERO)
        .max_batch_size(usize::MAX);
        let operation = join_all((1..=5_000).map(|key| {
            let loader = &loader;
            async move {
                // Resolvers that are polled again on their own account still end up in the same load.
                for _ in 0..key % 5 {
                    give_way().await;
                }
                let first = loader.load_one(key).await.unwrap().unwrap();
                loader.load_one(first + 100_000).await.unwrap().unwrap()
            }
        }));
        let answers = run(operation, queue).await;
        assert_eq!(answers[4_999], (10_000 + 100_000) * 2);
        assert_eq!(loads.load(Ordering::Relaxed), 2);
    }
}
