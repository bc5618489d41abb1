//! Searching for something of which only a part is known. Needs the grant `read`.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{KnownCaller, Parameters};
use super::openapi::tag;
use super::views::problem::{Forbidden, Invalid};
use super::views::search::SearchHits;
use crate::http::{AppState, Problem};
use crate::service::search;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(search_registry))
}

/// Search the registry
///
/// What has a name, key, user id, sensor id or delivery-point id that contains every word of a text,
/// ignoring case; members of every status. First come those with a field that is the text, then those
/// with a field that begins with it.
#[utoipa::path(
    get, path = "/admin/search", tag = tag::BROWSING,
    params(
        ("text" = String, Query, min_length = 1, max_length = 200, pattern = r"^\s*\S+(\s+\S+){0,9}\s*$", description = "One to ten words, at most 200 characters", example = "rossi"),
        ("first" = Option<i64>, Query, minimum = 1, maximum = 500, description = "How many hits at most, 1 to 500; 50 when it is not said", example = 20),
    ),
    responses((status = 200, description = "What was found, the closest first", body = SearchHits), Forbidden, Invalid),
)]
async fn search_registry(
    KnownCaller(ctx): KnownCaller,
    parameters: Parameters,
) -> Result<Json<SearchHits>, Problem> {
    let (text, first) = parameters.read(|given| (given.text("text"), given.whole_number("first")))?;
    let hits = search::find(&ctx, text.as_deref().unwrap_or_default(), first).await?;
    Ok(Json(hits.into()))
}
