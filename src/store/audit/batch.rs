//! How the entries of a batch are written, and what leads to them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::{Result, StoreError};
use super::broken;
use crate::domain::audit::{AuditEntry, Deed, Person, entry_id, new_batch_id};
use crate::domain::closed_set::{AuditOutcome, ClosedSet};
use crate::domain::timestamp::Timestamp;

/// Most entries of a batch. More would be read in vain by whoever wants one of them.
pub(super) const MAX_ENTRIES: usize = 2_000;

/// Most microseconds from the first entry of a batch to its last: what is asked for since a time stands in
/// batches that begin at most as much earlier.
pub(super) const SPAN_MICROS: i64 = 60_000_000;

/// How much of a pseudonym leads to its batches.
const MARK_LENGTH: usize = 16;

/// Entries that are written at once.
pub(super) struct Batch {
    pub(super) id: Uuid,
    pub(super) entries: i64,
    pub(super) content: String,
    pub(super) marks: Vec<String>,
}

/// An entry as it is written.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<'a> {
    at: i64,
    #[serde(borrow)]
    by: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    about: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    client: Option<Cow<'a, str>>,
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    community: Option<Cow<'a, str>>,
    rows: i64,
    #[serde(borrow)]
    outcome: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    request: Option<Cow<'a, str>>,
}

impl Batch {
    /// The batches that deeds make, in the order of their times.
    pub(super) fn pack(deeds: &[Deed], pseudonyms: &HashMap<&Person, String>) -> Result<Vec<Self>> {
        let pseudonym = |person: &Person| pseudonyms.get(person).map(|name| Cow::Borrowed(name.as_str()));
        let mut lines: Vec<Line<'_>> = deeds
            .iter()
            .map(|deed| Line {
                at: deed.at.as_micros(),
                by: pseudonym(&deed.by).unwrap_or_default(),
                about: deed.about.as_ref().and_then(pseudonym),
                client: deed.client.as_deref().map(Cow::Borrowed),
                operation: Cow::Borrowed(deed.operation),
                community: deed.community.as_ref().map(|key| Cow::Borrowed(key.as_str())),
                rows: i64::try_from(deed.rows).unwrap_or(i64::MAX),
                outcome: Cow::Borrowed(deed.outcome.as_str()),
                request: deed.request_id.as_deref().map(Cow::Borrowed),
            })
            .collect();
        lines.sort_by_key(|line| line.at);
        let mut batches = Vec::new();
        let mut rest = lines.as_slice();
        while let Some(first) = rest.first() {
            let end = first.at.saturating_add(SPAN_MICROS);
            let length = rest.partition_point(|line| line.at < end).clamp(1, MAX_ENTRIES);
            let (lines, after) = rest.split_at(length);
            batches.push(Self::of(Timestamp::from_micros(first.at), lines)?);
            rest = after;
        }
        Ok(batches)
    }

    fn of(first: Timestamp, lines: &[Line<'_>]) -> Result<Self> {
        Ok(Self {
            id: new_batch_id(first),
            entries: i64::try_from(lines.len()).unwrap_or(i64::MAX),
            content: serde_json::to_string(lines).map_err(|error| broken(&error))?,
            marks: marks(lines),
        })
    }
}

/// The entries as they are written in a batch.
pub(super) fn lines(content: &str) -> Result<Vec<Line<'_>>> {
    serde_json::from_str(content).map_err(|error| broken(&error))
}

/// The entries of a batch, the oldest first.
pub(super) fn entries(batch: Uuid, content: &str) -> Result<Vec<AuditEntry>> {
    let entry = |(place, line): (usize, Line<'_>)| {
        let outcome = AuditOutcome::parse(&line.outcome)
            .ok_or_else(|| StoreError::Database("a stored word is outside its closed set".to_owned()))?;
        Ok(AuditEntry {
            id: entry_id(batch, place),
            at: Timestamp::from_micros(line.at),
            subject: line.by.into_owned(),
            about: line.about.map(Cow::into_owned),
            client: line.client.map(Cow::into_owned),
            operation: line.operation.into_owned(),
            community: line.community.map(|key| key.into_owned().into()),
            rows: line.rows.unsigned_abs(),
            outcome,
            request_id: line.request.map(Cow::into_owned),
        })
    };
    lines(content)?.into_iter().enumerate().map(entry).collect()
}

/// What leads to a batch, each once and in order: pages of the index are then gone through once.
pub(super) fn marks(lines: &[Line<'_>]) -> Vec<String> {
    let people = lines.iter().flat_map(|line| [Some(&line.by), line.about.as_ref()]).flatten();
    let communities = lines.iter().filter_map(|line| line.community.as_deref());
    let marks: BTreeSet<&str> = people.map(|name| mark(name)).chain(communities).collect();
    marks.into_iter().map(str::to_owned).collect()
}

/// The mark of a pseudonym.
pub(super) fn mark(pseudonym: &str) -> &str {
    pseudonym.get(..MARK_LENGTH).unwrap_or(pseudonym)
}
