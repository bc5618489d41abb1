//! Instants: UTC, microseconds since the Unix epoch, written as RFC 3339 with `Z`.

use std::fmt;

/// An instant in UTC with microsecond resolution, the finest that both databases keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant this many microseconds after the Unix epoch.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant that a text of RFC 3339 stands for; none when it is no such text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(|instant: jiff::Timestamp| Self(instant.as_microsecond()))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// The present, by the clock of this machine.
    #[must_use]
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_microsecond())
    }
}

/// RFC 3339, UTC, always with six digits of a second: `2026-01-31T08:15:00.000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{instant:.6}")
    }
}
