//! The past of communities.

use serde::Serialize;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::community::CommunityTag;
use super::difference::Difference;
use crate::domain::history as domain;
use crate::domain::identifier::CommunityKey;

/// A change of a community, of many or few things at once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Revision {
    /// The key of the community.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// The revision of the community that it led to.
    #[schema(example = 12)]
    pub number: i64,
    /// When.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub at: String,
    /// The pseudonym of whoever did it, as on the audit trail.
    #[schema(example = "5f1d7c0f0c5a4f6f8f2f3c1d9e7b6a54")]
    pub subject: String,
    /// The client that the token was made for.
    #[schema(required, example = "operator-console")]
    pub client: Option<String>,
    /// What was done, in the words of the audit trail.
    #[schema(example = "member.update")]
    pub operation: String,
    /// How many entities came.
    #[schema(example = 0)]
    pub added: u64,
    /// How many went.
    #[schema(example = 0)]
    pub removed: u64,
    /// How many became others.
    #[schema(example = 1)]
    pub changed: u64,
    /// What is different. Of the revision that created the community nothing is listed.
    pub difference: Difference,
}

impl Revision {
    /// A revision of the community with a key.
    #[must_use]
    pub fn of(community: &CommunityKey, revision: domain::Revision) -> Self {
        Self {
            community_key: community.to_string(),
            number: revision.number,
            at: revision.at.to_string(),
            subject: revision.subject,
            client: revision.client,
            operation: revision.operation,
            added: revision.counts.added,
            removed: revision.counts.removed,
            changed: revision.counts.changed,
            difference: revision.difference.into(),
        }
    }
}

/// To which revision a community is to go back.
#[derive(Debug, ToSchema)]
pub struct RestoreRequest {
    /// The number of the revision.
    #[schema(example = 11)]
    #[expect(dead_code, reason = "read from the body as it is; this describes it")]
    pub revision: i64,
}

/// A time as a query gives it, for the OpenAPI document.
pub struct TimeText;

/// A place in the past, for the OpenAPI document: the number of a revision, or a time.
pub struct MomentText;

/// RFC 3339, or nothing at all, which says as much as a parameter that is not there.
fn time_or_nothing() -> [ObjectBuilder; 2] {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let time = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    [text().format(Some(time)), text().max_length(Some(0))]
}

impl PartialSchema for TimeText {
    fn schema() -> RefOr<Schema> {
        let [time, nothing] = time_or_nothing();
        AnyOfBuilder::new().item(time).item(nothing).into()
    }
}

impl PartialSchema for MomentText {
    fn schema() -> RefOr<Schema> {
        let [time, nothing] = time_or_nothing();
        let revision = ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer));
        AnyOfBuilder::new().item(revision).item(time).item(nothing).into()
    }
}

impl ToSchema for TimeText {}

impl ToSchema for MomentText {}

/// Who held a sensor or a delivery point at a time.
#[derive(Debug, Serialize, ToSchema)]
pub struct HolderAt {
    /// The community, as it is called now.
    pub community: CommunityTag,
    /// The member.
    pub member: PastMember,
    /// Since when it was held; null when that was before it was recorded.
    #[schema(required, example = "2026-01-31T08:15:00.000000Z")]
    pub since: Option<String>,
    /// Until when; null while it is held.
    #[schema(required)]
    pub until: Option<String>,
}

/// A member that held something; it may be gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct PastMember {
    /// Stable across re-imports of the same keys.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a11")]
    pub id: String,
    /// Unique in the community.
    #[schema(example = "au-00001")]
    pub key: String,
    /// The identity provider's user name, when the holding ended or now.
    #[schema(example = "alice")]
    pub user_id: String,
}

impl From<domain::PastHolder> for HolderAt {
    fn from(holder: domain::PastHolder) -> Self {
        Self {
            community: holder.community.into(),
            member: PastMember {
                id: holder.member_id.to_string(),
                key: holder.member_key.to_string(),
                user_id: holder.user_id.to_string(),
            },
            since: holder.since.map(|since| since.to_string()),
            until: holder.until.map(|until| until.to_string()),
        }
    }
}
