//! The orders of lists. Every order is total: ties are broken by key, then by id. All text compares by
//! its UTF-8 bytes on both databases.

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SortField {
    /// By key (a delivery point: by its code, then by its member's key).
    #[default]
    Key,
    /// By name.
    Name,
    /// By the time of the first storing.
    CreatedAt,
    /// By the time of the last change.
    UpdatedAt,
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// How a list is sorted. The default is by key, smallest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Order {
    /// What it is sorted by.
    pub field: SortField,
    /// Which way.
    pub direction: Direction,
}

impl SortField {
    /// The field's letter in a cursor.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Key => 'k',
            Self::Name => 'n',
            Self::CreatedAt => 'c',
            Self::UpdatedAt => 'u',
        }
    }
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}
