//! The numbers of members.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};

use crate::domain::closed_set::{self, ClosedSet};
use crate::domain::stats::Stats;
use crate::graphql::enums::{AssetType, MemberRole, MemberStatus};

/// The numbers of the members of a community, an area, a part of the grid or a list.
pub struct CommunityStats(pub Arc<Stats>);

/// How many members have a role.
#[derive(SimpleObject)]
pub struct RoleCount {
    /// The role.
    role: MemberRole,
    /// How many members have it.
    count: u64,
}

/// How many members have a status.
#[derive(SimpleObject)]
pub struct StatusCount {
    /// The status.
    status: MemberStatus,
    /// How many members have it.
    count: u64,
}

/// How many members sit in an area.
#[derive(SimpleObject)]
pub struct AreaCount {
    /// The key of the community that the area is in.
    community_key: String,
    /// The key of the area, unique in its community.
    area_key: String,
    /// How many members sit in it.
    count: u64,
}

/// How many assets are of a kind.
#[derive(SimpleObject)]
pub struct AssetTypeCount {
    /// The kind.
    #[graphql(name = "type")]
    asset_type: AssetType,
    /// How many assets are of it.
    count: u64,
}

/// The numbers of the members of a community, an area, a part of the grid or a list. Members of every
/// status count; for those in force ask for `members(filter: {status: {eq: ACTIVE}}) { stats { … } }`. A
/// power or capacity is the sum of what the assets say of themselves, each to the nearest W or Wh: an asset
/// that says nothing, or nothing that fits the documented range, adds nothing, and neither does one over
/// 100 GW or GWh.
#[Object]
impl CommunityStats {
    /// How many members there are.
    async fn member_count(&self) -> u64 {
        self.0.members
    }

    /// How many members have each role; every role is there.
    async fn members_by_role(&self) -> Vec<RoleCount> {
        let count = |role| self.0.by_role.get(role).copied().unwrap_or(0);
        let roles = closed_set::MemberRole::ALL.iter();
        roles.map(|role| RoleCount { role: (*role).into(), count: count(role) }).collect()
    }

    /// How many members have each status; every status is there.
    async fn members_by_status(&self) -> Vec<StatusCount> {
        let count = |status| self.0.by_status.get(status).copied().unwrap_or(0);
        let statuses = closed_set::MemberStatus::ALL.iter();
        statuses.map(|status| StatusCount { status: (*status).into(), count: count(status) }).collect()
    }

    /// How many members sit in each area, by community and key; areas without members are left out.
    async fn members_by_area(&self) -> Vec<AreaCount> {
        let areas = self.0.by_area.iter();
        areas
            .map(|((community, area), &count)| AreaCount {
                community_key: community.to_string(),
                area_key: area.clone(),
                count,
            })
            .collect()
    }

    /// How many assets the members have.
    async fn asset_count(&self) -> u64 {
        self.0.asset_count()
    }

    /// How many assets of each kind the members have; every kind is there.
    async fn assets_by_type(&self) -> Vec<AssetTypeCount> {
        let kinds = closed_set::AssetType::ALL.iter();
        kinds
            .map(|kind| AssetTypeCount { asset_type: (*kind).into(), count: self.0.assets_of(*kind) })
            .collect()
    }

    /// The rated power of the photovoltaic systems, kW (kWp).
    async fn installed_pv_power_kw(&self) -> f64 {
        self.0.installed_pv_power_kw()
    }

    /// The energy that the batteries hold, kWh.
    async fn storage_capacity_kwh(&self) -> f64 {
        self.0.storage_capacity_kwh()
    }

    /// The most power that the charging points give, kW.
    async fn ev_charging_power_kw(&self) -> f64 {
        self.0.ev_charging_power_kw()
    }

    /// The heat that the heat pumps give, kW (thermal).
    async fn heat_pump_thermal_power_kw(&self) -> f64 {
        self.0.heat_pump_thermal_power_kw()
    }

    /// The electricity that the heat pumps draw, kW (electrical).
    async fn heat_pump_electrical_power_kw(&self) -> f64 {
        self.0.heat_pump_electrical_power_kw()
    }

    /// The rated power of the loads that say they are controllable, kW.
    async fn controllable_load_kw(&self) -> f64 {
        self.0.controllable_load_kw()
    }

    /// How many delivery points of the members are in use.
    async fn delivery_points_active(&self) -> u64 {
        self.0.delivery_points_active
    }

    /// How many delivery points of the members are out of use.
    async fn delivery_points_inactive(&self) -> u64 {
        self.0.delivery_points_inactive
    }
}
