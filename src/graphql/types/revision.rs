//! The past of communities.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};

use super::difference::CommunityDifference;
use crate::domain::history;
use crate::graphql::scalar::DateTime;

/// A change of a community, of many or few things at once.
pub struct CommunityRevision(pub Arc<history::Revision>);

/// A change of a community, of many or few things at once.
#[Object]
impl CommunityRevision {
    /// The revision of the community that it led to.
    async fn number(&self) -> i64 {
        self.0.number
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// The pseudonym of whoever did it, as on the audit trail.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The client that the token was made for.
    async fn client(&self) -> Option<&str> {
        self.0.client.as_deref()
    }

    /// What was done, in the words of the audit trail, e.g. `import`, `member.update`.
    async fn operation(&self) -> &str {
        &self.0.operation
    }

    /// How many entities came.
    async fn added(&self) -> u64 {
        self.0.counts.added
    }

    /// How many went.
    async fn removed(&self) -> u64 {
        self.0.counts.removed
    }

    /// How many became others.
    async fn changed(&self) -> u64 {
        self.0.counts.changed
    }

    /// What is different: at most 1000 changes of a revision, 10 000 of a page. Of the revision that created the
    /// community nothing is listed.
    async fn difference(&self) -> CommunityDifference {
        self.0.difference.clone().into()
    }
}

/// Who held a sensor or a delivery point at a time.
#[derive(SimpleObject)]
pub struct PastHolder {
    /// The key of the community.
    community_key: String,
    /// The key of the member, who may be gone.
    member_key: String,
    /// The identity provider's user name, when the holding ended or now.
    user_id: String,
    /// Since when; null when that was before it was recorded.
    since: Option<DateTime>,
    /// Until when; null while it is held.
    until: Option<DateTime>,
}

impl From<history::PastHolder> for PastHolder {
    fn from(holder: history::PastHolder) -> Self {
        Self {
            community_key: holder.community.key.into_string(),
            member_key: holder.member_key.into_string(),
            user_id: holder.user_id.into_string(),
            since: holder.since.map(DateTime),
            until: holder.until.map(DateTime),
        }
    }
}
