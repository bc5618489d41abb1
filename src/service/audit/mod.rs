//! The audit trail: every look at personal data and every write, and who may read of it.

mod keys;
mod look;
mod personal;
mod recorder;
mod trail;

pub(super) use keys::give_keys;
pub(super) use look::Look;
pub(super) use personal::Personal;
pub(super) use recorder::Recorder;
pub(super) use trail::Trail;

use super::{Ctx, Result};
use crate::domain::audit::{AuditEntry, AuditFilter, Person};
use crate::domain::grant::Operation;
use crate::domain::order::{Direction, Order, SortField};
use crate::domain::page::{Page, PageRequest};
use crate::store::Handle;
use crate::store::audit::{self as entries, Whose};

/// The order of the trail, the only one: the newest entry first.
pub const ORDER: Order = Order { field: SortField::CreatedAt, direction: Direction::Descending };

/// One page of the trail, the newest entry first. Needs the grant `audit`, and shows the entries of the
/// communities that it reaches.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn list(ctx: &Ctx, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEntry>> {
    ctx.audited_edge("audit.list", async {
        let reach = ctx.authorise(Operation::Audit)?;
        let handle = ctx.read_records().await?;
        let pseudonyms = pseudonyms(handle, filter).await?;
        Ok(entries::list(handle, &reach, &whose(pseudonyms.as_deref()), filter, ORDER, page).await?)
    })
    .await
}

/// How many entries of the trail fulfil a filter. Needs the grant `audit`.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn count(ctx: &Ctx, filter: &AuditFilter) -> Result<u64> {
    let reach = ctx.authorise(Operation::Audit)?;
    let handle = ctx.read_records().await?;
    let pseudonyms = pseudonyms(handle, filter).await?;
    Ok(entries::count(handle, &reach, &whose(pseudonyms.as_deref()), filter).await?)
}

/// The pseudonyms of the person that a filter names.
async fn pseudonyms(handle: &Handle, filter: &AuditFilter) -> Result<Option<Vec<String>>> {
    let Some(user) = &filter.user else { return Ok(None) };
    let people = [Person::User(user), Person::Subject(user.as_str())];
    Ok(Some(entries::pseudonyms(handle, &people).await?))
}

fn whose(pseudonyms: Option<&[String]>) -> Whose<'_> {
    pseudonyms.map_or(Whose::Anybody, Whose::ByOrAbout)
}
