//! An asset: what a member owns or runs, from a rooftop to a meter.

use uuid::Uuid;

use super::closed_set::AssetType;
use super::community::CommunityRef;
use super::document::Document;
use super::identifier::{AssetKey, DeliveryPointCode, SensorId};
use super::member::MemberRef;
use super::node::Node;
use super::stats::Quantities;
use super::timestamp::Timestamp;

/// The documented keys of a device (SAREF-inspired), in the order in which they are written.
pub const DEVICE_KEYS: &[&str] =
    &["type", "manufacturer", "model", "serial_number", "mac_address", "firmware_version"];

/// The documented keys of an asset's relationships, in the order in which they are written.
pub const RELATIONSHIP_KEYS: &[&str] = &["measures", "paired_with"];

/// How the relationships of an asset that measures no other begin, as most do.
const MEASURES_NOTHING: &str = r#"{"measures":[]"#;

/// What is said of an asset, without its identity in this registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssetContent {
    /// Unique in the community.
    pub key: AssetKey,
    /// Its kind.
    pub asset_type: AssetType,
    /// The name.
    pub name: String,
    /// The id of the measuring device behind it.
    pub sensor_id: Option<SensorId>,
    /// The properties of its kind and every other key, a mapping.
    pub properties: Document,
    /// The device, a mapping.
    pub device: Document,
    /// `measures`, `[]` at least, and `paired_with`; a mapping.
    pub relationships: Document,
    /// What was given under `extra`, a mapping.
    pub extra: Document,
}

impl AssetContent {
    /// The delivery point that a meter names as its `pod`.
    #[must_use]
    pub fn pod(&self) -> Option<DeliveryPointCode> {
        if self.asset_type != AssetType::Meter {
            return None;
        }
        self.properties.node().get("pod").and_then(Node::as_text).map(DeliveryPointCode::from)
    }

    /// The keys of the assets that this one measures, as they were given.
    #[must_use]
    pub fn measures(&self) -> Vec<String> {
        if self.relationships.as_str().starts_with(MEASURES_NOTHING) {
            return Vec::new();
        }
        let relationships = self.relationships.node();
        let measures = relationships.get("measures").and_then(Node::as_list).unwrap_or_default();
        measures.iter().filter_map(Node::as_text).map(str::to_owned).collect()
    }

    /// The key of the asset that this one is paired with, as it was given.
    #[must_use]
    pub fn paired_with(&self) -> Option<AssetKey> {
        self.relationships.node().get("paired_with").and_then(Node::as_text).map(AssetKey::from)
    }

    /// What stands behind the asset: zero where its properties do not say, or not as documented.
    #[must_use]
    pub fn quantities(&self) -> Quantities {
        let properties = match self.asset_type {
            AssetType::Meter => return Quantities::default(),
            _ => self.properties.node(),
        };
        let given = |key| property_value(self.asset_type, &properties, key);
        let units = |key| given(key).and_then(Node::as_f64).map_or(0, units_of_kilo);
        match self.asset_type {
            AssetType::Pv => Quantities { power_w: units("rated_power"), ..Quantities::default() },
            AssetType::Storage => Quantities { energy_wh: units("capacity"), ..Quantities::default() },
            AssetType::Meter => Quantities::default(),
            AssetType::EvCharger => Quantities { power_w: units("max_power"), ..Quantities::default() },
            AssetType::HeatPump => Quantities {
                power_w: units("electrical_power"),
                heat_w: units("thermal_power"),
                ..Quantities::default()
            },
            AssetType::Load => {
                let power_w = units("rated_power");
                let controllable = given("controllable").and_then(Node::as_bool) == Some(true);
                let controllable_w = if controllable { power_w } else { 0 };
                Quantities { power_w, controllable_w, ..Quantities::default() }
            }
        }
    }
}

/// An asset of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Stable across re-imports of the same keys.
    pub id: Uuid,
    /// The community of its owner.
    pub community: CommunityRef,
    /// The member whose it is.
    pub owner: MemberRef,
    /// What is said of it.
    pub content: AssetContent,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When its content last changed.
    pub updated_at: Timestamp,
}

/// The values that a property of an asset may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PropertyType {
    /// A number from `min` to `max`.
    Number {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// A whole number, 0 or more.
    Count,
    /// `true` or `false`.
    Boolean,
    /// A text.
    Text,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A list of texts.
    Texts,
}

/// A documented property of a kind of asset.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    /// The key.
    pub key: &'static str,
    /// What it may hold.
    pub property_type: PropertyType,
    /// A spelling found in older files; it is kept as it is given, with a warning.
    pub also_seen: Option<&'static str>,
    /// What it says, with its unit.
    pub says: &'static str,
}

const fn property(key: &'static str, property_type: PropertyType, says: &'static str) -> Property {
    Property { key, property_type, also_seen: None, says }
}

