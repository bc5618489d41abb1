//! What one request looked at, added up, and how that is told as entries of the trail. It waits for the recorder as it is,
//! and answers that are remembered have it too: entries are made of it when they are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::auth::Principal;
use crate::domain::audit::{Deed, Person};
use crate::domain::closed_set::AuditOutcome;
use crate::domain::identifier::{CommunityKey, UserId};
use crate::domain::timestamp::Timestamp;

/// Most people whom the entries of a request name by one operation. Of more, an entry has the community and how many rows; each
/// would cost the key of a pseudonym, and a mark.
const MOST_NAMED: usize = 10;

/// What one request looked at.
pub struct Look {
    /// A list, for mostly it has one row.
    tallies: Box<[(Row, Tally)]>,
    /// How many identifiers were looked up.
    pub(in crate::service) lookups: usize,
}

/// What is added up.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) operation: &'static str,
    pub(super) community: Option<CommunityKey>,
    pub(super) outcome: AuditOutcome,
}

/// How many rows, and whose.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) people: People,
}

#[derive(Default, PartialEq, Eq)]
pub(super) enum People {
    #[default]
    Nobody,
    One(UserId),
    Several,
}

impl Tally {
    pub(super) fn add(&mut self, user_id: Option<&UserId>) {
        self.rows += 1;
        match (&self.people, user_id) {
            (People::Nobody, Some(user_id)) => self.people = People::One(user_id.clone()),
            (People::One(known), Some(user_id)) if known == user_id => {}
            _ => self.people = People::Several,
        }
    }

    /// The one person whose rows they are.
    fn one(&self) -> Option<&UserId> {
        match &self.people {
            People::One(user_id) => Some(user_id),
            People::Nobody | People::Several => None,
        }
    }

    /// Whoever has rows in it is one of several.
    fn be_of_several(&mut self) {
        if self.people != People::Nobody {
            self.people = People::Several;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.people = match (std::mem::take(&mut self.people), other.people) {
            (People::Nobody, people) | (people, People::Nobody) => people,
            (People::One(one), People::One(other)) if one == other => People::One(one),
            _ => People::Several,
        };
    }
}

impl Look {
    pub(super) fn of(tallies: BTreeMap<Row, Tally>, lookups: usize) -> Self {
        let mut tallies: Box<[(Row, Tally)]> = tallies.into_iter().collect();
        // Rows are in the order of their operations.
        for same in tallies.chunk_by_mut(|(one, _), (other, _)| one.operation == other.operation) {
            if are_more(same.iter().filter_map(|(_, tally)| tally.one()), MOST_NAMED) {
                same.iter_mut().for_each(|(_, tally)| tally.be_of_several());
            }
        }
        Self { tallies, lookups }
    }

    /// How many entries it makes.
    pub(super) fn len(&self) -> usize {
        self.tallies.len()
    }
}

/// Whether so many people, and others, are among these.
fn are_more<'p>(people: impl Iterator<Item = &'p UserId>, many: usize) -> bool {
    let mut known: Vec<&UserId> = Vec::new();
    for person in people {
        if known.contains(&person) {
            continue;
        }
        if known.len() == many {
            return true;
        }
        known.push(person);
    }
    false
}

/// Who did something, when, and the id of the request.
type By<'r> = (&'r Principal, Timestamp, Option<&'r str>);

/// Something that was done to some rows of a community.
pub(super) fn deed<'d>(
    (caller, at, request_id): By<'d>,
    operation: &'static str,
    (community, rows): (Option<&'d CommunityKey>, u64),
    about: Option<&'d UserId>,
) -> Deed<'d> {
    Deed {
        at,
        by: caller.username.as_ref().map_or(Person::Subject(&caller.subject), Person::User),
        about: about.map(Person::User),
        client: caller.client.as_deref(),
        operation,
        community,
        rows,
        outcome: AuditOutcome::Ok,
        request_id,
    }
}

/// A look that waits to be recorded.
pub(super) struct Noted {
    pub(super) caller: Arc<Principal>,
    pub(super) at: Timestamp,
    pub(super) request_id: Option<String>,
    pub(super) look: Arc<Look>,
}

impl Noted {
    /// The entries that it makes.
    pub(super) fn deeds(&self) -> impl Iterator<Item = Deed<'_>> + Clone {
        self.look.tallies.iter().map(|(Row { operation, community, outcome }, tally)| {
            let by = (self.caller.as_ref(), self.at, self.request_id.as_deref());
            Deed { outcome: *outcome, ..deed(by, operation, (community.as_ref(), tally.rows), tally.one()) }
        })
    }
}
