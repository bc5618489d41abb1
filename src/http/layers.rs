//! What every request goes through on its way to a route, and every answer on its way back.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tower::util::MapRequest;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::CorsLayer;

use super::problem::Problem;
use super::request_id::RequestId;
use super::state::AppState;
use super::trailing_slash::without_trailing_slash;
use super::{body, client_address, cors, memory, panic, places, problem, safety, timeout, trace};

/// The program as one service: the path is rewritten before a route is looked for, so outside of the router.
pub type Service = MapRequest<Router, fn(Request) -> Request>;

#[derive(Clone)]
struct Layers {
    state: AppState,
    cors: Option<CorsLayer>,
}

/// The routes within all the layers. One layer calls the others as functions: each of its own would be cloned and
/// boxed with all those within it, for every request.
pub fn with_layers(routes: Router<AppState>, state: &AppState, cors_origins: &[String]) -> Service {
    let layers = Layers { state: state.clone(), cors: cors::layer(cors_origins) };
    let routes = routes
        .fallback(async || problem::answer(StatusCode::NOT_FOUND, "There is no such route"))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(layers, through))
        .with_state(state.clone());
    MapRequest::new(routes, without_trailing_slash)
}

async fn method_not_allowed() -> Response {
    problem::answer(StatusCode::METHOD_NOT_ALLOWED, "The route does not know this method")
}

async fn through(State(layers): State<Layers>, mut request: Request, next: Next) -> Response {
    let id = RequestId::name(&mut request);
    let asked = trace::Asked::now(id.clone(), &request);
    let metrics = layers.state.registry.metrics().clone();
    let answer = panic::caught(across_origins(layers, request, next));
    let mut response = asked.traced(answer, &metrics).await;
    safety::add_headers(&mut response);
    id.show(&mut response);
    response
}

// Boxed, for a future that is passed on by value takes its room twice at each step, and is copied as often.
fn across_origins(layers: Layers, request: Request, next: Next) -> BoxFuture<'static, Response> {
    let Layers { state, cors } = layers;
    let Some(cors) = cors else { return limited(state, request, next).boxed() };
    let limited = service_fn(move |request: Request| {
        limited(state.clone(), request, next.clone()).map(Ok::<Response, Infallible>)
    });
    let answer = cors.layer(limited).oneshot(request);
    answer.map(|response| response.unwrap_or_else(|never| match never {})).boxed()
}

async fn limited(state: AppState, mut request: Request, next: Next) -> Response {
    if let Err(refusal) = client_address::admit(&state, &mut request) {
        return refusal.into_response();
    }
    let limit = timeout::limit(&request, &state.limits);
    let answer = async move {
        // The limit here counts for every extractor; axum's own would come before it.
        DefaultBodyLimit::disable().apply(&mut request);
        let mut request = match body::bounded(request, &state.limits).await {
            Ok(request) => request,
            Err(refusal) => return refusal,
        };
        match places::seat(&state, &mut request).await {
            Ok(_seated) => memory::answer(&state, request, next).await,
            Err(refusal) => Problem(refusal).into_response(),
        }
    };
    timeout::within(limit, answer.boxed()).await
}
