//! From when until when a token is good.

use super::token::Claims;
use super::verifier::Rejection;
use crate::domain::error::AuthenticationFailure as Failure;

/// By how much the clocks of the issuer and of this machine may differ, in seconds.
const LEEWAY_SECONDS: f64 = 60.0;

/// From when until when a token is good, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Validity {
    not_before: Option<f64>,
    /// The claim `exp`.
    pub(super) expires_at: f64,
}

impl Validity {
    /// What the claims `exp`, which must be there, and `nbf` say.
    pub(super) fn of(claims: &Claims) -> Result<Self, Rejection> {
        let expires_at =
            claims.time("exp")?.ok_or_else(|| Rejection::new(Failure::Claims, "the claim exp is missing"))?;
        Ok(Self { not_before: claims.time("nbf")?, expires_at })
    }

    /// Whether a moment lies between the two, give or take the leeway.
    pub(super) fn check(self, now: f64) -> Result<(), Rejection> {
        if now >= self.expires_at + LEEWAY_SECONDS {
            return Err(Rejection::new(Failure::Expired, format!("expired {} s ago", now - self.expires_at)));
        }
        match self.not_before {
            Some(not_before) if not_before > now + LEEWAY_SECONDS => {
                Err(Rejection::new(Failure::NotYetValid, format!("valid in {} s", not_before - now)))
            }
            _ => Ok(()),
        }
    }
}
