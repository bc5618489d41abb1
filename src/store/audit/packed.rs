//! Entries of the trail as they are written together: a JSON text in which whatever may stand in many entries stands once, so
//! that an entry takes a third of the room, and a few bytes more for each further community that a request looked at.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::super::Result;
use super::batch::Line;
use super::not_packed;
use crate::domain::audit::{Deed, Person};
use crate::domain::closed_set::ClosedSet;

/// The text.
#[derive(Serialize, Deserialize)]
pub(super) struct Packed<'a> {
    /// When the first was.
    since: i64,
    /// Pseudonyms.
    #[serde(borrow)]
    pub(super) people: Vec<Cow<'a, str>>,
    /// Clients, operations, communities and outcomes.
    #[serde(borrow)]
    words: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    entries: Vec<PackedEntry<'a>>,
    /// The place of an entry, and those behind it that differ from it in their community and rows alone: what a request saw of
    /// a hundred communities is one entry and a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<(usize, Vec<InCommunity>)>,
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

/// The place of a community among the words, and how many rows.
type InCommunity = (usize, i64);

impl<'a> Packed<'a> {
    /// The keys of the communities, each once.
    pub(super) fn communities(&self) -> impl Iterator<Item = &str> {
        let firsts = self.entries.iter().filter_map(|entry| entry.5);
        let others = self.others.iter().flat_map(|(_, others)| others.iter().map(|(place, _)| *place));
        let mut is_community = vec![false; self.words.len()];
        for place in firsts.chain(others) {
            if let Some(is_community) = is_community.get_mut(place) {
                *is_community = true;
            }
        }
        let words = self.words.iter().zip(is_community);
        words.filter_map(|(word, is_community)| is_community.then_some(word.as_ref()))
    }

    /// The entries.
    pub(super) fn lines(self) -> Result<Vec<Line<'a>>> {
        let Self { since, people, words, entries, others } = self;
        let text = |texts: &[Cow<'a, str>], place: usize| texts.get(place).cloned().ok_or_else(not_packed);
        let mut others = others.into_iter().peekable();
        let mut lines = Vec::with_capacity(entries.len());
        let mut before: Option<(_, Option<Cow<'a, str>>)> = None;
        for (place, entry) in entries.into_iter().enumerate() {
            let PackedEntry(after, by, about, client, operation, community, rows, outcome, request) = entry;
            let moment = (after, by, client);
            let request = match (before.take(), request) {
                (Some((same, request)), None) if same == moment => request,
                (_, request) => request.filter(|id| !id.is_empty()),
            };
            before = Some((moment, request.clone()));
            let line = Line {
                at: since + after,
                by: text(&people, by)?,
                about: about.map(|place| text(&people, place)).transpose()?,
                client: client.map(|place| text(&words, place)).transpose()?,
                operation: text(&words, operation)?,
                community: community.map(|place| text(&words, place)).transpose()?,
                rows,
                outcome: text(&words, outcome)?,
                request,
            };
            let others = others.next_if(|(first, _)| *first == place);
            let others = others.into_iter().flat_map(|(_, others)| others).map(|(place, rows)| {
                Ok(Line { community: Some(text(&words, place)?), rows, ..line.clone() })
            });
            let others = others.collect::<Result<Vec<_>>>()?;
            lines.push(line);
            lines.extend(others);
        }
        // There is no entry that what is left would stand behind.
        others.next().map_or(Ok(lines), |_| Err(not_packed()))
    }
}

/// Packs entries one after the other.
pub(super) struct Packing<'a> {
    packed: Packed<'a>,
    entries: usize,
    pseudonyms: &'a HashMap<Person<'a>, String>,
    people: Places<Person<'a>>,
    words: Places<&'a str>,
    /// The entry before.
    before: Option<Deed<'a>>,
    /// Whoever and whatever was last in a column.
    by: Last<Person<'a>>,
    client: Last<&'a str>,
    operation: Last<&'a str>,
    outcome: Last<&'a str>,
}

impl<'a> Packing<'a> {
    /// Packs entries from this microsecond on.
    pub(super) fn since(since: i64, pseudonyms: &'a HashMap<Person<'a>, String>) -> Self {
        let packed =
            Packed { since, people: Vec::new(), words: Vec::new(), entries: Vec::new(), others: Vec::new() };
        Self {
            packed,
            entries: 0,
            pseudonyms,
            people: Places::none(),
            words: Places::none(),
            before: None,
            by: Last(None),
            client: Last(None),
            operation: Last(None),
            outcome: Last(None),
        }
    }

    /// How many entries are packed.
    pub(super) fn entries(&self) -> usize {
        self.entries
    }

    /// Adds the entry of a deed.
    pub(super) fn add(&mut self, deed: Deed<'a>) {
        self.entries += 1;
        let before = self.before.replace(deed);
        let Packed { since, people, words, entries, others } = &mut self.packed;
        let mut word = |text: &'a str| self.words.of(text, words, |text| text);
        let community = deed.community.map(|key| word(key.as_str()));
        let rows = i64::try_from(deed.rows).unwrap_or(i64::MAX);
        if let (Some(community), Some(before), Some(first)) =
            (community, before, entries.len().checked_sub(1))
            && before == (Deed { community: before.community, rows: before.rows, ..deed })
        {
            match others.last_mut() {
                Some((place, others)) if *place == first => others.push((community, rows)),
                _ => others.push((first, vec![(community, rows)])),
            }
            return;
        }
        let mut person = |person| {
            self.people.of(person, people, |one| self.pseudonyms.get(&one).map_or("", String::as_str))
        };
        let moment = |deed: &Deed<'a>| (deed.at, deed.by, deed.client);
        let request = match before {
            Some(before) if moment(&before) == moment(&deed) => {
                (before.request_id != deed.request_id).then(|| deed.request_id.unwrap_or_default())
            }
            _ => deed.request_id,
        };
        entries.push(PackedEntry(
            deed.at.as_micros() - *since,
            self.by.or(deed.by, &mut person),
            deed.about.map(&mut person),
            deed.client.map(|text| self.client.or(text, &mut word)),
            self.operation.or(deed.operation, &mut word),
            community,
            rows,
            self.outcome.or(deed.outcome.as_str(), &mut word),
            request.map(Cow::Borrowed),
        ));
    }

    /// What was packed.
    pub(super) fn end(self) -> Packed<'a> {
        self.packed
    }
}

/// Where texts stand that stand once.
struct Places<K>(HashMap<K, usize>);

impl<K: Copy + Eq + Hash> Places<K> {
    fn none() -> Self {
        Self(HashMap::new())
    }

    fn of<'a>(&mut self, key: K, texts: &mut Vec<Cow<'a, str>>, text: impl FnOnce(K) -> &'a str) -> usize {
        *self.0.entry(key).or_insert_with(|| {
            texts.push(Cow::Borrowed(text(key)));
            texts.len() - 1
        })
    }
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
