//! How the process is: alive, ready, and of which version.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::domain::error::Error;
use crate::http::{AppState, problem};
use crate::service::{API_VERSION, SCHEMA_VERSION};

/// `GET /health`, `GET /ready`, `GET /version`. None needs a token.
pub fn router() -> Router<AppState> {
    Router::new().route("/health", get(health)).route("/ready", get(ready)).route("/version", get(version))
}

/// How the process is.
#[derive(Serialize, ToSchema)]
struct Status {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Which version answers.
#[derive(Serialize, ToSchema)]
struct Version {
    /// The version of this program, and so of what it offers.
    #[schema(example = "0.1.0")]
    api_version: &'static str,
    /// The highest published version of the bundle schema that is known.
    #[schema(example = "0.7")]
    schema_version: &'static str,
}

/// These routes as the OpenAPI document describes them.
#[derive(OpenApi)]
#[openapi(paths(health, ready, version))]
pub struct Description;

/// Is the process alive?
///
/// The database is not asked.
#[utoipa::path(
    get, path = "/health", tag = "Meta", security(()),
    responses((status = 200, description = "It is", body = Status)),
)]
async fn health() -> impl IntoResponse {
    Json(Status { status: "ok" })
}

/// Which version answers?
#[utoipa::path(
    get, path = "/version", tag = "Meta", security(()),
    responses((status = 200, description = "The version", body = Version)),
)]
async fn version() -> impl IntoResponse {
    Json(Version { api_version: API_VERSION, schema_version: SCHEMA_VERSION })
}

/// Can requests be served?
///
/// The database answers, and its schema is at least what this program needs.
#[utoipa::path(
    get, path = "/ready", tag = "Meta", security(()),
    responses(
        (status = 200, description = "They can", body = Status),
        (status = 503, description = "What is missing, as `detail`"),
    ),
)]
async fn ready(State(state): State<AppState>) -> Response {
    match state.registry.ready().await {
        Ok(()) => Json(Status { status: "ok" }).into_response(),
        Err(error) => {
            problem::log(&error);
            let missing = match &error {
                Error::Unavailable { public, .. } => public,
                _ => "The database does not answer",
            };
            problem::answer(StatusCode::SERVICE_UNAVAILABLE, missing)
        }
    }
}
