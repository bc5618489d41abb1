//! The interactive documentation, its assets in the binary, and the document that it shows.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use utoipa_swagger_ui::Config;

use super::openapi::openapi;
use crate::http::{AppState, problem};

/// What the page may load and talk to: this server alone. The page makes its styles while it runs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi().to_pretty_json().unwrap_or_default());

/// `GET /docs` and `GET /openapi.json`. Neither needs a token.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/openapi.json", get(document))
        .route(
            "/docs",
            get(async || ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(include_str!("docs.html")))),
        )
        .route(
            "/docs/start.js",
            get(async || {
                ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("docs.js"))
            }),
        )
        .route("/docs/{asset}", get(asset))
}

async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

async fn asset(Path(name): Path<String>) -> Response {
    match utoipa_swagger_ui::serve(&name, Arc::new(Config::from("/openapi.json"))) {
        Ok(Some(file)) => {
            ([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response()
        }
        _ => problem::answer(StatusCode::NOT_FOUND, "There is no such route"),
    }
}
