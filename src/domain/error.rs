//! The one error of the services. It knows no transport: the doors turn its kind into a status or an
//! `extensions.code`. The public text and the internal one never meet in one string.

use std::time::Duration;

use super::code::Code;
use super::grant::Operation;
use super::import::Refusal;

/// A value of the request that does not fit its type or bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// A short name of the rule that was broken: `int_parsing`, `less_than_equal`, `missing`.
    pub rule: &'static str,
    /// Where the value stands: `["query", "limit"]`.
    pub location: Vec<String>,
    /// What is wrong and what would be right.
    pub message: String,
    /// The value as it was given, as JSON text; none where there was none.
    pub input: Option<String>,
}

/// Why an operation was not done.
#[derive(Debug, Clone)]
pub enum Error {
    /// Values of the request do not fit their types or bounds.
    InvalidInput(Vec<FieldError>),
    /// A body that cannot be read at all.
    Unreadable(String),
    /// An import's refusals, all of them.
    Refused(Vec<Refusal>),
    /// No token, or a bad one.
    Unauthenticated(AuthenticationFailure),
    /// The grant for the operation is missing.
    Forbidden(Operation),
    /// The caller may not, for a reason of its own.
    Denied {
        /// The machine code.
        code: Code,
        /// A sentence.
        detail: String,
    },
    /// No such thing, or none that the caller may know of.
    NotFound {
        /// The machine code.
        code: Code,
        /// A sentence.
        detail: String,
    },
    /// The registry as it stands does not allow it.
    Conflict {
        /// The machine code.
        code: Code,
        /// A sentence.
        detail: String,
    },
    /// Asked more often than a limit allows.
    RateLimited {
        /// After how long it may be asked again.
        retry_after: Duration,
    },
    /// Too much is being done already.
    Overloaded {
        /// After how long it may be asked again.
        retry_after: Duration,
    },
    /// A rule of the model does not allow the value.
    Unprocessable {
        /// The machine code.
        code: Code,
        /// A sentence.
        detail: String,
    },
    /// The thing is no longer what the caller has seen.
    Changed(String),
    /// Larger than a limit allows.
    TooLarge(String),
    /// Not possible now; worth another try.
    Unavailable {
        /// For the caller.
        public: &'static str,
        /// For the log.
        internal: String,
    },
    /// A fault of this service.
    Internal {
        /// For the log. It never reaches a caller.
        internal: String,
    },
}

/// Which check of a token failed, in the general words that a caller may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationFailure {
    /// There is no token.
    Missing,
    /// It is no JSON web token, or the header is not `Bearer`.
    Malformed,
    /// Its algorithm is not allowed.
    Algorithm,
    /// No key of the issuer made it, or none could be had.
    UnknownKey,
    /// Its signature does not fit.
    Signature,
    /// It is past its `exp`.
    Expired,
    /// It is before its `nbf`.
    NotYetValid,
    /// Another issuer made it.
    Issuer,
    /// It is for another audience.
    Audience,
    /// A claim that must be there is not, or has the wrong type.
    Claims,
}

impl AuthenticationFailure {
    /// The general words.
    #[must_use]
    pub fn public(self) -> &'static str {
        match self {
            Self::Missing => "no bearer token",
            Self::Malformed => "not a bearer token",
            Self::Algorithm => "algorithm not allowed",
            Self::UnknownKey => "unknown key",
            Self::Signature => "bad signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
            Self::Issuer => "wrong issuer",
            Self::Audience => "wrong audience",
            Self::Claims => "missing or malformed claim",
        }
    }
}

impl Error {
    /// No such thing.
    #[must_use]
    pub fn not_found(code: Code, detail: impl Into<String>) -> Self {
        Self::NotFound { code, detail: detail.into() }
    }

    /// The registry as it stands does not allow it.
    #[must_use]
    pub fn conflict(code: Code, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    /// A fault of this service.
    #[must_use]
    pub fn internal(internal: impl Into<String>) -> Self {
        Self::Internal { internal: internal.into() }
    }

    /// One value of the request that does not fit.
    #[must_use]
    pub fn invalid(
        rule: &'static str,
        location: &[&str],
        message: impl Into<String>,
        input: Option<String>,
    ) -> Self {
        Self::InvalidInput(vec![FieldError {
            rule,
            location: location.iter().map(|&part| part.to_owned()).collect(),
            message: message.into(),
            input,
        }])
    }

    /// The machine code beside the sentence, where there is one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::InvalidInput(_) => Some(Code::ValidationError),
            Self::Refused(refusals) => refusals.first().map(|refusal| refusal.code),
            Self::Forbidden(_) => Some(Code::Forbidden),
            Self::RateLimited { .. } => Some(Code::RateLimited),
            Self::Denied { code, .. }
            | Self::NotFound { code, .. }
            | Self::Conflict { code, .. }
            | Self::Unprocessable { code, .. } => Some(*code),
            Self::Changed(_) => Some(Code::Changed),
            Self::Unreadable(_)
            | Self::Unauthenticated(_)
            | Self::TooLarge(_)
            | Self::Overloaded { .. }
            | Self::Unavailable { .. }
            | Self::Internal { .. } => None,
        }
    }

    /// The sentence for the caller.
    #[must_use]
    pub fn public(&self) -> String {
        match self {
            Self::InvalidInput(fields) => {
                fields.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join("; ")
            }
            Self::Refused(refusals) => match refusals.as_slice() {
                [] => "The import was refused".to_owned(),
                [only] => only.detail.clone(),
                [first, rest @ ..] => format!("{} (and {} more)", first.detail, rest.len()),
            },
            Self::Unauthenticated(failure) => format!("Not authenticated: {}", failure.public()),
            Self::Forbidden(operation) => {
                format!("This operation needs the grant {}", operation.required_scope())
            }
            Self::RateLimited { .. } => {
                format!("Asked too often: try again in {} s", self.retry_after_seconds().unwrap_or(1))
            }
            Self::Overloaded { .. } => "Too much is asked at the same time; try again".to_owned(),
            Self::Unreadable(detail)
            | Self::TooLarge(detail)
            | Self::Changed(detail)
            | Self::Unprocessable { detail, .. }
            | Self::Denied { detail, .. }
            | Self::NotFound { detail, .. }
            | Self::Conflict { detail, .. } => detail.clone(),
            Self::Unavailable { public, .. } => (*public).to_owned(),
            Self::Internal { .. } => "Internal error".to_owned(),
        }
    }

    /// After how many whole seconds it may be asked again, where time helps.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after } => {
                Some(retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0))
                    .map(|wait| wait.max(1))
            }
            Self::Unavailable { .. } => Some(1),
            _ => None,
        }
    }

    /// What the log is to say; none where the caller has been told everything.
    #[must_use]
    pub fn internal_text(&self) -> Option<&str> {
        match self {
            Self::Unavailable { internal, .. } | Self::Internal { internal } => Some(internal),
            _ => None,
        }
    }
}
