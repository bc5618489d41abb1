//! Whether a token is good, and whose it is.

use std::sync::Arc;

use serde_json::Value;

use super::issuer::Issuer;
use super::keys::KeySet;
use super::principal::Principal;
use super::remembered::{Fingerprint, Found, Remembered};
use super::token::{Claims, UnverifiedToken, check_length};
use super::validity::Validity;
use crate::domain::error::AuthenticationFailure as Failure;
use crate::domain::grant::Grants;
use crate::domain::identifier::UserId;
use crate::domain::timestamp::Timestamp;

/// What a token must say to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRules {
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must be or contain.
    pub audience: String,
    /// The claim that names the user: `preferred_username` unless configured otherwise.
    pub user_claim: String,
}

/// Why a token was not taken: for the caller in general words, for the log in detail. The detail holds
/// neither the token nor anything personal of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Which check failed.
    pub failure: Failure,
    /// How, for the log.
    pub detail: String,
}

impl Rejection {
    pub(super) fn new(failure: Failure, detail: impl Into<String>) -> Self {
        Self { failure, detail: detail.into() }
    }
}

/// Verifies bearer tokens. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    rules: TokenRules,
    keys: Keys,
    remembered: Remembered,
}

/// Where the keys come from.
enum Keys {
    Fixed(Arc<KeySet>),
    Fetched(Issuer),
}

impl Keys {
    /// Those that are known at this moment.
    fn known(&self) -> Arc<KeySet> {
        match self {
            Self::Fixed(keys) => Arc::clone(keys),
            Self::Fetched(issuer) => issuer.known_keys(),
        }
    }

    /// Those among which the named one is, if there is one.
    async fn with(&self, key_id: Option<&str>) -> Arc<KeySet> {
        match self {
            Self::Fixed(keys) => Arc::clone(keys),
            Self::Fetched(issuer) => issuer.keys_with(key_id).await,
        }
    }
}

impl Verifier {
    /// A verifier with keys that never change.
    #[must_use]
    pub fn with_keys(rules: TokenRules, keys: KeySet) -> Self {
        Self::new(rules, Keys::Fixed(Arc::new(keys)))
    }

    /// A verifier with the keys that an issuer publishes.
    #[must_use]
    pub fn with_issuer(rules: TokenRules, issuer: Issuer) -> Self {
        Self::new(rules, Keys::Fetched(issuer))
    }

