//! The REST door: extract, ask a service, show a view. Nothing is decided here.

mod answer;
mod assets;
mod audit;
mod communities;
mod delivery_points;
mod docs;
mod extract;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod history;
mod import_export;
mod list;
mod lookup;
mod members;
mod meta;
mod openapi;
mod schemas;
mod search;
mod user;
mod views;
mod writes;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::http::{AppState, with_entity_tags};

pub use openapi::openapi;

/// Every route of this door, without the layers that both doors share.
pub fn router() -> Router<AppState> {
    let (routes, _) = routes().split_for_parts();
    with_entity_tags(routes.merge(docs::router())).merge(meta::router())
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::document())
        .merge(user::router())
        .merge(communities::router())
        .merge(members::router())
        .merge(delivery_points::router())
        .merge(assets::router())
        .merge(search::router())
        .merge(audit::router())
        .merge(history::router())
        .merge(lookup::router())
        .merge(writes::router())
        .merge(import_export::router())
        .merge(schemas::router())
}
