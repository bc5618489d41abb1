//! The audit trail. Needs the grant `audit`.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{KnownCaller, Parameters};
use super::list::PageParams;
use super::openapi::tag;
use super::views::audit::AuditEntry;
use super::views::history::TimeText;
use super::views::page::Page;
use super::views::problem::{Forbidden, Invalid};
use super::views::words::AuditOutcomeWord;
use crate::domain::audit::AuditFilter;
use crate::domain::cursor::ListKind;
use crate::http::{AppState, Problem};
use crate::service::audit;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit_entries))
}

/// Read the audit trail
///
/// Who looked at or wrote what, the newest first: the entries of the communities that the grant reaches.
/// What was looked at stands here within a second.
#[utoipa::path(
    get, path = "/admin/audit", tag = tag::AUDIT,
    params(
        ("since" = inline(Option<TimeText>), Query, description = "Not before this: RFC 3339", example = "2026-01-01T00:00:00Z"),
        ("until" = inline(Option<TimeText>), Query, description = "Before this: RFC 3339", example = "2026-02-01T00:00:00Z"),
        ("community" = Option<String>, Query, description = "Of the community with this key", example = "aurora"),
        ("user_id" = Option<String>, Query, description = "By the person with this user name, or about that person alone", example = "alice"),
        ("operation" = Option<String>, Query, description = "Of this operation", example = "member.get"),
        ("outcome" = inline(Option<AuditOutcomeWord>), Query, description = "That ended so"),
        PageParams,
    ),
    responses((status = 200, description = "One page", body = Page<AuditEntry>), Forbidden, Invalid),
)]
async fn list_audit_entries(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let (filter, page) = parameters.read(|given| {
        let filter = AuditFilter {
            since: given.instant("since"),
            until: given.instant("until"),
            community: given.text("community").map(Into::into),
            user: given.text("user_id").map(Into::into),
            operation: given.text("operation"),
            outcome: given.word("outcome"),
        };
        (filter, given.page_in(ListKind::Audit, audit::ORDER))
    })?;
    let page = audit::list(&ctx, &filter, &page).await?;
    Ok(Json(Page::of(page, AuditEntry::from)))
}
