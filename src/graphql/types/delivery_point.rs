//! A delivery point.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::asset_kinds::MeterAsset;
use super::community::Community;
use super::member::Member;
use crate::domain::cursor::ListKind;
use crate::domain::delivery_point;
use crate::domain::error::Error;
use crate::domain::filter::DeliveryPointField;
use crate::domain::order::Order;
use crate::graphql::connection::{Connection, PageArgs};
use crate::graphql::filter::{DeliveryPointFilter, domain_filter};
use crate::graphql::id::GlobalId;
use crate::graphql::loaders::{MemberById, MetersOfPoint, OfCommunity};
use crate::graphql::scalar::Json;
use crate::graphql::scope::Scope;
use crate::service::ListArgs;

/// Where a member is connected to the grid.
pub struct DeliveryPoint(pub Arc<delivery_point::DeliveryPoint>);

impl From<delivery_point::DeliveryPoint> for DeliveryPoint {
    fn from(point: delivery_point::DeliveryPoint) -> Self {
        Self(Arc::new(point))
    }
}

/// A delivery point: where a member is connected to the grid (POD, CUPS, PRM, MaLo, EAN, MPAN).
#[Object]
impl DeliveryPoint {
    /// Opaque, global, stable across re-imports.
    async fn id(&self) -> ID {
        GlobalId::DeliveryPoint(self.0.id).into()
    }

    /// The id that the grid operator gave it; compared trimmed and ignoring case.
    async fn code(&self) -> &str {
        self.0.content.code.as_str()
    }

    /// pod, cups, prm, malo, ean, mpan, other, or whatever was given.
    #[graphql(name = "type")]
    async fn point_type(&self) -> &str {
        &self.0.content.point_type
    }

    /// A sentence about it.
    async fn description(&self) -> Option<&str> {
        self.0.content.description.as_deref()
    }

    /// Where it is.
    async fn address(&self) -> Option<&str> {
        self.0.content.address.as_deref()
    }

    /// The tariff it is under.
    async fn tariff(&self) -> Option<&str> {
        self.0.content.tariff.as_deref()
    }

    /// Whether it is in use.
    async fn active(&self) -> bool {
        self.0.content.active
    }

    /// The member whose it is; null when the caller may not see it.
    async fn member(&self, context: &Context<'_>) -> Result<Option<Member>> {
        Ok(Scope::of(context)?.load(MemberById(self.0.member.id)).await?.map(Member))
    }

    /// The community of its member.
    async fn community(&self, context: &Context<'_>) -> Result<Community> {
        Ok(Community::load(context, self.0.community.id).await?)
    }

    /// The member's meters that name it as their `pod`.
    async fn meters(&self, context: &Context<'_>) -> Result<Vec<MeterAsset>> {
        let key = MetersOfPoint((self.0.member.id, self.0.content.code.folded()));
        let meters = Scope::of(context)?.load(key).await?;
        Ok(meters.iter().flat_map(|meters| meters.iter().cloned()).map(MeterAsset::from).collect())
    }

    /// Every other key that was given.
    async fn extra(&self) -> Json {
        (&self.0.content.extra).into()
    }
}

/// A delivery point that several members of a community name.
#[derive(SimpleObject)]
pub struct DuplicateDeliveryPoint {
    /// The code, as the first holder by key writes it.
    code: String,
    /// Every point of the community with that code, by member key.
    holders: Vec<DeliveryPoint>,
    /// How many of the holders are active members.
    active_holders: u64,
    /// Whether an active member of another community holds the code.
    held_elsewhere: bool,
}

impl From<delivery_point::DuplicateDeliveryPoint> for DuplicateDeliveryPoint {
    fn from(duplicate: delivery_point::DuplicateDeliveryPoint) -> Self {
        Self {
            code: duplicate.code.into_string(),
            holders: duplicate.holders.into_iter().map(DeliveryPoint::from).collect(),
            active_holders: duplicate.active_holders,
            held_elsewhere: duplicate.held_elsewhere,
        }
    }
}

/// What page of which delivery points is asked for. They have one order: by code, then by member key.
pub fn delivery_point_args(
    page: PageArgs,
    filter: Option<DeliveryPointFilter>,
) -> Result<ListArgs<DeliveryPointField>, Error> {
    let order = Order::default();
    Ok(ListArgs {
        filter: domain_filter(filter)?,
        order,
        page: page.request(ListKind::DeliveryPoints, order)?,
    })
}

/// The delivery points of a community.
pub async fn delivery_points_page(
    scope: &Arc<Scope>,
    parent: OfCommunity,
    page: PageArgs,
    filter: Option<DeliveryPointFilter>,
) -> Result<Connection<DeliveryPoint>, Error> {
    let (page, count) = scope.page_under(parent, delivery_point_args(page, filter)?).await?;
    Ok(Connection::new(page, DeliveryPoint, count))
}
