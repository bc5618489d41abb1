//! What a community says of itself, and its end.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::fields::{Fields, seen};
use crate::domain::identifier::CommunityKey;
use crate::domain::node::Node;
use crate::graphql::scalar::Json;
use crate::graphql::scope::Scope;
use crate::graphql::types;
use crate::service::history;
use crate::service::write::community;

/// Changes of a community. What is absent or null stays as it is; a document that is given is replaced.
#[derive(InputObject)]
pub struct UpdateCommunityInput {
    /// The key of the community.
    key: String,
    /// The name, at most 256 characters.
    name: Option<String>,
    /// A sentence about it.
    description: Option<String>,
    /// Legal data, an object.
    legal: Option<Json>,
    /// URLs, an object.
    links: Option<Json>,
    /// How to reach it, an object.
    contact: Option<Json>,
    /// Time zone, currency, units: an object.
    settings: Option<Json>,
    /// Any other data, an object, merged one level deep; a key with null is taken away.
    extra: Option<Json>,
    /// The version of the community that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The community that was changed.
#[derive(SimpleObject)]
pub struct UpdateCommunityPayload {
    /// The community.
    community: types::Community,
}

/// The community that is to go.
#[derive(InputObject)]
pub struct RemoveCommunityInput {
    /// The key of the community.
    key: String,
    /// Only say what would be removed.
    #[graphql(default = false)]
    dry_run: bool,
    /// The version of the community that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// What was removed with a community, or would be.
#[derive(SimpleObject)]
pub struct RemoveCommunityPayload {
    /// The key of the community.
    community_key: String,
    /// How much it held.
    deleted: types::ImportCounts,
    /// Whether nothing was to be removed.
    dry_run: bool,
}

/// The community that is to go back.
#[derive(InputObject)]
pub struct RestoreCommunityInput {
    /// The key of the community.
    key: String,
    /// The number of the revision.
    revision: i64,
    /// Do everything but the write, and report what would happen.
    #[graphql(default = false)]
    dry_run: bool,
}

/// What became of a community that went back, or would.
#[derive(SimpleObject)]
pub struct RestoreCommunityPayload {
    /// What was done, or would be.
    report: types::ImportReport,
}

/// What a community says of itself, and its end.
#[derive(Default)]
pub struct Communities;

#[Object]
impl Communities {
    /// Makes a community what it was at a revision, as a new revision, through all checks of an import. Nobody comes back
    /// who was erased. Needs the grant `rec-registry.import`.
    async fn restore_community(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which community, and to when.")] input: RestoreCommunityInput,
    ) -> Result<Option<RestoreCommunityPayload>> {
        let scope = Scope::of(context)?;
        let key = CommunityKey::from(input.key);
        let revision = Node::Number(input.revision.to_string().into());
        let report = history::restore(scope.ctx(), &key, Some(&revision), input.dry_run).await?;
        scope.after_write();
        Ok(Some(RestoreCommunityPayload { report: report.into() }))
    }

    /// Changes what a community says of itself. Needs the grant `rec-registry.community.write`. Reasons: `changed`.
    async fn update_community(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateCommunityInput,
    ) -> Result<Option<UpdateCommunityPayload>> {
        let scope = Scope::of(context)?;
        let (key, seen) = (CommunityKey::from(input.key), seen(input.expected_version));
        let body = Fields::default()
            .text("name", input.name)
            .text("description", input.description)
            .json("legal", input.legal)?
            .json("links", input.links)?
            .json("contact", input.contact)?
            .json("settings", input.settings)?
            .json("extra", input.extra)?
            .into_node();
        let changed = community::update(scope.ctx(), &key, &body, &seen).await?;
        scope.after_write();
        let community = types::Community(scope.remember_community(changed).await);
        Ok(Some(UpdateCommunityPayload { community }))
    }

    /// Removes a community with everything in it. Needs the grant `rec-registry.community.delete`. Reasons: `changed`.
    async fn remove_community(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The community that is to go.")] input: RemoveCommunityInput,
    ) -> Result<Option<RemoveCommunityPayload>> {
        let scope = Scope::of(context)?;
        let (key, seen) = (CommunityKey::from(input.key.as_str()), seen(input.expected_version));
        let deleted = community::remove(scope.ctx(), &key, input.dry_run, &seen).await?;
        scope.after_write();
        let (community_key, dry_run) = (input.key, input.dry_run);
        Ok(Some(RemoveCommunityPayload { community_key, deleted: deleted.into(), dry_run }))
    }
}
