//! The six kinds of assets: the fields that all of them have, and the documented properties of each.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::asset::{Asset, AssetView};
use super::community::Community;
use super::delivery_point::DeliveryPoint;
use super::device::Device;
use super::member::Member;
use crate::domain::asset;
use crate::domain::fold::folded_code;
use crate::domain::node::Node;
use crate::graphql::enums::AssetType;
use crate::graphql::id::GlobalId;
use crate::graphql::loaders::{AssetsMeasuring, DeliveryPointsByCode, MemberById};
use crate::graphql::scalar::{DateTime, Json};
use crate::graphql::scope::Scope;

macro_rules! kind {
    ($(#[$meta:meta])* $name:ident { $($properties:tt)* }) => {
        $(#[$meta])*
        pub struct $name(AssetView);

        impl From<Arc<asset::Asset>> for $name {
            fn from(asset: Arc<asset::Asset>) -> Self {
                Self(AssetView::new(asset))
            }
        }

        impl From<asset::Asset> for $name {
            fn from(asset: asset::Asset) -> Self {
                Self::from(Arc::new(asset))
            }
        }

        $(#[$meta])*
        #[Object]
        impl $name {
            /// Opaque, global, stable across re-imports.
            async fn id(&self) -> ID {
                GlobalId::Asset(self.0.asset().id).into()
            }

            /// Unique in the community.
            async fn key(&self) -> &str {
                self.0.asset().content.key.as_str()
            }

            /// The kind of asset.
            #[graphql(name = "type")]
            async fn asset_type(&self) -> AssetType {
                self.0.asset().content.asset_type.into()
            }

            /// The name.
            async fn name(&self) -> &str {
                &self.0.asset().content.name
            }

            /// The id of the measuring device behind it.
            async fn sensor_id(&self) -> Option<&str> {
                self.0.asset().content.sensor_id.as_ref().map(|sensor| sensor.as_str())
            }

            /// The member whose it is; null when the caller may not see it.
            async fn owner(&self, context: &Context<'_>) -> Result<Option<Member>> {
                Ok(Scope::of(context)?.load(MemberById(self.0.asset().owner.id)).await?.map(Member))
            }

            /// The community of its owner.
            async fn community(&self, context: &Context<'_>) -> Result<Community> {
                Ok(Community::load(context, self.0.asset().community.id).await?)
            }

            /// The device behind it; null when nothing is known of it.
            async fn device(&self) -> Option<Device> {
                Device::described_by(&self.0.asset().content.device)
            }

            /// The assets that it measures, in the order given. Keys that no asset of the community has are left
            /// out, and so is what the caller may not see; `relationships` has them all.
            async fn measures(&self, context: &Context<'_>) -> Result<Vec<Asset>> {
                let listed = self.0.relationship("measures").and_then(Node::as_list).unwrap_or_default();
                let keys = listed.iter().filter_map(Node::as_text).map(|key| self.0.related(key)).collect();
                Ok(Scope::of(context)?.load_all(keys).await?.into_iter().map(Asset::from).collect())
            }

            /// The assets of the community that say they measure it, by key.
            async fn measured_by(&self, context: &Context<'_>) -> Result<Vec<Asset>> {
                let asset = self.0.asset();
                let key = AssetsMeasuring((asset.community.id, asset.content.key.clone()));
                let measuring = Scope::of(context)?.load(key).await?;
                Ok(measuring.iter().flat_map(|assets| assets.iter().cloned()).map(Asset::from).collect())
            }

            /// The asset that it is paired with, such as the battery of a rooftop; null when there is none that
            /// the caller may see.
            async fn paired_with(&self, context: &Context<'_>) -> Result<Option<Asset>> {
                let Some(key) = self.0.relationship("paired_with").and_then(Node::as_text) else { return Ok(None) };
                Ok(Scope::of(context)?.load(self.0.related(key)).await?.map(Asset::from))
            }

            /// The properties of its kind and every other key, as they were given.
            async fn properties(&self) -> Json {
                (&self.0.asset().content.properties).into()
            }

            /// `measures`, asset keys, and `paired_with`, an asset key, as they were given.
            async fn relationships(&self) -> Json {
                (&self.0.asset().content.relationships).into()
            }

            /// What was given under `extra`.
            async fn extra(&self) -> Json {
                (&self.0.asset().content.extra).into()
            }

            /// Grows by one with each change.
            async fn version(&self) -> i64 {
                self.0.asset().version
            }

            /// When it was first stored.
            async fn created_at(&self) -> DateTime {
                DateTime(self.0.asset().created_at)
            }

            /// When its content last changed.
            async fn updated_at(&self) -> DateTime {
                DateTime(self.0.asset().updated_at)
            }

            $($properties)*
        }
    };
}

kind! {
    /// A photovoltaic system.
    PvAsset {
        /// The peak power of the modules, kWp.
        async fn rated_power(&self) -> Option<f64> {
            self.0.number("rated_power")
        }

        /// The power of the inverter, kW.
        async fn inverter_power(&self) -> Option<f64> {
            self.0.number("inverter_power")
        }

        /// The technology of the modules, e.g. monocrystalline, polycrystalline, thin_film, bifacial.
        async fn panel_type(&self) -> Option<&str> {
            self.0.text("panel_type")
        }

        /// Where the modules look, as an azimuth from 0 to 360 degrees; 0 is north.
        async fn orientation(&self) -> Option<f64> {
            self.0.number("orientation")
        }

        /// How far the modules are tilted from the horizontal, 0 to 90 degrees.
        async fn tilt_angle(&self) -> Option<f64> {
            self.0.number("tilt_angle")
        }

        /// When it was installed, YYYY-MM-DD.
        async fn installation_date(&self) -> Option<&str> {
            self.0.text("installation_date")
        }
    }
}

kind! {
    /// A battery.
    StorageAsset {
        /// The energy it holds, kWh.
        async fn capacity(&self) -> Option<f64> {
            self.0.number("capacity")
        }

        /// The most power it takes, kW.
        async fn max_charge_power(&self) -> Option<f64> {
            self.0.number("max_charge_power")
        }

        /// The most power it gives, kW.
        async fn max_discharge_power(&self) -> Option<f64> {
            self.0.number("max_discharge_power")
        }

        /// The chemistry, e.g. lithium_ion, lfp, lead_acid, flow_battery, sodium_ion, solid_state, other.
        async fn battery_type(&self) -> Option<&str> {
            self.0.text("battery_type")
        }

        /// How much of the energy that goes in comes out again, 0 to 100 per cent.
        async fn round_trip_efficiency(&self) -> Option<f64> {
            self.0.number("round_trip_efficiency")
        }

        /// When it was installed, YYYY-MM-DD.
        async fn installation_date(&self) -> Option<&str> {
            self.0.text("installation_date")
        }
    }
}

kind! {
    /// A meter.
    MeterAsset {
        /// What it measures, e.g. consumption, production, bidirectional, import, export.
        async fn meter_type(&self) -> Option<&str> {
            self.0.text("meter_type")
        }

        /// The code of the delivery point it sits at.
        async fn pod(&self) -> Option<&str> {
            self.0.text("pod")
        }

        /// The delivery point it sits at: its owner's, or else another member's of the community with that
        /// code; null when there is none that the caller may see.
        async fn delivery_point(&self, context: &Context<'_>) -> Result<Option<DeliveryPoint>> {
            let Some(pod) = self.0.text("pod") else { return Ok(None) };
            let meter = self.0.asset();
            let key = DeliveryPointsByCode((meter.community.id, folded_code(pod)));
            let points = Scope::of(context)?.load(key).await?.unwrap_or_default();
            let own = points.iter().find(|point| point.member.id == meter.owner.id);
            Ok(own.or_else(|| points.first()).cloned().map(DeliveryPoint::from))
        }

        /// How it is read, e.g. modbus, mqtt, rest_api, mbus, dlms, sunspec, other.
        async fn protocol(&self) -> Option<&str> {
            self.0.text("protocol")
        }

        /// When it was installed, YYYY-MM-DD.
        async fn installation_date(&self) -> Option<&str> {
            self.0.text("installation_date")
        }
    }
}

kind! {
    /// A charging point for electric vehicles.
    EvChargerAsset {
        /// The most power it gives, kW.
        async fn max_power(&self) -> Option<f64> {
            self.0.number("max_power")
        }

        /// How it charges, e.g. ac_level1, ac_level2, dc_fast, dc_ultra_fast.
        async fn charger_type(&self) -> Option<&str> {
            self.0.text("charger_type")
        }

        /// Its connectors, e.g. type1, type2, ccs1, ccs2, chademo, tesla, gbt.
        async fn connector_types(&self) -> Option<Vec<&str>> {
            self.0.texts("connector_types")
        }

        /// Whether it shifts charging in time.
        async fn smart_charging(&self) -> Option<bool> {
            self.0.truth("smart_charging")
        }

        /// Whether vehicles can give energy back (V2G).
        async fn bidirectional(&self) -> Option<bool> {
            self.0.truth("bidirectional")
        }

        /// How many vehicles it serves at once.
        async fn num_ports(&self) -> Option<i32> {
            self.0.count("num_ports")
        }

        /// When it was installed, YYYY-MM-DD.
        async fn installation_date(&self) -> Option<&str> {
            self.0.text("installation_date")
        }
    }
}

kind! {
    /// A heat pump.
    HeatPumpAsset {
        /// The heat it gives, kW.
        async fn thermal_power(&self) -> Option<f64> {
            self.0.number("thermal_power")
        }

        /// The electricity it draws, kW.
        async fn electrical_power(&self) -> Option<f64> {
            self.0.number("electrical_power")
        }

        /// The coefficient of performance, heat over electricity.
        async fn cop(&self) -> Option<f64> {
            self.0.number("cop")
        }

        /// The energy efficiency ratio, cooling over electricity.
        async fn eer(&self) -> Option<f64> {
            self.0.number("eer")
        }

        /// The seasonal coefficient of performance.
        async fn scop(&self) -> Option<f64> {
            self.0.number("scop")
        }

        /// The seasonal energy efficiency ratio.
        async fn seer(&self) -> Option<f64> {
            self.0.number("seer")
        }

        /// From where to where it moves heat, e.g. air_to_air, air_to_water, ground_source, water_source.
        async fn heat_pump_type(&self) -> Option<&str> {
            self.0.text("heat_pump_type")
        }

        /// Whether it also cools.
        async fn reversible(&self) -> Option<bool> {
            self.0.truth("reversible")
        }

        /// The refrigerant.
        async fn refrigerant(&self) -> Option<&str> {
            self.0.text("refrigerant")
        }

        /// When it was installed, YYYY-MM-DD.
        async fn installation_date(&self) -> Option<&str> {
            self.0.text("installation_date")
        }
    }
}

kind! {
    /// Any other load.
    LoadAsset {
        /// What it is, e.g. hvac, lighting, appliance, industrial, process, refrigeration, pumping, other.
        async fn load_type(&self) -> Option<&str> {
            self.0.text("load_type")
        }

        /// The power it draws at most, kW.
        async fn rated_power(&self) -> Option<f64> {
            self.0.number("rated_power")
        }

        /// The power it draws at least, kW.
        async fn min_power(&self) -> Option<f64> {
            self.0.number("min_power")
        }

        /// Whether it can be switched or throttled from afar.
        async fn controllable(&self) -> Option<bool> {
            self.0.truth("controllable")
        }

        /// How important it is, e.g. critical, high, medium, low.
        async fn priority(&self) -> Option<&str> {
            self.0.text("priority")
        }

        /// How much of its power can be shifted in time, kW.
        async fn flexibility_kw(&self) -> Option<f64> {
            self.0.number("flexibility_kw")
        }
    }
}
