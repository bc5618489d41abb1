//! Pages: the one page type of both doors. Pages are keyset pages: a row that is added or removed
//! between two pages makes no other row repeat or vanish.

use super::cursor::Cursor;

/// Smallest page.
pub const MIN_PAGE: u32 = 1;
/// Largest page.
pub const MAX_PAGE: u32 = 500;
/// The page of a caller that does not say.
pub const DEFAULT_PAGE: u32 = 50;

/// Which end of the list a page is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum End {
    /// The first rows behind `after`.
    #[default]
    First,
    /// The last rows before `before`.
    Last,
}

/// What page is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// How many rows, [`MIN_PAGE`] to [`MAX_PAGE`].
    pub size: u32,
    /// From which end.
    pub end: End,
    /// Only rows behind this one.
    pub after: Option<Cursor>,
    /// Only rows before this one.
    pub before: Option<Cursor>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { size: DEFAULT_PAGE, end: End::First, after: None, before: None }
    }
}

/// A page of a list, always in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, each with the cursor that stands for its place.
    pub rows: Vec<Row<T>>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows precede.
    pub has_previous: bool,
}

/// A row of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<T> {
    /// Its place in the list.
    pub cursor: Cursor,
    /// What stands there.
    pub value: T,
}

impl<T> Page<T> {
    /// The page without rows.
    #[must_use]
    pub fn empty() -> Self {
        Self { rows: Vec::new(), has_next: false, has_previous: false }
    }

    /// A page from rows that were fetched one over the size, in the order in which they were fetched:
    /// the list's own for [`End::First`], the other way round for [`End::Last`].
    #[must_use]
    pub fn from_fetched(mut rows: Vec<Row<T>>, request: &PageRequest) -> Self {
        let size = request.size as usize;
        let more = rows.len() > size;
        rows.truncate(size);
        match request.end {
            End::First => Self { rows, has_next: more, has_previous: request.after.is_some() },
            End::Last => {
                rows.reverse();
                Self { rows, has_next: request.before.is_some(), has_previous: more }
            }
        }
    }

    /// The same page of other values.
    pub fn map<U>(self, mut into: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self
                .rows
                .into_iter()
                .map(|row| Row { cursor: row.cursor, value: into(row.value) })
                .collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }

    /// The cursor of the next page; none on the last one.
    #[must_use]
    pub fn next_cursor(&self) -> Option<String> {
        if self.has_next { self.rows.last().map(|row| row.cursor.encode()) } else { None }
    }
}
