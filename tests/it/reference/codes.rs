//! Every code of a refusal, and what the doors make of each kind of error: the two tables that they ask.

use std::time::Duration;

use rec_registry::domain::code::Code;
use rec_registry::domain::error::{AuthenticationFailure, Error};
use rec_registry::domain::grant::Operation;
use rec_registry::http::problem::kind;

use super::{code, table};

pub(super) fn page() -> String {
    let kinds = one_of_each().into_iter().map(|error| {
        let kind = kind(&error);
        let retry = if error.retry_after_seconds().is_some() { "with `Retry-After`" } else { "" };
        vec![says(&error).to_owned(), format!("{} {retry}", kind.status.as_u16()), code(kind.graphql_code)]
    });
    let codes = Code::ALL.iter().map(|code| vec![self::code(code.as_str()), code.says().to_owned()]);
    format!(
        "# Errors and codes\n\n## Kinds of errors\n\nREST answers an error with a status and an object: `detail` is a sentence, and \
         `code` a code that a client can act on, where there is one. A value that does not fit its type or bound is told in a list \
         as `detail`, each with its place as `loc`, a sentence as `msg` and a rule as `type`. A refused import has all that is wrong \
         in `refusals`. GraphQL says the kind as `extensions.code`, the code as `extensions.reason`, and of what is absent in a \
         query nothing: it is null.\n\n{}\n## Codes\n\n`code` in REST, `extensions.reason` in GraphQL, `code` of each of an import's \
         `refusals`.\n\n{}",
        table(&["when", "REST", "GraphQL"], kinds),
        table(&["code", "says"], codes),
    )
}

/// What a kind of error is. A new one does not compile until it is named here.
fn says(error: &Error) -> &'static str {
    match error {
        Error::InvalidInput(_) => "Values of the request do not fit their types or bounds",
        Error::Unreadable(_) => "A body cannot be read at all",
        Error::Refused(_) => "An import is refused",
        Error::Unauthenticated(_) => "There is no token, or a bad one",
        Error::Forbidden(_) => "The grant is missing",
        Error::Denied { .. } => "The caller may not, for a reason that the code names",
        Error::NotFound { .. } => "There is no such thing, or none that the caller may know of",
        Error::Conflict { .. } => "The registry as it stands does not allow it",
        Error::RateLimited { .. } => "Asked more often than a limit allows",
        Error::Overloaded { .. } => "Too much is being done already",
        Error::Unprocessable { .. } => "A rule of the model does not allow the value",
        Error::Changed(_) => "Somebody else was faster: `If-Match`, `expectedVersion`",
        Error::TooLarge(_) => "Larger than a limit allows",
        Error::Unavailable { .. } => {
            "The database is away, full, locked, read-only or damaged, or a time is over"
        }
        Error::Internal { .. } => {
            "A fault of the service; the log knows more, under the `X-Request-Id` of the answer"
        }
    }
}

fn one_of_each() -> Vec<Error> {
    let (code, detail, retry_after) = (Code::ValidationError, String::new(), Duration::from_secs(1));
    vec![
        Error::InvalidInput(Vec::new()),
        Error::Unreadable(detail.clone()),
        Error::Refused(Vec::new()),
        Error::Unauthenticated(AuthenticationFailure::Missing),
        Error::Forbidden(Operation::Read),
        Error::Denied { code, detail: detail.clone() },
        Error::NotFound { code, detail: detail.clone() },
        Error::Conflict { code, detail: detail.clone() },
        Error::Changed(detail.clone()),
        Error::TooLarge(detail.clone()),
        Error::Unprocessable { code, detail },
        Error::RateLimited { retry_after },
        Error::Overloaded { retry_after },
        Error::Unavailable { public: "", internal: String::new() },
        Error::Internal { internal: String::new() },
    ]
}
