//! The audit trail.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::{AuditOutcomeWord, Word};
use crate::domain::audit;

/// Something that somebody looked at or wrote. People stand in it by pseudonyms.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// The id of the entry.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a11")]
    pub id: String,
    /// When it happened.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub at: String,
    /// The pseudonym of whoever did it.
    #[schema(example = "5f1d7c0f0c5a4f6f8f2f3c1d9e7b6a54")]
    pub subject: String,
    /// The pseudonym of the one person that it is about; null when it is about nobody or several, and when the request
    /// looked at more than ten people of different communities at once.
    #[schema(required)]
    pub about: Option<String>,
    /// The client that the token was made for.
    #[schema(required, example = "operator-console")]
    pub client: Option<String>,
    /// What was done.
    #[schema(example = "member.get")]
    pub operation: String,
    /// The key of the community; null when it is about none in particular.
    #[schema(required, example = "aurora")]
    pub community_key: Option<String>,
    /// How many rows were read or written.
    #[schema(example = 1)]
    pub rows: u64,
    /// How it ended.
    pub outcome: AuditOutcomeWord,
    /// The id of the request, as it stands in the log.
    #[schema(required)]
    pub request_id: Option<String>,
}

impl From<audit::AuditEntry> for AuditEntry {
    fn from(entry: audit::AuditEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at.to_string(),
            subject: entry.subject,
            about: entry.about,
            client: entry.client,
            operation: entry.operation,
            community_key: entry.community.map(|key| key.to_string()),
            rows: entry.rows,
            outcome: Word(entry.outcome),
            request_id: entry.request_id,
        }
    }
}
