//! What arbitrary bytes are given to: one function for each way in that a stranger can reach, with what must be true of
//! whatever comes out. Pure, so that a million of them a minute can be tried.
//!
//! `fuzz/` runs them under libFuzzer, which sees where a change of the bytes leads, and keeps the bytes that led
//! somewhere in `fuzz/corpus/`. The tests of this module run them over that corpus and over changes of it.

mod bundles;
mod cursors;
#[cfg(test)]
mod tests;

pub use crate::auth::fuzzing::tokens;
pub use crate::graphql::fuzzing::filters;
pub use crate::rest::fuzzing::parameters;
pub use bundles::bundles;
pub use cursors::cursors;
