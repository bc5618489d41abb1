//! The bodies of refusals, as the OpenAPI document describes them. They are written by
//! [`crate::http::Problem`], at one place for every route.

#![expect(dead_code, reason = "these types describe bodies that are written elsewhere")]

use utoipa::{IntoResponses, ToSchema};

use super::import::Refusal;

/// Why a request was refused.
#[derive(ToSchema)]
pub struct ErrorResponse {
    /// A sentence for people. Its wording may change: branch on `code`.
    #[schema(example = "There is no such member")]
    detail: String,
    /// The machine code, where a client can act on the refusal.
    #[schema(example = "member_not_found")]
    code: Option<String>,
    /// The grant that is missing; with `forbidden` alone.
    #[schema(example = "rec-registry.read")]
    required: Option<String>,
}

/// Why an import was refused.
#[derive(ToSchema)]
pub struct ImportRefused {
    /// A sentence for people.
    #[schema(example = "owner is not a role: consumer, prosumer, producer, operator, admin are")]
    detail: String,
    /// The machine code of the first refusal.
    #[schema(example = "invalid_role")]
    code: String,
    /// Every problem of the body.
    refusals: Vec<Refusal>,
}

/// Values of the request that do not fit their types or bounds.
#[derive(ToSchema)]
pub struct ValidationErrorResponse {
    /// Every problem of the request.
    detail: Vec<InvalidValue>,
    /// Always `validation_error`.
    #[schema(example = "validation_error")]
    code: String,
}

/// A value that does not fit its type or bound.
#[derive(ToSchema)]
pub struct InvalidValue {
    /// The rule that was broken.
    #[schema(example = "less_than_equal")]
    r#type: String,
    /// Where the value stands.
    #[schema(example = json!(["query", "limit"]))]
    loc: Vec<String>,
    /// What is wrong and what would be right.
    #[schema(example = "a number from 1 to 500")]
    msg: String,
    /// The value as it was given.
    #[schema(example = "501")]
    input: Option<serde_json::Value>,
}

/// What a body of an import may be refused with.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum ImportUnprocessable {
    /// The bundle is refused.
    Refused(ImportRefused),
    /// A parameter, or JSON that is broken.
    Invalid(ValidationErrorResponse),
}

/// What every route with a token may answer.
#[derive(IntoResponses)]
pub enum Unauthenticated {
    /// There is no token, or a bad one.
    #[response(status = 401)]
    Unauthenticated(ErrorResponse),
}

/// What a route that needs a grant may answer.
#[derive(IntoResponses)]
pub enum Forbidden {
    /// There is no token, or a bad one.
    #[response(status = 401)]
    Unauthenticated(ErrorResponse),
    /// The grant is missing: `forbidden`.
    #[response(status = 403)]
    Forbidden(ErrorResponse),
}

/// What a route that needs a membership may answer.
#[derive(IntoResponses)]
pub enum NoMembership {
    /// There is no token, or a bad one.
    #[response(status = 401)]
    Unauthenticated(ErrorResponse),
    /// No active membership: `not_a_member`.
    #[response(status = 403)]
    NotAMember(ErrorResponse),
    /// Several active memberships, and `community` names none: `ambiguous_member`.
    #[response(status = 409)]
    Ambiguous(ErrorResponse),
}

/// What a route of one thing may answer.
#[derive(IntoResponses)]
pub enum NotFound {
    /// There is no such thing, or none that the caller may know of.
    #[response(status = 404)]
    NotFound(ErrorResponse),
}

/// What a lookup may answer.
#[derive(IntoResponses)]
pub enum NoHolder {
    /// No active member holds it.
    #[response(status = 404)]
    Nobody(ErrorResponse),
    /// Several active members do: `ambiguous_member`, `ambiguous_sensor`, `ambiguous_delivery_point`.
    #[response(status = 409)]
    Several(ErrorResponse),
}

/// What a route with parameters or a body may answer.
#[derive(IntoResponses)]
pub enum Invalid {
    /// Values of the request do not fit their types or bounds.
    #[response(status = 422)]
    Invalid(ValidationErrorResponse),
}

/// What a route with a JSON body may answer.
#[derive(IntoResponses)]
pub enum NotRead {
    /// The body is larger than the limit.
    #[response(status = 413)]
    TooLarge(ErrorResponse),
    /// The body is not JSON by its own account.
    #[response(status = 415)]
    WrongType(ErrorResponse),
}

/// What a write may answer whose body is held to rules of the model.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum WriteUnprocessable {
    /// A rule of the model does not allow the value: its code.
    Rule(ErrorResponse),
    /// Values that do not fit their types or bounds.
    Invalid(ValidationErrorResponse),
}

/// What a write may answer beside what it did.
#[derive(IntoResponses)]
pub enum NotWritten {
    /// The community, or what is to change in it, does not exist, or not for the caller.
    #[response(status = 404)]
    NotFound(ErrorResponse),
    /// The registry as it stands does not allow it; `code` says what is in the way.
    #[response(status = 409)]
    Conflict(ErrorResponse),
    /// It is not what `If-Match` says any more: `changed`.
    #[response(status = 412)]
    Changed(ErrorResponse),
    /// The body is larger than the limit.
    #[response(status = 413)]
    TooLarge(ErrorResponse),
    /// The body is not JSON by its own account.
    #[response(status = 415)]
    WrongType(ErrorResponse),
    /// The request is not as it should be.
    #[response(status = 422)]
    Unprocessable(WriteUnprocessable),
}

/// What an import may answer.
#[derive(IntoResponses)]
pub enum NotImported {
    /// The body cannot be read: not UTF-8, not YAML, no document, nested or expanded beyond the limits.
    #[response(status = 400)]
    Unreadable(ErrorResponse),
    /// `force=false` was stated and the community exists: `community_exists`.
    #[response(status = 409)]
    Exists(ErrorResponse),
    /// The body is larger than the limit.
    #[response(status = 413)]
    TooLarge(ErrorResponse),
    /// The import is refused, as a whole.
    #[response(status = 422)]
    Refused(ImportUnprocessable),
}
