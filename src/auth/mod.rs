//! From a bearer token to a [`Principal`]: who is calling and what they may do.

mod dev_key;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod issuer;
mod keys;
mod principal;
mod remembered;
mod token;
mod validity;
mod verifier;

pub use dev_key::{DevKey, TokenRequest, check_cryptography};
pub use issuer::{Issuer, IssuerState, PublishedKeys};
pub use keys::{KeySet, MalformedKeySet};
pub use principal::Principal;
pub use verifier::{Rejection, TokenRules, Verifier};

#[cfg(test)]
mod tests;
