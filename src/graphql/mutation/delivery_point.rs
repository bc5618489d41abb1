//! Where members are connected to the grid.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::fields::{Fields, seen};
use super::member::{names, written};
use crate::domain::delivery_point::KNOWN_KEYS;
use crate::domain::error::Error;
use crate::domain::identifier::DeliveryPointCode;
use crate::graphql::scalar::Json;
use crate::graphql::scope::Scope;
use crate::graphql::types;
use crate::service::write::delivery_point;

/// A delivery point.
#[derive(InputObject)]
pub struct DeliveryPointInput {
    /// The id that the grid operator gave it, at most 128 characters. Compared trimmed and ignoring case.
    code: String,
    /// pod, cups, prm, malo, ean, mpan, other, or anything else.
    #[graphql(name = "type")]
    point_type: String,
    /// A sentence about it.
    description: Option<String>,
    /// Where it is.
    address: Option<String>,
    /// The tariff it is under.
    tariff: Option<String>,
    /// Whether it is in use; it is when nothing is said.
    active: Option<bool>,
    /// Any other data, an object.
    extra: Option<Json>,
}

/// A delivery point of a member, all of it.
#[derive(InputObject)]
pub struct PutDeliveryPointInput {
    /// The key of the community.
    community_key: String,
    /// The key of the member.
    member_key: String,
    /// The delivery point.
    delivery_point: DeliveryPointInput,
    /// The code of another point of the member, which gives way to this one; the meters that named it name this one.
    replaces: Option<String>,
    /// The version of the member that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The delivery point that was put.
#[derive(SimpleObject)]
pub struct PutDeliveryPointPayload {
    /// The delivery point.
    delivery_point: Option<types::DeliveryPoint>,
    /// The member whose it is.
    member: types::Member,
}

/// The delivery point that is to go.
#[derive(InputObject)]
pub struct RemoveDeliveryPointInput {
    /// The key of the community.
    community_key: String,
    /// The key of the member.
    member_key: String,
    /// The id that the grid operator gave the point.
    code: String,
    /// The version of the member that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The member that lost a delivery point.
#[derive(SimpleObject)]
pub struct RemoveDeliveryPointPayload {
    /// The member.
    member: types::Member,
}

/// Where members are connected to the grid.
#[derive(Default)]
pub struct DeliveryPoints;

#[Object]
impl DeliveryPoints {
    /// Gives a member a delivery point, or says something else of one that it has. Needs the grant
    /// `rec-registry.members.delivery_points.write`. Reasons: `delivery_point_held`, `delivery_point_not_found`,
    /// `changed`.
    async fn put_delivery_point(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The delivery point.")] input: PutDeliveryPointInput,
    ) -> Result<Option<PutDeliveryPointPayload>> {
        let scope = Scope::of(context)?;
        let (community, key) = names(&input.community_key, &input.member_key);
        let code = DeliveryPointCode::from(input.delivery_point.code.as_str());
        let body = input.delivery_point.into_fields()?.into_node();
        let (replaces, seen) = (input.replaces.map(DeliveryPointCode::from), seen(input.expected_version));
        let done = delivery_point::put(scope.ctx(), &community, &key, &code, &body, replaces.as_ref(), &seen)
            .await?;
        let point = done.delivery_points.iter().find(|point| point.content.code.folded() == code.folded());
        let delivery_point = point.cloned().map(types::DeliveryPoint::from);
        Ok(Some(PutDeliveryPointPayload { delivery_point, member: written(scope, done).await? }))
    }

    /// Takes a delivery point from a member. Needs the grant `rec-registry.members.delivery_points.write`. Reasons:
    /// `delivery_point_linked` while a meter of the member names it, `changed`.
    async fn remove_delivery_point(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The delivery point.")] input: RemoveDeliveryPointInput,
    ) -> Result<Option<RemoveDeliveryPointPayload>> {
        let scope = Scope::of(context)?;
        let (community, key) = names(&input.community_key, &input.member_key);
        let (code, seen) = (DeliveryPointCode::from(input.code), seen(input.expected_version));
        let done = delivery_point::remove(scope.ctx(), &community, &key, &code, &seen).await?;
        Ok(Some(RemoveDeliveryPointPayload { member: written(scope, done).await? }))
    }
}

impl DeliveryPointInput {
    /// The fields of the point, as a bundle has them.
    ///
    /// # Errors
    /// When its `extra` is no object, or names another field.
    pub fn into_fields(self) -> Result<Fields, Error> {
        Fields::default()
            .text("id", self.code)
            .text("type", self.point_type)
            .text("description", self.description)
            .text("address", self.address)
            .text("tariff", self.tariff)
            .flag("active", self.active)
            .beside("extra", self.extra, KNOWN_KEYS)
    }
}
