//! Runtime writes, one route a change. Each has its own grant; what a write does not name stays as it is.

mod assets;
mod communities;
mod delivery_points;
mod members;

use utoipa_axum::router::OpenApiRouter;

use crate::http::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(members::router())
        .merge(delivery_points::router())
        .merge(assets::router())
        .merge(communities::router())
}
