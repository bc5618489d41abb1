//! The door's way to what is private in it.

pub use super::extract::fuzzing::parameters;
