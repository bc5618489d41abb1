//! Listens to what other processes change in the same PostgreSQL database, on a connection of its own.
//!
//! Notifications that are sent while nobody listens are lost. So the listener remembers the revision of
//! every community, and whenever it has to begin to listen again it compares them with what is stored and
//! tells the difference: a change that happened in between is told late, and told once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::Executor as _;
use sea_orm::sqlx::postgres::{PgListener, PgPoolOptions};
use sea_orm::{DatabaseConnection, sqlx};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::{Feed, Standing, notice};
use crate::domain::change::CommunityChange;
use crate::domain::closed_set::ChangeKind;
use crate::domain::identifier::CommunityKey;
use crate::domain::timestamp::Timestamp;
use crate::store::{Handle, Result, StoreError, communities};

/// How long to wait before listening is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the connection may be silent before it is asked whether it is still there, and how long it may
/// take to answer: a connection that was cut without a word is found out after as long as both.
const SILENCE: Duration = Duration::from_secs(1);
const PROBE: Duration = Duration::from_secs(1);
/// How long it may take to begin to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// Listens until the handle is dropped.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn start(
    pool: DatabaseConnection,
    feed: Arc<Feed>,
    standing: Arc<Standing>,
) -> Result<AbortOnDropHandle<()>> {
    let mut listening = Listening { stored: pool, known: Known::default() };
    let (mut listener, _) = listening.begin().await?;
    standing.begin();
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            while let Some(change) = next(&mut listener).await {
                standing.changed([&change.key]);
                feed.add(listening.known.news(change).into_iter().collect());
            }
            standing.end();
            tracing::warn!("changes of other processes are not heard: listening again");
            drop(listener);
            listener = loop {
                match listening.begin().await {
                    Ok((listener, missed)) => {
                        tracing::info!(missed = missed.len(), "changes of other processes are heard again");
                        feed.add(missed);
                        standing.begin();
                        break listener;
                    }
                    Err(error) => tracing::warn!(%error, "cannot listen; trying again"),
                }
                sleep(PAUSE).await;
            };
        }
    })))
}

struct Listening {
    /// Where communities are read.
    stored: DatabaseConnection,
    known: Known,
}

impl Listening {
    /// Begins to listen. What was missed since the last time comes with it.
    async fn begin(&mut self) -> Result<(PgListener, Vec<CommunityChange>)> {
        // A pool of its own, since requests keep all of their connections, and another one each time: a connection that was cut
        // without a word keeps its place in its pool for as long as the system tries to reach the other end.
        let options = self.stored.get_postgres_connection_pool().connect_options();
        let own = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
        let own = own.connect_lazy_with((*options).clone());
        let listener = timeout(PATIENCE, async {
            let mut listener = PgListener::connect_with(&own).await?;
            listener.ignore_pool_close_event(true);
            listener.eager_reconnect(false);
            listener.listen(notice::CHANNEL).await?;
            Ok(listener)
        });
        let too_long = |_| StoreError::silent("listening takes too long");
        let listener = listener
            .await
            .map_err(too_long)?
            .map_err(|error: sqlx::Error| StoreError::silent(error.to_string()))?;
        // Behind the beginning, so that nothing falls in between.
        let stored = Handle::pool(self.stored.clone());
        let stored = timeout(PATIENCE, communities::standing(&stored)).await.map_err(too_long)??;
        Ok((listener, self.known.catch_up(stored, Timestamp::now())))
    }
}

/// The next change; none when the connection is lost.
async fn next(listener: &mut PgListener) -> Option<CommunityChange> {
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => match notice::read(notification.payload()) {
                Some(change) => return Some(change),
                None => tracing::warn!("a notification tells of no change"),
            },
            Ok(Ok(None)) => return None,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the connection that listens broke");
                return None;
            }
            // A connection that was cut without a word is silent for ever.
            Err(_) => match timeout(PROBE, listener.execute("SELECT 1")).await {
                Ok(Ok(_)) => {}
                _ => return None,
            },
        }
    }
}

/// The revision of every community, as far as it was told.
#[derive(Default)]
struct Known(HashMap<Uuid, (CommunityKey, i64)>);

impl Known {
    /// A change, unless it was told before.
    fn news(&mut self, change: CommunityChange) -> Option<CommunityChange> {
        match (change.kind, self.0.get(&change.id)) {
            (ChangeKind::Removed, _) => self.0.remove(&change.id).map(|_| change),
            (_, Some((_, revision))) if *revision >= change.revision => None,
            _ => {
                self.0.insert(change.id, (change.key.clone(), change.revision));
                Some(change)
            }
        }
    }

    /// The difference between what was told and what is stored.
    fn catch_up(
        &mut self,
        stored: HashMap<Uuid, (CommunityKey, i64)>,
        at: Timestamp,
    ) -> Vec<CommunityChange> {
        let known = std::mem::replace(&mut self.0, stored);
        let change = |id: &Uuid, (key, revision): &(CommunityKey, i64), kind| CommunityChange {
            id: *id,
            key: key.clone(),
            kind,
            revision: *revision,
            at,
        };
        let removed = known.iter().filter(|(id, _)| !self.0.contains_key(id));
        let mut missed: Vec<_> =
            removed.map(|(id, community)| change(id, community, ChangeKind::Removed)).collect();
        missed.extend(self.0.iter().filter_map(|(id, community)| match known.get(id) {
            None => Some(change(id, community, ChangeKind::Created)),
            Some((_, revision)) if *revision < community.1 => {
                Some(change(id, community, ChangeKind::Updated))
            }
            Some(_) => None,
        }));
        missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::closed_set::ChangeKind::{Created, Removed, Updated};

    fn change(id: u128, kind: ChangeKind, revision: i64) -> CommunityChange {
        let (key, at) = (CommunityKey::from(format!("c{id}")), Timestamp::default());
        CommunityChange { id: Uuid::from_u128(id), key, kind, revision, at }
    }

    fn stored(communities: &[(u128, i64)]) -> HashMap<Uuid, (CommunityKey, i64)> {
        let known = |&(id, revision)| (Uuid::from_u128(id), (CommunityKey::from(format!("c{id}")), revision));
        communities.iter().map(known).collect()
    }

    #[test]
    fn what_changed_while_nobody_listened_is_told_once() {
        let mut known = Known(stored(&[(1, 1), (2, 1), (3, 1)]));
        let mut missed = known.catch_up(stored(&[(2, 1), (3, 4), (4, 1)]), Timestamp::default());
        missed.sort_by_key(|change| change.id);
        assert_eq!(missed, [change(1, Removed, 1), change(3, Updated, 4), change(4, Created, 1)]);
        // Their notifications, sent after the listening began and before the communities were read.
        for late in
            [change(1, Removed, 1), change(3, Updated, 4), change(3, Updated, 3), change(4, Created, 1)]
        {
            assert_eq!(known.news(late), None);
        }
        assert_eq!(known.news(change(3, Updated, 5)), Some(change(3, Updated, 5)));
        assert_eq!(known.news(change(3, Removed, 5)), Some(change(3, Removed, 5)));
    }
}
