//! Which requests take a place among those that are answered at the same time, and when. Who sends a body takes it
//! when the body is there, so that nobody keeps one by sending slowly.

use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request};
use axum::http::Method;

use super::state::AppState;
use super::{GRAPHQL_PATH, timeout};
use crate::domain::error::Error;
use crate::service::Place;

/// The routes that are answered at once, however much is done: those that say how the process is.
const ALWAYS: &[&str] = &["/health", "/ready", "/version"];

/// Marks a request over a connection for which there is no room.
#[derive(Clone)]
pub(super) struct NoRoom;

/// Refuses what is asked over such a connection, but for how the process is.
///
/// # Errors
/// When it is asked over one.
pub(super) fn admit(state: &AppState, request: &Request) -> Result<(), Error> {
    if request.extensions().get::<NoRoom>().is_none() {
        return Ok(());
    }
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(route) if ALWAYS.contains(&route) => Ok(()),
        _ => Err(state.registry.places().no_room()),
    }
}

/// Where a request whose body is still to come will sit. It goes with the request, and stays with whoever waits for the
/// answer.
#[derive(Clone)]
pub(super) struct Seat {
    state: AppState,
    taken: Arc<OnceLock<Place>>,
}

/// What keeps a place for as long as a request is answered.
pub(super) enum Seated {
    /// It needs none here. GraphQL takes one for each operation, so that those over a socket count as well; what moves
    /// whole communities takes one of its own kind.
    Elsewhere,
    /// It has one.
    Now { _place: Place },
    /// It takes one when its body is there.
    Later { _seat: Seat },
}

/// Gives a request a place, or lets it take one later.
///
/// # Errors
/// When none becomes free in time.
pub(super) async fn seat(state: &AppState, request: &mut Request) -> Result<Seated, Error> {
    let takes_one = |route: &str| {
        !ALWAYS.contains(&route) && !route.starts_with(GRAPHQL_PATH) && !timeout::is_transfer(route)
    };
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(route) if takes_one(route) => {}
        _ => return Ok(Seated::Elsewhere),
    }
    if !matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH) {
        return Ok(Seated::Now { _place: state.registry.places().request().await? });
    }
    let seat = Seat { state: state.clone(), taken: Arc::default() };
    request.extensions_mut().insert(seat.clone());
    Ok(Seated::Later { _seat: seat })
}

impl Seat {
    /// Takes the place.
    ///
    /// # Errors
    /// When none becomes free in time.
    pub(super) async fn take(&self) -> Result<(), Error> {
        let place = self.state.registry.places().request().await?;
        // A body is read once; a second place would be given back at once.
        _ = self.taken.set(place);
        Ok(())
    }
}
