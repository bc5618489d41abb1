//! Bundles in and out. Needs the grants `import` and `export`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Given, Importer, JsonBody, KnownCaller, Parameters, RawBody};
use super::openapi::tag;
use super::views::history::MomentText;
use super::views::import::{ImportReport, MultiImportReport};
use super::views::problem::{Forbidden, Invalid, NotFound, NotImported, NotRead};
use crate::domain::error::Error;
use crate::domain::identifier::CommunityKey;
use crate::domain::import::ImportOptions;
use crate::http::{AppState, Problem, problem};
use crate::service::export::export;
use crate::service::history;
use crate::service::import::{Format, import};

/// What is wrong with more or fewer communities than one, beside `at`.
const ONE_AT_A_TIME: &str = "Name one community: each has revisions of its own";

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(import_json))
        .routes(routes!(import_yaml))
        .routes(routes!(export_yaml))
}

fn options(given: &mut Given) -> ImportOptions {
    ImportOptions { dry_run: given.boolean("dry_run").unwrap_or(false), force: given.boolean("force") }
}

/// Import a bundle as JSON
///
/// The community of the bundle becomes exactly what the bundle says; what it does not name is gone. The
/// body is a bundle itself, or `{bundle, dry_run, force}`, whose words count more than the query's.
#[utoipa::path(
    post, path = "/admin/import", tag = tag::IMPORT_EXPORT,
    params(
        ("dry_run" = Option<bool>, Query, description = "Do everything but the write, and report what would happen"),
        ("force" = Option<bool>, Query, description = "`false`: leave a community that exists alone and answer 409. `true` or absent: replace it"),
    ),
    request_body(
        content = Object, description = "A bundle, or an envelope around one",
        example = json!({"bundle": {"schema_version": "0.7", "community": {"id": "aurora", "name": "Aurora REC"}}, "dry_run": true}),
    ),
    responses((status = 200, description = "What was done, or would be", body = ImportReport), Forbidden, NotImported, NotRead),
)]
async fn import_json(
    Importer(ctx): Importer,
    parameters: Parameters,
    JsonBody(body): JsonBody,
) -> Result<Json<ImportReport>, Problem> {
    let options = parameters.read(options)?;
    let mut reports = import(&ctx, body, Format::Json, options).await?.reports;
    let report = reports.pop().ok_or_else(|| Error::internal("an import of one bundle without a report"))?;
    Ok(Json(report.into()))
}

/// Import bundles as YAML
///
/// One or more documents, each a bundle; UTF-8, with or without a byte order mark, whatever the content
/// type says. All of them are imported, or none.
#[utoipa::path(
    post, path = "/admin/import/yaml", tag = tag::IMPORT_EXPORT,
    params(
        ("dry_run" = Option<bool>, Query, description = "Do everything but the write, and report what would happen"),
        ("force" = Option<bool>, Query, description = "`false`: leave communities that exist alone and answer 409. `true` or absent: replace them"),
    ),
    request_body(
        content = String, content_type = "application/yaml", description = "Bundles, separated by `---`",
        example = "schema_version: \"0.7\"\ncommunity: {id: aurora, name: Aurora REC}\n",
    ),
    responses((status = 200, description = "What was done, or would be", body = MultiImportReport), Forbidden, NotImported),
)]
async fn import_yaml(
    Importer(ctx): Importer,
    parameters: Parameters,
    RawBody(body): RawBody,
) -> Result<Json<MultiImportReport>, Problem> {
    let options = parameters.read(options)?;
    Ok(Json(import(&ctx, body, Format::Yaml, options).await?.into()))
}

/// Export bundles as YAML
///
/// Exactly what is stored, by key. It imports again, and exports again to the same bytes. With `at` it is what one
/// community was after a revision or at a time; nobody is in it who was erased.
#[utoipa::path(
    get, path = "/admin/export", tag = tag::IMPORT_EXPORT,
    params(
        ("community" = Option<Vec<String>>, Query, description = "The keys of the communities; all when absent", example = json!(["aurora"])),
        ("at" = inline(Option<MomentText>), Query, description = "What the one community that is named was: the number of a revision, or RFC 3339", example = "11"),
    ),
    responses(
        (status = 200, description = "Bundles, separated by `---`", body = String, content_type = "text/plain; charset=utf-8"),
        Forbidden, NotFound, Invalid,
    ),
)]
async fn export_yaml(
    State(state): State<AppState>,
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let (named, at): (Option<Vec<CommunityKey>>, _) =
        parameters.read(|given| (given.every("community"), given.moment("at")))?;
    if let Some(at) = at {
        let [only] = named.as_deref().unwrap_or_default() else {
            return Err(Error::invalid("value_error", &["query", "community"], ONE_AT_A_TIME, None).into());
        };
        let text = history::export_at(&ctx, only, at).await?;
        return Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response());
    }
    let export = export(&ctx, named).await?;
    let tag = format!("\"{}\"", export.tag());
    let batches = export.batches(Some(state.limits.transfer_timeout)).map(|batch| {
        batch.map_err(|error| {
            // The status is sent by now: the answer ends early, and the log says why.
            problem::log(&error);
            std::io::Error::other("the export broke off")
        })
    });
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::ETAG, tag)];
    Ok((headers, Body::from_stream(batches)).into_response())
}
