//! Assets, meters among them.

use serde::Serialize;
use utoipa::ToSchema;

use super::free::Free;
use super::words::{AssetTypeWord, Word};
use crate::domain::asset as domain;
use crate::domain::node::Node;

/// An asset in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetListItem {
    /// Stable across re-imports of the same keys.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a12")]
    pub id: String,
    /// Unique in the community.
    #[schema(example = "pv-au-00001")]
    pub key: String,
    /// The kind.
    pub asset_type: AssetTypeWord,
    /// The name.
    #[schema(example = "Roof")]
    pub name: String,
    /// The key of the member whose it is.
    #[schema(example = "au-00001")]
    pub owner_key: String,
    /// The user id of the member whose it is.
    #[schema(example = "alice")]
    pub owner_user_id: String,
    /// The id of the measuring device behind it.
    #[schema(required, example = "SEN-1")]
    pub sensor_id: Option<String>,
    /// The type of the device.
    #[schema(required, example = "inverter")]
    pub device_type: Option<String>,
}

/// An asset with all its documents.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetDetail {
    /// Stable across re-imports of the same keys.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a12")]
    pub id: String,
    /// What the asset is.
    #[serde(flatten)]
    pub described: DescribedAsset,
    /// The key of the member whose it is.
    #[schema(example = "au-00001")]
    pub owner_key: String,
    /// The user id of the member whose it is.
    #[schema(example = "alice")]
    pub owner_user_id: String,
    /// What was given under `extra`.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub extra: Free,
    /// When it was first stored; RFC 3339, UTC.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub created_at: String,
    /// When its content last changed; RFC 3339, UTC.
    #[schema(example = "2026-01-31T08:15:00.000000Z")]
    pub updated_at: String,
}

/// What an asset is.
#[derive(Debug, Serialize, ToSchema)]
pub struct DescribedAsset {
    /// Unique in the community.
    #[schema(example = "pv-au-00001")]
    pub key: String,
    /// The kind.
    pub asset_type: AssetTypeWord,
    /// The name.
    #[schema(example = "Roof")]
    pub name: String,
    /// The id of the measuring device behind it.
    #[schema(required, example = "SEN-1")]
    pub sensor_id: Option<String>,
    /// The properties of its kind and whatever else was given; powers in kW, energies in kWh.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"rated_power": 5.0, "tilt_angle": 30}))]
    pub properties: Free,
    /// The device: `type`, `manufacturer`, `model`, `serial_number`, `mac_address`, `firmware_version`
    /// and whatever else was given.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"type": "inverter", "manufacturer": "Helios"}))]
    pub device: Free,
    /// `measures`, keys of assets, and `paired_with`, the key of an asset.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"measures": ["m-au-00001"]}))]
    pub relationships: Free,
}

/// A meter in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeterListItem {
    /// Stable across re-imports of the same keys.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a13")]
    pub id: String,
    /// Unique in the community.
    #[schema(example = "m-au-00001")]
    pub key: String,
    /// The name.
    #[schema(example = "Main")]
    pub name: String,
    /// The id of the measuring device behind it.
    #[schema(required, example = "SEN-1")]
    pub sensor_id: Option<String>,
    /// consumption, production, bidirectional, import, export, or whatever was given.
    #[schema(required, example = "bidirectional")]
    pub meter_type: Option<String>,
    /// The id of the delivery point that it stands at.
    #[schema(required, example = "IT001E00001234")]
    pub pod: Option<String>,
    /// The device: `type`, `manufacturer`, `model`, `serial_number`, `mac_address`, `firmware_version`
    /// and whatever else was given.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({"type": "mac", "model": "plug"}))]
    pub device: Free,
    /// The key of the member whose it is.
    #[schema(example = "au-00001")]
    pub owner_key: String,
    /// The user id of the member whose it is.
    #[schema(example = "alice")]
    pub owner_user_id: String,
}

impl From<domain::Asset> for AssetListItem {
    fn from(asset: domain::Asset) -> Self {
        let content = asset.content;
        Self {
            id: asset.id.to_string(),
            device_type: text_at(&content.device.node(), "type"),
            key: content.key.into_string(),
            asset_type: Word(content.asset_type),
            name: content.name,
            owner_key: asset.owner.key.into_string(),
            owner_user_id: asset.owner.user_id.into_string(),
            sensor_id: content.sensor_id.map(|sensor| sensor.into_string()),
        }
    }
}

impl From<domain::AssetContent> for DescribedAsset {
    fn from(content: domain::AssetContent) -> Self {
        Self {
            key: content.key.into_string(),
            asset_type: Word(content.asset_type),
            name: content.name,
            sensor_id: content.sensor_id.map(|sensor| sensor.into_string()),
            properties: content.properties.into(),
            device: content.device.into(),
            relationships: content.relationships.into(),
        }
    }
}

impl From<domain::Asset> for AssetDetail {
    fn from(asset: domain::Asset) -> Self {
        Self {
            id: asset.id.to_string(),
            owner_key: asset.owner.key.into_string(),
            owner_user_id: asset.owner.user_id.into_string(),
            extra: asset.content.extra.clone().into(),
            described: asset.content.into(),
            created_at: asset.created_at.to_string(),
            updated_at: asset.updated_at.to_string(),
        }
    }
}

impl From<domain::Asset> for MeterListItem {
    fn from(asset: domain::Asset) -> Self {
        let content = asset.content;
        let properties = content.properties.node();
        Self {
            id: asset.id.to_string(),
            key: content.key.into_string(),
            name: content.name,
            sensor_id: content.sensor_id.map(|sensor| sensor.into_string()),
            meter_type: text_at(&properties, "meter_type"),
            pod: text_at(&properties, "pod"),
            device: content.device.into(),
            owner_key: asset.owner.key.into_string(),
            owner_user_id: asset.owner.user_id.into_string(),
        }
    }
}

/// The text under a key; none where something else stands there.
fn text_at(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(Node::as_text).map(str::to_owned)
}
