//! The rows of what a plan writes. Of what there are many of, a row borrows what it says from the plan.

use std::collections::BTreeSet;

use entity::{asset, asset_measure, community, delivery_point, holding, member, search_text};
use uuid::Uuid;

use super::{Plan, PlannedAsset, PlannedMember, PlannedPoint};
use crate::domain::closed_set::{ClosedSet, MemberStatus};
use crate::domain::delivery_point::{DeliveryPointContent, HoldingKind};
use crate::domain::fold::{folded, folding};
use crate::domain::numbering;
use crate::domain::search::Searchable;
use crate::domain::stats::Quantities;
use crate::store::bulk::{Cell, Row};

/// A row of `member`.
pub(super) struct MemberRow<'p> {
    community_id: Uuid,
    planned: &'p PlannedMember<'p>,
}

/// A row of `delivery_point`.
pub(super) struct PointRow<'p> {
    community_id: Uuid,
    planned: &'p PlannedPoint<'p>,
}

/// A row of `asset`.
pub(super) struct AssetRow<'p> {
    community_id: Uuid,
    planned: &'p PlannedAsset<'p>,
    quantities: Quantities,
}

/// A row of `asset_measure`.
pub(super) struct MeasureRow {
    asset_id: Uuid,
    measured_key: String,
    community_id: Uuid,
}

/// A row of `search_text`.
pub(super) struct SearchRow {
    community_id: Uuid,
    id: Uuid,
    member_id: Uuid,
    kind: &'static str,
    text: String,
}

/// A row of `holding`.
pub(super) struct HoldingRow {
    kind: HoldingKind,
    folded_id: String,
    community_id: Uuid,
    member_id: Uuid,
    since: i64,
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
        let PlannedAsset { identity, member_id, content } = self.planned;
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

impl<'g> Plan<'g> {
    /// The highest numbered key that a member will have had.
    pub(super) fn last_numbered_key(&self) -> String {
        let keys = self.members.iter().map(|planned| planned.content.key.as_str());
        numbering::highest(keys.chain([self.last_numbered_key.as_str()])).to_owned()
    }

    pub(super) fn community_row(&self) -> community::Model {
        let content = self.content;
        community::Model {
            id: self.community.id,
            key: content.key.to_string(),
            name: content.name.clone(),
            name_folded: folded(&content.name),
            description: content.description.clone(),
            description_folded: content.description.as_deref().map(folded),
            legal: content.legal.as_str().to_owned(),
            links: content.links.as_str().to_owned(),
            contact: content.contact.as_str().to_owned(),
            settings: content.settings.as_str().to_owned(),
            operators: content.operators.as_str().to_owned(),
            areas: content.areas.as_str().to_owned(),
            topology: content.topology.as_str().to_owned(),
            extra: content.extra.as_str().to_owned(),
            envelope: content.envelope.as_str().to_owned(),
            last_numbered_key: self.last_numbered_key(),
            content_digest: self.digest.map(|digest| digest.as_str().to_owned()),
            content_digest_revision: self.digest.map(|_| self.revision),
            version: self.community.version,
            revision: self.revision,
            created_at: self.community.created_at.as_micros(),
            updated_at: self.community.updated_at.as_micros(),
        }
    }

    /// The members that are filled in.
    pub(super) fn member_rows<'p>(&'p self) -> impl Iterator<Item = MemberRow<'p>> {
        self.members.iter().map(|planned| self.member_row(planned))
    }

    pub(super) fn member_row<'p>(&self, planned: &'p PlannedMember<'g>) -> MemberRow<'p> {
        MemberRow { community_id: self.community.id, planned }
    }

    /// The delivery points that are filled in.
    pub(super) fn point_rows<'p>(&'p self) -> impl Iterator<Item = PointRow<'p>> {
        self.points.iter().map(|planned| PointRow { community_id: self.community.id, planned })
    }

    /// The assets that are filled in.
    pub(super) fn asset_rows<'p>(&'p self) -> impl Iterator<Item = AssetRow<'p>> {
        self.assets.iter().map(|planned| AssetRow {
            community_id: self.community.id,
            planned,
            quantities: planned.content.quantities(),
        })
    }

    /// What the assets that are filled in measure.
    pub(super) fn measure_rows(&self) -> impl Iterator<Item = MeasureRow> {
        self.assets.iter().flat_map(|planned| {
            let keys: BTreeSet<String> = planned.content.measures().into_iter().collect();
            keys.into_iter().map(|measured_key| MeasureRow {
                asset_id: planned.identity.id,
                measured_key,
                community_id: self.community.id,
            })
        })
    }

    /// What a search looks through, of the rows that are written.
    pub(super) fn search_rows(&self) -> impl Iterator<Item = SearchRow> {
        let community = self.community.changed.then(|| {
            let id = self.community.id;
            self.search_row(id, id, self.content)
        });
        let members = self.members.iter().chain(&self.rewritten).map(|planned| {
            let id = planned.identity.id;
            self.search_row(id, id, planned.content)
        });
        let points =
            self.points.iter().map(|planned| self.search_row(planned.id, planned.member_id, planned.content));
        let assets = self
            .assets
            .iter()
            .map(|planned| self.search_row(planned.identity.id, planned.member_id, planned.content));
        community.into_iter().chain(members).chain(points).chain(assets)
    }

    fn search_row<S: Searchable>(&self, id: Uuid, member_id: Uuid, content: &S) -> SearchRow {
        SearchRow {
            community_id: self.community.id,
            id,
            member_id,
            kind: S::KIND.as_str(),
            text: content.search_text(),
        }
    }

    /// What the active members hold. An identifier that stands twice with one member is held once.
    pub(super) fn holding_rows(&self) -> impl Iterator<Item = HoldingRow> {
        let active = self.holders.iter().filter(|(_, graph)| graph.content.status == MemberStatus::Active);
        active.flat_map(move |&(member_id, graph)| {
            graph.held().into_iter().map(move |(kind, folded_id)| HoldingRow {
                kind,
                folded_id,
                community_id: self.community.id,
                member_id,
                since: self.now.as_micros(),
            })
        })
    }
}
