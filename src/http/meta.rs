//! How the process is: alive, ready, and of which version.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::problem;
use super::state::AppState;
use crate::domain::error::Error;
use crate::service::Registry;

/// The version of this program, and so of what it offers.
pub const API_VERSION: &str = env!("CARGO_PKG_VERSION");
/// The highest published version of the bundle schema that is known.
pub const SCHEMA_VERSION: &str = "0.7";

/// `GET /health`, `GET /ready`, `GET /version`. None needs a token.
pub fn router() -> Router<AppState> {
    Router::new().route("/health", get(health)).route("/ready", get(ready)).route("/version", get(version))
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

#[derive(Serialize)]
struct Version {
    api_version: &'static str,
    schema_version: &'static str,
}

async fn health() -> impl IntoResponse {
    Json(Status { status: "ok" })
}

async fn version() -> impl IntoResponse {
    Json(Version { api_version: API_VERSION, schema_version: SCHEMA_VERSION })
}

async fn ready(State(registry): State<Registry>) -> Response {
    match registry.ready().await {
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
