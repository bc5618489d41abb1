//! What stands in the columns of the rows of a plan. Of what there are many of, a row borrows what it says.

use entity::{asset, asset_measure, delivery_point, holding, member, search_text};
use uuid::Uuid;

use super::{PlannedAsset, PlannedMember, PlannedPoint};
use crate::domain::closed_set::ClosedSet;
use crate::domain::community::CommunityContent;
use crate::domain::delivery_point::{DeliveryPointContent, HoldingKind};
use crate::domain::fold::folding;
use crate::domain::stats::Quantities;
use crate::store::bulk::{Cell, Row};

/// A row of `member`.
pub(super) struct MemberRow<'p> {
    pub(super) community_id: Uuid,
    pub(super) planned: &'p PlannedMember<'p>,
}

/// A row of `delivery_point`.
pub(super) struct PointRow<'p> {
    pub(super) community_id: Uuid,
    pub(super) planned: &'p PlannedPoint<'p>,
}

/// A row of `asset`.
pub(super) struct AssetRow<'p> {
    pub(super) community_id: Uuid,
    pub(super) community: &'p CommunityContent,
    pub(super) planned: &'p PlannedAsset<'p>,
    pub(super) quantities: Quantities,
}

/// A row of `asset_measure`.
pub(super) struct MeasureRow {
    pub(super) asset_id: Uuid,
    pub(super) measured_key: String,
    pub(super) community_id: Uuid,
}

/// A row of `search_text`.
pub(super) struct SearchRow {
    pub(super) community_id: Uuid,
    pub(super) id: Uuid,
    pub(super) member_id: Uuid,
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// A row of `holding`.
pub(super) struct HoldingRow {
    pub(super) kind: HoldingKind,
    pub(super) folded_id: String,
    pub(super) community_id: Uuid,
    pub(super) member_id: Uuid,
    pub(super) since: i64,
}

impl HoldingRow {
    /// What the rows of the table are ordered by.
    pub(super) fn key(&self) -> (&'static str, &str) {
        (self.kind.as_str(), &self.folded_id)
    }
}

impl Row for MemberRow<'_> {
    type Entity = member::Entity;

    fn cell(&self, column: member::Column) -> Cell<'_> {
        use member::Column;
        let PlannedMember { identity, content } = self.planned;
        match column {
            Column::Id => identity.id.into(),
            Column::CommunityId => self.community_id.into(),
            Column::Key => content.key.as_str().into(),
            Column::KeyFolded => folding(content.key.as_str()).into(),
            Column::UserId => content.user_id.as_str().into(),
            Column::UserIdFolded => folding(content.user_id.as_str()).into(),
            Column::Did => content.did.as_ref().map(|did| did.as_str()).into(),
            Column::DidFolded => content.did.as_ref().map(|did| folding(did.as_str())).into(),
            Column::Name => content.name.as_str().into(),
            Column::NameFolded => folding(&content.name).into(),
            Column::MemberType => content.member_type.as_deref().into(),
            Column::MemberTypeFolded => content.member_type.as_deref().map(folding).into(),
            Column::Role => content.role.as_str().into(),
            Column::Area => content.area.as_str().into(),
            Column::AreaFolded => folding(&content.area).into(),
            Column::Status => content.status.as_str().into(),
            Column::Extra => content.extra.as_str().into(),
            Column::Version => identity.version.into(),
            Column::CreatedAt => identity.created_at.as_micros().into(),
            Column::UpdatedAt => identity.updated_at.as_micros().into(),
        }
    }
}

