//! The interface `Asset`: what assets of every kind share.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use async_graphql::indexmap::{IndexMap, IndexSet};
use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, MetaTypeId, Registry};
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

use super::asset_kinds::{EvChargerAsset, HeatPumpAsset, LoadAsset, MeterAsset, PvAsset, StorageAsset};
use crate::domain::asset::{self, property_value};
use crate::domain::closed_set;
use crate::domain::cursor::ListKind;
use crate::domain::error::Error;
use crate::domain::filter::{AssetField, Filter, WordTest};
use crate::domain::identifier::AssetKey;
use crate::domain::node::Node;
use crate::domain::order::Order;
use crate::graphql::connection::{Connection, PageArgs};
use crate::graphql::filter::{AssetFilter, domain_filter};
use crate::graphql::loaders::{AssetByKey, ListedUnder, Parent};
use crate::graphql::order::AssetOrder;
use crate::graphql::scope::Scope;
use crate::service::ListArgs;

/// An asset whose documents are read at most once.
pub struct AssetView {
    asset: Arc<asset::Asset>,
    properties: OnceLock<Node>,
    relationships: OnceLock<Node>,
}

impl AssetView {
    /// The view of an asset.
    pub fn new(asset: Arc<asset::Asset>) -> Self {
        Self { asset, properties: OnceLock::new(), relationships: OnceLock::new() }
    }

    /// The asset.
    pub fn asset(&self) -> &asset::Asset {
        &self.asset
    }

    /// The value of a documented property; none when it does not fit its documented type and range.
    fn property(&self, key: &str) -> Option<&Node> {
        let content = &self.asset.content;
        let properties = self.properties.get_or_init(|| content.properties.node());
        property_value(content.asset_type, properties, key)
    }

    /// The value of a property that is a number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.property(key).and_then(Node::as_f64)
    }

    /// The value of a property that is a whole number.
    pub fn count(&self, key: &str) -> Option<i32> {
        match self.property(key)? {
            Node::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The value of a property that is true or false.
    pub fn truth(&self, key: &str) -> Option<bool> {
        self.property(key).and_then(Node::as_bool)
    }

    /// The value of a property that is a text or a day.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.property(key).and_then(Node::as_text)
    }

    /// The value of a property that is a list of texts.
    pub fn texts(&self, key: &str) -> Option<Vec<&str>> {
        Some(self.property(key)?.as_list()?.iter().filter_map(Node::as_text).collect())
    }

    /// What the asset says of a relationship.
    pub fn relationship(&self, key: &str) -> Option<&Node> {
        self.relationships.get_or_init(|| self.asset.content.relationships.node()).get(key)
    }

    /// The asset of the same community with a key.
    pub fn related(&self, key: &str) -> AssetByKey {
        AssetByKey((self.asset.community.id, AssetKey::from(key)))
    }
}

/// An asset of any kind.
pub enum Asset {
    /// A photovoltaic system.
    Pv(PvAsset),
    /// A battery.
    Storage(StorageAsset),
    /// A meter.
    Meter(MeterAsset),
    /// A charging point.
    EvCharger(EvChargerAsset),
    /// A heat pump.
    HeatPump(HeatPumpAsset),
    /// Any other load.
    Load(LoadAsset),
}

impl From<Arc<asset::Asset>> for Asset {
    fn from(asset: Arc<asset::Asset>) -> Self {
        match asset.content.asset_type {
            closed_set::AssetType::Pv => Self::Pv(asset.into()),
            closed_set::AssetType::Storage => Self::Storage(asset.into()),
            closed_set::AssetType::Meter => Self::Meter(asset.into()),
            closed_set::AssetType::EvCharger => Self::EvCharger(asset.into()),
            closed_set::AssetType::HeatPump => Self::HeatPump(asset.into()),
            closed_set::AssetType::Load => Self::Load(asset.into()),
        }
    }
}

impl From<asset::Asset> for Asset {
    fn from(asset: asset::Asset) -> Self {
        Self::from(Arc::new(asset))
    }
}

