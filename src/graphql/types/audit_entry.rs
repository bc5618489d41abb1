//! An entry of the audit trail.

use async_graphql::{ID, Object};

use crate::domain::audit;
use crate::graphql::enums::AuditOutcome;
use crate::graphql::scalar::DateTime;

/// An entry of the audit trail.
pub struct AuditEntry(pub audit::AuditEntry);

/// Something that somebody looked at or wrote. People stand in it by pseudonyms; who a pseudonym stands for
/// can be asked for by user name, until that person is erased.
#[Object]
impl AuditEntry {
    /// The id of the entry.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// The pseudonym of whoever did it.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The pseudonym of the one person that it is about; null when it is about nobody or several, and when the request
    /// looked at more than ten people of different communities at once.
    async fn about(&self) -> Option<&str> {
        self.0.about.as_deref()
    }

    /// The client that the token was made for.
    async fn client(&self) -> Option<&str> {
        self.0.client.as_deref()
    }

    /// What was done, e.g. `member.get`, `lookup.member_by_user_id`, `import`.
    async fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The key of the community; null when it is about none in particular.
    async fn community_key(&self) -> Option<&str> {
        self.0.community.as_ref().map(|key| key.as_str())
    }

    /// How many rows were read or written, from 0 on.
    async fn rows(&self) -> u64 {
        self.0.rows
    }

    /// How it ended.
    async fn outcome(&self) -> AuditOutcome {
        self.0.outcome.into()
    }

    /// The id of the request, as it stands in the log.
    async fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
}
