//! An import's report, for people and for machines.

use comfy_table::{ContentArrangement, Table, presets};
use serde::{Deserialize, Serialize};

use super::difference::Difference;
use super::output::{BAD, ODD, write_styled};
use crate::domain::import;

/// Warnings of one community that are spelled out.
const MAX_WARNINGS: usize = 20;

/// The report on one community, from here or from a server.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    community_key: String,
    deleted: Counts,
    inserted: Counts,
    unchanged: Counts,
    warnings: Vec<String>,
    /// What kept it from going in.
    pub refusals: Vec<Refusal>,
    /// What is different from what is stored; of a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Counts {
    community: u64,
    member: u64,
    delivery_point: u64,
    asset: u64,
}

/// What kept a community from going in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    code: String,
    detail: String,
    document: usize,
    path: String,
}

impl From<import::ImportReport> for Report {
    fn from(report: import::ImportReport) -> Self {
        Self {
            community_key: report.community_key,
            deleted: report.deleted.into(),
            inserted: report.inserted.into(),
            unchanged: report.unchanged.into(),
            warnings: report.warnings,
            refusals: report.refusals.into_iter().map(Into::into).collect(),
            difference: report.difference.map(Difference::from),
        }
    }
}

impl From<import::Counts> for Counts {
    fn from(counts: import::Counts) -> Self {
        let import::Counts { community, member, delivery_point, asset } = counts;
        Self { community, member, delivery_point, asset }
    }
}

impl From<import::Refusal> for Refusal {
    fn from(refusal: import::Refusal) -> Self {
        let import::Refusal { code, detail, document, path } = refusal;
        Self { code: code.to_string(), detail, document, path }
    }
}

/// Columns below which a table cannot be read.
const LEAST_WIDTH: u16 = 40;

/// Columns of a terminal that does not say how many it has.
const STANDARD_WIDTH: u16 = 80;

/// A table that fits the terminal.
#[must_use]
pub fn new_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    // A terminal that does not know how wide it is says 0, or hardly more.
    if table.width().is_some_and(|width| width < LEAST_WIDTH) {
        table.set_width(STANDARD_WIDTH);
    }
    table.set_header(header);
    table
}

/// One line a community: what it held, what it holds, how much of that is the same.
#[must_use]
pub fn table(reports: &[Report]) -> Table {
    let mut table =
        new_table(&["community", "members", "delivery points", "assets", "unchanged", "before", "warnings"]);
    for report in reports {
        let total = |counts: &Counts| counts.member + counts.delivery_point + counts.asset;
        table.add_row(vec![
            report.community_key.clone(),
            report.inserted.member.to_string(),
            report.inserted.delivery_point.to_string(),
            report.inserted.asset.to_string(),
            format!("{} of {}", total(&report.unchanged), total(&report.inserted)),
            if report.deleted.community == 0 { "new".to_owned() } else { total(&report.deleted).to_string() },
            report.warnings.len().to_string(),
        ]);
    }
    table
}

impl Report {
    /// Prints the warnings, what is different, and what kept the community from going in.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn print_findings(&self) -> anyhow::Result<()> {
        let key = &self.community_key;
        let warning = |text: &str| format!("  {ODD}warning{ODD:#}  {key}: {text}\n");
        for text in self.warnings.iter().take(MAX_WARNINGS) {
            write_styled(warning(text).as_bytes())?;
        }
        if let Some(more) = self.warnings.len().checked_sub(MAX_WARNINGS + 1) {
            write_styled(warning(&format!("and {} more", more + 1)).as_bytes())?;
        }
        if let Some(difference) = &self.difference {
            difference.print()?;
        }
        print_refusals(&self.refusals)
    }
}

/// Prints why a file was refused, each reason with its place.
///
/// # Errors
/// When standard output cannot be written.
pub fn print_refusals(refusals: &[Refusal]) -> anyhow::Result<()> {
    for refusal in refusals {
        let Refusal { code, detail, document, path } = refusal;
        let line = format!("  {BAD}{code}{BAD:#}  document {document}, {path}: {detail}\n");
        write_styled(line.as_bytes())?;
    }
    Ok(())
}
