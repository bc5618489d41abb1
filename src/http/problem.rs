//! The one table that turns an error of the services into what each door says: the status and the body
//! of REST, the `extensions.code` of GraphQL, the level of the log.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use tracing::Level;

use crate::domain::error::{AuthenticationFailure, Error, FieldError};
use crate::domain::import::Refusal;

/// What the doors make of a kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The status of REST.
    pub status: StatusCode,
    /// The `extensions.code` of GraphQL.
    pub graphql_code: &'static str,
    /// How loud the log is. A fault of the caller's is none of ours.
    pub level: Level,
}

/// What the doors make of an error.
#[must_use]
pub fn kind(error: &Error) -> Kind {
    let (status, graphql_code, level) = match error {
        Error::InvalidInput(_) => (StatusCode::UNPROCESSABLE_ENTITY, "BAD_USER_INPUT", Level::DEBUG),
        Error::Unreadable(_) => (StatusCode::BAD_REQUEST, "BAD_USER_INPUT", Level::DEBUG),
        Error::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "BAD_USER_INPUT", Level::DEBUG),
        Error::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", Level::DEBUG),
        Error::Forbidden(_) | Error::Denied { .. } => (StatusCode::FORBIDDEN, "FORBIDDEN", Level::DEBUG),
        Error::NotFound { .. } => (StatusCode::NOT_FOUND, "NOT_FOUND", Level::DEBUG),
        Error::Conflict { .. } => (StatusCode::CONFLICT, "CONFLICT", Level::DEBUG),
        // GraphQL has no code of its own for it: the reason tells it from a grant that is missing.
        Error::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "FORBIDDEN", Level::DEBUG),
        Error::Unprocessable { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "BAD_USER_INPUT", Level::DEBUG),
        Error::Changed(_) => (StatusCode::PRECONDITION_FAILED, "CONFLICT", Level::DEBUG),
        Error::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", Level::DEBUG),
        // Nor for it, which is in the log as one line a request.
        Error::Overloaded { .. } => (StatusCode::SERVICE_UNAVAILABLE, "INTERNAL_SERVER_ERROR", Level::DEBUG),
        Error::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "INTERNAL_SERVER_ERROR", Level::WARN),
        Error::Internal { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", Level::ERROR),
    };
    Kind { status, graphql_code, level }
}

/// The `extensions.code` of an error.
#[must_use]
pub fn graphql_code(error: &Error) -> &'static str {
    kind(error).graphql_code
}

/// Writes to the log what the caller is not told.
pub fn log(error: &Error) {
    let Some(internal) = error.internal_text() else { return };
    // The level of an event is fixed where it is written.
    if kind(error).level == Level::ERROR {
        tracing::error!(internal, "the request failed");
    } else {
        tracing::warn!(internal, "the request failed");
    }
}

/// The body of every answer that is an error.
#[derive(Serialize)]
struct Body<'a> {
    detail: Detail<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusals: Option<Vec<RefusalBody<'a>>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    Sentence(String),
    Fields(Vec<FieldBody<'a>>),
}

#[derive(Serialize)]
struct FieldBody<'a> {
    #[serde(rename = "type")]
    rule: &'static str,
    loc: &'a [String],
    msg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Input<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Input<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

#[derive(Serialize)]
struct RefusalBody<'a> {
    code: &'static str,
    detail: &'a str,
    document: usize,
    path: &'a str,
}

impl<'a> From<&'a FieldError> for FieldBody<'a> {
    fn from(field: &'a FieldError) -> Self {
        let input = field
            .input
            .as_deref()
            .map(|text| serde_json::from_str(text).map_or(Input::Text(text), Input::Json));
        Self { rule: field.rule, loc: &field.location, msg: &field.message, input }
    }
}

impl<'a> From<&'a Refusal> for RefusalBody<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        Self {
            code: refusal.code.as_str(),
            detail: &refusal.detail,
            document: refusal.document,
            path: &refusal.path,
        }
    }
}

/// An error as the answer of a REST route.
#[derive(Debug, Clone)]
pub struct Problem(pub Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(error) = self;
        log(&error);
        let body = Body {
            detail: match &error {
                Error::InvalidInput(fields) => Detail::Fields(fields.iter().map(FieldBody::from).collect()),
                _ => Detail::Sentence(error.public()),
            },
            code: error.code().map(|code| code.as_str()),
            required: match &error {
                Error::Forbidden(operation) => Some(operation.required_scope()),
                _ => None,
            },
            refusals: match &error {
                Error::Refused(refusals) => Some(refusals.iter().map(RefusalBody::from).collect()),
                _ => None,
            },
        };
        let mut response = (kind(&error).status, Json(body)).into_response();
        if let Error::Unauthenticated(failure) = &error {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge(*failure));
        }
        if let Some(seconds) = error.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The challenge of RFC 6750.
