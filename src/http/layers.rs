//! What every request goes through on its way to a route, and every answer on its way back.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Request as HttpRequest, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{BoxError, Router};
use futures_util::future::{BoxFuture, Either, Ready, ready};
use futures_util::{FutureExt as _, TryFutureExt as _};
use opentelemetry_sdk::trace::Span;
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
use crate::metrics;

/// The program as one service. What is told from memory is told before a route is looked for: the way through the router was a
/// fifth of what such an answer took.
#[derive(Clone)]
pub struct Service {
    layers: Arc<Layers>,
    routes: Router,
}

/// An answer: there already, or on its way.
pub(super) type Answering =
    Either<Ready<Result<Response, Infallible>>, BoxFuture<'static, Result<Response, Infallible>>>;

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
        .layer(from_fn_with_state(Arc::clone(&layers), through))
        .with_state(state.clone());
    Service { layers, routes }
}

async fn method_not_allowed() -> Response {
    problem::answer(StatusCode::METHOD_NOT_ALLOWED, "The route does not know this method")
}

impl Service {
    /// Answers a request that came over a connection from a peer.
    pub(super) fn answer<B>(&self, request: HttpRequest<B>, peer: Option<SocketAddr>) -> Answering
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut request = without_trailing_slash(request);
        let id = RequestId::of(request.headers());
        // Where the memory fails, the request goes the way of those that are not in it.
        if let Some(told) = panic::caught_now(|| Layers::told(&self.layers, &mut request, peer, &id)) {
            return told;
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(id);
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        Either::Right(self.routes.clone().oneshot(request).boxed())
    }
}

impl<B> tower::Service<HttpRequest<B>> for Service
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<B>) -> Answering {
        self.answer(request, None)
    }
}

impl Layers {
    /// The answer to a request that is told from memory.
    fn told<B>(
        this: &Arc<Self>,
        request: &mut HttpRequest<B>,
        peer: Option<SocketAddr>,
        id: &RequestId,
    ) -> Option<Answering> {
        let begun = Instant::now();
        let (what, told) = memory::recalled(&this.state, request, peer, id)?;
        let (asked, span) =
            trace::Asked::at(begun, id.clone(), what, request.headers(), this.traces.as_ref());
        let Some(cors) = this.cors.clone() else {
            return Some(Either::Left(ready(Ok(this.answered(&asked, span, told)))));
        };
        let mut from = HttpRequest::new(());
        *from.headers_mut() = std::mem::take(request.headers_mut());
        let mut told = Some(told);
        let telling = service_fn(move |_: HttpRequest<()>| ready(Ok(told.take().unwrap_or_default())));
        let layers = Arc::clone(this);
        let answer = cors.layer(telling).oneshot(from);
        Some(Either::Right(answer.map_ok(move |told| layers.answered(&asked, span, told)).boxed()))
    }

    /// An answer from memory, counted and with what every answer has.
    fn answered(&self, asked: &trace::Asked, span: Option<Span>, told: Response) -> Response {
        let counted = asked.begun(self.state.registry.metrics(), span);
        finished(counted, asked.id(), told)
    }
}

async fn through(State(layers): State<Arc<Layers>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request.extensions().get::<RequestId>().cloned();
    let id = id.unwrap_or_else(|| RequestId::of(request.headers()));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let what = metrics::Asked::new(trace::known(request.method()), route);
    let (asked, span) = trace::Asked::at(begun, id, what, request.headers(), layers.traces.as_ref());
    let counted = asked.begun(layers.state.registry.metrics(), span);
    let response = panic::caught(async { across_origins(&layers, &asked, request, next).await }).await;
    finished(counted, asked.id(), response)
}

/// Counts and logs an answer, and gives it what every answer has.
fn finished(counted: trace::Counted<'_>, id: &RequestId, mut response: Response) -> Response {
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

/// A future is made and boxed: one that is passed on by value takes its room twice at each step, and is copied as often.
fn limited(
    state: &AppState,
    asked: &trace::Asked,
    mut request: Request,
    next: Next,
) -> BoxFuture<'static, Response> {
    let admitted = client_address::admit(state, &mut request).and_then(|()| places::admit(state, &request));
    if let Err(error) = admitted {
        if request.extensions().get().is_none_or(|path: &MatchedPath| path.as_str() != GRAPHQL_PATH) {
            return ready(Problem(error).into_response()).boxed();
        }
        request.extensions_mut().insert(Refused(error));
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
    asked.spanning(timeout::within(limit, answer.boxed())).boxed()
}
