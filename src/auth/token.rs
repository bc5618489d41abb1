//! The parts of a token in compact form, read strictly: what is odd is refused, not guessed at.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::verifier::Rejection;
use crate::domain::error::AuthenticationFailure as Failure;

/// Longest token, in bytes. The tokens of identity providers have 1 to 4 KiB.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A token whose signature has not been looked at: nothing of it may be believed.
pub(super) struct UnverifiedToken<'a> {
    /// The algorithm that it says it is signed with.
    pub algorithm: Algorithm,
    /// The id of the key that it says it is signed with.
    pub key_id: Option<String>,
    /// What the signature is over.
    pub message: &'a str,
    /// The signature, in base64url.
    pub signature: &'a str,
    payload: &'a str,
}

/// Whether a token is short enough to be looked at.
pub(super) fn check_length(token: &str) -> Result<(), Rejection> {
    if token.len() > MAX_TOKEN_BYTES { Err(malformed("the token is longer than 16 KiB")) } else { Ok(()) }
}

fn malformed(why: &str) -> Rejection {
    Rejection::new(Failure::Malformed, why)
}

/// The header fields that matter. A field that stands there twice is refused.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl<'a> UnverifiedToken<'a> {
    /// Takes a token apart.
    pub(super) fn parse(token: &'a str) -> Result<Self, Rejection> {
        let (message, signature) = token.rsplit_once('.').ok_or_else(|| malformed("the token has no dot"))?;
        let (header, payload) =
            message.split_once('.').ok_or_else(|| malformed("the token has one dot, not two"))?;
        if payload.contains('.') {
            return Err(malformed("the token has more than two dots"));
        }
        let header: Header =
            read(header).ok_or_else(|| malformed("the header is not base64url of a JSON header"))?;
        if header.crit.is_some() {
            return Err(malformed("the header has critical extensions, and none is known"));
        }
        let algorithm = allowed_algorithm(&header.alg).ok_or_else(|| {
            Rejection::new(Failure::Algorithm, "the header names an algorithm outside the allow-list")
        })?;
        Ok(Self { algorithm, key_id: header.kid, message, signature, payload })
    }

    /// The claims. To be called when the signature has been found good.
    pub(super) fn claims(&self) -> Result<Claims, Rejection> {
        read(self.payload).ok_or_else(|| {
            Rejection::new(Failure::Claims, "the payload is no JSON object whose keys all differ")
        })
    }
}

/// The algorithms that a token may be signed with: asymmetric ones alone, since whoever can verify
/// must not be able to sign.
fn allowed_algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" => Algorithm::EdDSA,
        _ => return None,
    })
}

fn read<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The claims of a token.
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// A claim; none when it is absent or null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A claim that is a text, if it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Rejection> {
        match self.get(name) {
            None => Ok(None),
            // No database keeps a NUL, and no person has one in the name.
            Some(Value::String(text)) if !text.contains('\0') => Ok(Some(text)),
            Some(_) => Err(Rejection::new(Failure::Claims, format!("the claim {name} is no text"))),
        }
    }

    /// A claim that is a time, in seconds since 1970, if it is there.
    pub(super) fn time(&self, name: &str) -> Result<Option<f64>, Rejection> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_f64()
                .map(Some)
                .ok_or_else(|| Rejection::new(Failure::Claims, format!("the claim {name} is no number"))),
        }
    }

    /// A claim that is a list of texts.
    pub(super) fn texts<'c>(name: &str, items: &'c [Value]) -> Result<Vec<&'c str>, Rejection> {
        items.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(|| {
            Rejection::new(Failure::Claims, format!("the claim {name} holds something that is no text"))
        })
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Distinct;

        impl<'de> Visitor<'de> for Distinct {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut claims = Map::new();
                while let Some((name, value)) = entries.next_entry::<String, Value>()? {
                    if claims.insert(name, value).is_some() {
                        return Err(A::Error::custom("a claim stands there twice"));
                    }
                }
                Ok(claims)
            }
        }

        deserializer.deserialize_map(Distinct).map(Self)
    }
}
