//! Batches: entries that are written at once, and what leads to them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use uuid::Uuid;

use super::super::{Result, StoreError};
use super::broken;
use super::packed::{Packed, Packing};
use crate::domain::audit::{AuditEntry, Deed, Person, entry_id, new_batch_id};
use crate::domain::closed_set::{AuditOutcome, ClosedSet};
use crate::domain::timestamp::Timestamp;

/// Most entries of a batch. More would be read in vain by whoever wants one of them; of fewer, more would have to be found
/// by the mark of each person and community.
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
    pub(super) at: i64,
    #[serde(borrow)]
    pub(super) by: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) about: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) client: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) operation: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) community: Option<Cow<'a, str>>,
    pub(super) rows: i64,
    #[serde(borrow)]
    pub(super) outcome: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) request: Option<Cow<'a, str>>,
}

impl Batch {
    /// The batches that deeds make, which come in the order of their times.
    pub(super) fn pack<'d>(
        deeds: impl Iterator<Item = Deed<'d>>,
        pseudonyms: &HashMap<Person<'d>, String>,
    ) -> Result<Vec<Self>> {
        let mut deeds = deeds.peekable();
        let mut batches = Vec::new();
        while let Some(first) = deeds.next() {
            let since = first.at.as_micros();
            let mut packing = Packing::since(since, pseudonyms);
            packing.add(first);
            // A clock that was set back in between begins another.
            let span = since..since.saturating_add(SPAN_MICROS);
            while packing.entries() < MAX_ENTRIES
                && let Some(deed) = deeds.next_if(|deed| span.contains(&deed.at.as_micros()))
            {
                packing.add(deed);
            }
            batches.push(Self::of(first.at, packing)?);
        }
        Ok(batches)
    }

    fn of(first: Timestamp, packing: Packing<'_>) -> Result<Self> {
        let entries = i64::try_from(packing.entries()).unwrap_or(i64::MAX);
        let packed = packing.end();
        Ok(Self {
            id: new_batch_id(first),
            entries,
            content: serde_json::to_string(&packed).map_err(|error| broken(&error))?,
            marks: marks(packed.people.iter().map(AsRef::as_ref), packed.communities()),
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

/// What led to a batch that was written.
pub(super) fn marks_of(lines: &[Line<'_>]) -> Vec<String> {
    let people = lines.iter().flat_map(|line| [Some(&line.by), line.about.as_ref()]).flatten();
    let communities = lines.iter().filter_map(|line| line.community.as_deref());
    marks(people.map(AsRef::as_ref), communities)
}

/// What leads to a batch, each once and in order: pages of the index are then gone through once.
fn marks<'a>(
    people: impl Iterator<Item = &'a str>,
    communities: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let marks: BTreeSet<&str> = people.map(mark).chain(communities).collect();
    marks.into_iter().map(str::to_owned).collect()
}

/// The mark of a pseudonym.
pub(super) fn mark(pseudonym: &str) -> &str {
    pseudonym.get(..MARK_LENGTH).unwrap_or(pseudonym)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::batch_id;
    use crate::domain::identifier::{CommunityKey, UserId};

    #[test]
    fn what_is_packed_is_what_is_read_and_so_is_what_was_written_as_a_list() {
        let list = r#"[
            {"at": 7000000, "by": "p1", "client": "app", "operation": "member.get", "community": "rec", "rows": 1,
             "outcome": "ok", "request": "r-1", "about": "p2"},
            {"at": 7000005, "by": "p1", "operation": "member.list", "rows": 0, "outcome": "ok", "about": null}
        ]"#;
        let id = new_batch_id(Timestamp::from_micros(7_000_000));
        let before = entries(id, list).expect("a list is read");
        let (one, other, rec) = (UserId::from("one"), UserId::from("other"), CommunityKey::from("rec"));
        let of_rec = Deed {
            at: Timestamp::from_micros(7_000_000),
            by: Person::User(&one),
            about: Some(Person::User(&other)),
            client: Some("app"),
            operation: "member.get",
            community: Some(&rec),
            rows: 1,
            outcome: AuditOutcome::Ok,
            request_id: Some("r-1"),
        };
        let of_all = Deed {
            at: Timestamp::from_micros(7_000_005),
            about: None,
            client: None,
            operation: "member.list",
            community: None,
            rows: 0,
            request_id: None,
            ..of_rec
        };
        let pseudonyms =
            HashMap::from([(of_rec.by, "p1".to_owned()), (Person::User(&other), "p2".to_owned())]);
        let batches = Batch::pack([of_rec, of_all].into_iter(), &pseudonyms).expect("packed");
        let [batch] = batches.as_slice() else { panic!("one batch") };
        assert_eq!((batch_id(batch.id), batch.entries), (batch.id, 2));
        assert_eq!(
            batch.content,
            r#"{"since":7000000,"people":["p1","p2"],"words":["rec","app","member.get","ok","member.list"],"#
                .to_owned()
                + r#""entries":[[0,0,1,1,2,0,1,3,"r-1"],[5,0,null,null,4,null,0,3,null]]}"#
        );
        assert_eq!(entries(id, &batch.content).expect("packed entries are read"), before);
        assert_eq!(batch.marks, ["p1", "p2", "rec"]);
        assert!(lines(&batch.content.replace("[0,0,1,", "[0,0,9,")).is_err(), "a place that nothing has");
    }

    fn deed<'a>(user: &'a UserId, community: &'a CommunityKey) -> Deed<'a> {
        Deed {
            at: Timestamp::from_micros(5),
            by: Person::User(user),
            about: None,
            client: None,
            operation: "member.list",
            community: Some(community),
            rows: 1,
            outcome: AuditOutcome::Ok,
            request_id: None,
        }
    }

    #[test]
    fn what_one_request_saw_of_many_communities_stands_together() {
        let user = UserId::from("one");
        let [a, b, c, d] = ["a", "b", "c", "d"].map(CommunityKey::from);
        let of = |community, rows| Deed { rows, request_id: Some("r-1"), ..deed(&user, community) };
        let other = Deed { operation: "asset.list", ..of(&b, 4) };
        let nowhere = Deed { community: None, ..of(&b, 5) };
        let later = Deed { at: Timestamp::from_micros(6), ..of(&a, 8) };
        let deeds = [of(&a, 1), of(&b, 2), of(&c, 3), other, nowhere, of(&b, 6), of(&d, 7), later];
        let pseudonyms = HashMap::from([(deeds[0].by, "p1".to_owned())]);
        let batches = Batch::pack(deeds.into_iter(), &pseudonyms).expect("packed");
        let [batch] = batches.as_slice() else { panic!("one batch") };
        assert_eq!(batch.entries, 8);
        let others = r#","others":[[0,[[3,2],[4,3]]],[2,[[3,6],[6,7]]]]}"#;
        assert!(batch.content.ends_with(others), "{}", batch.content);
        let read = entries(batch.id, &batch.content).expect("packed entries are read");
        let read: Vec<_> = read
            .iter()
            .map(|entry| {
                (entry.operation.as_str(), entry.community.clone(), entry.rows, entry.at.as_micros())
            })
            .collect();
        let told =
            deeds.map(|deed| (deed.operation, deed.community.cloned(), deed.rows, deed.at.as_micros()));
        assert_eq!(read, told);
        assert_eq!(batch.marks, ["a", "b", "c", "d", "p1"]);
        assert_eq!(marks_of(&lines(&batch.content).expect("read")), batch.marks);
        let behind_nothing = batch.content.replace("[[0,[[", "[[9,[[");
        assert!(lines(&behind_nothing).is_err(), "entries behind one that there is not");
    }

    #[test]
    fn a_batch_is_of_a_minute_and_of_so_many_entries_at_most() {
        let (user, rec) = (UserId::from("one"), CommunityKey::from("rec"));
        let at = |micros| Deed { at: Timestamp::from_micros(micros), ..deed(&user, &rec) };
        let pseudonyms = HashMap::from([(at(0).by, "p1".to_owned())]);
        let lengths = |deeds: Vec<Deed<'_>>| {
            let batches = Batch::pack(deeds.into_iter(), &pseudonyms).expect("packed");
            batches.iter().map(|batch| batch.entries).collect::<Vec<_>>()
        };
        assert_eq!(lengths(vec![at(0), at(SPAN_MICROS - 1), at(SPAN_MICROS), at(SPAN_MICROS + 1)]), [2, 2]);
        assert_eq!(lengths(vec![at(5), at(5), at(4), at(4), at(4)]), [2, 3], "a clock that was set back");
        assert_eq!(lengths(vec![at(5); MAX_ENTRIES + 1]), [MAX_ENTRIES as i64, 1]);
        assert_eq!(lengths(Vec::new()), [0; 0]);
    }

    #[test]
    fn what_one_request_did_names_it_once() {
        let (user, rec) = (UserId::from("one"), CommunityKey::from("rec"));
        let deed =
            |micros, request_id| Deed { at: Timestamp::from_micros(micros), request_id, ..deed(&user, &rec) };
        let requests = [
            (5, Some("r-1")),
            (5, Some("r-1")),
            (5, None),
            (5, None),
            (5, Some("r-2")),
            (6, None),
            (7, Some("r-3")),
        ];
        let deeds = requests.map(|(micros, request)| deed(micros, request));
        let pseudonyms = HashMap::from([(deeds[0].by, "p1".to_owned())]);
        let batches = Batch::pack(deeds.into_iter(), &pseudonyms).expect("packed");
        let [batch] = batches.as_slice() else { panic!("one batch") };
        assert_eq!(batch.content.matches("r-1").count(), 1);
        let read = entries(batch.id, &batch.content).expect("packed entries are read");
        let read: Vec<_> =
            read.iter().map(|entry| (entry.at.as_micros(), entry.request_id.as_deref())).collect();
        assert_eq!(read, requests);
    }
}
