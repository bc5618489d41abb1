//! Requests that bring files, as the GraphQL multipart request specification says: the parts `operations`,
//! `map`, and the files that the map names. Such a request can come from a form of any page, so it must
//! have a header that a page can set only when this server lets it.

use std::collections::BTreeMap;

use async_graphql::Pos;
use axum::body::{BodyDataStream, Bytes};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::response::Response;
use multer::{Constraints, Multipart, SizeLimit};
use tokio::time::timeout;

use super::media::Media;
use super::refusal::Refusal;
use crate::domain::error::Error;
use crate::graphql::door::{Answer, Asker, Door};
use crate::graphql::limits::check_variables_text;

/// A browser asks this server before it sends any of these for a page of another origin.
const PREFLIGHT_HEADERS: [&str; 3] =
    ["graphql-require-preflight", "apollo-require-preflight", "x-requested-with"];

/// Most files of a request.
const MAX_FILES: usize = 10;

/// Largest `map`, in bytes.
const MAX_MAP_BYTES: u64 = 16 * 1024;

/// How deep the variables of a request stand in its operations.
const AROUND_VARIABLES: usize = 2;

/// Answers a request. What it asks for is checked before a file is read, and no file is read for a caller who
/// is not known.
pub async fn answer(
    door: &Door,
    asker: Asker,
    headers: &HeaderMap,
    body: &mut BodyDataStream,
    media: Media,
) -> Result<Response, Refusal> {
    if !PREFLIGHT_HEADERS.iter().any(|name| headers.get(*name).is_some_and(|value| !value.is_empty())) {
        return Err(Refusal::media_type(
            "A multipart request must have the header GraphQL-Require-Preflight, Apollo-Require-Preflight or \
             X-Requested-With; without files, the body must be application/json",
        ));
    }
    let mut form = begin(door, headers, body)?;
    let limit = door.http_limits().request_timeout;
    let begun = timeout(limit, first_parts(&mut form));
    let (operations, map) =
        begun.await.map_err(|_| Refusal::too_slow(StatusCode::REQUEST_TIMEOUT, limit.as_secs()))??;
    check_variables_text(&operations, AROUND_VARIABLES, door.limits())?;
    if operations.trim_start().starts_with('[') {
        return Err(Refusal::bad("A multipart request is one operation, no batch"));
    }
    let files = files(&map)?;
    let mut parameters = super::parameters(&operations)?;
    parameters.files = files.values().flatten().cloned().collect();
    let mut prepared = match door.prepare(parameters) {
        Ok(prepared) => prepared,
        Err(error) => return Ok(media.answer(&door.refused(error))),
    };
    if let (Err(failure), false) = (&asker.caller, files.is_empty()) {
        let error = async_graphql::Error::from(Error::Unauthenticated(*failure));
        return Ok(media.answer(&Answer::refused(error.into_server_error(Pos::default()))));
    }
    for (variable, file) in read(&mut form, files).await? {
        prepared.put_file(&variable, file);
    }
    drop(form);
    let answer = match door.admit(&asker.caller).await {
        Ok(place) => door.run(prepared, asker, place).await,
        Err(error) => door.refused(error),
    };
    Ok(media.answer(&answer))
}

/// The parts of a body, each within its limit and all of them together within that of an import.
fn begin<'b>(
    door: &Door,
    headers: &HeaderMap,
    body: &'b mut BodyDataStream,
) -> Result<Multipart<'b>, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(unreadable)?;
    let sizes = SizeLimit::new()
        .whole_stream(door.http_limits().max_body_bytes() as u64)
        .for_field("operations", door.limits().body_bytes as u64)
        .for_field("map", MAX_MAP_BYTES);
    Ok(Multipart::with_constraints(body, boundary, Constraints::new().size_limit(sizes)))
}

/// The parts that say what is asked for: `operations` and `map`.
async fn first_parts(form: &mut Multipart<'_>) -> Result<(String, String), Refusal> {
    Ok((text(form, "operations").await?, text(form, "map").await?))
}

/// The next part, which must be this one, as text.
async fn text(form: &mut Multipart<'_>, name: &str) -> Result<String, Refusal> {
    let part = form.next_field().await.map_err(unreadable)?.filter(|part| part.name() == Some(name));
    let Some(part) = part else {
        return Err(Refusal::bad(format!(
            "The part {name} is missing: first operations, then map, then files"
        )));
    };
    let text = String::from_utf8(part.bytes().await.map_err(unreadable)?.into());
    text.map_err(|_| Refusal::bad(format!("The part {name} is not UTF-8")))
}

/// The variables that each file is for, by the name of its part.
fn files(map: &str) -> Result<BTreeMap<String, Vec<String>>, Refusal> {
    let mut files: BTreeMap<String, Vec<String>> =
        serde_json::from_str(map).map_err(|error| Refusal::bad(format!("map: {error}")))?;
    if files.len() > MAX_FILES {
        return Err(Refusal::bad(format!("A request has at most {MAX_FILES} files")));
    }
    for paths in files.values_mut() {
        if paths.is_empty() {
            return Err(Refusal::bad("The map names a file that is for no variable"));
        }
        for path in paths {
            let variable = path.strip_prefix("variables.").filter(|name| !name.contains('.'));
            *path = variable.map(str::to_owned).ok_or_else(|| {
                Refusal::bad(format!("The map has the path {path:?}: it must be `variables.` and a variable"))
            })?;
        }
    }
    Ok(files)
}

/// The files that are announced, with the variables that they are for.
async fn read(
    form: &mut Multipart<'_>,
    mut announced: BTreeMap<String, Vec<String>>,
) -> Result<Vec<(String, Bytes)>, Refusal> {
    let mut files = Vec::new();
    while let Some(part) = form.next_field().await.map_err(unreadable)? {
        let Some(variables) = part.name().and_then(|name| announced.remove(name)) else {
            return Err(Refusal::bad("A part is named by the map nowhere, or comes twice"));
        };
        let file = part.bytes().await.map_err(unreadable)?;
        files.extend(variables.into_iter().map(|variable| (variable, file.clone())));
    }
    match announced.into_keys().next() {
        Some(name) => Err(Refusal::bad(format!("The file {name:?} that the map names is missing"))),
        None => Ok(files),
    }
}

fn unreadable(error: multer::Error) -> Refusal {
    match error {
        multer::Error::FieldSizeExceeded { limit, field_name } => {
            let name = field_name.unwrap_or_default();
            Refusal::too_large(format!("The part {name:?} is larger than {limit} bytes"))
        }
        multer::Error::StreamSizeExceeded { limit } => {
            Refusal::too_large(format!("The body is larger than {limit} bytes"))
        }
        _ => Refusal::bad("The multipart body cannot be read: it is badly formed or broke off"),
    }
}