/// The interface is written by hand: the derived one asks for every shared field once more, and leaves
/// the path out of errors of fields that are selected on the interface. Its fields are those that every
/// kind has.
impl OutputType for Asset {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("Asset")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Interface, |registry| {
            // Meters are reached without this interface too, and may be half described by now.
            let whole = [
                registry.create_fake_output_type::<StorageAsset>(),
                registry.create_fake_output_type::<EvChargerAsset>(),
                registry.create_fake_output_type::<HeatPumpAsset>(),
                registry.create_fake_output_type::<LoadAsset>(),
            ];
            let mut fields = match registry.create_fake_output_type::<PvAsset>() {
                MetaType::Object { fields, .. } => fields,
                _ => IndexMap::new(),
            };
            fields.retain(|name, _| whole.iter().all(|kind| kind.field_by_name(name).is_some()));
            let possible_types = IndexSet::from(
                [
                    PvAsset::create_type_info(registry),
                    StorageAsset::create_type_info(registry),
                    MeterAsset::create_type_info(registry),
                    EvChargerAsset::create_type_info(registry),
                    HeatPumpAsset::create_type_info(registry),
                    LoadAsset::create_type_info(registry),
                ]
                .map(|name| name.trim_end_matches('!').to_owned()),
            );
            for name in &possible_types {
                registry.add_implements(name, "Asset");
            }
            MetaType::Interface {
                name: "Asset".to_owned(),
                description: Some(
                    "What a member owns or runs, from a rooftop to a meter. The kinds have the documented \
                     properties of their type; a property that does not fit its documented type or range \
                     is null there and stands in `properties` as it was given."
                        .to_owned(),
                ),
                fields,
                possible_types,
                extends: false,
                keys: None,
                visible: None,
                inaccessible: false,
                tags: Vec::new(),
                rust_typename: Some(std::any::type_name::<Self>()),
                directive_invocations: Vec::new(),
                requires_scopes: Vec::new(),
            }
        })
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        match self {
            Self::Pv(asset) => asset.resolve(context, field).await,
            Self::Storage(asset) => asset.resolve(context, field).await,
            Self::Meter(asset) => asset.resolve(context, field).await,
            Self::EvCharger(asset) => asset.resolve(context, field).await,
            Self::HeatPump(asset) => asset.resolve(context, field).await,
            Self::Load(asset) => asset.resolve(context, field).await,
        }
    }
}

/// What page of which assets is asked for.
pub fn asset_args(
    page: PageArgs,
    filter: Filter<AssetField>,
    order: Option<AssetOrder>,
) -> Result<ListArgs<AssetField>, Error> {
    let order = order.map(Order::from).unwrap_or_default();
    Ok(ListArgs { filter, order, page: page.request(ListKind::Assets, order)? })
}

/// The assets under a parent.
pub async fn assets_page<P: Parent, T>(
    scope: &Arc<Scope>,
    parent: P,
    page: PageArgs,
    filter: Filter<AssetField>,
    order: Option<AssetOrder>,
    node: impl Fn(Arc<asset::Asset>) -> T,
) -> Result<Connection<T>, Error>
where
    AssetField: ListedUnder<P, Row = asset::Asset>,
{
    let (page, count) = scope.page_under(parent, asset_args(page, filter, order)?).await?;
    Ok(Connection::new(page, node, count))
}

/// The meters under a parent, by key.
pub async fn meters_page<P: Parent>(
    scope: &Arc<Scope>,
    parent: P,
    page: PageArgs,
    filter: Option<AssetFilter>,
) -> Result<Connection<MeterAsset>, Error>
where
    AssetField: ListedUnder<P, Row = asset::Asset>,
{
    let meters = Filter::Field(AssetField::Type(WordTest::OneOf(vec![closed_set::AssetType::Meter])));
    let filter = domain_filter(filter)?.and(meters);
    assets_page(scope, parent, page, filter, None, MeterAsset::from).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::closed_set::{MemberRole, MemberStatus};
    use crate::domain::community::CommunityRef;
    use crate::domain::document::Document;
    use crate::domain::member::MemberRef;
    use crate::domain::timestamp::Timestamp;

    fn pv(properties: &str) -> AssetView {
        let community = CommunityRef { id: uuid::Uuid::nil(), key: "c".into(), name: "C".into() };
        let owner = MemberRef {
            id: uuid::Uuid::nil(),
            key: "m".into(),
            user_id: "u".into(),
            name: "M".into(),
            role: MemberRole::Producer,
            status: MemberStatus::Active,
        };
        let content = asset::AssetContent {
            key: "pv".into(),
            asset_type: closed_set::AssetType::Pv,
            name: "Roof".into(),
            sensor_id: None,
            properties: Document::from_stored(properties.to_owned()),
            device: Document::empty(),
            relationships: Document::empty(),
            extra: Document::empty(),
        };
        AssetView::new(Arc::new(asset::Asset {
            id: uuid::Uuid::nil(),
            community,
            owner,
            content,
            version: 1,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }))
    }

    #[test]
    fn a_property_that_fits_is_typed() {
        let asset = pv(r#"{"rated_power":5.50,"panel_type":"bifacial","installation_date":"2024-02-29"}"#);
        assert_eq!(asset.number("rated_power"), Some(5.5));
        assert_eq!(asset.text("panel_type"), Some("bifacial"));
        assert_eq!(asset.text("installation_date"), Some("2024-02-29"));
    }

    #[test]
    fn a_property_that_does_not_fit_is_null() {
        let asset = pv(r#"{"orientation":"south-west","rated_power":-1,"tilt_angle":91}"#);
        for key in ["orientation", "rated_power", "tilt_angle"] {
            assert_eq!(asset.number(key), None, "{key}");
        }
    }

    #[test]
    fn the_spelling_of_older_files_counts_where_the_documented_one_says_nothing() {
        assert_eq!(pv(r#"{"capacity_kwp":3}"#).number("rated_power"), Some(3.0));
        assert_eq!(pv(r#"{"rated_power":4,"capacity_kwp":3}"#).number("rated_power"), Some(4.0));
    }
}
