//! Queries that start from an identifier that somebody happens to hold. They need the grant
//! `rec-registry.lookup` and find active holders only.

use async_graphql::{Context, Object, Result};

use crate::domain::identifier::{CommunityKey, DeliveryPointCode, Did, SensorId, UserId};
use crate::graphql::enums::HoldingKind;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;
use crate::graphql::types::{Asset, DeliveryPoint, DuplicateDeliveryPoint, Member, PastHolder};
use crate::service::{delivery_point, history, lookup};

/// Queries that start from an identifier.
#[derive(Default)]
pub struct Lookups;

#[Object]
impl Lookups {
    /// The active member with this user id; null when there is none, an error (CONFLICT,
    /// `ambiguous_member`) when there are several. Needs the grant `rec-registry.lookup`.
    async fn member_by_user_id(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The identity provider's user name.")] user_id: String,
        #[graphql(desc = "Only in the community with this key.")] community_key: Option<String>,
    ) -> Result<Option<Member>> {
        let scope = Scope::of(context)?;
        let community = community_key.map(CommunityKey::from);
        let found =
            lookup::member_by_user_id(scope.ctx(), &UserId::from(user_id), community.as_ref()).await?;
        Ok(scope.remembered(found).await)
    }

    /// The active member with this decentralized identifier; null when there is none. Needs the grant
    /// `rec-registry.lookup`.
    async fn member_by_did(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The decentralized identifier.")] did: String,
    ) -> Result<Option<Member>> {
        let scope = Scope::of(context)?;
        let found = lookup::member_by_did(scope.ctx(), &Did::from(did)).await?;
        Ok(scope.remembered(found).await)
    }

    /// Who held a sensor or a delivery point at a time; null when nobody did, or somebody who was erased. Needs the
    /// grant `rec-registry.lookup`.
    async fn holder_at(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What was held.")] kind: HoldingKind,
        #[graphql(desc = "The sensor id, or the code of the delivery point.")] id: String,
        #[graphql(desc = "When.")] at: DateTime,
    ) -> Result<Option<PastHolder>> {
        let scope = Scope::of(context)?;
        Ok(history::holder_at(scope.ctx(), kind.into(), &id, at.0).await?.map(PastHolder::from))
    }

    /// The asset by which an active member holds this sensor; null when nobody does. Needs the grant
    /// `rec-registry.lookup`.
    async fn asset_by_sensor_id(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the measuring device; compared trimmed.")] sensor_id: String,
        #[graphql(desc = "Only in the community with this key.")] community_key: Option<String>,
    ) -> Result<Option<Asset>> {
        let scope = Scope::of(context)?;
        let community = community_key.map(CommunityKey::from);
        // A blank text names no sensor; the grant is asked for all the same.
        let Some(sensor) = SensorId::new(&sensor_id) else {
            lookup::assets_by_sensor_ids(scope.ctx(), &[]).await?;
            return Ok(None);
        };
        Ok(lookup::asset_by_sensor_id(scope.ctx(), &sensor, community.as_ref()).await?.map(Asset::from))
    }

    /// The assets by which active members hold these sensors, in the order asked for; unknown ids add
    /// nothing. Needs the grant `rec-registry.lookup`.
    async fn assets_by_sensor_ids(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most 500 ids of measuring devices; compared trimmed.")] sensor_ids: Vec<String>,
    ) -> Result<Option<Vec<Asset>>> {
        let found = lookup::assets_by_sensor_ids(Scope::of(context)?.ctx(), &sensor_ids).await?;
        Ok(Some(found.into_iter().map(Asset::from).collect()))
    }

    /// The assets of the active members with these user ids, in the order asked for; unknown ids add
    /// nothing. Needs the grant `rec-registry.lookup`.
    async fn assets_by_user_ids(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most 500 user names.")] user_ids: Vec<String>,
    ) -> Result<Option<Vec<Asset>>> {
        let found = lookup::assets_by_user_ids(Scope::of(context)?.ctx(), &user_ids).await?;
        Ok(Some(found.into_iter().map(Asset::from).collect()))
    }

    /// The active members with these decentralized identifiers, in the order asked for; unknown ones add
    /// nothing. Needs the grant `rec-registry.lookup`.
    async fn members_by_dids(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most 500 decentralized identifiers.")] dids: Vec<String>,
    ) -> Result<Option<Vec<Member>>> {
        let scope = Scope::of(context)?;
        let mut members = Vec::new();
        for member in lookup::members_by_dids(scope.ctx(), &dids).await? {
            members.push(Member(scope.remember_member(member).await));
        }
        Ok(Some(members))
    }

    /// The delivery point with this code that an active member holds; null when nobody does. Needs the
    /// grant `rec-registry.lookup`.
    async fn delivery_point_by_code(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The code that the grid operator gave; compared trimmed and ignoring case.")]
        code: String,
        #[graphql(desc = "Only in the community with this key.")] community_key: Option<String>,
    ) -> Result<Option<DeliveryPoint>> {
        let community = community_key.map(CommunityKey::from);
        let code = DeliveryPointCode::from(code);
        let found =
            lookup::delivery_point_by_code(Scope::of(context)?.ctx(), &code, community.as_ref()).await?;
        Ok(found.map(DeliveryPoint::from))
    }

    /// The delivery points of a community that several of its members name. Needs the grant
    /// `rec-registry.read`.
    async fn duplicate_delivery_points(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the community.")] community_key: String,
    ) -> Result<Option<Vec<DuplicateDeliveryPoint>>> {
        let scope = Scope::of(context)?;
        let found = delivery_point::duplicates(scope.ctx(), &CommunityKey::from(community_key)).await;
        let found = super::unless_absent(found)?;
        Ok(found.map(|duplicates| duplicates.into_iter().map(DuplicateDeliveryPoint::from).collect()))
    }
}
