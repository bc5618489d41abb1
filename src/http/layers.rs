//! What every request goes through on its way to a route, and every answer on its way back.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Either, Ready, ready};
use tokio::task::coop::consume_budget;
use tower::util::MapRequest;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::CorsLayer;

use super::export::Traces;
use super::problem::Problem;
use super::request_id::RequestId;
use super::state::AppState;
use super::trailing_slash::without_trailing_slash;
use super::{
    GRAPHQL_PATH, body, client_address, cors, memory, panic, places, problem, safety, timeout, trace,
};
use crate::domain::error::Error;

/// The program as one service: the path is rewritten before a route is looked for, so outside of the router.
pub type Service = MapRequest<Router, fn(Request) -> Request>;

struct Layers {
    state: AppState,
    cors: Option<CorsLayer>,
    traces: Option<Traces>,
}

/// The routes within all the layers. One layer calls the others as functions: each of its own would be cloned and
/// boxed with all those within it, for every request.
pub fn with_layers(
    routes: Router<AppState>,
    state: &AppState,
    cors_origins: &[String],
    traces: Option<Traces>,
) -> Service {
    let layers = Arc::new(Layers { state: state.clone(), cors: cors::layer(cors_origins), traces });
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

async fn through(State(layers): State<Arc<Layers>>, mut request: Request, next: Next) -> Response {
    // What is told from memory waits for nothing: without this, whoever asks again and again would keep a thread.
    consume_budget().await;
    let id = RequestId::name(&mut request);
    let (asked, span) = trace::Asked::now(id.clone(), &request, layers.traces.as_ref());
    let counted = asked.begun(layers.state.registry.metrics(), span);
    let mut response = panic::caught(async { across_origins(&layers, &asked, request, next).await }).await;
    counted.answered(&response);
    safety::add_headers(&mut response);
    id.show(&mut response);
    response
}

async fn across_origins(layers: &Layers, asked: &trace::Asked, request: Request, next: Next) -> Response {
    let Layers { state, cors, .. } = layers;
    let Some(cors) = cors else { return limited(state, asked, request, next).await };
    let (state, asked) = (state.clone(), asked.clone());
    let limited = service_fn(move |request: Request| {
        limited(&state, &asked, request, next.clone()).map(Ok::<Response, Infallible>)
    });
    let answer = cors.layer(limited).oneshot(request);
    answer.map(|response| response.unwrap_or_else(|never| match never {})).await
}

/// A request that a door must refuse in its own words, before it looks at it.
#[derive(Debug, Clone)]
pub struct Refused(pub Error);

/// What is in memory is told at once. For everything else a future is made and boxed: one that is passed on by value takes its
/// room twice at each step, and is copied as often.
fn limited(
    state: &AppState,
    asked: &trace::Asked,
    mut request: Request,
    next: Next,
) -> Either<Ready<Response>, BoxFuture<'static, Response>> {
    let admitted = client_address::admit(state, &mut request).and_then(|()| places::admit(state, &request));
    if let Err(error) = admitted {
        if request.extensions().get().is_none_or(|path: &MatchedPath| path.as_str() != GRAPHQL_PATH) {
            return Either::Left(ready(Problem(error).into_response()));
        }
        request.extensions_mut().insert(Refused(error));
    } else if let Some(told) = memory::recalled(state, &mut request) {
        return Either::Left(ready(told));
    }
    let limit = timeout::limit(&request, &state.limits);
    let state = state.clone();
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
    Either::Right(asked.spanning(timeout::within(limit, answer.boxed())).boxed())
}
