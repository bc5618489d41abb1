//! The numbers of some members: how many they are, what they own, how much power stands behind it.

use std::collections::BTreeMap;

use super::closed_set::{AssetType, MemberRole, MemberStatus};
use super::identifier::CommunityKey;

/// How much stands behind some assets. Whole watts and watt-hours, because sums of whole numbers are the
/// same in every order and on every database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quantities {
    /// Electric power in W: the rated power of a photovoltaic system or a load, the most that a charging
    /// point gives, what a heat pump draws.
    pub power_w: i64,
    /// The heat that a heat pump gives, in W.
    pub heat_w: i64,
    /// The energy that a battery holds, in Wh.
    pub energy_wh: i64,
    /// The rated power of a load that can be controlled, in W.
    pub controllable_w: i64,
}

/// The assets of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AssetNumbers {
    /// How many they are.
    pub count: u64,
    /// What stands behind them together.
    pub quantities: Quantities,
}

/// The numbers of some members. Members of every role and status count, as long as no filter says
/// otherwise; what is zero is left out of the maps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many members there are.
    pub members: u64,
    /// How many of them have each role.
    pub by_role: BTreeMap<MemberRole, u64>,
    /// How many of them have each status.
    pub by_status: BTreeMap<MemberStatus, u64>,
    /// How many of them sit in each area; an area's key is unique in its community.
    pub by_area: BTreeMap<(CommunityKey, String), u64>,
    /// What they own, by kind.
    pub assets: BTreeMap<AssetType, AssetNumbers>,
    /// Delivery points in use.
    pub delivery_points_active: u64,
    /// Delivery points out of use.
    pub delivery_points_inactive: u64,
}

impl Stats {
    /// Counts members that have everything in common.
    pub fn add_members(
        &mut self,
        role: MemberRole,
        status: MemberStatus,
        area: (CommunityKey, String),
        count: u64,
    ) {
        self.members += count;
        *self.by_role.entry(role).or_default() += count;
        *self.by_status.entry(status).or_default() += count;
        *self.by_area.entry(area).or_default() += count;
    }

    /// Counts delivery points in use or out of it.
    pub fn add_delivery_points(&mut self, active: bool, count: u64) {
        if active {
            self.delivery_points_active += count;
        } else {
            self.delivery_points_inactive += count;
        }
    }

    /// How many assets of every kind there are together.
    #[must_use]
    pub fn asset_count(&self) -> u64 {
        self.assets.values().map(|numbers| numbers.count).sum()
    }

    /// How many assets of a kind there are.
    #[must_use]
    pub fn assets_of(&self, asset_type: AssetType) -> u64 {
        self.assets.get(&asset_type).map_or(0, |numbers| numbers.count)
    }

    fn quantities(&self, asset_type: AssetType) -> Quantities {
        self.assets.get(&asset_type).map(|numbers| numbers.quantities).unwrap_or_default()
    }

    /// The rated power of the photovoltaic systems, in kW (kWp).
    #[must_use]
    pub fn installed_pv_power_kw(&self) -> f64 {
        kilo(self.quantities(AssetType::Pv).power_w)
    }

    /// The energy that the batteries hold, in kWh.
    #[must_use]
    pub fn storage_capacity_kwh(&self) -> f64 {
        kilo(self.quantities(AssetType::Storage).energy_wh)
    }

    /// The most power that the charging points give, in kW.
    #[must_use]
    pub fn ev_charging_power_kw(&self) -> f64 {
        kilo(self.quantities(AssetType::EvCharger).power_w)
    }

    /// The heat that the heat pumps give, in kW.
    #[must_use]
    pub fn heat_pump_thermal_power_kw(&self) -> f64 {
        kilo(self.quantities(AssetType::HeatPump).heat_w)
    }

    /// The electricity that the heat pumps draw, in kW.
    #[must_use]
    pub fn heat_pump_electrical_power_kw(&self) -> f64 {
        kilo(self.quantities(AssetType::HeatPump).power_w)
    }

    /// The rated power of the loads that can be controlled, in kW.
    #[must_use]
    pub fn controllable_load_kw(&self) -> f64 {
        kilo(self.quantities(AssetType::Load).controllable_w)
    }
}

/// Thousands of a unit: the float that is nearest to the decimal number.
fn kilo(units: i64) -> f64 {
    units as f64 / 1000.0
}
