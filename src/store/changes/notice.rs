//! How one process tells the others of a change: a PostgreSQL notification, sent within the transaction
//! that makes the change, which delivers it when it is committed and forgets it when it is not.

use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::change::CommunityChange;
use crate::domain::closed_set::{ChangeKind, ClosedSet as _};
use crate::domain::timestamp::Timestamp;
use crate::store::Result;

/// The channel of notifications.
pub(super) const CHANNEL: &str = "rec_registry_community_changed";

/// A change as it is sent. No larger than 400 bytes, of the 8 000 that PostgreSQL takes.
#[derive(Serialize, Deserialize)]
struct Notice {
    id: Uuid,
    key: String,
    kind: String,
    revision: i64,
    at: i64,
}

/// Tells every process of these changes, once the transaction is committed. One statement, however many
/// they are.
///
/// # Errors
/// When the database fails.
pub(in crate::store) async fn notify(
    transaction: &impl ConnectionTrait,
    changes: &[CommunityChange],
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let payloads = changes.iter().map(|change| Value::from(written(change))).collect();
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_notify($1, payload) FROM unnest($2) AS payload",
        [Value::from(CHANNEL), Value::Array(ArrayType::String, Some(Box::new(payloads)))],
    );
    transaction.execute_raw(statement).await?;
    Ok(())
}

fn written(change: &CommunityChange) -> String {
    let notice = Notice {
        id: change.id,
        key: change.key.to_string(),
        kind: change.kind.to_string(),
        revision: change.revision,
        at: change.at.as_micros(),
    };
    serde_json::to_string(&notice).unwrap_or_default()
}

/// The change that a notification tells of; none when it was sent by something else.
pub(super) fn read(payload: &str) -> Option<CommunityChange> {
    let notice: Notice = serde_json::from_str(payload).ok()?;
    Some(CommunityChange {
        id: notice.id,
        key: notice.key.into(),
        kind: ChangeKind::parse(&notice.kind)?,
        revision: notice.revision,
        at: Timestamp::from_micros(notice.at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identifier::CommunityKey;

    #[test]
    fn a_change_is_read_as_it_was_written() {
        let change = CommunityChange {
            id: Uuid::from_u128(7),
            key: "k".repeat(CommunityKey::MAX_CHARS).into(),
            kind: ChangeKind::Removed,
            revision: i64::MAX,
            at: Timestamp::from_micros(i64::MAX),
        };
        let payload = written(&change);
        assert!(payload.len() < 400, "{}", payload.len());
        assert_eq!(read(&payload), Some(change));
        assert_eq!(read("{}"), None);
    }
}
