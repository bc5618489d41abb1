//! GraphQL over HTTP, as its specification says: POST with a JSON body, GET for queries, both media
//! types, and a page for those who come with a browser.

mod media;
mod memory;
mod multipart;
mod refusal;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::Router;
use axum::body::{BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::header::{self, HeaderMap};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{any, get};
use serde_json::value::RawValue;
use tokio::time::timeout;

use self::media::Media;
use self::refusal::Refusal;
use super::door::{Answer, Asker, Door};
use super::error::server_error;
use super::limits::check_variables_text;
use super::options::Options;
use super::playground;
use super::request::Parameters;
use super::ws;
use crate::http::{AppState, Bearer, GRAPHQL_PATH, Refused, RequestId, drain, read_up_to};

/// How deep the variables of a request stand in a body: in a batch, in the request, as its variables.
const AROUND_VARIABLES: usize = 3;

/// The routes of this door.
pub fn router(state: &AppState, options: Options) -> Router<AppState> {
    let door = Door::new(state.registry.clone(), Arc::clone(&state.limits), options);
    let mut router = Router::new();
    if let Some(sdl) = door.sdl() {
        let sdl: Bytes = sdl.to_owned().into();
        let answer = async move || ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], sdl);
        router = router.route("/schema.graphql", get(answer));
    }
    let sockets = ws::route(door.clone());
    router
        .route(
            GRAPHQL_PATH,
            any(async move |Bearer(caller): Bearer, request: Request| {
                let id = request.extensions().get::<RequestId>();
                let asker = Asker::new(caller, id.map(|id| id.as_str().to_owned()));
                answer(&door, asker, request).await
            }),
        )
        .route(ws::PATH, sockets)
        .merge(playground::router())
}

async fn answer(door: &Door, asker: Asker, request: Request) -> Response {
    let method = request.method().clone();
    if method != Method::POST && wants_page(request.headers()) {
        return playground::page();
    }
    let Some(media) = Media::accepted(request.headers()) else {
        let message = "Answers are application/graphql-response+json or application/json";
        return Refusal::new(StatusCode::NOT_ACCEPTABLE, message).answer(Media::Json);
    };
    if let Some(Refused(error)) = request.extensions().get() {
        return media.answer(&Answer::refused(server_error(error.clone())));
    }
    // Each part of the way has a limit of its own; this one holds all of them together.
    let limit = door.http_limits().transfer_timeout;
    let answered = timeout(limit, async {
        match method {
            Method::POST => post(door, asker, request, media).await,
            Method::GET | Method::HEAD => by_query_string(door, asker, request.uri(), media).await,
            _ => Err(Refusal::method("GET, HEAD, POST")),
        }
    });
    let too_slow = |_| Err(Refusal::too_slow(StatusCode::SERVICE_UNAVAILABLE, limit.as_secs()));
    answered.await.unwrap_or_else(too_slow).unwrap_or_else(|refusal| refusal.answer(media))
}

/// Whether a browser asks for something to look at.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(|accept| {
        accept.split(',').any(|range| range.split(';').next().unwrap_or_default().trim() == "text/html")
    })
}

async fn post(door: &Door, asker: Asker, request: Request, media: Media) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let answered = match essence(&parts.headers).as_str() {
        "application/json" => by_json(door, asker, &mut body, media).await,
        "multipart/form-data" => multipart::answer(door, asker, &parts.headers, &mut body, media).await,
        _ => Err(Refusal::media_type("The body must be application/json")),
    };
    if !answered.as_ref().is_err_and(Refusal::is_too_slow) {
        drain(&mut body).await;
    }
    answered
}

async fn by_json(
    door: &Door,
    asker: Asker,
    body: &mut BodyDataStream,
    media: Media,
) -> Result<Response, Refusal> {
    let limit = door.http_limits().request_timeout;
    let body = timeout(limit, read_up_to(body, door.limits().body_bytes)).await;
    let body = body.map_err(|_| Refusal::too_slow(StatusCode::REQUEST_TIMEOUT, limit.as_secs()))??;
    let body = str::from_utf8(&body).map_err(|_| Refusal::bad("The body is not UTF-8"))?;
    check_variables_text(body, AROUND_VARIABLES, door.limits())?;
    if body.trim_start().starts_with('[') {
        return batch(door, asker, body, media).await;
    }
    let parameters = parameters(body)?;
    Ok(memory::answer(door, asker, body, || door.prepare(parameters), media).await)
}

/// Several requests in one body are answered one after the other, each for itself.
async fn batch(door: &Door, asker: Asker, body: &str, media: Media) -> Result<Response, Refusal> {
    let requests: Vec<&RawValue> = serde_json::from_str(body).map_err(no_request)?;
    let most = door.limits().batch;
    if requests.is_empty() || requests.len() > most {
        return Err(Refusal::bad(format!("A batch has 1 to {most} operations")));
    }
    let requests = requests.into_iter().map(|request| parameters(request.get()));
    let requests = requests.collect::<Result<Vec<_>, _>>()?;
    let mut answers = Vec::with_capacity(requests.len());
    for parameters in requests {
        answers.push(door.answer(parameters, asker.clone()).await);
    }
    Ok(media.body(&answers))
}

async fn by_query_string(door: &Door, asker: Asker, uri: &Uri, media: Media) -> Result<Response, Refusal> {
    let query = uri.query().unwrap_or_default();
    // From the question mark on: neither a body nor what a REST route is asked by.
    let text = uri.path_and_query().map_or("", |text| &text.as_str()[text.path().len()..]);
    let mut given: HashMap<Cow<'_, str>, Cow<'_, str>> = HashMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        given.insert(form_decoded(name)?, form_decoded(value)?);
    }
    let parameter = |name: &str| given.get(name).filter(|text| !text.is_empty());
    let json = |name: &str| -> Result<Option<&RawValue>, Refusal> {
        let Some(text) = parameter(name) else { return Ok(None) };
        check_variables_text(text, 1, door.limits())?;
        serde_json::from_str(text).map(Some).map_err(no_request)
    };
    let parameters = Parameters {
        query: given.get("query").cloned(),
        operation_name: parameter("operationName").cloned(),
        variables: json("variables")?,
        extensions: json("extensions")?,
        files: Vec::new(),
    };
    parameters.check()?;
    let prepared = door.prepare(parameters);
    if prepared.as_ref().is_ok_and(|prepared| prepared.operation_type() == Some(OperationType::Mutation)) {
        return Err(Refusal::method("POST"));
    }
    Ok(memory::answer(door, asker, text, || prepared, media).await)
}

fn form_decoded(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let decoded =
        percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().map(Cow::into_owned);
    decoded.map(Cow::Owned).map_err(|_| Refusal::bad("The query string is not UTF-8"))
}

fn parameters(json: &str) -> Result<Parameters<'_>, Refusal> {
    let parameters: Parameters<'_> = serde_json::from_str(json).map_err(no_request)?;
    parameters.check()?;
    Ok(parameters)
}

fn no_request(error: serde_json::Error) -> Refusal {
    Refusal::bad(format!("This is no GraphQL request: {error}"))
}

/// The media type of a body, without parameters and in lower case.
fn essence(headers: &HeaderMap) -> String {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
