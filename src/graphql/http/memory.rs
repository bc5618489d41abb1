//! Queries that were answered before and whose answer is true still.

use std::time::Instant;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use axum::body::Bytes;
use axum::response::Response;

use super::media::Media;
use crate::graphql::door::{Asker, Door};
use crate::graphql::request::Prepared;
use crate::metrics::Outcome;
use crate::service::{Answer as Text, Question, What};

/// The answer to the one request that a text holds: from memory, or else by the door. Queries whose answer has
/// no errors are remembered, for who asks with the same text.
pub async fn answer(
    door: &Door,
    mut asker: Asker,
    text: &str,
    prepared: impl FnOnce() -> Result<Prepared, ServerError>,
    media: Media,
) -> Response {
    let begun = Instant::now();
    let caller = asker.caller.clone();
    let question = Question::new(&caller, text);
    if let Some(question) = question
        && let Some(told) = told(door, question, asker.request_id.as_deref()).await
    {
        if let Some(What::Operation(operation)) = &told.what {
            door.registry().metrics().operations().answered(operation, Outcome::Ok, begun.elapsed());
        }
        return media.text(told.body);
    }
    // Nothing is done for a request that finds no place.
    let admitted = door.admit(&caller).await;
    let (place, prepared) = match admitted.and_then(|place| Ok((place, prepared()?))) {
        Ok(admitted) => admitted,
        Err(error) => return media.answer(&door.refused(error)),
    };
    let is_query = prepared.operation_type() == Some(OperationType::Query);
    let asking = question.filter(|_| is_query).and_then(|question| door.registry().asking(question, None));
    let operation = asking.is_some().then(|| door.counted_as(&prepared, &asker.caller));
    asker.witness = asking.as_ref().map(|asking| asking.witness());
    let answer = door.run(prepared, asker, place).await;
    match asking {
        Some(asking) if answer.errors.is_empty() => {
            let body = Bytes::from(serde_json::to_vec(&answer).unwrap_or_default());
            let what = operation.map(What::Operation);
            asking.answered(Text { entity_tag: Bytes::new(), body: body.clone(), what });
            media.text(body)
        }
        _ => media.answer(&answer),
    }
}

/// What is remembered as the answer to a question, or was answered to somebody else in this moment.
async fn told(door: &Door, question: Question<'_>, request_id: Option<&str>) -> Option<Text> {
    let registry = door.registry();
    match registry.recall(question, request_id, None) {
        None => registry.overhear(question, request_id).await,
        told => told,
    }
}
