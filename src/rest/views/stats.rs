//! The numbers of members.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::{AssetTypeWord, RoleWord, StatusWord, Word};
use crate::domain::closed_set::{AssetType, ClosedSet, MemberRole, MemberStatus};
use crate::domain::identifier::CommunityKey;
use crate::domain::stats::Stats;

/// The numbers of the members of a community, of every role and status. A power or capacity is the sum of
/// what the assets say of themselves, each to the nearest W or Wh: an asset that says nothing, or nothing
/// that fits the documented range, adds nothing, and neither does one over 100 GW or GWh.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityStats {
    /// The key of the community.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// How many members there are.
    #[schema(example = 3)]
    pub member_count: u64,
    /// How many members have each role; every role is there.
    pub members_by_role: Vec<RoleCount>,
    /// How many members have each status; every status is there.
    pub members_by_status: Vec<StatusCount>,
    /// How many members sit in each area, by key; areas without members are left out.
    pub members_by_area: Vec<AreaCount>,
    /// How many assets the members have.
    #[schema(example = 8)]
    pub asset_count: u64,
    /// How many assets of each kind the members have; every kind is there.
    pub assets_by_type: Vec<AssetTypeCount>,
    /// The rated power of the photovoltaic systems, kW (kWp).
    #[schema(example = 5.94)]
    pub installed_pv_power_kw: f64,
    /// The energy that the batteries hold, kWh.
    #[schema(example = 10.2)]
    pub storage_capacity_kwh: f64,
    /// The most power that the charging points give, kW.
    #[schema(example = 22.0)]
    pub ev_charging_power_kw: f64,
    /// The heat that the heat pumps give, kW (thermal).
    #[schema(example = 8.0)]
    pub heat_pump_thermal_power_kw: f64,
    /// The electricity that the heat pumps draw, kW (electrical).
    #[schema(example = 2.1)]
    pub heat_pump_electrical_power_kw: f64,
    /// The rated power of the loads that say they are controllable, kW.
    #[schema(example = 12.5)]
    pub controllable_load_kw: f64,
    /// How many delivery points of the members are in use.
    #[schema(example = 3)]
    pub delivery_points_active: u64,
    /// How many delivery points of the members are out of use.
    #[schema(example = 1)]
    pub delivery_points_inactive: u64,
}

/// How many members have a role.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleCount {
    /// The role.
    pub role: RoleWord,
    /// How many members have it.
    pub count: u64,
}

/// How many members have a status.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusCount {
    /// The status.
    pub status: StatusWord,
    /// How many members have it.
    pub count: u64,
}

/// How many members sit in an area.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaCount {
    /// The key of the area, unique in the community.
    #[schema(example = "north")]
    pub area: String,
    /// How many members sit in it.
    pub count: u64,
}

/// How many assets are of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetTypeCount {
    /// The kind.
    pub asset_type: AssetTypeWord,
    /// How many assets are of it.
    pub count: u64,
}

impl CommunityStats {
    /// The numbers of a community's members.
    #[must_use]
    pub fn new(community: &CommunityKey, stats: &Stats) -> Self {
        let role = |&role: &MemberRole| RoleCount {
            role: Word(role),
            count: stats.by_role.get(&role).copied().unwrap_or_default(),
        };
        let status = |&status: &MemberStatus| StatusCount {
            status: Word(status),
            count: stats.by_status.get(&status).copied().unwrap_or_default(),
        };
        let asset_type = |&asset_type: &AssetType| AssetTypeCount {
            asset_type: Word(asset_type),
            count: stats.assets_of(asset_type),
        };
        let areas = stats.by_area.iter();
        Self {
            community_key: community.to_string(),
            member_count: stats.members,
            members_by_role: MemberRole::ALL.iter().map(role).collect(),
            members_by_status: MemberStatus::ALL.iter().map(status).collect(),
            members_by_area: areas
                .map(|((_, area), &count)| AreaCount { area: area.clone(), count })
                .collect(),
            asset_count: stats.asset_count(),
            assets_by_type: AssetType::ALL.iter().map(asset_type).collect(),
            installed_pv_power_kw: stats.installed_pv_power_kw(),
            storage_capacity_kwh: stats.storage_capacity_kwh(),
            ev_charging_power_kw: stats.ev_charging_power_kw(),
            heat_pump_thermal_power_kw: stats.heat_pump_thermal_power_kw(),
            heat_pump_electrical_power_kw: stats.heat_pump_electrical_power_kw(),
            controllable_load_kw: stats.controllable_load_kw(),
            delivery_points_active: stats.delivery_points_active,
            delivery_points_inactive: stats.delivery_points_inactive,
        }
    }
}
