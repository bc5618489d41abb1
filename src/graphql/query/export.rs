//! Communities as a bundle.

use async_graphql::{Context, Object, Result};

use crate::domain::error::Error;
use crate::domain::history::Moment;
use crate::domain::identifier::CommunityKey;
use crate::graphql::scope::Scope;
use crate::service::{export, history};

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
        #[graphql(
            desc = "What the one community that is named was: the number of a revision, or a time. Nobody is in it who was erased."
        )]
        at: Option<String>,
    ) -> Result<Option<String>> {
        let scope = Scope::of(context)?;
        if let Some(at) = at {
            let moment = Moment::parse(&at).ok_or_else(|| {
                let right = "the number of a revision, or an instant like 2026-01-31T08:15:00Z";
                Error::invalid("datetime_parsing", &["at"], right, None)
            })?;
            let [only] = community_keys.as_slice() else {
                let right = "Name one community: each has revisions of its own";
                return Err(Error::invalid("value_error", &["communityKeys"], right, None).into());
            };
            let text = history::export_at(scope.ctx(), &CommunityKey::from(only.as_str()), moment).await;
            return Ok(super::unless_absent(text)?);
        }
        if community_keys.is_empty() {
            return Err(
                Error::invalid("missing", &["communityKeys"], "Name one community at least", None).into()
            );
        }
        let keys = community_keys.into_iter().map(CommunityKey::from).collect();
        Ok(super::unless_absent(export::export_text(scope.ctx(), keys, MAX_BYTES).await)?)
    }
}