const fn renamed(
    key: &'static str,
    property_type: PropertyType,
    also_seen: &'static str,
    says: &'static str,
) -> Property {
    Property { key, property_type, also_seen: Some(also_seen), says }
}

const POSITIVE: PropertyType = PropertyType::Number { min: 0.0, max: f64::MAX };

const PV: &[Property] = &[
    renamed("rated_power", POSITIVE, "capacity_kwp", "The peak power of the modules, kWp."),
    property(
        "panel_type",
        PropertyType::Text,
        "The technology of the modules, e.g. monocrystalline, polycrystalline, thin_film, bifacial.",
    ),
    property("inverter_power", POSITIVE, "The power of the inverter, kW."),
    property(
        "orientation",
        PropertyType::Number { min: 0.0, max: 360.0 },
        "Where the modules look, as an azimuth from 0 to 360 degrees; 0 is north.",
    ),
    renamed(
        "tilt_angle",
        PropertyType::Number { min: 0.0, max: 90.0 },
        "tilt",
        "How far the modules are tilted from the horizontal, 0 to 90 degrees.",
    ),
    property("installation_date", PropertyType::Date, "When it was installed, YYYY-MM-DD."),
];

const STORAGE: &[Property] = &[
    renamed("capacity", POSITIVE, "capacity_kwh", "The energy it holds, kWh."),
    property("max_charge_power", POSITIVE, "The most power it takes, kW."),
    renamed("max_discharge_power", POSITIVE, "max_power_kw", "The most power it gives, kW."),
    renamed(
        "battery_type",
        PropertyType::Text,
        "chemistry",
        "The chemistry, e.g. lithium_ion, lfp, lead_acid, flow_battery, sodium_ion, solid_state, other.",
    ),
    property(
        "round_trip_efficiency",
        PropertyType::Number { min: 0.0, max: 100.0 },
        "How much of the energy that goes in comes out again, 0 to 100 per cent.",
    ),
    property("installation_date", PropertyType::Date, "When it was installed, YYYY-MM-DD."),
];

const METER: &[Property] = &[
    property(
        "meter_type",
        PropertyType::Text,
        "What it measures, e.g. consumption, production, bidirectional, import, export.",
    ),
    property("pod", PropertyType::Text, "The code of the delivery point it sits at."),
    property(
        "protocol",
        PropertyType::Text,
        "How it is read, e.g. modbus, mqtt, rest_api, mbus, dlms, sunspec, other.",
    ),
    property("installation_date", PropertyType::Date, "When it was installed, YYYY-MM-DD."),
];

const EV_CHARGER: &[Property] = &[
    renamed("max_power", POSITIVE, "max_power_kw", "The most power it gives, kW."),
    property(
        "charger_type",
        PropertyType::Text,
        "How it charges, e.g. ac_level1, ac_level2, dc_fast, dc_ultra_fast.",
    ),
    renamed(
        "connector_types",
        PropertyType::Texts,
        "connector_type",
        "Its connectors, e.g. type1, type2, ccs1, ccs2, chademo, tesla, gbt.",
    ),
    property("smart_charging", PropertyType::Boolean, "Whether it shifts charging in time."),
    property("bidirectional", PropertyType::Boolean, "Whether vehicles can give energy back (V2G)."),
    renamed("num_ports", PropertyType::Count, "num_connectors", "How many vehicles it serves at once."),
    property("installation_date", PropertyType::Date, "When it was installed, YYYY-MM-DD."),
];

const HEAT_PUMP: &[Property] = &[
    renamed("thermal_power", POSITIVE, "thermal_power_kw", "The heat it gives, kW."),
    property("electrical_power", POSITIVE, "The electricity it draws, kW."),
    property("cop", POSITIVE, "The coefficient of performance, heat over electricity."),
    property("eer", POSITIVE, "The energy efficiency ratio, cooling over electricity."),
    property("scop", POSITIVE, "The seasonal coefficient of performance."),
    property("seer", POSITIVE, "The seasonal energy efficiency ratio."),
    renamed(
        "heat_pump_type",
        PropertyType::Text,
        "heat_source",
        "From where to where it moves heat, e.g. air_to_air, air_to_water, ground_source, water_source.",
    ),
    property("reversible", PropertyType::Boolean, "Whether it also cools."),
    property("refrigerant", PropertyType::Text, "The refrigerant."),
    property("installation_date", PropertyType::Date, "When it was installed, YYYY-MM-DD."),
];

const LOAD: &[Property] = &[
    property(
        "load_type",
        PropertyType::Text,
        "What it is, e.g. hvac, lighting, appliance, industrial, process, refrigeration, pumping, other.",
    ),
    renamed("rated_power", POSITIVE, "rated_power_kw", "The power it draws at most, kW."),
    property("min_power", POSITIVE, "The power it draws at least, kW."),
    property("controllable", PropertyType::Boolean, "Whether it can be switched or throttled from afar."),
    property("priority", PropertyType::Text, "How important it is, e.g. critical, high, medium, low."),
    property("flexibility_kw", POSITIVE, "How much of its power can be shifted in time, kW."),
];

