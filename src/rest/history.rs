//! The past of communities.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{JsonBody, KnownCaller, Parameters};
use super::list::PageParams;
use super::openapi::tag;
use super::views::history::{HolderAt, RestoreRequest, Revision};
use super::views::import::ImportReport;
use super::views::page::Page;
use super::views::problem::{Forbidden, Invalid, NotFound, NotImported, NotRead};
use crate::domain::code::Code;
use crate::domain::cursor::ListKind;
use crate::domain::delivery_point::HoldingKind;
use crate::domain::error::Error;
use crate::domain::identifier::CommunityKey;
use crate::domain::timestamp::Timestamp;
use crate::http::{AppState, Problem};
use crate::service::{Ctx, history};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_revisions)).routes(routes!(restore_community))
}

/// List the revisions of a community
///
/// Each change of the community: who did it, when, what kind it was, and what is different, the newest first. Of one
/// revision at most 1000 changes are listed, of a page at most 10 000.
#[utoipa::path(
    get, path = "/admin/communities/{community_key}/revisions", tag = tag::BROWSING,
    params(("community_key" = String, Path, description = "The key of the community", example = "aurora"), PageParams),
    responses((status = 200, description = "One page", body = Page<Revision>), Forbidden, NotFound, Invalid),
)]
async fn list_revisions(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<Page<Revision>>, Problem> {
    let (key, page): (CommunityKey, _) = parameters
        .read(|given| (given.segment("community_key"), given.page_in(ListKind::Revisions, history::ORDER)))?;
    let page = history::list(&ctx, &key, &page).await?;
    Ok(Json(Page::of(page, |revision| Revision::of(&key, revision))))
}

/// Restore a community
///
/// Makes the community what it was at a revision, as a new revision, through all checks of an import. Nobody comes back
/// who was erased. Grant `rec-registry.import`.
#[utoipa::path(
    post, path = "/admin/communities/{community_key}/restore", tag = tag::IMPORT_EXPORT,
    params(
        ("community_key" = String, Path, description = "The key of the community", example = "aurora"),
        ("dry_run" = Option<bool>, Query, description = "Do everything but the write, and report what would happen"),
    ),
    request_body = RestoreRequest,
    responses((status = 200, description = "What was done, or would be", body = ImportReport), Forbidden, NotFound, NotImported, NotRead),
)]
async fn restore_community(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
    body: JsonBody,
) -> Result<Json<ImportReport>, Problem> {
    let (key, dry_run): (CommunityKey, _) = parameters
        .read(|given| (given.segment("community_key"), given.boolean("dry_run").unwrap_or(false)))?;
    let body = body.node()?;
    Ok(Json(history::restore(&ctx, &key, body.get("revision"), dry_run).await?.into()))
}

/// Who held something at a time; 404 when nobody did.
pub(super) async fn holder_at(
    ctx: &Ctx,
    kind: HoldingKind,
    id: &str,
    at: Timestamp,
) -> Result<HolderAt, Problem> {
    let code = match kind {
        HoldingKind::Sensor => Code::AssetNotFound,
        HoldingKind::DeliveryPoint => Code::DeliveryPointNotFound,
    };
    let found = history::holder_at(ctx, kind, id, at).await?;
    let found = found.ok_or_else(|| Error::not_found(code, "Nobody held it at that time"))?;
    Ok(found.into())
}
