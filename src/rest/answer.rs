//! Answers with the entity tag that a write may name again.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::precondition::Versioned;
use crate::domain::retry::Answer;
use crate::service::write::Outcome;

/// A view of something that has an entity tag.
pub struct Tagged<T> {
    entity_tag: String,
    view: T,
}

impl<T> Tagged<T> {
    /// The view of a thing.
    pub fn of<V: Versioned>(thing: V, view: impl FnOnce(V) -> T) -> Self {
        Self { entity_tag: thing.entity_tag(), view: view(thing) }
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        with_tag(Json(self.view).into_response(), Some(&self.entity_tag))
    }
}

fn with_tag(mut response: Response, entity_tag: Option<&str>) -> Response {
    if let Some(tag) = entity_tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// A view as JSON.
pub fn text(view: &impl Serialize) -> String {
    // A view has no key that is no text, the one thing that JSON cannot write.
    serde_json::to_string(view).unwrap_or_default()
}

/// Writes a view as JSON behind what is there.
pub fn add_text(view: &impl Serialize, text: &mut Vec<u8>) {
    // As above, and a piece of memory takes all that is written.
    _ = serde_json::to_writer(text, view);
}

/// An answer that is JSON already.
pub fn json_text(body: impl Into<Body>) -> Response {
    let body: Body = body.into();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A list of what is JSON already.
pub fn list_of_texts(texts: &[&[u8]]) -> Response {
    // Written once, into the room that it needs: a batch has some 60 kB.
    let mut body = Vec::with_capacity(texts.iter().map(|text| text.len() + 1).sum::<usize>() + 2);
    body.push(b'[');
    for (place, text) in texts.iter().enumerate() {
        body.extend_from_slice(if place == 0 { b"" } else { b"," });
        body.extend_from_slice(text);
    }
    body.push(b']');
    json_text(body)
}

/// An answer that can be kept: a status and a JSON view.
pub fn kept(status: StatusCode, entity_tag: Option<String>, view: &impl Serialize) -> Answer {
    Answer { status: status.as_u16(), entity_tag, body: text(view) }
}

/// What the caller is answered, now or again.
pub fn answered<T>(outcome: Outcome<T>, answer: fn(&T) -> Answer) -> Response {
    let answer = match outcome {
        Outcome::Done(done) => answer(&done),
        Outcome::Repeated(answer) => answer,
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = [(header::CONTENT_TYPE, "application/json")];
    with_tag((status, headers, answer.body).into_response(), answer.entity_tag.as_deref())
}
