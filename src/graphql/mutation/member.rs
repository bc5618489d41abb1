//! Members come, change, leave and are erased.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::asset::AssetInput;
use super::delivery_point::DeliveryPointInput;
use super::fields::{Fields, seen};
use crate::domain::closed_set;
use crate::domain::error::Error;
use crate::domain::identifier::{CommunityKey, MemberKey};
use crate::domain::node::{Entries, Node};
use crate::graphql::enums::{MemberRole, MemberStatus};
use crate::graphql::scalar::Json;
use crate::graphql::scope::Scope;
use crate::graphql::types;
use crate::service::write::Outcome;
use crate::service::write::member::{self, Part, WrittenMember};

/// A new member.
#[derive(InputObject)]
pub struct CreateMemberInput {
    /// The key of the community.
    community_key: String,
    /// Unique in the community, at most 128 characters. Without it the member gets the next in the community's own
    /// numbering.
    key: Option<String>,
    /// The identity provider's user name, unique in the community, at most 256 characters.
    user_id: String,
    /// The name, at most 256 characters.
    name: String,
    /// What the member is in the community.
    role: MemberRole,
    /// The key of an area of the community.
    area_key: String,
    /// Where the membership stands. Only an active member holds sensors and delivery points.
    status: MemberStatus,
    /// A schema.org CURIE, e.g. `schema:Person`.
    #[graphql(name = "type")]
    member_type: Option<String>,
    /// A decentralized identifier, unique in the registry, at most 512 characters.
    did: Option<String>,
    /// Where the member is connected to the grid.
    delivery_points: Option<Vec<DeliveryPointInput>>,
    /// What the member owns.
    assets: Option<Vec<AssetInput>>,
    /// Any other data, an object.
    extra: Option<Json>,
}

/// The member that was created.
#[derive(SimpleObject)]
pub struct CreateMemberPayload {
    /// The member.
    member: types::Member,
}

/// Changes of a member. What is absent or null stays as it is.
#[derive(InputObject)]
pub struct UpdateMemberInput {
    /// The key of the community.
    community_key: String,
    /// The key of the member.
    key: String,
    /// The identity provider's user name, unique in the community, at most 256 characters.
    user_id: Option<String>,
    /// The name, at most 256 characters.
    name: Option<String>,
    /// What the member is in the community.
    role: Option<MemberRole>,
    /// The key of an area of the community.
    area_key: Option<String>,
    /// Where the membership stands.
    status: Option<MemberStatus>,
    /// A schema.org CURIE, e.g. `schema:Person`.
    #[graphql(name = "type")]
    member_type: Option<String>,
    /// A decentralized identifier, unique in the registry; an empty text takes it away.
    did: Option<String>,
    /// Any other data, an object, merged one level deep; a key with null is taken away.
    extra: Option<Json>,
    /// The version of the member that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The member that was changed.
#[derive(SimpleObject)]
pub struct UpdateMemberPayload {
    /// The member.
    member: types::Member,
}

/// A new status of a member.
#[derive(InputObject)]
pub struct SetMemberStatusInput {
    /// The key of the community.
    community_key: String,
    /// The key of the member.
    key: String,
    /// Where the membership stands.
    status: MemberStatus,
    /// Why; kept in the member's `extra` as `status_reason`.
    reason: Option<String>,
    /// The version of the member that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The member whose status was set.
#[derive(SimpleObject)]
pub struct SetMemberStatusPayload {
    /// The member.
    member: types::Member,
}

/// The member that is to leave.
#[derive(InputObject)]
pub struct RemoveMemberInput {
    /// The key of the community.
    community_key: String,
    /// The key of the member.
    key: String,
    /// Erase the member for good, with its delivery points and assets.
    #[graphql(default = false)]
    purge: bool,
    /// The version of the member that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// What became of a member that was removed.
#[derive(SimpleObject)]
pub struct RemoveMemberPayload {
    /// The key of the community.
    community_key: String,
    /// The key of the member.
    member_key: String,
    /// The member as it is now; null when it is erased.
    member: Option<types::Member>,
    /// Whether the member is erased.
    purged: bool,
    /// How many assets were erased with it.
    assets_removed: u64,
}

/// Members come, change, leave and are erased.
#[derive(Default)]
pub struct Members;

#[Object]
impl Members {
    /// Creates a member with its delivery points and assets. Needs the grant `rec-registry.members.write`. Reasons:
    /// `member_key_taken`, `user_id_taken`, `did_taken`, `asset_key_taken`, `sensor_held`, `delivery_point_held`,
    /// `unknown_area`.
    async fn create_member(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new member.")] input: CreateMemberInput,
    ) -> Result<Option<CreateMemberPayload>> {
        let scope = Scope::of(context)?;
        let community = CommunityKey::from(input.community_key.as_str());
        let outcome = member::create(scope.ctx(), &community, &created(input)?, None).await?;
        Ok(Some(CreateMemberPayload { member: written(scope, done(outcome)?).await? }))
    }

