//! What every request goes through on its way to a route, and every answer on its way back.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use tower::ServiceBuilder;
use tower::util::MapRequestLayer;

use super::state::AppState;
use super::trailing_slash::without_trailing_slash;
use super::{body, client_address, cors, panic, problem, request_id, safety, timeout, trace};

/// The routes within all the layers, as one service.
pub fn with_layers(routes: Router<AppState>, state: &AppState, cors_origins: &[String]) -> Router {
    let routes = routes
        .fallback(async || problem::answer(StatusCode::NOT_FOUND, "There is no such route"))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(request_id::name_request))
                .layer(from_fn(trace::trace_request))
                .layer(from_fn(safety::add_headers))
                .layer(panic::layer())
                .option_layer(cors::layer(cors_origins))
                .layer(from_fn_with_state(state.clone(), client_address::limit_rate))
                .layer(from_fn_with_state(state.clone(), timeout::limit_time))
                .layer(from_fn_with_state(state.clone(), body::limit_body))
                // The limit above counts for every extractor; axum's own would come before it.
                .layer(DefaultBodyLimit::disable()),
        )
        .with_state(state.clone());
    // The path is rewritten before a route is looked for, so outside of the router.
    Router::new().fallback_service(
        ServiceBuilder::new().layer(MapRequestLayer::new(without_trailing_slash)).service(routes),
    )
}

async fn method_not_allowed() -> Response {
    problem::answer(StatusCode::METHOD_NOT_ALLOWED, "The route does not know this method")
}
