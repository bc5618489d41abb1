//! A token as somebody sends it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::keys::KeySet;
use super::principal::Principal;
use super::verifier::{Rejection, TokenRules, Verifier};

/// When it is, in seconds since 1970.
const NOW: f64 = 1_800_000_000.0;
const ISSUER: &str = "https://id.example.org";
const AUDIENCE: &str = "registry";

/// Public keys of every kind. Their private halves were never kept.
const STRANGERS: &[u8] = include_bytes!("fuzzing_keys.json");

static OF_STRANGERS: LazyLock<Verifier> = LazyLock::new(|| {
    let keys = KeySet::parse(STRANGERS).unwrap_or_default();
    assert_eq!(keys.len(), 4, "the keys are read");
    Verifier::with_keys(rules(), keys)
});

/// The key of an issuer who signs whatever is asked for: what a token says can only be judged behind a good signature.
static OBLIGING: LazyLock<Option<Ed25519KeyPair>> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).ok());

fn rules() -> TokenRules {
    TokenRules {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        user_claim: "preferred_username".to_owned(),
    }
}

/// Reads bytes as a token that nobody signed, as header and claims, each a line, that the issuer signed, and as a set of keys.
///
/// # Panics
/// When a token is taken that should not be.
pub fn tokens(bytes: &[u8]) {
    _ = KeySet::parse(bytes).map(|keys| assert!(keys.len() <= 64, "{} keys", keys.len()));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert!(verified(&OF_STRANGERS, text, NOW).is_err(), "nobody signed {text}");
    let (Some((header, claims)), Some(key)) = (text.split_once('\n'), &*OBLIGING) else { return };
    let token = signed(key, header, claims);
    // A verifier of its own: what it remembers must not depend on what came before.
    let x = URL_SAFE_NO_PAD.encode(key.public_key());
    let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x}]}).to_string();
    let verifier = Verifier::with_keys(rules(), KeySet::parse(jwks.as_bytes()).unwrap_or_default());
    if let Ok(principal) = verified(&verifier, &token, NOW) {
        is_what_it_says(&principal, header, claims);
        assert_eq!(verified(&verifier, &token, NOW), Ok(principal), "what is remembered is the same");
        let after = claim(claims, "exp").as_f64().unwrap_or_default() + 61.0;
        assert!(verified(&verifier, &token, after).is_err(), "it has no end: {claims}");
    }
}

fn verified(verifier: &Verifier, token: &str, now: f64) -> Result<Arc<Principal>, Rejection> {
    let found = verifier.verify_at(token, now).now_or_never();
    assert!(found.is_some(), "keys that are there are not waited for");
    found.unwrap_or_else(|| unreachable!())
}

fn signed(key: &Ed25519KeyPair, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// What stands there by a name. The others are not read: a number that no float holds may stand there.
fn claim(claims: &str, name: &str) -> Value {
    let claims: BTreeMap<String, &RawValue> = serde_json::from_str(claims).unwrap_or_default();
    claims.get(name).and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default()
}

/// Holds a token that was taken to the rules, read anew.
fn is_what_it_says(principal: &Principal, header: &str, claims: &str) {
    assert_eq!(claim(header, "alg"), "EdDSA", "{header}");
    assert!(claim(header, "crit").is_null(), "{header}");
    assert!(claim(header, "kid").is_null() || claim(header, "kid") == "k", "{header}");
    assert_eq!(claim(claims, "iss"), ISSUER, "{claims}");
    let audience = claim(claims, "aud");
    let is_addressed =
        audience == AUDIENCE || audience.as_array().is_some_and(|all| all.contains(&Value::from(AUDIENCE)));
    assert!(is_addressed, "{claims}");
    assert!(claim(claims, "exp").as_f64().is_some_and(|exp| exp + 60.0 > NOW), "{claims}");
    assert!(claim(claims, "nbf").as_f64().is_none_or(|nbf| nbf <= NOW + 60.0), "{claims}");
    assert_eq!(claim(claims, "sub"), principal.subject.as_str(), "{claims}");
    assert!(!principal.subject.is_empty() && !principal.subject.contains('\0'), "{claims}");
    if let Some(name) = &principal.username {
        assert_eq!(claim(claims, "preferred_username"), name.as_str(), "{claims}");
    }
}
