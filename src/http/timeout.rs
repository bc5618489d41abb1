//! How long a request may take.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::problem;
use super::state::AppState;
use crate::config::HttpLimits;

/// The routes that move whole communities, by template. GraphQL is among them because some of its
/// operations do; it holds the others to the shorter time by itself.
const TRANSFERS: &[&str] = &["/admin/import", "/admin/import/yaml", "/admin/export", "/graphql"];

fn limit(request: &Request, limits: &HttpLimits) -> Duration {
    match request.extensions().get::<MatchedPath>() {
        Some(route) if TRANSFERS.contains(&route.as_str()) => limits.transfer_timeout,
        _ => limits.request_timeout,
    }
}

/// Stops a request that takes too long.
pub(super) async fn limit_time(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limit = limit(&request, &state.limits);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!(limit_seconds = limit.as_secs_f64(), "the request took too long");
            problem::answer(StatusCode::SERVICE_UNAVAILABLE, "The request took too long; try again")
        }
    }
}
