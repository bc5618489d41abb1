//! Answers that were given before and are true still, told again without asking anybody.

use std::net::SocketAddr;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequestParts as _, MatchedPath};
use axum::http::request::{Parts, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;

use super::caller::{self, Bearer};
use super::client_address;
use super::entity_tag::{Known, PRIVATE};
use super::places::NoRoom;
use super::request_id::RequestId;
use super::state::AppState;
use crate::domain::identifier::CommunityKey;
use crate::metrics::Asked;
use crate::service::{Answer, Question, What};

/// The routes whose answers are remembered, by template: what they say follows from the communities as they
/// are now, and from who asks.
const REMEMBERED: &[&str] = &[
    "/user",
    "/user/assets",
    "/user/assets/{asset_key}",
    "/user/community",
    "/user/delivery-points",
    "/user/member",
    "/admin/communities",
    "/admin/lookup/asset-by-sensor-id/{*sensor_id}",
    "/admin/lookup/community-by-delivery-point/{*dp_id}",
    "/admin/lookup/community-by-sensor-id/{*sensor_id}",
    "/admin/lookup/community-by-user-id/{*user_id}",
    "/admin/lookup/member-by-user-id/{*user_id}",
];

/// Those whose answers are about one community alone: this one, and what stands below it but for the rest.
const COMMUNITY: &str = "/admin/communities/{community_key}";
const OF_COMMUNITY: &[&str] = &[
    "",
    "/assets",
    "/assets/by-sensor-id/{*sensor_id}",
    "/assets/{asset_key}",
    "/delivery-points",
    "/delivery-points/by-id/{*dp_id}",
    "/members",
    "/members/by-user-id/{*user_id}",
    "/members/{member_key}",
    "/members/{member_key}/delivery-points",
    "/meters",
    "/stats",
    "/topology",
];

/// The headers that a remembered answer has; one with others is not remembered.
const HEADERS: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CACHE_CONTROL, header::ETAG];
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Marks a request to which nothing was found before its route was looked for. It is not looked for then when the token is new.
#[derive(Clone)]
struct NotRecalled;

/// The answer to a request out of memory, and what was asked, for whose token is known already and who may ask now; none
/// otherwise.
pub(super) fn recalled<B>(
    state: &AppState,
    request: &mut Request<B>,
    peer: Option<SocketAddr>,
    id: &RequestId,
) -> Option<(Asked, Response)> {
    // Who has no room is told so, by the layers behind.
    if request.method() != Method::GET || request.extensions().get::<NoRoom>().is_some() {
        return None;
    }
    let bearer = Bearer(Ok(state.verifier.recall(caller::token(request.headers()).ok()?)?));
    let question = Question::new(&bearer.0, text(request.uri()))?;
    let address = client_address::of(state, peer, request.headers());
    let recalled = state.registry.recall(question, Some(id.as_str()), Some(address));
    let Some(mut answer) = recalled else {
        // Nobody needs to look at the token again, nor for the answer.
        request.extensions_mut().insert(bearer);
        request.extensions_mut().insert(NotRecalled);
        return None;
    };
    let asked = match answer.what.take() {
        Some(What::Route(asked)) => asked,
        _ => Asked::new("GET", None),
    };
    Some((asked, Known::of(request.headers()).or_not_modified(told(answer))))
}

/// The answer of a route, which is remembered where it can be.
pub(super) async fn answer(state: &AppState, request: Request<Body>, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(within) = place(&parts) else { return next.run(Request::from_parts(parts, body)).await };
    let is_new_token = parts.extensions.get::<NotRecalled>().is_none();
    let Ok(bearer) = Bearer::from_request_parts(&mut parts, state).await;
    let question = Question::new(&bearer.0, text(&parts.uri));
    let id = parts.extensions.get().map(RequestId::as_str);
    if let Some(question) = question.filter(|_| is_new_token)
        && let Some(answer) = state.registry.recall(question, id, None)
    {
        return Known::of(&parts.headers).or_not_modified(told(answer));
    }
    if let Some(question) = question
        && let Some(answer) = state.registry.overhear(question, id).await
    {
        return Known::of(&parts.headers).or_not_modified(told(answer));
    }
    let route = parts.extensions.get::<MatchedPath>().cloned();
    let asking = question.and_then(|question| state.registry.asking(question, within));
    parts.extensions.insert(bearer);
    let Some(asking) = asking else { return next.run(Request::from_parts(parts, body)).await };
    // What the caller has already is compared with the whole answer, which is to be remembered.
    let known = Known::of(&parts.headers);
    parts.headers.remove(header::IF_NONE_MATCH);
    parts.extensions.insert(asking.witness());
    let response = next.run(Request::from_parts(parts, body)).await;
    let response = match remembered(response, route).await {
        Ok(answer) => {
            asking.answered(answer.clone());
            told(answer)
        }
        Err(response) => response,
    };
    known.or_not_modified(response)
}

/// What is asked.
fn text(uri: &Uri) -> &str {
    uri.path_and_query().map_or("", |text| text.as_str())
}

/// What a request that can be answered from memory is about: one community, or any; none when it cannot.
fn place(parts: &Parts) -> Option<Option<CommunityKey>> {
    let route = parts.extensions.get::<MatchedPath>()?.as_str();
    if parts.method != Method::GET {
        return None;
    }
    if REMEMBERED.contains(&route) {
        return Some(None);
    }
    let below = route.strip_prefix(COMMUNITY)?;
    let key = OF_COMMUNITY.contains(&below).then(|| parts.uri.path().split('/').nth(3))??;
    let key = percent_decode_str(key).decode_utf8().ok()?;
    Some(Some(CommunityKey::from(key.as_ref())))
}

/// What can be remembered of an answer; the answer itself when that is not all of it.
async fn remembered(response: Response, route: Option<MatchedPath>) -> Result<Answer, Response> {
    let is_plain = |headers: &HeaderMap| {
        headers.keys().all(|name| HEADERS.contains(name))
            && headers.get(header::CONTENT_TYPE) == Some(&JSON)
            && headers.get(header::CACHE_CONTROL) == Some(&PRIVATE)
    };
    if response.status() != StatusCode::OK
        || !is_plain(response.headers())
        || response.body().size_hint().exact().is_none()
    {
        return Err(response);
    }
    let Some(tag) = response.headers().get(header::ETAG) else { return Err(response) };
    let entity_tag = tag.as_bytes().to_vec().into();
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => {
            let what = Some(What::Route(Asked::new("GET", route)));
            Ok(Answer { entity_tag, body: body.to_bytes(), what })
        }
        Err(_) => Err(Response::from_parts(parts, Body::empty())),
    }
}

fn told(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response.headers_mut().insert(header::CACHE_CONTROL, PRIVATE);
    if let Ok(tag) = HeaderValue::from_maybe_shared(answer.entity_tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
