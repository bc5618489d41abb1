//! The rows of what a plan writes.

use std::collections::BTreeSet;

use entity::{asset, asset_measure, community, delivery_point, holding, member, search_text};
use uuid::Uuid;

use super::{Plan, PlannedAsset, PlannedMember, PlannedPoint};
use crate::domain::closed_set::{ClosedSet, MemberStatus};
use crate::domain::delivery_point::DeliveryPointContent;
use crate::domain::fold::folded;
use crate::domain::numbering;
use crate::domain::search::Searchable;
use crate::domain::stats::Quantities;

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

    pub(super) fn member_row(&self, planned: &PlannedMember<'g>) -> member::Model {
        let content = planned.content;
        member::Model {
            id: planned.identity.id,
            community_id: self.community.id,
            key: content.key.to_string(),
            key_folded: folded(content.key.as_str()),
            user_id: content.user_id.to_string(),
            user_id_folded: folded(content.user_id.as_str()),
            did: content.did.as_ref().map(ToString::to_string),
            did_folded: content.did.as_ref().map(|did| folded(did.as_str())),
            name: content.name.clone(),
            name_folded: folded(&content.name),
            member_type: content.member_type.clone(),
            member_type_folded: content.member_type.as_deref().map(folded),
            role: content.role.to_string(),
            area: content.area.clone(),
            area_folded: folded(&content.area),
            status: content.status.to_string(),
            extra: content.extra.as_str().to_owned(),
            version: planned.identity.version,
            created_at: planned.identity.created_at.as_micros(),
            updated_at: planned.identity.updated_at.as_micros(),
        }
    }

    pub(super) fn point_row(&self, planned: &PlannedPoint<'g>) -> delivery_point::Model {
        let DeliveryPointContent { code, point_type, description, address, tariff, active, extra } =
            planned.content;
        delivery_point::Model {
            id: planned.id,
            community_id: self.community.id,
            member_id: planned.member_id,
            member_key: planned.member_key.to_owned(),
            code: code.to_string(),
            code_folded: code.folded(),
            point_type: point_type.clone(),
            point_type_folded: folded(point_type),
            description: description.clone(),
            description_folded: description.as_deref().map(folded),
            address: address.clone(),
            address_folded: address.as_deref().map(folded),
            tariff: tariff.clone(),
            tariff_folded: tariff.as_deref().map(folded),
            active: *active,
            extra: extra.as_str().to_owned(),
        }
    }

    pub(super) fn asset_row(&self, planned: &PlannedAsset<'g>) -> asset::Model {
        let content = planned.content;
        let Quantities { power_w, heat_w, energy_wh, controllable_w } = content.quantities();
        asset::Model {
            id: planned.identity.id,
            community_id: self.community.id,
            member_id: planned.member_id,
            key: content.key.to_string(),
            key_folded: folded(content.key.as_str()),
            asset_type: content.asset_type.to_string(),
            name: content.name.clone(),
            name_folded: folded(&content.name),
            sensor_id: content.sensor_id.as_ref().map(ToString::to_string),
            sensor_id_folded: content.sensor_id.as_ref().map(|sensor| folded(sensor.as_str())),
            pod_folded: content.pod().map(|pod| pod.folded()),
            properties: content.properties.as_str().to_owned(),
            device: content.device.as_str().to_owned(),
            relationships: content.relationships.as_str().to_owned(),
            extra: content.extra.as_str().to_owned(),
            power_w,
            heat_w,
            energy_wh,
            controllable_w,
            version: planned.identity.version,
            created_at: planned.identity.created_at.as_micros(),
            updated_at: planned.identity.updated_at.as_micros(),
        }
    }

    pub(super) fn measure_rows(&self, planned: &PlannedAsset<'g>) -> Vec<asset_measure::Model> {
        let keys: BTreeSet<String> = planned.content.measures().into_iter().collect();
        keys.into_iter()
            .map(|measured_key| asset_measure::Model {
                asset_id: planned.identity.id,
                measured_key,
                community_id: self.community.id,
            })
            .collect()
    }

    /// What a search looks through, of the rows that are written.
    pub(super) fn search_rows(&self) -> impl Iterator<Item = search_text::Model> {
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

    pub(super) fn search_row<S: Searchable>(
        &self,
        id: Uuid,
        member_id: Uuid,
        content: &S,
    ) -> search_text::Model {
        search_text::Model {
            community_id: self.community.id,
            id,
            member_id,
            kind: S::KIND.as_str().to_owned(),
            text: content.search_text(),
        }
    }

    /// What the active members hold. An identifier that stands twice with one member is held once.
    pub(super) fn holding_rows(&self) -> impl Iterator<Item = holding::Model> {
        let active = self.holders.iter().filter(|(_, graph)| graph.content.status == MemberStatus::Active);
        active.flat_map(move |&(member_id, graph)| {
            graph.held().into_iter().map(move |(kind, folded_id)| holding::Model {
                kind: kind.as_str().to_owned(),
                folded_id,
                community_id: self.community.id,
                member_id,
                since: self.now.as_micros(),
            })
        })
    }
}
