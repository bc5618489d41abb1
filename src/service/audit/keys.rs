//! Keys for the people of a large import, before anybody looks at them.

use futures_util::future::BoxFuture;

use crate::store::{Store, StoreError, audit};

/// Keys that are given in one write. Whoever else writes waits for no more than that.
const AT_ONCE: usize = 4_000;

/// Gives each of these users a key who has none. One who is left without it, because the database fails or the process ends, gets
/// it when first looked at.
pub(in crate::service) async fn give_keys(store: &Store, mut users: Vec<String>) {
    users.sort_unstable();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    for some in users.chunks(AT_ONCE) {
        let given: Result<(), StoreError> = store
            .write(|handle| -> BoxFuture<'_, _> {
                Box::pin(async move { audit::give_keys(&handle, some).await })
            })
            .await;
        if let Err(error) = given {
            tracing::warn!(%error, "the people of an import have no keys for the audit trail yet");
            return;
        }
    }
}
