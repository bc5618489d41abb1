//! The device behind an asset.

use async_graphql::Object;

use super::documents::FreeDocument;
use crate::domain::asset::DEVICE_KEYS;
use crate::domain::document::Document;
use crate::graphql::scalar::Json;

/// The device behind an asset, in the terms of SAREF.
pub struct Device(FreeDocument);

impl Device {
    /// The device that a document describes; none when it says nothing.
    pub fn described_by(document: &Document) -> Option<Self> {
        (!document.is_empty()).then(|| Self(FreeDocument::new(document.node(), DEVICE_KEYS)))
    }
}

/// The device behind an asset, in the terms of SAREF.
#[Object]
impl Device {
    /// What kind of device it is.
    #[graphql(name = "type")]
    async fn device_type(&self) -> Option<&str> {
        self.0.text("type")
    }

    /// Who made it.
    async fn manufacturer(&self) -> Option<&str> {
        self.0.text("manufacturer")
    }

    /// The model.
    async fn model(&self) -> Option<&str> {
        self.0.text("model")
    }

    /// The serial number.
    async fn serial_number(&self) -> Option<&str> {
        self.0.text("serial_number")
    }

    /// The hardware address on its network.
    async fn mac_address(&self) -> Option<&str> {
        self.0.text("mac_address")
    }

    /// The version of its firmware.
    async fn firmware_version(&self) -> Option<&str> {
        self.0.text("firmware_version")
    }

    /// Everything else that was given.
    async fn extra(&self) -> Json {
        self.0.extra()
    }
}
