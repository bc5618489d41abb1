//! The audit trail. It needs the grant `rec-registry.audit`.

use async_graphql::{Context, InputObject, Object, Result};

use crate::domain::audit;
use crate::domain::cursor::ListKind;
use crate::graphql::connection::{Connection, PageArgs};
use crate::graphql::enums::AuditOutcome;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::{Scope, deferring};
use crate::graphql::types::AuditEntry;
use crate::service::audit as trail;

/// Which entries of the audit trail: those that fulfil every condition that is given.
#[derive(InputObject, Default)]
pub struct AuditFilter {
    /// Not before this.
    since: Option<DateTime>,
    /// Before this.
    until: Option<DateTime>,
    /// Of the community with this key.
    community_key: Option<String>,
    /// By the person with this user name, or about that person alone.
    user_id: Option<String>,
    /// Of this operation, e.g. `member.get`.
    operation: Option<String>,
    /// That ended so.
    outcome: Option<AuditOutcome>,
}

impl From<AuditFilter> for audit::AuditFilter {
    fn from(filter: AuditFilter) -> Self {
        let storable = |text: &String| !text.contains('\0');
        Self {
            since: filter.since.map(|time| time.0),
            until: filter.until.map(|time| time.0),
            // No database keeps a NUL, so a text with one is nobody's: as is the empty text.
            community: filter.community_key.map(|key| Some(key).filter(storable).unwrap_or_default().into()),
            user: filter.user_id.map(|name| Some(name).filter(storable).unwrap_or_default().into()),
            operation: filter.operation.map(|word| Some(word).filter(storable).unwrap_or_default()),
            outcome: filter.outcome.map(Into::into),
        }
    }
}

/// The audit trail.
#[derive(Default)]
pub struct Audit;

#[Object]
impl Audit {
    /// Who looked at or wrote what, the newest first: the entries of the communities that the grant reaches.
    /// What was looked at stands here within a second. Needs the grant `rec-registry.audit`.
    async fn audit_entries(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 500; 50 when neither end is named.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which entries.")] filter: Option<AuditFilter>,
    ) -> Result<Option<Connection<AuditEntry>>> {
        let scope = Scope::of(context)?;
        let page = PageArgs { first, after, last, before }.request(ListKind::Audit, trail::ORDER)?;
        let filter: audit::AuditFilter = filter.unwrap_or_default().into();
        let page = trail::list(scope.ctx(), &filter, &page).await?;
        let count = deferring!(scope, filter, |ctx, filter| trail::count(ctx, filter));
        Ok(Some(Connection::new(page, AuditEntry, count)))
    }
}
