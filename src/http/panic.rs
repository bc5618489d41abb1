//! A panic in one request is the failure of that request alone.

use std::any::Any;

use axum::response::{IntoResponse as _, Response};
use tower_http::catch_panic::CatchPanicLayer;

use super::problem::Problem;
use crate::domain::error::Error;

/// The layer that turns a panic into an answer. What the panic says is not logged: it may hold what the
/// caller sent. The panic hook says where it was.
pub(super) fn layer() -> CatchPanicLayer<fn(Box<dyn Any + Send + 'static>) -> Response> {
    CatchPanicLayer::custom(answer)
}

fn answer(_panic: Box<dyn Any + Send + 'static>) -> Response {
    Problem(Error::internal("a handler panicked")).into_response()
}
