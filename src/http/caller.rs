//! Who is calling, from the header `Authorization`.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::state::AppState;
use crate::auth::Verifier;
use crate::domain::error::AuthenticationFailure;
use crate::service::Caller;

/// Who is calling, or why that is not known. Taking it never fails: the services say what needs a caller.
#[derive(Debug, Clone)]
pub struct Bearer(pub Caller);

impl FromRequestParts<AppState> for Bearer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        match parts.extensions.get::<Self>() {
            Some(known) => Ok(known.clone()),
            None => Ok(Self::of(&parts.headers, state).await),
        }
    }
}

impl Bearer {
    /// Who is calling by these headers. The issuer may have to be asked for its keys.
    pub(super) async fn of(headers: &HeaderMap, state: &AppState) -> Self {
        match token(headers) {
            Ok(token) => Self(verified(&state.verifier, token).await),
            Err(failure) => Self(Err(failure)),
        }
    }
}

/// Whose token it is. Why one is refused is logged.
pub async fn verified(verifier: &Verifier, token: &str) -> Caller {
    verifier.verify(token).await.map_err(|rejection| {
        tracing::info!(check = rejection.failure.public(), detail = rejection.detail, "token refused");
        rejection.failure
    })
}

/// The bearer token of a request.
pub(super) fn token(headers: &HeaderMap) -> Result<&str, AuthenticationFailure> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let value = given.next().ok_or(AuthenticationFailure::Missing)?;
    if given.next().is_some() {
        return Err(AuthenticationFailure::Malformed);
    }
    bearer_token(value.to_str().map_err(|_| AuthenticationFailure::Malformed)?)
}

/// The token behind the word `Bearer`.
///
/// # Errors
/// When the text is something else.
pub fn bearer_token(value: &str) -> Result<&str, AuthenticationFailure> {
    match value.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim_start()),
        _ => Err(AuthenticationFailure::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_behind_the_word_bearer() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().expect("a header"));
            }
            token(&headers).map(str::to_owned)
        };
        assert_eq!(of(&["Bearer a.b.c"]), Ok("a.b.c".to_owned()));
        assert_eq!(of(&["bEARER  a.b.c "]), Ok("a.b.c".to_owned()));
        assert_eq!(of(&[]), Err(AuthenticationFailure::Missing));
        for wrong in
            [&["a.b.c"][..], &["Basic a.b.c"], &["Bearer"], &["Bearer "], &[""], &["Bearer a", "Bearer b"]]
        {
            assert_eq!(of(wrong), Err(AuthenticationFailure::Malformed), "{wrong:?}");
        }
    }
}
