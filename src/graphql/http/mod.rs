//! GraphQL over HTTP, as its specification says: POST with a JSON body, GET for queries, both media
//! types, and a page for those who come with a browser.

mod media;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{self, HeaderMap};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http_body_util::Limited;
use serde_json::value::RawValue;

use self::media::Media;
use super::door::{Answer, Asker, Door};
use super::error::{code, code_in, request_error};
use super::limits::check_variables_text;
use super::playground;
use super::request::Parameters;
use crate::http::{AppState, Bearer, RequestId};

/// How deep the variables of a request stand in a body: in a batch, in the request, as its variables.
const AROUND_VARIABLES: usize = 3;

/// The routes of this door.
pub fn router(state: &AppState) -> Router<AppState> {
    let door = Door::new(state.registry.clone(), Arc::clone(&state.limits));
    let sdl: Bytes = door.sdl().to_owned().into();
    Router::new()
        .route(
            "/graphql",
            any(async move |Bearer(caller): Bearer, request: Request| {
                let id = request.extensions().get::<RequestId>();
                let asker = Asker { caller, request_id: id.map(|id| id.as_str().to_owned()) };
                answer(&door, asker, request).await
            }),
        )
        .route(playground::SCRIPT_PATH, get(playground::script))
        .route(playground::STYLE_PATH, get(playground::style))
        .route(
            "/schema.graphql",
            get(async move || ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], sdl)),
        )
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
    let answered = match method {
        Method::POST => post(door, asker, request, media).await,
        Method::GET | Method::HEAD => {
            by_query_string(door, asker, request.uri().query().unwrap_or_default(), media).await
        }
        _ => Err(Refusal { allow: Some("GET, HEAD, POST"), ..METHOD.into() }),
    };
    answered.unwrap_or_else(|refusal| refusal.answer(media))
}

/// Whether a browser asks for something to look at.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(|accept| {
        accept.split(',').any(|range| range.split(';').next().unwrap_or_default().trim() == "text/html")
    })
}

async fn post(door: &Door, asker: Asker, request: Request, media: Media) -> Result<Response, Refusal> {
    if !is_json(request.headers()) {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json"));
    }
    let body = read_body(request.into_body(), door.limits().body_bytes).await?;
    let body = str::from_utf8(&body).map_err(|_| Refusal::bad("The body is not UTF-8"))?;
    check_variables_text(body, AROUND_VARIABLES, door.limits())?;
    if body.trim_start().starts_with('[') {
        return batch(door, asker, body, media).await;
    }
    let answer = door.answer(parameters(body)?, asker).await;
    Ok(media.answer(&answer))
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

async fn by_query_string(door: &Door, asker: Asker, query: &str, media: Media) -> Result<Response, Refusal> {
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
        query: given.get("query").ok_or_else(|| Refusal::bad("The parameter query is missing"))?.clone(),
        operation_name: parameter("operationName").cloned(),
        variables: json("variables")?,
        extensions: json("extensions")?,
    };
    parameters.check()?;
    let answer = match door.prepare(parameters) {
        Ok(prepared) if prepared.operation_type() == Some(OperationType::Mutation) => {
            return Err(Refusal { allow: Some("POST"), ..METHOD.into() });
        }
        Ok(prepared) => door.run(prepared, asker).await,
        Err(error) => Answer::refused(error),
    };
    Ok(media.answer(&answer))
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

fn is_json(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

async fn read_body(body: Body, most: usize) -> Result<Bytes, Refusal> {
    use crate::domain::error::Error;
    crate::http::read_body(Body::new(Limited::new(body, most))).await.map_err(|error| match error {
        Error::TooLarge(_) => Refusal {
            code: code::PAYLOAD_TOO_LARGE,
            ..Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The body is larger than {most} bytes"))
        },
        error => Refusal::bad(error.public()),
    })
}

/// What is no GraphQL request, and why.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    allow: Option<&'static str>,
}

/// The refusal of a method.
const METHOD: (StatusCode, &str) =
    (StatusCode::METHOD_NOT_ALLOWED, "Queries are asked by GET or POST, mutations by POST");

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, code: code::BAD_USER_INPUT, message: message.into(), allow: None }
    }

    fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    fn answer(self, media: Media) -> Response {
        let answer = Answer::refused(request_error(self.code, self.message));
        let mut response = (self.status, media.body(&answer)).into_response();
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
        }
        response
    }
}

impl From<(StatusCode, &str)> for Refusal {
    fn from((status, message): (StatusCode, &str)) -> Self {
        Self::new(status, message)
    }
}

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        let code = match code_in(&error) {
            Some(code::QUERY_TOO_DEEP) => code::QUERY_TOO_DEEP,
            _ => code::BAD_USER_INPUT,
        };
        Self { code, ..Self::bad(error.message) }
    }
}
