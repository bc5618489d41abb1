//! The parameters, conditions and ids of a request as somebody sends them.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tower::ServiceExt as _;

use super::{Given, IdList, IfMatch, JsonBody, Parameters, Retry};
use crate::domain::closed_set::{AssetType, MemberRole, MemberStatus};
use crate::domain::cursor::ListKind;
use crate::domain::page::{MAX_PAGE, MIN_PAGE, PageRequest};
use crate::domain::precondition::Seen;
use crate::http::Problem;

/// What every text must be for both databases to keep it.
fn can_be_kept(text: &str) {
    assert!(!text.contains('\0'), "{text:?}");
}

fn has_bounds(page: &PageRequest) {
    assert!((MIN_PAGE..=MAX_PAGE).contains(&page.size), "{page:?}");
}

fn read_all(given: &mut Given) {
    for name in ["key", "rest"] {
        can_be_kept(&given.segment::<String>(name));
    }
    for name in ["text", "area", "community"] {
        given.text(name).iter().for_each(|text| can_be_kept(text));
        given.every::<String>(name).iter().flatten().for_each(|text| can_be_kept(text));
    }
    _ = (given.word::<MemberRole>("role"), given.word::<MemberStatus>("status"));
    _ = (given.word::<AssetType>("asset_type"), given.boolean("active"), given.whole_number("first"));
    _ = (given.instant("since"), given.instant("until"), given.moment("at"));
    for list in [ListKind::Members, ListKind::DeliveryPoints, ListKind::Audit, ListKind::Revisions] {
        has_bounds(&given.page(list));
    }
}

async fn handler(
    parameters: Parameters,
    IfMatch(seen): IfMatch,
    retry: Retry,
    body: JsonBody,
) -> Result<&'static str, Problem> {
    parameters.read(read_all)?;
    if let Seen::Tagged(tags) = &seen {
        assert!(tags.iter().all(|tag| !tag.is_empty() && tag.trim() == tag), "{tags:?}");
    }
    drop(retry);
    // What no database keeps is nobody's id: the services leave it out.
    IdList::read(&body, "dids")?;
    body.node()?;
    Ok("read")
}

/// Reads lines of bytes as the target of a request, its `If-Match`, its `Idempotency-Key`, its `Content-Type`; the rest is
/// its body.
///
/// # Panics
/// When the answer is neither what was read nor a refusal that names what is wrong.
pub fn parameters(bytes: &[u8]) {
    let mut lines = bytes.splitn(5, |&byte| byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let mut request = Request::post(line());
    for name in ["if-match", "idempotency-key", header::CONTENT_TYPE.as_str()] {
        match HeaderValue::from_bytes(line()) {
            Ok(value) if !value.is_empty() => request = request.header(name, value),
            _ => {}
        }
    }
    let Ok(request) = request.body(Body::from(Bytes::copy_from_slice(line()))) else { return };
    let router: Router =
        Router::new().route("/{key}", post(handler)).route("/{key}/by-id/{*rest}", post(handler));
    let answered = async {
        let Ok(response) = router.oneshot(request).await;
        judge(response).await;
    };
    assert!(answered.now_or_never().is_some(), "nothing is waited for");
}

/// What a refusal says. Not as a tree of values: what was given comes back in it, and may be a number that no float holds.
#[derive(Debug, Deserialize)]
struct Refusal<'b> {
    code: Option<String>,
    #[serde(borrow)]
    detail: &'b RawValue,
}

#[derive(Debug, Deserialize)]
struct OneProblem {
    #[serde(rename = "type")]
    rule: String,
    #[serde(rename = "msg")]
    message: String,
    #[serde(rename = "loc")]
    location: Vec<Value>,
}

async fn judge(response: Response) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    match status {
        200 => assert_eq!(body, "read"),
        404 => assert!(body.is_empty(), "no route"),
        415 | 422 => {
            let said = serde_json::from_slice::<Refusal<'_>>(&body);
            assert!(said.is_ok(), "{said:?} {body:?}");
            let Ok(Refusal { code, detail }) = said else { return };
            let Ok(problems) = serde_json::from_str::<Vec<OneProblem>>(detail.get()) else {
                assert!(status == 415 && serde_json::from_str::<String>(detail.get()).is_ok(), "{detail}");
                return;
            };
            assert_eq!(code.as_deref(), Some("validation_error"));
            assert!(!problems.is_empty(), "{detail}");
            for problem in problems {
                assert!(!problem.rule.is_empty() && !problem.message.is_empty(), "{detail}");
                assert!(!problem.location.is_empty(), "{detail}");
            }
        }
        other => assert_eq!(other, 200, "{body:?}"),
    }
}
