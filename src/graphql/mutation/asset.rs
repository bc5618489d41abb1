//! What members own.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::fields::{Fields, seen};
use super::member::names;
use crate::domain::closed_set::{self, ClosedSet as _};
use crate::domain::error::Error;
use crate::domain::identifier::AssetKey;
use crate::domain::node::Node;
use crate::graphql::enums::AssetType;
use crate::graphql::scalar::Json;
use crate::graphql::scope::Scope;
use crate::graphql::types;
use crate::service::write::asset;

/// What `properties` may not name: it has a field of its own.
const FIELDS: &[&str] = &["key", "name", "sensor_id", "device", "relationships", "extra"];

/// An asset.
#[derive(InputObject)]
pub struct AssetInput {
    /// Unique in the community, at most 128 characters.
    key: String,
    /// The kind.
    #[graphql(name = "type")]
    asset_type: AssetType,
    /// The name, at most 256 characters.
    name: String,
    /// The id of the measuring device behind it, at most 256 characters.
    sensor_id: Option<String>,
    /// The properties of its kind and any other data, an object with the keys of a bundle, e.g. `rated_power`; powers
    /// in kW, energies in kWh.
    properties: Option<Json>,
    /// The device, an object: `type`, `manufacturer`, `model`, `serial_number`, `mac_address`, `firmware_version` and
    /// any other data.
    device: Option<Json>,
    /// An object: `measures`, keys of assets, and `paired_with`, the key of an asset.
    relationships: Option<Json>,
    /// Any data beside the properties, an object.
    extra: Option<Json>,
}

/// An asset of a member, all of it.
#[derive(InputObject)]
pub struct PutAssetInput {
    /// The key of the community.
    community_key: String,
    /// The key of the member.
    member_key: String,
    /// The asset.
    asset: AssetInput,
    /// The version of the asset that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The asset that was put.
#[derive(SimpleObject)]
pub struct PutAssetPayload {
    /// The asset.
    asset: types::Asset,
}

/// The asset that is to go.
#[derive(InputObject)]
pub struct RemoveAssetInput {
    /// The key of the community.
    community_key: String,
    /// The key of the member.
    member_key: String,
    /// The key of the asset.
    key: String,
    /// The version of the asset that was read; another one is CONFLICT, `changed`.
    expected_version: Option<i64>,
}

/// The asset that is gone.
#[derive(SimpleObject)]
pub struct RemoveAssetPayload {
    /// The key of the asset.
    asset_key: String,
    /// The member whose it was.
    member: types::Member,
}

/// What members own.
#[derive(Default)]
pub struct Assets;

#[Object]
impl Assets {
    /// Gives a member an asset, or says something else of one that it has. Needs the grant
    /// `rec-registry.assets.write`. Reasons: `asset_key_taken`, `sensor_held`, `asset_key_too_long`, `changed`.
    async fn put_asset(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The asset.")] input: PutAssetInput,
    ) -> Result<Option<PutAssetPayload>> {
        let scope = Scope::of(context)?;
        let (community, owner) = names(&input.community_key, &input.member_key);
        let (key, seen) = (AssetKey::from(input.asset.key.as_str()), seen(input.expected_version));
        let word = closed_set::AssetType::from(input.asset.asset_type).as_str().to_owned();
        let body = input.asset.into_fields(Fields::within)?.text("asset_type", word).into_node();
        let put = asset::put(scope.ctx(), &community, &owner, &key, &body, &seen).await?;
        scope.after_write();
        Ok(Some(PutAssetPayload { asset: types::Asset::from(std::sync::Arc::new(put)) }))
    }

    /// Takes an asset from a member, for good; its sensor may be given to somebody else. Needs the grant
    /// `rec-registry.assets.write`. Reasons: `asset_not_found`, `changed`.
    async fn remove_asset(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The asset.")] input: RemoveAssetInput,
    ) -> Result<Option<RemoveAssetPayload>> {
        let scope = Scope::of(context)?;
        let (community, owner) = names(&input.community_key, &input.member_key);
        let (key, seen) = (AssetKey::from(input.key.as_str()), seen(input.expected_version));
        let member = asset::remove(scope.ctx(), &community, &owner, &key, &seen).await?;
        scope.after_write();
        let member = types::Member(scope.remember_member(member).await);
        Ok(Some(RemoveAssetPayload { asset_key: input.key, member }))
    }
}

impl AssetInput {
    /// The fields of the asset, its properties put where they are read.
    fn into_fields(
        self,
        put: impl Fn(Fields, &'static str, Option<Json>, &[&str]) -> Result<Fields, Error>,
    ) -> Result<Fields, Error> {
        let fields = Fields::default()
            .text("key", self.key)
            .text("name", self.name)
            .text("sensor_id", self.sensor_id)
            .json("device", self.device)?
            .json("relationships", self.relationships)?
            .json("extra", self.extra)?;
        put(fields, "properties", self.properties, FIELDS)
    }

    /// The word of its kind, and the asset as it stands in the list of that kind.
    ///
    /// # Errors
    /// When its `properties` are no object, or name another field.
    pub fn into_listed(self) -> Result<(&'static str, Node), Error> {
        let word = closed_set::AssetType::from(self.asset_type).as_str();
        Ok((word, self.into_fields(Fields::beside)?.into_node()))
    }
}