    /// Changes fields of a member. Needs the grant of each field that is given: `rec-registry.members.name.write`,
    /// `.role.write`, `.area.write`, for any other `rec-registry.members.write`, which includes them all. Reasons:
    /// `user_id_taken`, `did_taken`, `sensor_held`, `delivery_point_held`, `unknown_area`, `changed`.
    async fn update_member(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateMemberInput,
    ) -> Result<Option<UpdateMemberPayload>> {
        let scope = Scope::of(context)?;
        let (community, key) = names(&input.community_key, &input.key);
        let seen = seen(input.expected_version);
        let body = updated(input)?;
        let member = member::update(scope.ctx(), &community, &key, Part::EachField, &body, &seen).await?;
        Ok(Some(UpdateMemberPayload { member: written(scope, member).await? }))
    }

    /// Sets the status of a member. Becoming active, it takes hold of its sensors and delivery points again:
    /// CONFLICT, `sensor_held` or `delivery_point_held`, when somebody else has one by now. Needs the grant
    /// `rec-registry.members.write`.
    async fn set_member_status(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new status.")] input: SetMemberStatusInput,
    ) -> Result<Option<SetMemberStatusPayload>> {
        let scope = Scope::of(context)?;
        let (community, key) = names(&input.community_key, &input.key);
        let seen = seen(input.expected_version);
        let body = Fields::default()
            .word::<closed_set::MemberStatus>("status", Some(input.status))
            .text("reason", input.reason)
            .into_node();
        let outcome = member::set_status(scope.ctx(), &community, &key, &body, &seen, None).await?;
        Ok(Some(SetMemberStatusPayload { member: written(scope, done(outcome)?).await? }))
    }

    /// Deactivates a member, which holds nothing any more; needs the grant `rec-registry.members.write`. Or erases it
    /// for good with its delivery points and assets; needs the grant `rec-registry.members.purge`.
    async fn remove_member(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The member that is to leave.")] input: RemoveMemberInput,
    ) -> Result<Option<RemoveMemberPayload>> {
        let scope = Scope::of(context)?;
        let (community, key) = names(&input.community_key, &input.key);
        let seen = seen(input.expected_version);
        let removed = member::remove(scope.ctx(), &community, &key, input.purge, &seen).await?;
        scope.after_write();
        Ok(Some(RemoveMemberPayload {
            community_key: input.community_key,
            member_key: input.key,
            purged: removed.member.is_none(),
            assets_removed: removed.assets_removed,
            member: scope.remembered(removed.member).await,
        }))
    }
}

/// The keys that name a member.
pub fn names(community: &str, member: &str) -> (CommunityKey, MemberKey) {
    (CommunityKey::from(community), MemberKey::from(member))
}

/// A member that was written, as the rest of the operation sees it.
///
/// # Errors
/// When there is no connection to the database.
pub async fn written(scope: &Scope, written: WrittenMember) -> Result<types::Member, Error> {
    scope.after_write();
    Ok(scope.remember_written(written).await)
}

/// What was done, of a request that nobody asked before.
///
/// # Errors
/// [`Error::Internal`] when somebody did.
pub fn done<T>(outcome: Outcome<T>) -> Result<T, Error> {
    match outcome {
        Outcome::Done(done) => Ok(done),
        Outcome::Repeated(_) => Err(Error::internal("an answer was kept of a request without a key")),
    }
}

fn created(input: CreateMemberInput) -> Result<Node, Error> {
    let points = input.delivery_points.unwrap_or_default().into_iter();
    let points = points.map(|point| Ok(point.into_fields()?.into_node())).collect::<Result<_, Error>>()?;
    let mut by_type = Entries::new();
    for asset in input.assets.unwrap_or_default() {
        let (word, node) = asset.into_listed()?;
        match by_type.iter_mut().find(|(known, _)| known == word) {
            Some((_, Node::List(assets))) => assets.push(node),
            _ => by_type.push((word.into(), Node::List(vec![node]))),
        }
    }
    let fields = Fields::default()
        .text("key", input.key)
        .text("user_id", input.user_id)
        .text("name", input.name)
        .word::<closed_set::MemberRole>("role", Some(input.role))
        .text("area", input.area_key)
        .word::<closed_set::MemberStatus>("status", Some(input.status))
        .text("type", input.member_type)
        .text("did", input.did)
        .node("delivery_points", Node::List(points))
        .node("assets", Node::Map(by_type))
        .json("extra", input.extra)?;
    Ok(fields.into_node())
}

fn updated(input: UpdateMemberInput) -> Result<Node, Error> {
    let fields = Fields::default()
        .text("user_id", input.user_id)
        .text("name", input.name)
        .word::<closed_set::MemberRole>("role", input.role)
        .text("area", input.area_key)
        .word::<closed_set::MemberStatus>("status", input.status)
        .text("type", input.member_type)
        .text("did", input.did)
        .json("extra", input.extra)?;
    Ok(fields.into_node())
}
