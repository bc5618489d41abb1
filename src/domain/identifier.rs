//! Identifiers as types of their own, so that a sensor id is never taken for a delivery-point code.

use std::borrow::Borrow;
use std::fmt;

use super::fold;
use super::node::Text;

macro_rules! identifier {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Text);

        impl $name {
            /// The identifier as it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0.into_string()
            }
        }

        /// Found in a map by its text.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! verbatim {
    ($($name:ident),+) => {
        $(
            impl From<String> for $name {
                fn from(text: String) -> Self { Self(text.into()) }
            }
            impl From<&str> for $name {
                fn from(text: &str) -> Self { Self(text.into()) }
            }
        )+
    };
}

identifier! {
    /// The key of a community, unique in the registry: `^[a-z0-9_-]{1,128}$`.
    CommunityKey
}
identifier! {
    /// The key of a member, unique in its community, at most 128 characters.
    MemberKey
}
identifier! {
    /// The identity provider's user name of a member, unique in its community, at most 256 characters.
    UserId
}
identifier! {
    /// A decentralized identifier of a member, unique in the registry.
    Did
}
identifier! {
    /// The key of an asset, unique in its community, at most 128 characters.
    AssetKey
}
identifier! {
    /// The id of a measuring device, trimmed of Unicode white space, at most 256 characters.
    SensorId
}
identifier! {
    /// The id that the grid operator gave a delivery point (POD, CUPS, PRM, MaLo, EAN, MPAN), at most
    /// 128 characters. Compared trimmed and ignoring case.
    DeliveryPointCode
}

verbatim!(CommunityKey, MemberKey, UserId, Did, AssetKey, DeliveryPointCode);

impl CommunityKey {
    /// Longest community key, in characters.
    pub const MAX_CHARS: usize = 128;

    /// Whether a text may be the key of a community: `^[a-z0-9_-]{1,128}$`.
    #[must_use]
    pub fn is_valid(text: &str) -> bool {
        (1..=Self::MAX_CHARS).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
    }
}

impl AssetKey {
    /// Longest asset key, in characters.
    pub const MAX_CHARS: usize = 128;

    /// Whether a text is no longer than the key of an asset may be.
    #[must_use]
    pub fn is_short_enough(text: &str) -> bool {
        text.chars().nth(Self::MAX_CHARS).is_none()
    }
}

impl SensorId {
    /// The sensor id that a text names; none when it is blank.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        Self::trimmed(text).map(|id| Self(id.into()))
    }

    /// The same, borrowed.
    #[must_use]
    pub fn trimmed(text: &str) -> Option<&str> {
        Some(text.trim()).filter(|id| !id.is_empty())
    }
}

impl DeliveryPointCode {
    /// The form in which codes are compared: trimmed, case-folded.
    #[must_use]
    pub fn folded(&self) -> String {
        fold::folded_code(&self.0)
    }
}
