//! The caller.

use async_graphql::{Context, Object, Result};

use super::member::Member;
use crate::auth::Principal;
use crate::domain::code::Code;
use crate::domain::error::Error;
use crate::domain::identifier::CommunityKey;
use crate::graphql::scalar::Json;
use crate::graphql::scope::Scope;
use crate::service::{person, self_service};

/// The caller, as the token says.
pub struct Viewer(pub Principal);

/// The caller, as the token says, and the caller's own memberships.
#[Object]
impl Viewer {
    /// The token's subject.
    async fn sub(&self) -> &str {
        &self.0.subject
    }

    /// The user name, as members bear it in `userId`; null when the token has none.
    async fn username(&self) -> Option<&str> {
        self.0.username.as_ref().map(|username| username.as_str())
    }

    /// The mail address, as the token says.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// The name, as the token says.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Everything that is stored on the caller: memberships of every status with their delivery points and
    /// assets, and what the audit trail says of the caller. The same as `GET /user/export`.
    async fn export(&self, context: &Context<'_>) -> Result<Json> {
        Ok(Json::from(&person::own_export(Scope::of(context)?.ctx()).await?))
    }

    /// The caller's active memberships, by community key.
    async fn memberships(&self, context: &Context<'_>) -> Result<Vec<Member>> {
        let scope = Scope::of(context)?;
        let members = self_service::memberships(scope.ctx()).await?;
        let mut memberships = Vec::with_capacity(members.len());
        for member in members {
            memberships.push(Member(scope.remember_member(member).await));
        }
        Ok(memberships)
    }

    /// The caller's only active membership, or the one in the community named; null when there is none,
    /// an error (CONFLICT, `ambiguous_member`) when there are several and none is named.
    async fn membership(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the community.")] community_key: Option<String>,
    ) -> Result<Option<Member>> {
        let scope = Scope::of(context)?;
        let community = community_key.map(CommunityKey::from);
        match self_service::membership(scope.ctx(), community.as_ref()).await {
            Ok(member) => Ok(Some(Member(scope.remember_member(member).await))),
            Err(Error::Denied { code: Code::NotAMember, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
