//! How the entries of a batch are written, and what leads to them: a JSON text in which whatever may stand in many entries
//! stands once, so that an entry takes a third of the room.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::{Result, StoreError};
use super::{BROKEN, broken};
use crate::domain::audit::{AuditEntry, Deed, Person, entry_id, new_batch_id};
use crate::domain::closed_set::{AuditOutcome, ClosedSet};
use crate::domain::timestamp::Timestamp;

/// Most entries of a batch. More would be read in vain by whoever wants one of them; of fewer, more would have to be found
/// by each person's mark.
pub const MAX_ENTRIES: usize = 8_000;

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
/// operation and community among the words; the rows; the place of the outcome; the request. What one request did stands
/// together and names it once: none is the one of the entry before where that has the same moment, person and client, and there
/// an empty one is none at all.
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

/// Texts, each once, and what each is called elsewhere.
struct Places<'a, K> {
    texts: Vec<Cow<'a, str>>,
    places: HashMap<K, usize>,
}

/// What was asked for last in a column, and its place: mostly it is asked for again.
struct Last<K>(Option<(K, usize)>);

impl<K: Copy + Eq> Last<K> {
    fn or(&mut self, key: K, place: impl FnOnce(K) -> usize) -> usize {
        match self.0 {
            Some((last, place)) if last == key => place,
            _ => self.0.insert((key, place(key))).1,
        }
    }
}

impl<'a, K: Copy + Eq + Hash> Places<'a, K> {
    fn none() -> Self {
        Self { texts: Vec::new(), places: HashMap::new() }
    }

    fn of(&mut self, key: K, text: impl FnOnce(K) -> &'a str) -> usize {
        *self.places.entry(key).or_insert_with(|| {
            self.texts.push(Cow::Borrowed(text(key)));
            self.texts.len() - 1
        })
    }
}

impl<'a> Packed<'a> {
    /// The entries that deeds make.
    fn of(deeds: &[&Deed<'a>], pseudonyms: &'a HashMap<Person<'a>, String>) -> Self {
        let since = deeds.first().map_or(0, |deed| deed.at.as_micros());
        let (mut people, mut words) = (Places::none(), Places::none());
        let mut person = |person| people.of(person, |one| pseudonyms.get(&one).map_or("", String::as_str));
        let mut word = |text| words.of(text, |text| text);
        let (mut by, mut client, mut operation, mut outcome) =
            (Last(None), Last(None), Last(None), Last(None));
        let mut before = None;
        let entry = |deed: &&Deed<'a>| {
            let moment = (deed.at, deed.by, deed.client);
            let request = match before.replace((moment, deed.request_id)) {
                Some((same, request)) if same == moment => {
                    (request != deed.request_id).then(|| deed.request_id.unwrap_or_default())
                }
                _ => deed.request_id,
            };
            PackedEntry(
                deed.at.as_micros() - since,
                by.or(deed.by, &mut person),
                deed.about.map(&mut person),
                deed.client.map(|text| client.or(text, &mut word)),
                operation.or(deed.operation, &mut word),
                deed.community.map(|community| word(community.as_str())),
                i64::try_from(deed.rows).unwrap_or(i64::MAX),
                outcome.or(deed.outcome.as_str(), &mut word),
                request.map(Cow::Borrowed),
            )
        };
        let entries = deeds.iter().map(entry).collect();
        Self { since, people: people.texts, words: words.texts, entries }
    }

    /// What leads to the batch.
    fn marks(&self) -> Vec<String> {
        let communities: HashSet<usize> = self.entries.iter().filter_map(|entry| entry.5).collect();
        let communities = communities.into_iter().filter_map(|place| self.words.get(place));
        marks(self.people.iter().map(AsRef::as_ref), communities.map(AsRef::as_ref))
    }

    fn lines(self) -> Result<Vec<Line<'a>>> {
        let Self { since, people, words, entries } = self;
        let text = |texts: &[Cow<'a, str>], place: usize| {
            texts.get(place).cloned().ok_or_else(|| StoreError::Database(BROKEN.to_owned()))
        };
        let mut before: Option<(_, Option<Cow<'a, str>>)> = None;
        let line = |PackedEntry(after, by, about, client, operation, community, rows, outcome, request)| {
            let moment = (after, by, client);
            let request = match (before.take(), request) {
                (Some((same, request)), None) if same == moment => request,
                (_, request) => request.filter(|id| !id.is_empty()),
            };
            before = Some((moment, request.clone()));
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
    pub(super) fn pack(deeds: &[Deed<'_>], pseudonyms: &HashMap<Person<'_>, String>) -> Result<Vec<Self>> {
        let mut deeds: Vec<&Deed<'_>> = deeds.iter().collect();
        deeds.sort_by_key(|deed| deed.at);
        let mut batches = Vec::new();
        let mut rest = deeds.as_slice();
        while let Some(first) = rest.first() {
            let end = Timestamp::from_micros(first.at.as_micros().saturating_add(SPAN_MICROS));
            let length = rest.partition_point(|deed| deed.at < end).clamp(1, MAX_ENTRIES);
            let (deeds, after) = rest.split_at(length);
            batches.push(Self::of(first.at, &Packed::of(deeds, pseudonyms))?);
            rest = after;
        }
        Ok(batches)
    }

    fn of(first: Timestamp, packed: &Packed<'_>) -> Result<Self> {
        Ok(Self {
            id: new_batch_id(first),
            entries: i64::try_from(packed.entries.len()).unwrap_or(i64::MAX),
            content: serde_json::to_string(packed).map_err(|error| broken(&error))?,
            marks: packed.marks(),
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
        let batches = Batch::pack(&[of_all, of_rec], &pseudonyms).expect("packed");
        let [batch] = batches.as_slice() else { panic!("one batch") };
        assert_eq!((batch_id(batch.id), batch.entries), (batch.id, 2));
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

    #[test]
    fn what_one_request_did_names_it_once() {
        let (user, rec) = (UserId::from("one"), CommunityKey::from("rec"));
        let deed = |micros, request_id| Deed {
            at: Timestamp::from_micros(micros),
            by: Person::User(&user),
            about: None,
            client: None,
            operation: "member.list",
            community: Some(&rec),
            rows: 1,
            outcome: AuditOutcome::Ok,
            request_id,
        };
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
        let batches = Batch::pack(&deeds, &pseudonyms).expect("packed");
        let [batch] = batches.as_slice() else { panic!("one batch") };
        assert_eq!(batch.content.matches("r-1").count(), 1);
        let read = entries(batch.id, &batch.content).expect("packed entries are read");
        let read: Vec<_> =
            read.iter().map(|entry| (entry.at.as_micros(), entry.request_id.as_deref())).collect();
        assert_eq!(read, requests);
    }
}
