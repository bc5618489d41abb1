//! The schema as a whole.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::{Response, SDLExportOptions, SchemaBuilder, Value};

use super::limits::MAX_LEVELS;
use super::mutation::Mutation;
use super::options::Options;
use super::query::Query;
use super::subscription::Subscription;

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Builds the schema.
pub fn schema(options: &Options) -> Schema {
    let mut builder = builder();
    if !options.introspection {
        builder = builder.disable_introspection();
    }
    if !options.suggestions {
        builder = builder.disable_suggestions();
    }
    builder.finish()
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription).limit_recursive_depth(MAX_LEVELS)
}

/// A schema that checks operations and runs none.
pub fn checking_schema() -> Schema {
    builder().extension(CheckOnly).finish()
}

struct CheckOnly;

impl ExtensionFactory for CheckOnly {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for CheckOnly {
    async fn execute(
        &self,
        _context: &ExtensionContext<'_>,
        _operation: Option<&str>,
        _next: NextExecute<'_>,
    ) -> Response {
        Response::new(Value::Null)
    }
}

/// The schema in the schema definition language.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::asset::properties_of;
    use crate::domain::closed_set::{AssetType, ClosedSet};

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

    #[test]
    fn the_properties_of_assets_are_described_in_the_words_of_the_model() {
        let sdl = sdl();
        for &asset_type in AssetType::ALL {
            let name: String = asset_type.as_str().split('_').map(capitalised).collect();
            let (_, fields) = sdl.split_once(&format!("type {name}Asset ")).unwrap();
            let (fields, _) = fields.split_once("\n}").unwrap();
            for property in properties_of(asset_type) {
                let mut words = property.key.split('_');
                let first = words.next().unwrap_or_default().to_owned();
                let field = words.fold(first, |name, word| name + &capitalised(word));
                let described = format!("\"\"\"\n\t{}\n\t\"\"\"\n\t{field}: ", property.says);
                assert!(fields.contains(&described), "{name}Asset.{field} is {}", property.says);
            }
        }
    }

    fn capitalised(word: &str) -> String {
        word[..1].to_uppercase() + &word[1..]
    }
}
