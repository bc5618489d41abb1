//! Communities as a bundle.

use async_graphql::{Context, Object, Result};

use crate::domain::error::Error;
use crate::domain::identifier::CommunityKey;
use crate::graphql::scope::Scope;
use crate::service::export;

/// Largest bundle that is answered by GraphQL, in bytes.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Communities as a bundle.
#[derive(Default)]
pub struct Export;

#[Object]
impl Export {
    /// Communities as YAML, one document each, at most 32 MiB; larger ones by `GET /admin/export`. Null
    /// when one of them is not there. Needs the grant `rec-registry.export`.
    async fn export_yaml(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The keys of the communities, one at least.")] community_keys: Vec<String>,
    ) -> Result<Option<String>> {
        let scope = Scope::of(context)?;
        if community_keys.is_empty() {
            return Err(
                Error::invalid("missing", &["communityKeys"], "Name one community at least", None).into()
            );
        }
        let keys = community_keys.into_iter().map(CommunityKey::from).collect();
        Ok(super::unless_absent(export::export_text(scope.ctx(), keys, MAX_BYTES).await)?)
    }
}
