//! What a bundle may look like, for editors and for programs that write bundles. Needs no token.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::tag;
use crate::http::AppState;
use crate::service::bundle_schema;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", bundle_schema()));

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(community_schema))
}

/// The JSON Schema of a bundle
///
/// In JSON Schema 2020-12, for bundles that claim version 0.7 and for those that claim an older one. It says what one
/// place of a bundle can say by itself; that nothing stands twice and that what is named is there, an import finds out.
#[utoipa::path(
    get, path = "/schemas/community/v0.7", tag = tag::IMPORT_EXPORT, security(()),
    responses((status = 200, description = "The schema", body = Object, content_type = "application/schema+json")),
)]
async fn community_schema() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/schema+json")], DOCUMENT.as_str())
}
