//! What changes the registry.

mod asset;
mod community;
mod delivery_point;
mod fields;
mod grid;
mod import;
mod member;

use async_graphql::MergedObject;

/// What changes the registry.
#[derive(MergedObject, Default)]
pub struct Mutation(
    import::Import,
    member::Members,
    delivery_point::DeliveryPoints,
    asset::Assets,
    community::Communities,
    grid::Grids,
);
