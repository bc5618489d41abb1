//! How long a request may take.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse as _, Response};

use super::Problem;
use crate::config::HttpLimits;
use crate::domain::error::Error;

/// The routes that move whole communities, by template.
const TRANSFERS: &[&str] = &["/admin/import", "/admin/import/yaml", "/admin/export"];

/// The limit of a route; none for GraphQL, some of whose operations are transfers: it holds each to its own.
pub(super) fn limit(request: &Request, limits: &HttpLimits) -> Option<Duration> {
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(super::GRAPHQL_PATH) => None,
        Some(route) if is_transfer(route) => Some(limits.transfer_timeout),
        _ => Some(limits.request_timeout),
    }
}

/// Whether a route moves whole communities.
pub(super) fn is_transfer(route: &str) -> bool {
    TRANSFERS.contains(&route)
}

/// Stops a request that takes too long.
pub(super) async fn within(limit: Option<Duration>, answer: impl Future<Output = Response>) -> Response {
    let Some(limit) = limit else { return answer.await };
    match tokio::time::timeout(limit, answer).await {
        Ok(response) => response,
        Err(_) => {
            let internal = format!("it took more than {} s", limit.as_secs_f64());
            Problem(Error::Unavailable { public: "The request took too long; try again", internal })
                .into_response()
        }
    }
}
