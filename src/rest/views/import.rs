//! What imports report.

use serde::Serialize;
use utoipa::ToSchema;

use super::difference::Difference;
use crate::domain::import as domain;

/// What an import did, or would do, to one community.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportReport {
    /// The community; empty when the bundle has no usable id.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// What the community held before.
    pub deleted: Counts,
    /// What the bundle holds.
    pub inserted: Counts,
    /// How much of it was the same before.
    pub unchanged: Counts,
    /// What is odd but goes in.
    pub warnings: Vec<String>,
    /// What keeps the import from being done; only a dry run reports any here.
    pub refusals: Vec<Refusal>,
    /// What is different from what is stored: of a dry run, and with the grant `rec-registry.read` for the
    /// community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// What an import did, or would do, to every community of its body.
#[derive(Debug, Serialize, ToSchema)]
pub struct MultiImportReport {
    /// One report a document, in the order of the body.
    pub reports: Vec<ImportReport>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
}

/// How many entities of each kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counts {
    /// Communities.
    #[schema(example = 1)]
    pub community: u64,
    /// Members.
    #[schema(example = 120)]
    pub member: u64,
    /// Delivery points.
    #[schema(example = 124)]
    pub delivery_point: u64,
    /// Assets.
    #[schema(example = 360)]
    pub asset: u64,
}

/// A problem of one document of an import's body.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refusal {
    /// The machine code.
    #[schema(example = "invalid_role")]
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub detail: String,
    /// The index of the document in the body, from 0.
    #[schema(example = 0)]
    pub document: usize,
    /// Where in the document; empty for the document itself.
    #[schema(example = "members.au-00001.role")]
    pub path: String,
}

impl From<domain::MultiImportReport> for MultiImportReport {
    fn from(report: domain::MultiImportReport) -> Self {
        Self {
            reports: report.reports.into_iter().map(ImportReport::from).collect(),
            dry_run: report.dry_run,
        }
    }
}

impl From<domain::ImportReport> for ImportReport {
    fn from(report: domain::ImportReport) -> Self {
        Self {
            community_key: report.community_key,
            deleted: report.deleted.into(),
            inserted: report.inserted.into(),
            unchanged: report.unchanged.into(),
            warnings: report.warnings,
            refusals: report.refusals.into_iter().map(Refusal::from).collect(),
            difference: report.difference.map(Difference::from),
        }
    }
}

impl From<domain::Counts> for Counts {
    fn from(counts: domain::Counts) -> Self {
        Self {
            community: counts.community,
            member: counts.member,
            delivery_point: counts.delivery_point,
            asset: counts.asset,
        }
    }
}

impl From<domain::Refusal> for Refusal {
    fn from(refusal: domain::Refusal) -> Self {
        Self {
            code: refusal.code.as_str(),
            detail: refusal.detail,
            document: refusal.document,
            path: refusal.path,
        }
    }
}
