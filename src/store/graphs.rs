//! Whole communities, as bundles tell them.

use std::collections::HashMap;

use entity::{asset, delivery_point, member};
use sea_orm::EntityTrait;
use sea_orm::sea_query::ExprTrait;
use uuid::Uuid;

use super::table::{self, Table};
use super::{Handle, Result};
use crate::domain::asset::Asset;
use crate::domain::community::Community;
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::import::{CommunityGraph, MemberGraph};
use crate::domain::member::Member;

/// A community with everything in it, its members by key.
///
/// # Errors
/// When the database fails.
pub async fn whole(handle: &Handle, community: &Community) -> Result<CommunityGraph> {
    let members: Vec<Member> = of_community(handle, member::Column::CommunityId, community.id).await?;
    let mut points: HashMap<Uuid, Vec<_>> = HashMap::new();
    let found =
        of_community::<DeliveryPoint>(handle, delivery_point::Column::CommunityId, community.id).await?;
    for point in found {
        points.entry(point.member.id).or_default().push(point.content);
    }
    let mut assets: HashMap<Uuid, Vec<_>> = HashMap::new();
    for asset in of_community::<Asset>(handle, asset::Column::CommunityId, community.id).await? {
        assets.entry(asset.owner.id).or_default().push(asset.content);
    }
    let members = members.into_iter().map(|member| MemberGraph {
        delivery_points: points.remove(&member.id).unwrap_or_default(),
        assets: assets.remove(&member.id).unwrap_or_default(),
        content: member.content,
    });
    let mut members: Vec<MemberGraph> = members.collect();
    members.sort_by(|a, b| a.content.key.cmp(&b.content.key));
    Ok(CommunityGraph { community: community.content.clone(), members })
}

async fn of_community<T: Table>(
    handle: &Handle,
    column: <T::Entity as EntityTrait>::Column,
    community: Uuid,
) -> Result<Vec<T>> {
    let mut select = table::rows::<T>(handle);
    select.and_where(table::column::<T>(column).eq(community));
    table::all(handle, &select).await
}
