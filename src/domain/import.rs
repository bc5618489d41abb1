//! What an import finds and does: refusals, warnings, counts.

use std::collections::BTreeSet;

use super::asset::AssetContent;
use super::code::Code;
use super::community::CommunityContent;
use super::delivery_point::{DeliveryPointContent, HoldingKind};
use super::difference::Difference;
use super::member::MemberContent;

/// A community with everything in it, as a bundle tells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommunityGraph {
    /// The community itself.
    pub community: CommunityContent,
    /// Its members, by key.
    pub members: Vec<MemberGraph>,
}

/// A member with everything it has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MemberGraph {
    /// The member itself.
    pub content: MemberContent,
    /// Its delivery points, by code.
    pub delivery_points: Vec<DeliveryPointContent>,
    /// Its assets, by kind, then by key.
    pub assets: Vec<AssetContent>,
}

impl MemberGraph {
    /// What the member holds when it is active: the sensors of its assets and its delivery points, each
    /// in the form in which it is compared.
    #[must_use]
    pub fn held(&self) -> BTreeSet<(HoldingKind, String)> {
        let sensors = self.assets.iter().filter_map(|asset| asset.sensor_id.as_ref());
        let points = self.delivery_points.iter();
        sensors
            .map(|sensor| (HoldingKind::Sensor, sensor.to_string()))
            .chain(points.map(|point| (HoldingKind::DeliveryPoint, point.code.folded())))
            .collect()
    }
}

/// A problem of one document of an import's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The machine code.
    pub code: Code,
    /// A sentence that says what is wrong and what would be right.
    pub detail: String,
    /// The index of the document in the body, from 0.
    pub document: usize,
    /// Where in the document: `members.au-00001.role`; empty for the document itself.
    pub path: String,
}

/// How many entities of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Communities.
    pub community: u64,
    /// Members.
    pub member: u64,
    /// Delivery points.
    pub delivery_point: u64,
    /// Assets.
    pub asset: u64,
}

/// What an import did, or would do, to one community.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// The community; empty when the bundle has no usable id.
    pub community_key: String,
    /// What the community held before.
    pub deleted: Counts,
    /// What the bundle holds.
    pub inserted: Counts,
    /// How much of it was the same before.
    pub unchanged: Counts,
    /// What is odd but goes in.
    pub warnings: Vec<String>,
    /// What keeps the import from being done.
    pub refusals: Vec<Refusal>,
    /// What is different from what is stored; for a dry run, and who may read the community.
    pub difference: Option<Difference>,
}

/// What an import did, or would do, to every community of its body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MultiImportReport {
    /// One report a document, in the order of the body.
    pub reports: Vec<ImportReport>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
}

/// How an import is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// Do everything but the write, and report what would happen.
    pub dry_run: bool,
    /// Stated `false`: leave a community that exists alone. Stated `true` or not stated: replace it.
    pub force: Option<bool>,
}
