//! Who is at the other end of a socket. The token is looked at again and again: it expires, and the key
//! that signed it may be taken back.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use serde_json::value::RawValue;

use super::close::Close;
use crate::auth::Verifier;
use crate::domain::error::AuthenticationFailure;
use crate::domain::timestamp::Timestamp;
use crate::graphql::subscription::Subscriber;
use crate::http::{RequestId, bearer_token, verified};
use crate::service::Caller;

/// A client that said who it is.
pub struct Session {
    verifier: Verifier,
    token: String,
    expires_at: Timestamp,
    request_id: RequestId,
}

impl Session {
    /// The session of a client whose first message has this payload: `{"Authorization": "Bearer …"}`, the
    /// name in capitals or small letters, like the header's.
    ///
    /// # Errors
    /// Why the socket is to be closed.
    pub async fn begin(
        payload: Option<&RawValue>,
        verifier: Verifier,
        request_id: RequestId,
    ) -> Result<Self, Close> {
        let authorization = authorization(payload)?;
        let token = bearer_token(&authorization).map_err(Close::forbidden)?.to_owned();
        let mut session = Self { verifier, token, expires_at: Timestamp::default(), request_id };
        let principal = session.caller().await.map_err(Close::forbidden)?;
        session.expires_at = principal.expires_at.unwrap_or_default();
        Ok(session)
    }

    /// How long the token is still good.
    pub fn time_left(&self) -> Duration {
        let micros = self.expires_at.as_micros().saturating_sub(Timestamp::now().as_micros());
        Duration::from_micros(micros.try_into().unwrap_or_default())
    }
}

impl Subscriber for Session {
    /// A token is taken on a socket until it expires and not a moment longer: the leeway that a request is
    /// given is for clocks that differ, not for what goes on.
    async fn caller(&self) -> Caller {
        let principal = verified(&self.verifier, &self.token).await?;
        match principal.expires_at {
            Some(at) if at > Timestamp::now() => Ok(principal),
            _ => Err(AuthenticationFailure::Expired),
        }
    }

    fn request_id(&self) -> Option<String> {
        Some(self.request_id.as_str().to_owned())
    }
}

/// What the payload says under `Authorization`.
fn authorization(payload: Option<&RawValue>) -> Result<String, Close> {
    let payload: Option<HashMap<Cow<'_, str>, &RawValue>> =
        serde_json::from_str(payload.map_or("null", RawValue::get))
            .map_err(|_| Close::bad_request("The payload of connection_init must be an object"))?;
    let mut given = payload.iter().flatten().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let (_, value) = given.next().ok_or(Close::forbidden(AuthenticationFailure::Missing))?;
    match (serde_json::from_str(value.get()), given.next()) {
        (Ok(text), None) => Ok(text),
        _ => Err(Close::forbidden(AuthenticationFailure::Malformed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stands_under_authorization() {
        let of = |json: &str| {
            let payload: Box<RawValue> = serde_json::from_str(json).expect("JSON");
            authorization(Some(&payload))
        };
        assert_eq!(of(r#"{"x":1,"Authorization":"Bearer a.b.c"}"#), Ok("Bearer a.b.c".to_owned()));
        assert_eq!(of(r#"{"authorization":"Bearer a.b.c"}"#), Ok("Bearer a.b.c".to_owned()));
        let (missing, malformed) = (AuthenticationFailure::Missing, AuthenticationFailure::Malformed);
        assert_eq!(authorization(None), Err(Close::forbidden(missing)));
        assert_eq!(of("{}"), Err(Close::forbidden(missing)));
        assert_eq!(of(r#"{"Authorization":1}"#), Err(Close::forbidden(malformed)));
        assert_eq!(of(r#"{"Authorization":"a","authorization":"b"}"#), Err(Close::forbidden(malformed)));
        assert!(matches!(of("[]"), Err(close) if close != Close::forbidden(missing)));
    }
}
