//! From a bearer token to a [`Principal`]: who is calling and what they may do.

pub mod principal;

pub use principal::Principal;