    fn new(rules: TokenRules, keys: Keys) -> Self {
        Self(Arc::new(Inner { rules, keys, remembered: Remembered::default() }))
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// When a check fails, saying which.
    pub async fn verify(&self, token: &str) -> Result<Arc<Principal>, Rejection> {
        self.verify_at(token, now()).await
    }

    /// Whose token it is, where it was found good before and is good still. Nobody is asked.
    #[must_use]
    pub fn recall(&self, token: &str) -> Option<Arc<Principal>> {
        check_length(token).ok()?;
        self.recall_at(&Fingerprint::of(token), now()).ok().flatten()
    }

    /// The same, at a time in seconds since 1970.
    fn recall_at(&self, token: &Fingerprint, now: f64) -> Result<Option<Arc<Principal>>, Rejection> {
        let Inner { keys, remembered, .. } = &*self.0;
        let Some(found) = remembered.get(token, &keys.known()) else { return Ok(None) };
        found.validity.check(now).inspect_err(|_| remembered.forget(token))?;
        Ok(Some(Arc::clone(&found.principal)))
    }

    /// Whose token it is, at a time in seconds since 1970.
    pub(super) async fn verify_at(&self, token: &str, now: f64) -> Result<Arc<Principal>, Rejection> {
        check_length(token)?;
        let fingerprint = Fingerprint::of(token);
        if let Some(principal) = self.recall_at(&fingerprint, now)? {
            return Ok(principal);
        }
        // A future of its own: most requests come with a token that is known, and carry no room for this.
        let found = Box::pin(self.find(token, now)).await?;
        let principal = Arc::clone(&found.principal);
        self.0.remembered.keep(fingerprint, found);
        Ok(principal)
    }

    async fn find(&self, text: &str, now: f64) -> Result<Found, Rejection> {
        let token = UnverifiedToken::parse(text)?;
        let keys = self.0.keys.with(token.key_id.as_deref()).await;
        check_signature(&token, &keys)?;
        let claims = token.claims()?;
        let validity = Validity::of(&claims)?;
        validity.check(now)?;
        self.check_addressees(&claims)?;
        let principal = Arc::new(self.principal(&claims, validity)?);
        Ok(Found { keys, validity, principal, length: text.len() })
    }

    fn check_addressees(&self, claims: &Claims) -> Result<(), Rejection> {
        let TokenRules { issuer, audience, .. } = &self.0.rules;
        match claims.get("iss") {
            Some(Value::String(found)) if found == issuer => {}
            Some(found) => {
                let detail = format!("the claim iss is {found}, configured is {issuer:?}");
                return Err(Rejection::new(Failure::Issuer, detail));
            }
            None => return Err(Rejection::new(Failure::Issuer, "the claim iss is missing")),
        }
        let addressed = match claims.get("aud") {
            Some(Value::String(found)) => found == audience,
            Some(Value::Array(items)) => Claims::texts("aud", items)?.contains(&audience.as_str()),
            _ => false,
        };
        if addressed {
            Ok(())
        } else {
            let detail = format!("the claim aud does not name {audience:?}");
            Err(Rejection::new(Failure::Audience, detail))
        }
    }

    fn principal(&self, claims: &Claims, validity: Validity) -> Result<Principal, Rejection> {
        let subject = claims
            .text("sub")?
            .filter(|subject| !subject.is_empty())
            .ok_or_else(|| Rejection::new(Failure::Claims, "the claim sub is missing"))?;
        let username = claims.text(&self.0.rules.user_claim)?.filter(|name| !name.is_empty());
        Ok(Principal {
            subject: subject.to_owned(),
            username: username.map(UserId::from),
            client: client(claims),
            email: claims.text("email")?.map(str::to_owned),
            name: claims.text("name")?.map(str::to_owned),
            grants: grants(claims)?,
            expires_at: Some(timestamp(validity.expires_at)),
        })
    }
}

/// The present, in seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
fn now() -> f64 {
    jiff::Timestamp::now().as_second() as f64
}

fn check_signature(token: &UnverifiedToken<'_>, keys: &KeySet) -> Result<(), Rejection> {
    let key_id = token.key_id.as_deref();
    if !keys.knows(key_id) {
        let detail = format!("none of the issuer's {} keys has the key id of the token", keys.len());
        return Err(Rejection::new(Failure::UnknownKey, detail));
    }
    let mut candidates = keys.candidates(key_id, token.algorithm).peekable();
    if candidates.peek().is_none() {
        let detail = format!("the key of the token does not sign with {:?}", token.algorithm);
        return Err(Rejection::new(Failure::Algorithm, detail));
    }
    let signed = candidates.any(|key| {
        jsonwebtoken::crypto::verify(token.signature, token.message.as_bytes(), key, token.algorithm)
            .unwrap_or(false)
    });
    if signed {
        Ok(())
    } else {
        Err(Rejection::new(Failure::Signature, format!("the {:?} signature is bad", token.algorithm)))
    }
}

/// The client that a token was made for, as far as it says so in a text.
fn client(claims: &Claims) -> Option<String> {
    let named = |claim| claims.text(claim).ok().flatten().filter(|name| !name.is_empty());
    named("azp").or_else(|| named("client_id")).map(str::to_owned)
}

/// The instant this many seconds after 1970; the ends of time for one that is beyond them.
fn timestamp(seconds: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "what is beyond the ends becomes the ends")]
    Timestamp::from_micros((seconds * 1e6) as i64)
}

/// The scopes: the words of `scope`, and the items of `scp`.
fn grants(claims: &Claims) -> Result<Grants, Rejection> {
    let words = claims.text("scope")?.unwrap_or_default().split_ascii_whitespace();
    let listed = match claims.get("scp") {
        None => Vec::new(),
        Some(Value::Array(items)) => Claims::texts("scp", items)?,
        Some(_) => return Err(Rejection::new(Failure::Claims, "the claim scp is no list")),
    };
    Ok(Grants::from_scopes(words.chain(listed)))
}
