//! What a request says of what its caller has seen, and of being asked again.

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};

use super::JsonBody;
use crate::domain::error::Error;
use crate::domain::precondition::Seen;
use crate::domain::retry::{Answer, RequestKey};
use crate::http::Problem;
use crate::service::Ctx;
use crate::service::write::Once;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Most characters of an `Idempotency-Key`.
const MAX_KEY_CHARS: usize = 255;

/// `If-Match`: what the caller has seen of the thing that is to change.
pub struct IfMatch(pub Seen);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(seen(&parts.headers)))
    }
}

fn seen(headers: &HeaderMap) -> Seen {
    let mut given = headers.get_all(header::IF_MATCH).iter().peekable();
    if given.peek().is_none() {
        return Seen::Unsaid;
    }
    let mut tags = Vec::new();
    for value in given {
        // A tag that is no text is nothing that was ever given out.
        tags.extend(entity_tags(value.to_str().unwrap_or_default()));
    }
    if tags.iter().any(|tag| tag == "*") { Seen::Something } else { Seen::Tagged(tags) }
}

/// The entity tags of a list. A comma inside quotes is a part of its tag.
fn entity_tags(list: &str) -> Vec<String> {
    let mut is_quoted = false;
    let parts = list.split(|c| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    });
    parts.map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
}

/// `Idempotency-Key`: the request may be asked again and is done once.
pub struct Retry {
    key: Option<String>,
    route: String,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Retry {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let key = match parts.headers.get(IDEMPOTENCY_KEY) {
            None => None,
            Some(value) => Some(key(value.to_str().unwrap_or_default())?),
        };
        let route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
        Ok(Self { key, route: route.unwrap_or_default(), uri: parts.uri.clone() })
    }
}

fn key(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if (1..=MAX_KEY_CHARS).contains(&text.len()) {
        return Ok(text.to_owned());
    }
    let message = format!("1 to {MAX_KEY_CHARS} visible characters of ASCII");
    Err(Error::invalid("idempotency_key", &["header", IDEMPOTENCY_KEY], message, None))
}

impl Retry {
    /// What it takes to answer the request once, if the caller asks for that.
    ///
    /// # Errors
    /// When the caller is not known.
    pub fn once<T>(
        &self,
        ctx: &Ctx,
        body: &JsonBody,
        answer: fn(&T) -> Answer,
    ) -> Result<Option<Once<T>>, Error> {
        let Some(key) = &self.key else { return Ok(None) };
        let request = [self.uri.path().as_bytes(), self.uri.query().unwrap_or_default().as_bytes(), &body.0];
        let key = RequestKey::new(&ctx.principal()?.subject, &self.route, key, &request);
        Ok(Some(Once { key, answer }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_in(values: &[&'static str]) -> Seen {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, value.parse().unwrap());
        }
        seen(&headers)
    }

    #[test]
    fn entity_tags_come_as_a_list_or_as_a_star() {
        let tagged = |tags: &[&str]| Seen::Tagged(tags.iter().map(|&tag| tag.to_owned()).collect());
        assert_eq!(seen_in(&[]), Seen::Unsaid);
        assert_eq!(seen_in(&["*"]), Seen::Something);
        assert_eq!(seen_in(&["\"a\", W/\"b\"", "\"c,d\""]), tagged(&["\"a\"", "W/\"b\"", "\"c,d\""]));
        assert_eq!(seen_in(&[""]), tagged(&[]));
    }

    #[test]
    fn a_key_has_a_length() {
        assert_eq!(key(" a b ").unwrap(), "a b");
        assert!(key("").is_err() && key(&"x".repeat(256)).is_err());
    }
}
