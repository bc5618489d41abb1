//! What a writer has seen of the thing that is to change, so that two editors do not overwrite each other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::asset::Asset;
use super::community::Community;
use super::member::Member;

/// How much of the hash an entity tag shows, in bytes.
const TAG_BYTES: usize = 16;

/// What a writer has seen of the thing that is to change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Seen {
    /// It does not say.
    #[default]
    Unsaid,
    /// This version.
    Version(i64),
    /// That it is there.
    Something,
    /// A representation with one of these entity tags.
    Tagged(Vec<String>),
}

/// What has a version and an entity tag.
pub trait Versioned {
    /// Grows by one with each change.
    fn version(&self) -> i64;

    /// The entity tag of its representation, quotes and all. It is another one whenever the representation
    /// may be.
    fn entity_tag(&self) -> String;
}

impl Seen {
    /// Whether the thing, if it is there, is still what the writer has seen.
    #[must_use]
    pub fn is<V: Versioned>(&self, current: Option<&V>) -> bool {
        match (self, current) {
            (Self::Unsaid, _) => true,
            (_, None) => false,
            (Self::Something, Some(_)) => true,
            (Self::Version(version), Some(current)) => current.version() == *version,
            (Self::Tagged(tags), Some(current)) => tags.contains(&current.entity_tag()),
        }
    }
}

impl Versioned for Member {
    fn version(&self) -> i64 {
        self.version
    }

    fn entity_tag(&self) -> String {
        tag(&["member", &self.id.to_string(), &self.version.to_string()])
    }
}

impl Versioned for Asset {
    fn version(&self) -> i64 {
        self.version
    }

    /// The owner is shown with the asset and changes without it.
    fn entity_tag(&self) -> String {
        let owner = [self.owner.key.as_str(), self.owner.user_id.as_str()];
        tag(&["asset", &self.id.to_string(), &self.version.to_string(), owner[0], owner[1]])
    }
}

impl Versioned for Community {
    fn version(&self) -> i64 {
        self.version
    }

    fn entity_tag(&self) -> String {
        tag(&["community", &self.id.to_string(), &self.version.to_string()])
    }
}

/// Another program may represent the same version in another way.
fn tag(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in [&[env!("CARGO_PKG_VERSION")], parts].concat() {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash.finalize()[..TAG_BYTES]))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(i64);

    impl Versioned for Thing {
        fn version(&self) -> i64 {
            self.0
        }

        fn entity_tag(&self) -> String {
            format!("\"{}\"", self.0)
        }
    }

    #[test]
    fn what_was_seen_is_compared_with_what_is_there() {
        let tagged = |tags: &[&str]| Seen::Tagged(tags.iter().map(|&tag| tag.to_owned()).collect());
        for (seen, of_version_7, of_nothing) in [
            (Seen::Unsaid, true, true),
            (Seen::Something, true, false),
            (Seen::Version(7), true, false),
            (Seen::Version(6), false, false),
            (tagged(&["\"6\"", "\"7\""]), true, false),
            (tagged(&["W/\"7\""]), false, false),
            (tagged(&[]), false, false),
        ] {
            assert_eq!(seen.is(Some(&Thing(7))), of_version_7, "{seen:?}");
            assert_eq!(seen.is::<Thing>(None), of_nothing, "{seen:?}");
        }
    }
}
