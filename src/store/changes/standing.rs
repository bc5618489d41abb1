//! What is known to stand: what was read at a moment may be told again for as long as nothing is known to
//! have changed since.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::domain::identifier::CommunityKey;

/// Most communities whose last change is remembered. Beyond that all count as changed.
const MAX_COMMUNITIES: usize = 100_000;

/// A place among the changes that this process has heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// When each community changed last, as far as this process has heard.
#[derive(Debug, Default)]
pub(super) struct Standing(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Whether every change is heard of.
    hears: bool,
    newest: u64,
    /// Everything changed then, as far as is known.
    all: u64,
    communities: HashMap<CommunityKey, u64>,
}

impl Standing {
    /// Every change is heard of from now on; what happened before may have been missed.
    pub(super) fn begin(&self) {
        self.change(|known| {
            known.change_all();
            known.hears = true;
        });
    }

    /// Changes may be missed from now on.
    pub(super) fn end(&self) {
        self.change(|known| known.hears = false);
    }

    /// These communities changed, or may have.
    pub(super) fn changed<'k>(&self, communities: impl IntoIterator<Item = &'k CommunityKey>) {
        self.change(|known| {
            known.newest += 1;
            for key in communities {
                known.communities.insert(key.clone(), known.newest);
            }
            if known.communities.len() > MAX_COMMUNITIES {
                known.change_all();
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// The present; none while changes may be missed.
    pub(super) fn now(&self) -> Option<Moment> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.hears.then_some(Moment(known.newest))
    }

    /// Whether what began to be read at a moment is true still, of one community or of all.
    pub(super) fn holds(&self, since: Moment, of: Option<&CommunityKey>) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // Mostly nothing has changed at all, and nothing need be looked up.
        let last = match of {
            Some(key) if known.newest > since.0 => {
                known.communities.get(key).copied().unwrap_or_default().max(known.all)
            }
            _ => known.newest,
        };
        known.hears && last <= since.0
    }
}

impl Known {
    fn change_all(&mut self) {
        self.newest += 1;
        self.all = self.newest;
        self.communities.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_of_the_same_community_holds_no_more() {
        let standing = Standing::default();
        assert_eq!(standing.now(), None, "nothing is heard yet");
        standing.begin();
        let (one, other) = (CommunityKey::from("one"), CommunityKey::from("other"));
        let before = standing.now().expect("changes are heard");
        standing.changed([&one]);
        assert!(!standing.holds(before, Some(&one)));
        assert!(standing.holds(before, Some(&other)));
        assert!(!standing.holds(before, None));
        let after = standing.now().expect("changes are heard");
        assert!(standing.holds(after, Some(&one)) && standing.holds(after, None));
    }

    #[test]
    fn nothing_holds_while_changes_may_be_missed_nor_what_was_read_before() {
        let standing = Standing::default();
        standing.begin();
        let key = CommunityKey::from("one");
        let before = standing.now().expect("changes are heard");
        standing.end();
        assert_eq!(standing.now(), None);
        assert!(!standing.holds(before, Some(&key)));
        standing.begin();
        assert!(!standing.holds(before, Some(&key)) && !standing.holds(before, None));
    }

    #[test]
    fn more_communities_than_are_remembered_all_count_as_changed() {
        let standing = Standing::default();
        standing.begin();
        let (before, key) = (standing.now().expect("changes are heard"), CommunityKey::from("quiet"));
        for number in 0..=MAX_COMMUNITIES {
            standing.changed([&CommunityKey::from(format!("c{number}"))]);
        }
        assert!(!standing.holds(before, Some(&key)));
    }
}
