//! The numbers of many members at once: three statements, one for the members, one for their assets and
//! one for their delivery points, however many parents they stand under.

use std::collections::HashMap;
use std::hash::Hash;

use entity::{asset, community, delivery_point, member};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, IntoColumnRef, JoinType, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use super::keyset::ParentColumn;
use super::record::word;
use super::table::{self, Among};
use super::{Handle, Result, areas, set};
use crate::domain::filter::{Filter, MemberField};
use crate::domain::grid::AreaSet;
use crate::domain::identifier::CommunityKey;
use crate::domain::member::Member;
use crate::domain::stats::{AssetNumbers, Quantities, Stats};

/// The numbers of the members that fulfil a filter.
///
/// # Errors
/// When the database fails.
pub async fn of_list(handle: &Handle, among: Among<'_>, filter: &Filter<MemberField>) -> Result<Stats> {
    let numbers = grouped(handle, filter, |select| {
        table::restrict::<Member>(handle, select, among);
        ParentColumn::none()
    });
    Ok(numbers.await?.remove(&()).unwrap_or_default())
}

/// The numbers of the members of each of many communities that fulfil a filter; communities without any
/// are not in the answer.
///
/// # Errors
/// When the database fails.
pub async fn of_communities(
    handle: &Handle,
    communities: &[Uuid],
    filter: &Filter<MemberField>,
) -> Result<HashMap<Uuid, Stats>> {
    let community_id = (member::Entity, member::Column::CommunityId);
    grouped(handle, filter, |select| {
        let backend = handle.get_database_backend();
        select.and_where(set::is_one_of_ids(backend, Expr::col(community_id), communities));
        ParentColumn::id(community_id)
    })
    .await
}

/// The numbers of the members in each of many sets of areas that fulfil a filter; sets without any are not
/// in the answer.
///
/// # Errors
/// When the database fails.
pub async fn of_areas(
    handle: &Handle,
    sets: &[AreaSet],
    filter: &Filter<MemberField>,
) -> Result<HashMap<AreaSet, Stats>> {
    let numbers = grouped(handle, filter, |select| areas::join(handle.get_database_backend(), select, sets));
    Ok(areas::by_set(sets, numbers.await?))
}

const COUNT: &str = "counted";

/// The numbers of the members under each parent. `narrow` puts the parents into a select that has the
/// table `member`.
async fn grouped<P: Eq + Hash>(
    handle: &Handle,
    filter: &Filter<MemberField>,
    narrow: impl Fn(&mut SelectStatement) -> ParentColumn<P>,
) -> Result<HashMap<P, Stats>> {
    let mut found: HashMap<P, Stats> = HashMap::new();
    for (mut select, add) in [members(), assets(), delivery_points()] {
        let parent = narrow(&mut select);
        table::narrow::<Member>(handle, &mut select, filter);
        select.expr_as(Expr::cust("COUNT(*)"), COUNT);
        parent.group(&mut select);
        for row in handle.query_all(&select).await? {
            let count: i64 = row.try_get("", COUNT)?;
            add(found.entry(parent.of(&row)?).or_default(), &row, count.unsigned_abs())?;
        }
    }
    Ok(found)
}

/// Rows in groups, and what a group of so many adds to the numbers.
type Groups = (SelectStatement, fn(&mut Stats, &QueryResult, u64) -> Result<()>);

fn by(select: &mut SelectStatement, column: impl IntoColumnRef + Clone) {
    select.expr(Expr::col(column.clone())).add_group_by([Expr::col(column)]);
}

fn members() -> Groups {
    let is_of = Expr::col((community::Entity, community::Column::Id))
        .equals((member::Entity, member::Column::CommunityId));
    let mut select = Query::select();
    select.from(member::Entity).join(JoinType::InnerJoin, community::Entity, is_of);
    by(&mut select, (community::Entity, community::Column::Key));
    for column in [member::Column::Role, member::Column::Status, member::Column::Area] {
        by(&mut select, (member::Entity, column));
    }
    (select, |stats, row, count| {
        let role: String = row.try_get("", "role")?;
        let status: String = row.try_get("", "status")?;
        let community: String = row.try_get("", "key")?;
        let area = (CommunityKey::from(community), row.try_get("", "area")?);
        stats.add_members(word(&role)?, word(&status)?, area, count);
        Ok(())
    })
}

fn assets() -> Groups {
    let is_of =
        Expr::col((asset::Entity, asset::Column::MemberId)).equals((member::Entity, member::Column::Id));
    let mut select = Query::select();
    select.from(member::Entity).join(JoinType::InnerJoin, asset::Entity, is_of);
    by(&mut select, (asset::Entity, asset::Column::AssetType));
    for (column, name) in [
        (asset::Column::PowerW, "power_w"),
        (asset::Column::HeatW, "heat_w"),
        (asset::Column::EnergyWh, "energy_wh"),
        (asset::Column::ControllableW, "controllable_w"),
    ] {
        // PostgreSQL adds whole numbers to a decimal one.
        let sum = Expr::col((asset::Entity, column)).sum().cast_as(Alias::new("bigint"));
        select.expr_as(sum, name);
    }
    (select, |stats, row, count| {
        let asset_type: String = row.try_get("", "asset_type")?;
        let quantities = Quantities {
            power_w: row.try_get("", "power_w")?,
            heat_w: row.try_get("", "heat_w")?,
            energy_wh: row.try_get("", "energy_wh")?,
            controllable_w: row.try_get("", "controllable_w")?,
        };
        stats.assets.insert(word(&asset_type)?, AssetNumbers { count, quantities });
        Ok(())
    })
}

fn delivery_points() -> Groups {
    let is_of = Expr::col((delivery_point::Entity, delivery_point::Column::MemberId))
        .equals((member::Entity, member::Column::Id));
    let mut select = Query::select();
    select.from(member::Entity).join(JoinType::InnerJoin, delivery_point::Entity, is_of);
    by(&mut select, (delivery_point::Entity, delivery_point::Column::Active));
    (select, |stats, row, count| {
        stats.add_delivery_points(row.try_get("", "active")?, count);
        Ok(())
    })
}
