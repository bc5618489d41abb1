//! What changes the registry.

mod import;

use async_graphql::MergedObject;

/// What changes the registry.
#[derive(MergedObject, Default)]
pub struct Mutation(import::Import);