/// The documented properties of a kind of asset, in the order in which they are written.
#[must_use]
pub fn properties_of(asset_type: AssetType) -> &'static [Property] {
    match asset_type {
        AssetType::Pv => PV,
        AssetType::Storage => STORAGE,
        AssetType::Meter => METER,
        AssetType::EvCharger => EV_CHARGER,
        AssetType::HeatPump => HEAT_PUMP,
        AssetType::Load => LOAD,
    }
}

/// The value of a documented property, in its own spelling or else in the one of older files; none when
/// it does not fit its documented type and range.
#[must_use]
pub fn property_value<'n>(asset_type: AssetType, properties: &'n Node, key: &str) -> Option<&'n Node> {
    let property = properties_of(asset_type).iter().find(|property| property.key == key)?;
    let spellings = [Some(property.key), property.also_seen];
    let mut given = spellings.into_iter().flatten().filter_map(|spelling| properties.get(spelling));
    given.find(|value| property.property_type.fits(value))
}

/// The largest quantity that counts: 100 GW, more than any plant on earth. What is larger was mistyped, and
/// would drown every true number of a sum, or overflow it.
const LARGEST_KILO: f64 = 1e8;

/// A number of kW in W, of kWh in Wh, to the nearest whole; zero when it is beyond [`LARGEST_KILO`].
fn units_of_kilo(kilo: f64) -> i64 {
    if kilo <= LARGEST_KILO { (kilo * 1000.0).round() as i64 } else { 0 }
}

impl PropertyType {
    /// Whether a value fits the type and its range.
    #[must_use]
    pub fn fits(self, value: &Node) -> bool {
        match self {
            Self::Number { min, max } => value.as_f64().is_some_and(|number| (min..=max).contains(&number)),
            Self::Count => match value {
                Node::Number(digits) => digits.parse::<i32>().is_ok_and(|count| count >= 0),
                _ => false,
            },
            Self::Boolean => value.as_bool().is_some(),
            Self::Text => value.as_text().is_some(),
            Self::Date => value
                .as_text()
                .is_some_and(|text| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()),
            Self::Texts => {
                value.as_list().is_some_and(|items| items.iter().all(|item| item.as_text().is_some()))
            }
        }
    }

    /// What is allowed, in a sentence: `a number from 0 to 360`.
    #[must_use]
    pub fn allowed(self) -> String {
        match self {
            Self::Number { min, max } if max == f64::MAX => format!("a number of at least {min}"),
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Count => "a whole number of at least 0".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Date => "a date as YYYY-MM-DD".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantities(asset_type: AssetType, properties: &str) -> Quantities {
        AssetContent {
            key: "a".into(),
            asset_type,
            name: "A".into(),
            sensor_id: None,
            properties: Document::from_stored(properties.to_owned()),
            device: Document::empty(),
            relationships: Document::empty(),
            extra: Document::empty(),
        }
        .quantities()
    }

    #[test]
    fn kilowatts_become_whole_watts() {
        let pv = |properties| quantities(AssetType::Pv, properties).power_w;
        assert_eq!(pv(r#"{"rated_power":5.940}"#), 5_940);
        assert_eq!(pv(r#"{"rated_power":0.3005}"#), 301, "to the nearest");
        assert_eq!(pv(r#"{"capacity_kwp":3}"#), 3_000, "the spelling of older files");
        assert_eq!(pv(r#"{"rated_power":4,"capacity_kwp":3}"#), 4_000, "the documented one comes first");
    }

    #[test]
    fn what_does_not_fit_or_cannot_be_counts_nothing() {
        for properties in
            ["{}", r#"{"rated_power":"5"}"#, r#"{"rated_power":-1}"#, r#"{"rated_power":1e300}"#]
        {
            assert_eq!(quantities(AssetType::Pv, properties), Quantities::default(), "{properties}");
        }
    }

    #[test]
    fn each_kind_has_its_own_quantities() {
        let heat_pump = quantities(AssetType::HeatPump, r#"{"thermal_power":9,"electrical_power":2.5}"#);
        assert_eq!((heat_pump.heat_w, heat_pump.power_w), (9_000, 2_500));
        assert_eq!(quantities(AssetType::Storage, r#"{"capacity_kwh":13.5}"#).energy_wh, 13_500);
        assert_eq!(quantities(AssetType::EvCharger, r#"{"max_power":22}"#).power_w, 22_000);
        let load = |properties| quantities(AssetType::Load, properties).controllable_w;
        assert_eq!(load(r#"{"rated_power":2,"controllable":true}"#), 2_000);
        assert_eq!(load(r#"{"rated_power":2,"controllable":false}"#), 0);
        assert_eq!(load(r#"{"rated_power":2}"#), 0);
    }
}
