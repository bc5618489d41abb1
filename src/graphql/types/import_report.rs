//! What an import did, or would do.

use async_graphql::SimpleObject;

use super::CommunityDifference;
use crate::domain::import;

/// What an import did, or would do, to every community of its body.
#[derive(SimpleObject)]
pub struct MultiImportReport {
    /// One report a document, in the order of the body.
    reports: Vec<ImportReport>,
    /// Whether nothing was to be written.
    dry_run: bool,
}

/// What an import did, or would do, to one community.
#[derive(SimpleObject)]
pub struct ImportReport {
    /// The community; empty when the bundle has no usable id.
    community_key: String,
    /// What the community held before: a full replace, whatever had to be touched.
    deleted: ImportCounts,
    /// What the bundle holds.
    inserted: ImportCounts,
    /// How much of it was the same before.
    unchanged: ImportCounts,
    /// What is odd but goes in.
    warnings: Vec<String>,
    /// What keeps the import from being done; only a dry run reports it here.
    refusals: Vec<ImportRefusal>,
    /// What is different from what is stored, at most 1000 changes; null unless it is a dry run, and the
    /// community within the grant `rec-registry.read`.
    difference: Option<CommunityDifference>,
}

/// How many entities of each kind.
#[derive(SimpleObject)]
pub struct ImportCounts {
    /// Communities.
    community: u64,
    /// Members.
    member: u64,
    /// Delivery points.
    delivery_point: u64,
    /// Assets.
    asset: u64,
}

/// A problem of one document of an import's body.
#[derive(SimpleObject)]
pub struct ImportRefusal {
    /// The machine code, e.g. `sensor_held`.
    code: &'static str,
    /// What is wrong and what would be right.
    detail: String,
    /// The index of the document in the body, from 0.
    document: u64,
    /// Where in the document, e.g. `members.au-00001.role`; empty for the document itself.
    path: String,
}

impl From<import::MultiImportReport> for MultiImportReport {
    fn from(report: import::MultiImportReport) -> Self {
        Self {
            reports: report.reports.into_iter().map(ImportReport::from).collect(),
            dry_run: report.dry_run,
        }
    }
}

impl From<import::ImportReport> for ImportReport {
    fn from(report: import::ImportReport) -> Self {
        Self {
            community_key: report.community_key,
            deleted: report.deleted.into(),
            inserted: report.inserted.into(),
            unchanged: report.unchanged.into(),
            warnings: report.warnings,
            refusals: report.refusals.into_iter().map(ImportRefusal::from).collect(),
            difference: report.difference.map(CommunityDifference::from),
        }
    }
}

impl From<import::Counts> for ImportCounts {
    fn from(counts: import::Counts) -> Self {
        Self {
            community: counts.community,
            member: counts.member,
            delivery_point: counts.delivery_point,
            asset: counts.asset,
        }
    }
}

impl From<import::Refusal> for ImportRefusal {
    fn from(refusal: import::Refusal) -> Self {
        Self {
            code: refusal.code.as_str(),
            detail: refusal.detail,
            document: refusal.document as u64,
            path: refusal.path,
        }
    }
}
