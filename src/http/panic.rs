//! A panic in one request is the failure of that request alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;

use super::problem::Problem;
use crate::domain::error::Error;

/// Turns a panic into an answer. What the panic says is not logged: it may hold what the caller sent. The panic
/// hook says where it was.
pub(super) async fn caught(answer: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(response) => response,
        Err(_) => Problem(Error::internal("a handler panicked")).into_response(),
    }
}

/// What a function gives; none where it panics, which the panic hook logs.
pub(super) fn caught_now<T>(give: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(give)).unwrap_or_default()
}
