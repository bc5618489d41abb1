//! The schema as a whole.

use async_graphql::{EmptySubscription, SDLExportOptions};

use super::limits::MAX_LEVELS;
use super::mutation::Mutation;
use super::query::Query;

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// Builds the schema.
pub fn schema() -> Schema {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .limit_recursive_depth(MAX_LEVELS)
        .finish()
}

/// The schema in the schema definition language.
#[must_use]
pub fn sdl() -> String {
    schema().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_in_the_repository_is_the_schema_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, sdl()).unwrap();
            return;
        }
        assert!(
            stored == sdl(),
            "schema.graphql is out of date: write it with `rec-registry schema > schema.graphql`"
        );
    }
}
