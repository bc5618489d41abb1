//! The public keys of an issuer, as its JSON web key set gives them.

use std::collections::BTreeSet;
use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Most keys of a set that are looked at. Issuers publish one to five.
const MAX_KEYS: usize = 64;

/// The public keys of an issuer.
#[derive(Debug, Clone, Default)]
pub struct KeySet(Vec<Key>);

/// A text that should have been a JSON web key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedKeySet;

impl fmt::Display for MalformedKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a JSON web key set")
    }
}

impl std::error::Error for MalformedKeySet {}

#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    /// What tokens it may have signed.
    algorithms: Vec<Algorithm>,
    public: DecodingKey,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

/// A key of the set, of any kind: each kind has its own fields.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JSON web key set. Keys that cannot have signed a token — of other kinds, for encryption,
    /// secret ones — are left out.
    ///
    /// # Errors
    /// When it is no key set.
    pub fn parse(jwks: &[u8]) -> Result<Self, MalformedKeySet> {
        let jwks: Jwks = serde_json::from_slice(jwks).map_err(|_| MalformedKeySet)?;
        Ok(Self(
            jwks.keys
                .into_iter()
                .take(MAX_KEYS)
                .filter_map(|key| serde_json::from_value(key).ok())
                .filter_map(Key::from_jwk)
                .collect(),
        ))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What tokens the keys may have signed, each algorithm once.
    #[must_use]
    pub fn algorithms(&self) -> Vec<String> {
        let all: BTreeSet<_> =
            self.0.iter().flat_map(|key| &key.algorithms).map(|a| format!("{a:?}")).collect();
        all.into_iter().collect()
    }

    /// How many keys have no id, so that every token is tried with each of them.
    #[must_use]
    pub fn nameless(&self) -> usize {
        self.0.iter().filter(|key| key.id.is_none()).count()
    }

    /// Whether there is a key of this id; for a token that names none, any key.
    pub(super) fn knows(&self, id: Option<&str>) -> bool {
        self.named(id).next().is_some()
    }

    /// The keys of this id that may sign with an algorithm; every such key where no id is named.
    pub(super) fn candidates(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &DecodingKey> {
        self.named(id).filter(move |key| key.algorithms.contains(&algorithm)).map(|key| &key.public)
    }

    fn named(&self, id: Option<&str>) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| id.is_none_or(|id| key.id.as_deref() == Some(id)))
    }
}

impl Key {
    fn from_jwk(jwk: Jwk) -> Option<Self> {
        let signs = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
            && jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !signs {
            return None;
        }
        let (fitting, public): (&[(&str, Algorithm)], _) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => (
                &[
                    ("RS256", Algorithm::RS256),
                    ("RS384", Algorithm::RS384),
                    ("RS512", Algorithm::RS512),
                    ("PS256", Algorithm::PS256),
                    ("PS384", Algorithm::PS384),
                    ("PS512", Algorithm::PS512),
                ],
                DecodingKey::from_rsa_components(jwk.n.as_deref()?, jwk.e.as_deref()?),
            ),
            ("EC", Some(curve @ ("P-256" | "P-384"))) => (
                if curve == "P-256" {
                    &[("ES256", Algorithm::ES256)]
                } else {
                    &[("ES384", Algorithm::ES384)]
                },
                DecodingKey::from_ec_components(jwk.x.as_deref()?, jwk.y.as_deref()?),
            ),
            ("OKP", Some("Ed25519")) => (
                &[("EdDSA", Algorithm::EdDSA), ("Ed25519", Algorithm::EdDSA)],
                DecodingKey::from_ed_components(jwk.x.as_deref()?),
            ),
            _ => return None,
        };
        let algorithms: Vec<Algorithm> = fitting
            .iter()
            .filter(|(name, _)| jwk.alg.as_deref().is_none_or(|alg| alg == *name))
            .map(|(_, algorithm)| *algorithm)
            .collect();
        (!algorithms.is_empty()).then_some(Self { id: jwk.kid, algorithms, public: public.ok()? })
    }
}
