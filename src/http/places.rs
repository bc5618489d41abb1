//! Which requests take a place among those that are answered at the same time, and when. Who sends a body takes it
//! when the body is there, so that nobody keeps one by sending slowly.

use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request};
use axum::http::Method;

use super::caller::Bearer;
use super::state::AppState;
use super::{GRAPHQL_PATH, timeout};
use crate::domain::error::Error;
use crate::service::Place;

/// The routes that are answered at once, however much is done: those that say how the process is.
const ALWAYS: &[&str] = &["/health", "/ready", "/version"];

/// What stands before the routes that only read, whatever the method.
const LOOKUPS: &str = "/admin/lookup/";

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
    writes: bool,
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
    let route = match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(route) if takes_one(route) => route,
        _ => return Ok(Seated::Elsewhere),
    };
    let has_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    let writes = (has_body || *request.method() == Method::DELETE) && !route.starts_with(LOOKUPS);
    // First who it is: the issuer may have to be asked for its keys, and nobody waits for that in a place.
    if request.extensions().get::<Bearer>().is_none() {
        let bearer = Bearer::of(request.headers(), state).await;
        request.extensions_mut().insert(bearer);
    }
    if !has_body {
        return Ok(Seated::Now { _place: place(state, writes).await? });
    }
    let seat = Seat { state: state.clone(), writes, taken: Arc::default() };
    request.extensions_mut().insert(seat.clone());
    Ok(Seated::Later { _seat: seat })
}

async fn place(state: &AppState, writes: bool) -> Result<Place, Error> {
    let places = state.registry.places();
    if writes { places.write().await } else { places.read().await }
}

impl Seat {
    /// Takes the place.
    ///
    /// # Errors
    /// When none becomes free in time.
    pub(super) async fn take(&self) -> Result<(), Error> {
        let place = place(&self.state, self.writes).await?;
        // A body is read once; a second place would be given back at once.
        _ = self.taken.set(place);
        Ok(())
    }
}
