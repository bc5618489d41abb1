//! What a handler takes from a request: who is calling, the parameters, the body. Whatever does not fit
//! is answered in the contract's shape, and the caller is known before anything is looked at.

mod body;
mod caller;
mod conditions;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod parameters;

pub use body::{IdList, JsonBody, RawBody};
pub use caller::{Importer, KnownCaller};
pub use conditions::{IfMatch, Retry};
pub use parameters::{Given, Parameters};