impl Row for PointRow<'_> {
    type Entity = delivery_point::Entity;

    fn cell(&self, column: delivery_point::Column) -> Cell<'_> {
        use delivery_point::Column;
        let PlannedPoint { id, member_id, member_key, content } = self.planned;
        let DeliveryPointContent { code, point_type, description, address, tariff, active, extra } = content;
        match column {
            Column::Id => (*id).into(),
            Column::CommunityId => self.community_id.into(),
            Column::MemberId => (*member_id).into(),
            Column::MemberKey => (*member_key).into(),
            Column::Code => code.as_str().into(),
            Column::CodeFolded => code.folded().into(),
            Column::PointType => point_type.as_str().into(),
            Column::PointTypeFolded => folding(point_type).into(),
            Column::Description => description.as_deref().into(),
            Column::DescriptionFolded => description.as_deref().map(folding).into(),
            Column::Address => address.as_deref().into(),
            Column::AddressFolded => address.as_deref().map(folding).into(),
            Column::Tariff => tariff.as_deref().into(),
            Column::TariffFolded => tariff.as_deref().map(folding).into(),
            Column::Active => (*active).into(),
            Column::Extra => extra.as_str().into(),
        }
    }
}

impl Row for AssetRow<'_> {
    type Entity = asset::Entity;

    fn cell(&self, column: asset::Column) -> Cell<'_> {
        use asset::Column;
        let PlannedAsset { identity, member_id, owner, content } = self.planned;
        let sensor_id = content.sensor_id.as_ref().map(|sensor| sensor.as_str());
        match column {
            Column::Id => identity.id.into(),
            Column::CommunityId => self.community_id.into(),
            Column::MemberId => (*member_id).into(),
            Column::Key => content.key.as_str().into(),
            Column::KeyFolded => folding(content.key.as_str()).into(),
            Column::AssetType => content.asset_type.as_str().into(),
            Column::Name => content.name.as_str().into(),
            Column::NameFolded => folding(&content.name).into(),
            Column::SensorId => sensor_id.into(),
            Column::SensorIdFolded => sensor_id.map(folding).into(),
            Column::PodFolded => content.pod().map(|pod| pod.folded()).into(),
            Column::Properties => content.properties.as_str().into(),
            Column::Device => content.device.as_str().into(),
            Column::Relationships => content.relationships.as_str().into(),
            Column::Extra => content.extra.as_str().into(),
            Column::CommunityKey => self.community.key.as_str().into(),
            Column::CommunityName => self.community.name.as_str().into(),
            Column::OwnerKey => owner.key.as_str().into(),
            Column::OwnerUserId => owner.user_id.as_str().into(),
            Column::OwnerName => owner.name.as_str().into(),
            Column::OwnerRole => owner.role.as_str().into(),
            Column::OwnerStatus => owner.status.as_str().into(),
            Column::PowerW => self.quantities.power_w.into(),
            Column::HeatW => self.quantities.heat_w.into(),
            Column::EnergyWh => self.quantities.energy_wh.into(),
            Column::ControllableW => self.quantities.controllable_w.into(),
            Column::Version => identity.version.into(),
            Column::CreatedAt => identity.created_at.as_micros().into(),
            Column::UpdatedAt => identity.updated_at.as_micros().into(),
        }
    }
}

impl Row for MeasureRow {
    type Entity = asset_measure::Entity;

    fn cell(&self, column: asset_measure::Column) -> Cell<'_> {
        use asset_measure::Column;
        match column {
            Column::AssetId => self.asset_id.into(),
            Column::MeasuredKey => self.measured_key.as_str().into(),
            Column::CommunityId => self.community_id.into(),
        }
    }
}

impl Row for SearchRow {
    type Entity = search_text::Entity;

    fn cell(&self, column: search_text::Column) -> Cell<'_> {
        use search_text::Column;
        match column {
            Column::CommunityId => self.community_id.into(),
            Column::Id => self.id.into(),
            Column::MemberId => self.member_id.into(),
            Column::Kind => self.kind.into(),
            Column::Text => self.text.as_str().into(),
        }
    }
}

impl Row for HoldingRow {
    type Entity = holding::Entity;

    fn cell(&self, column: holding::Column) -> Cell<'_> {
        use holding::Column;
        match column {
            Column::Kind => self.kind.as_str().into(),
            Column::FoldedId => self.folded_id.as_str().into(),
            Column::CommunityId => self.community_id.into(),
            Column::MemberId => self.member_id.into(),
            Column::Since => self.since.into(),
        }
    }
}
