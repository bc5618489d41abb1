//! How the entries of a batch are written, and what leads to them: a JSON text in which whatever may stand in many entries
//! stands once, so that an entry takes a third of the room.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::{Result, StoreError};
use super::{BROKEN, broken};
use crate::domain::audit::{AuditEntry, Deed, Person, entry_id, new_batch_id};
use crate::domain::closed_set::{AuditOutcome, ClosedSet};
use crate::domain::timestamp::Timestamp;

/// Most entries of a batch. More would be read in vain by whoever wants one of them; of fewer, more would have to be found
/// by each person's mark.
pub const MAX_ENTRIES: usize = 16_000;

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

/// An entry. Batches of earlier versions are lists of these.
#[derive(Clone, Deserialize)]
pub(super) struct Line<'a> {
    at: i64,
    #[serde(borrow)]
    by: Cow<'a, str>,
    #[serde(borrow, default)]
    about: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    client: Option<Cow<'a, str>>,
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(borrow, default)]
    community: Option<Cow<'a, str>>,
    rows: i64,
    #[serde(borrow)]
    outcome: Cow<'a, str>,
    #[serde(borrow, default)]
    request: Option<Cow<'a, str>>,
}

/// Entries as they are written together.
#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    /// When the first was.
    since: i64,
    /// Pseudonyms.
    #[serde(borrow)]
    people: Vec<Cow<'a, str>>,
    /// Clients, operations, communities and outcomes.
    #[serde(borrow)]
    words: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    entries: Vec<PackedEntry<'a>>,
}

/// Microseconds behind the first entry; the places of who did it and of whom it is about among the people; those of client,
/// operation and community among the words; the rows; the place of the outcome; the request.
#[derive(Serialize, Deserialize)]
struct PackedEntry<'a>(
    i64,
    usize,
    Option<usize>,
    Option<usize>,
    usize,
    Option<usize>,
    i64,
    usize,
    #[serde(borrow)] Option<Cow<'a, str>>,
);

/// Texts, each once.
#[derive(Default)]
struct Places<'a> {
    texts: Vec<Cow<'a, str>>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Places<'a> {
    fn of(&mut self, text: &'a str) -> usize {
        *self.places.entry(text).or_insert_with(|| {
            self.texts.push(Cow::Borrowed(text));
            self.texts.len() - 1
        })
    }
}

impl<'a> Packed<'a> {
    fn of(lines: &'a [Line<'a>]) -> Self {
        let since = lines.first().map_or(0, |line| line.at);
        let (mut people, mut words) = (Places::default(), Places::default());
        let entries = lines
            .iter()
            .map(|line| {
                PackedEntry(
                    line.at - since,
                    people.of(&line.by),
                    line.about.as_deref().map(|about| people.of(about)),
                    line.client.as_deref().map(|client| words.of(client)),
                    words.of(&line.operation),
                    line.community.as_deref().map(|community| words.of(community)),
                    line.rows,
                    words.of(&line.outcome),
                    line.request.as_deref().map(Cow::Borrowed),
                )
            })
            .collect();
        Self { since, people: people.texts, words: words.texts, entries }
    }

    fn lines(self) -> Result<Vec<Line<'a>>> {
        let Self { since, people, words, entries } = self;
        let text = |texts: &[Cow<'a, str>], place: usize| {
            texts.get(place).cloned().ok_or_else(|| StoreError::Database(BROKEN.to_owned()))
        };
        let line = |PackedEntry(after, by, about, client, operation, community, rows, outcome, request)| {
            Ok(Line {
                at: since + after,
                by: text(&people, by)?,
                about: about.map(|place| text(&people, place)).transpose()?,
                client: client.map(|place| text(&words, place)).transpose()?,
                operation: text(&words, operation)?,
                community: community.map(|place| text(&words, place)).transpose()?,
                rows,
                outcome: text(&words, outcome)?,
                request,
            })
        };
        entries.into_iter().map(line).collect()
    }
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
            content: serde_json::to_string(&Packed::of(lines)).map_err(|error| broken(&error))?,
            marks: marks(lines),
        })
    }
}

/// The entries of a batch.
pub(super) fn lines(content: &str) -> Result<Vec<Line<'_>>> {
    if content.starts_with('[') {
        return serde_json::from_str(content).map_err(|error| broken(&error));
    }
    serde_json::from_str::<Packed<'_>>(content).map_err(|error| broken(&error))?.lines()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_what_is_read_and_so_is_what_was_written_as_a_list() {
        let list = r#"[
            {"at": 7000000, "by": "p1", "client": "app", "operation": "member.get", "community": "rec", "rows": 1,
             "outcome": "ok", "request": "r-1", "about": "p2"},
            {"at": 7000005, "by": "p1", "operation": "member.list", "rows": 0, "outcome": "ok", "about": null}
        ]"#;
        let id = new_batch_id(Timestamp::from_micros(7_000_000));
        let before = entries(id, list).expect("a list is read");
        let batch =
            Batch::of(Timestamp::from_micros(7_000_000), &lines(list).expect("lines")).expect("packed");
        assert_eq!(
            batch.content,
            r#"{"since":7000000,"people":["p1","p2"],"words":["app","member.get","rec","ok","member.list"],"#
                .to_owned()
                + r#""entries":[[0,0,1,0,1,2,1,3,"r-1"],[5,0,null,null,4,null,0,3,null]]}"#
        );
        assert_eq!(entries(id, &batch.content).expect("packed entries are read"), before);
        assert_eq!(batch.marks, ["p1", "p2", "rec"]);
        assert!(lines(&batch.content.replace("[0,0,1,", "[0,0,9,")).is_err(), "a place that nothing has");
    }
}
