//! Tokens that were found good, so that the next request of a caller costs a hash and not a signature.
//!
//! An answer of the past may have become wrong, so all that can change since is asked again each time: the
//! hour, and whether the issuer's keys are still the very ones that the token was found good with. Nothing is
//! remembered of a token that was refused.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::keys::KeySet;
use super::principal::Principal;
use super::validity::Validity;

/// Most tokens that are remembered.
const MAX_TOKENS: usize = 8_192;
/// Most bytes of tokens that are remembered. What is kept of a token is of the order of its length.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// What a token is remembered by: its SHA-256, signature and all. The token itself is not kept, so that
/// nobody finds it in the memory of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a token.
    pub(super) fn of(token: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(bytes)
    }
}

/// What was found of a token.
pub(super) struct Found {
    /// The keys that it was found good with.
    pub(super) keys: Arc<KeySet>,
    /// When it is good.
    pub(super) validity: Validity,
    /// Whose it is.
    pub(super) principal: Arc<Principal>,
    /// How long it is, in bytes.
    pub(super) length: usize,
}

/// The tokens that were found good, as many as there is room for.
pub(super) struct Remembered(Cache<Fingerprint, Arc<Found>, ByLength>);

impl Default for Remembered {
    fn default() -> Self {
        Self::with_room(MAX_TOKENS, MAX_BYTES)
    }
}

impl Remembered {
    fn with_room(tokens: usize, bytes: u64) -> Self {
        // Where each weighs at least this, there are no more of them than allowed.
        let least = bytes.div_ceil(tokens as u64);
        Self(Cache::with_weighter(tokens, bytes, ByLength { least }))
    }

    /// What was found of a token with these very keys. Keys that were fetched again are others, even where
    /// they say the same: then the token is verified anew.
    pub(super) fn get(&self, token: &Fingerprint, keys: &Arc<KeySet>) -> Option<Arc<Found>> {
        // What is remembered holds on to its keys, so no later set can come to lie where they are.
        self.0.get(token).filter(|found| Arc::ptr_eq(&found.keys, keys))
    }

    /// Remembers a token that was found good.
    pub(super) fn keep(&self, token: Fingerprint, found: Found) {
        self.0.insert(token, Arc::new(found));
    }

    /// Forgets a token.
    pub(super) fn forget(&self, token: &Fingerprint) {
        self.0.remove(token);
    }

    /// How many tokens are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Weighs tokens by their length.
#[derive(Debug, Clone)]
struct ByLength {
    least: u64,
}

impl Weighter<Fingerprint, Arc<Found>> for ByLength {
    fn weight(&self, _token: &Fingerprint, found: &Arc<Found>) -> u64 {
        (found.length as u64).max(self.least)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::token::Claims;
    use super::*;

    fn found(keys: &Arc<KeySet>, length: usize) -> Found {
        let claims: Claims = serde_json::from_value(json!({"exp": 1})).expect("claims");
        let validity = Validity::of(&claims).expect("a time");
        Found { keys: Arc::clone(keys), validity, principal: Principal::local_operator(), length }
    }

    #[test]
    fn a_token_is_known_by_the_whole_of_it_and_with_the_same_keys_alone() {
        let (remembered, keys) = (Remembered::default(), Arc::new(KeySet::default()));
        remembered.keep(Fingerprint::of("a.b.c"), found(&keys, 5));
        assert!(remembered.get(&Fingerprint::of("a.b.c"), &keys).is_some());
        for other in ["a.b.d", "a.b.", "a.b.c ", ""] {
            assert!(remembered.get(&Fingerprint::of(other), &keys).is_none(), "{other:?}");
        }
        assert!(remembered.get(&Fingerprint::of("a.b.c"), &Arc::new(KeySet::default())).is_none());
        remembered.forget(&Fingerprint::of("a.b.c"));
        assert!(remembered.get(&Fingerprint::of("a.b.c"), &keys).is_none());
    }

    #[test]
    fn neither_many_tokens_nor_long_ones_take_more_than_the_room_there_is() {
        let keys = Arc::new(KeySet::default());
        for (length, most) in [(1, 64), (1_000, 64), (4_000, 16)] {
            let remembered = Remembered::with_room(64, 64_000);
            for token in 0..10_000 {
                remembered.keep(Fingerprint::of(&format!("token {token}")), found(&keys, length));
            }
            assert!((1..=most).contains(&remembered.len()), "{length}: {}", remembered.len());
        }
    }
}
