//! The newest change of each community, in the order in which they came. An older change of the same
//! community gives way to a newer one, so that the log is as long as there are communities, however much
//! is written.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::domain::change::CommunityChange;
use crate::domain::closed_set::ChangeKind;

/// Most communities whose newest change is remembered: about 20 MB.
const MAX_ENTRIES: usize = 100_000;

/// More communities changed than are remembered: something was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lagged;

#[derive(Debug, Default)]
pub(super) struct Log {
    /// By number. Numbers rise and are never used twice.
    entries: BTreeMap<u64, Entry>,
    /// The number of each community's entry.
    places: HashMap<Uuid, u64>,
    newest: u64,
    /// The number of the last entry that gave way to make room.
    forgotten: u64,
}

#[derive(Debug)]
struct Entry {
    change: CommunityChange,
    /// Under which number the community was created, if that was while the log was kept.
    created: Option<u64>,
}

impl Log {
    /// The number of the newest entry.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Adds a change.
    pub(super) fn add(&mut self, change: CommunityChange) {
        self.newest += 1;
        let older = self.places.insert(change.id, self.newest).and_then(|place| self.entries.remove(&place));
        let created = match change.kind {
            ChangeKind::Created => Some(self.newest),
            ChangeKind::Updated | ChangeKind::Removed => older.and_then(|entry| entry.created),
        };
        self.entries.insert(self.newest, Entry { change, created });
        if self.entries.len() > MAX_ENTRIES
            && let Some((number, oldest)) = self.entries.pop_first()
        {
            self.forgotten = number;
            self.places.remove(&oldest.change.id);
        }
    }

    /// The first change behind a number, with its own, as whoever has heard of everything up to that
    /// number must be told it.
    ///
    /// # Errors
    /// When a change behind that number was forgotten.
    pub(super) fn after(&self, told: u64) -> Result<Option<(u64, CommunityChange)>, Lagged> {
        if told < self.forgotten {
            return Err(Lagged);
        }
        let Some((&number, entry)) = self.entries.range(told + 1..).next() else { return Ok(None) };
        let mut change = entry.change.clone();
        if change.kind == ChangeKind::Updated && entry.created.is_some_and(|created| created > told) {
            change.kind = ChangeKind::Created;
        }
        Ok(Some((number, change)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::closed_set::ChangeKind::{Created, Removed, Updated};
    use crate::domain::timestamp::Timestamp;

    fn change(id: u128, kind: ChangeKind, revision: i64) -> CommunityChange {
        let key = format!("c{id}").as_str().into();
        CommunityChange { id: Uuid::from_u128(id), key, kind, revision, at: Timestamp::default() }
    }

    /// Everything that somebody who heard of everything up to `told` is told now.
    fn rest(log: &Log, mut told: u64) -> Vec<(u128, ChangeKind, i64)> {
        let mut heard = Vec::new();
        while let Ok(Some((number, change))) = log.after(told) {
            heard.push((change.id.as_u128(), change.kind, change.revision));
            told = number;
        }
        heard
    }

    #[test]
    fn a_slow_watcher_hears_the_newest_change_of_each_community() {
        let mut log = Log::default();
        for revision in 1..=1_000 {
            log.add(change(1, Updated, revision));
        }
        log.add(change(2, Updated, 7));
        log.add(change(1, Updated, 1_001));
        assert_eq!(rest(&log, 0), [(2, Updated, 7), (1, Updated, 1_001)]);
        assert_eq!(rest(&log, 1_001), [(1, Updated, 1_001)]);
        assert_eq!(log.entries.len(), 2);
    }

    #[test]
    fn a_community_is_created_for_whoever_has_not_heard_of_it() {
        let mut log = Log::default();
        log.add(change(1, Created, 1));
        log.add(change(1, Updated, 2));
        assert_eq!(rest(&log, 0), [(1, Created, 2)]);
        assert_eq!(rest(&log, 1), [(1, Updated, 2)]);
        log.add(change(1, Removed, 2));
        assert_eq!(rest(&log, 0), [(1, Removed, 2)]);
        assert_eq!(rest(&log, 2), [(1, Removed, 2)]);
    }

    #[test]
    fn whoever_missed_something_is_told_so() {
        let mut log = Log::default();
        for id in 0..=MAX_ENTRIES as u128 {
            log.add(change(id, Updated, 1));
        }
        assert_eq!(log.after(0), Err(Lagged));
        assert_eq!(rest(&log, 1).len(), MAX_ENTRIES);
    }
}
