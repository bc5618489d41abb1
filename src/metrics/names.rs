//! The names of GraphQL operations among the figures: what callers make up, so of a bounded number and length.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Most names, and longest one in bytes. Each costs some kilobytes in the figures.
const MAX_NAMES: usize = 200;
const MAX_BYTES: usize = 64;

const ANONYMOUS: &str = "anonymous";
const OTHER: &str = "other";

/// The names that were met so far.
pub(super) struct Names {
    met: RwLock<HashSet<Arc<str>>>,
    anonymous: Arc<str>,
    other: Arc<str>,
}

impl Default for Names {
    fn default() -> Self {
        Self { met: RwLock::default(), anonymous: ANONYMOUS.into(), other: OTHER.into() }
    }
}

impl Names {
    pub(super) fn bounded(&self, name: Option<&str>, may_add: bool) -> Arc<str> {
        let Some(name) = name else { return Arc::clone(&self.anonymous) };
        if let Some(met) = self.met.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Arc::clone(met);
        }
        let mut met = self.met.write().unwrap_or_else(PoisonError::into_inner);
        if !may_add || name.len() > MAX_BYTES || met.len() >= MAX_NAMES {
            return Arc::clone(&self.other);
        }
        let name: Arc<str> = name.into();
        met.insert(Arc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_in_number_and_length_and_brought_by_who_is_known() {
        let names = Names::default();
        assert_eq!(&*names.bounded(None, true), ANONYMOUS);
        assert_eq!(&*names.bounded(Some("Members"), false), OTHER);
        assert_eq!(&*names.bounded(Some("Members"), true), "Members");
        assert_eq!(&*names.bounded(Some("Members"), false), "Members");
        assert_eq!(&*names.bounded(Some(&"x".repeat(MAX_BYTES + 1)), true), OTHER);
        for number in 1..MAX_NAMES {
            assert_eq!(*names.bounded(Some(&format!("Q{number}")), true), format!("Q{number}"));
        }
        assert_eq!(&*names.bounded(Some("OneMore"), true), OTHER);
        assert_eq!(&*names.bounded(Some("Members"), true), "Members");
    }
}