fn challenge(failure: AuthenticationFailure) -> HeaderValue {
    let text = format!(r#"Bearer error="invalid_token", error_description="{}""#, failure.public());
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(r#"Bearer error="invalid_token""#))
}

/// An answer about the request as such, which no service has seen: an unknown route, a wrong method.
pub fn answer(status: StatusCode, detail: &str) -> Response {
    let body =
        Body { detail: Detail::Sentence(detail.to_owned()), code: None, required: None, refusals: None };
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::code::Code;
    use crate::domain::grant::Operation;

    const SECRET: &str = "table member";

    /// One error of each variant, with the answer that it gives. A new variant does not compile
    /// until it is named here.
    fn expected(error: &Error) -> (u16, &'static str, Value) {
        match error {
            Error::InvalidInput(_) => (
                422,
                "BAD_USER_INPUT",
                json!({"code": "validation_error", "detail": [
                    {"type": "int_parsing", "loc": ["query", "limit"], "msg": "a whole number", "input": "x"},
                    {"type": "missing", "loc": ["body"], "msg": "give a body"},
                ]}),
            ),
            Error::Unreadable(_) => (400, "BAD_USER_INPUT", json!({"detail": "not YAML"})),
            Error::Refused(_) => (
                422,
                "BAD_USER_INPUT",
                json!({"code": "invalid_role", "detail": "no such role", "refusals": [
                    {"code": "invalid_role", "detail": "no such role", "document": 1, "path": "members.a.role"},
                ]}),
            ),
            Error::Unauthenticated(_) => {
                (401, "UNAUTHENTICATED", json!({"detail": "Not authenticated: expired"}))
            }
            Error::Forbidden(_) => (
                403,
                "FORBIDDEN",
                json!({
                    "code": "forbidden", "required": "rec-registry.import",
                    "detail": "This operation needs the grant rec-registry.import",
                }),
            ),
            Error::Denied { .. } => (403, "FORBIDDEN", json!({"code": "not_a_member", "detail": "no"})),
            Error::NotFound { .. } => {
                (404, "NOT_FOUND", json!({"code": "asset_not_found", "detail": "no such asset"}))
            }
            Error::Conflict { .. } => {
                (409, "CONFLICT", json!({"code": "community_exists", "detail": "it exists"}))
            }
            Error::RateLimited { .. } => (
                429,
                "FORBIDDEN",
                json!({"code": "rate_limited", "detail": "Asked too often: try again in 2 s"}),
            ),
            Error::Overloaded { .. } => (
                503,
                "INTERNAL_SERVER_ERROR",
                json!({"detail": "Too much is asked at the same time; try again"}),
            ),
            Error::Unprocessable { .. } => {
                (422, "BAD_USER_INPUT", json!({"code": "unknown_area", "detail": "no such area"}))
            }
            Error::Changed(_) => (412, "CONFLICT", json!({"code": "changed", "detail": "it is another"})),
            Error::TooLarge(_) => (413, "PAYLOAD_TOO_LARGE", json!({"detail": "too large"})),
            Error::Unavailable { .. } => (503, "INTERNAL_SERVER_ERROR", json!({"detail": "try again"})),
            Error::Internal { .. } => (500, "INTERNAL_SERVER_ERROR", json!({"detail": "Internal error"})),
        }
    }

    fn one_of_each() -> Vec<Error> {
        let field = |rule, location: &[&str], message: &str, input: Option<&str>| FieldError {
            rule,
            location: location.iter().map(|&part| part.to_owned()).collect(),
            message: message.to_owned(),
            input: input.map(str::to_owned),
        };
        vec![
            Error::InvalidInput(vec![
                field("int_parsing", &["query", "limit"], "a whole number", Some("x")),
                field("missing", &["body"], "give a body", None),
            ]),
            Error::Unreadable("not YAML".to_owned()),
            Error::Refused(vec![Refusal {
                code: Code::InvalidRole,
                detail: "no such role".to_owned(),
                document: 1,
                path: "members.a.role".to_owned(),
            }]),
            Error::Unauthenticated(AuthenticationFailure::Expired),
            Error::Forbidden(Operation::Import),
            Error::Denied { code: Code::NotAMember, detail: "no".to_owned() },
            Error::not_found(Code::AssetNotFound, "no such asset"),
            Error::conflict(Code::CommunityExists, "it exists"),
            Error::RateLimited { retry_after: std::time::Duration::from_millis(1_200) },
            Error::Overloaded { retry_after: std::time::Duration::from_secs(1) },
            Error::Unprocessable { code: Code::UnknownArea, detail: "no such area".to_owned() },
            Error::Changed("it is another".to_owned()),
            Error::TooLarge("too large".to_owned()),
            Error::Unavailable { public: "try again", internal: SECRET.to_owned() },
            Error::internal(SECRET),
        ]
    }

    #[tokio::test]
    async fn every_error_has_its_answer_at_both_doors() {
        for error in one_of_each() {
            let (status, graphql, body) = expected(&error);
            assert_eq!(graphql_code(&error), graphql, "{error:?}");
            let response = Problem(error.clone()).into_response();
            assert_eq!(response.status().as_u16(), status, "{error:?}");
            let text = response.into_body().collect().await.expect("a body").to_bytes();
            assert_eq!(serde_json::from_slice::<Value>(&text).expect("JSON"), body, "{error:?}");
            assert!(!text.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
        }
    }

    #[test]
    fn a_refused_token_is_answered_with_a_challenge() {
        let response = Problem(Error::Unauthenticated(AuthenticationFailure::Missing)).into_response();
        assert_eq!(
            response.headers()[header::WWW_AUTHENTICATE],
            r#"Bearer error="invalid_token", error_description="no bearer token""#
        );
    }

    #[test]
    fn an_input_that_is_json_is_shown_as_such() {
        let shown = |input: &str| {
            let field = FieldError {
                rule: "r",
                location: Vec::new(),
                message: String::new(),
                input: Some(input.to_owned()),
            };
            serde_json::to_value(FieldBody::from(&field)).expect("JSON")["input"].clone()
        };
        assert_eq!(shown("7"), json!(7));
        assert_eq!(shown("{\"a\": [1]}"), json!({"a": [1]}));
        assert_eq!(shown("seven"), json!("seven"));
    }
}
