//! The rows of what a plan writes.

use std::collections::BTreeSet;

use entity::community;
use uuid::Uuid;

use super::row::{AssetRow, HoldingRow, MeasureRow, MemberRow, PointRow, SearchRow};
use super::{Plan, PlannedMember};
use crate::domain::closed_set::{ClosedSet, MemberStatus};
use crate::domain::fold::folded;
use crate::domain::identifier::AssetKey;
use crate::domain::numbering;
use crate::domain::search::Searchable;

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
            community: self.content,
            planned,
            quantities: planned.content.quantities(),
        })
    }

    /// What the assets that are filled in measure. No asset has a key that is longer than one may be, and the index would have no room
    /// for it.
    pub(super) fn measure_rows(&self) -> impl Iterator<Item = MeasureRow> {
        self.assets.iter().flat_map(|planned| {
            let keys = planned.content.measures().into_iter().filter(|key| AssetKey::is_short_enough(key));
            let keys: BTreeSet<String> = keys.collect();
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
