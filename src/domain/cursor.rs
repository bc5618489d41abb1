//! Cursors: the place of a row in a list, as text that means nothing to a caller. A cursor carries the
//! values that the list is sorted by, so that it still stands for a place when its row is gone; and the
//! list and order it belongs to, so that it is refused anywhere else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::order::{Direction, Order};

/// The first field of every cursor: another number is another format.
const VERSION: u8 = 1;

/// Longest text that is looked at as a cursor, in bytes: four values of 256 four-byte characters.
const MAX_ENCODED_LEN: usize = 8192;

/// The kinds of lists that have pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// Communities.
    Communities,
    /// Members.
    Members,
    /// Assets, and meters among them.
    Assets,
    /// Delivery points.
    DeliveryPoints,
}

impl ListKind {
    fn letter(self) -> char {
        match self {
            Self::Communities => 'C',
            Self::Members => 'M',
            Self::Assets => 'A',
            Self::DeliveryPoints => 'D',
        }
    }
}

/// A value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    /// Microseconds since the Unix epoch.
    Time(i64),
    /// A text.
    Text(String),
}

/// The place of a row in a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The list and order it belongs to.
    tag: String,
    /// The values of the row, in the order of the sort.
    values: Vec<SortValue>,
}

/// A text that is no cursor of the list at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenCursor;

impl Cursor {
    /// The place of the row with these sort values.
    #[must_use]
    pub fn new(list: ListKind, order: Order, values: Vec<SortValue>) -> Self {
        Self { tag: tag(list, order), values }
    }

    /// The text for the caller.
    #[must_use]
    pub fn encode(&self) -> String {
        let json = serde_json::to_vec(&(VERSION, &self.tag, &self.values)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(json)
    }

    /// The place that a text stands for in a list sorted so.
    ///
    /// # Errors
    /// When the text is no cursor, or one of another list, order or version.
    pub fn decode(text: &str, list: ListKind, order: Order) -> Result<Self, BrokenCursor> {
        if text.len() > MAX_ENCODED_LEN {
            return Err(BrokenCursor);
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| BrokenCursor)?;
        let (version, tag_given, values): (u8, String, Vec<SortValue>) =
            serde_json::from_slice(&json).map_err(|_| BrokenCursor)?;
        let whole = values.iter().all(|value| match value {
            SortValue::Text(text) => !text.contains('\0'),
            SortValue::Time(_) => true,
        });
        if version != VERSION || tag_given != tag(list, order) || !whole {
            return Err(BrokenCursor);
        }
        Ok(Self { tag: tag_given, values })
    }

    /// The sort values.
    #[must_use]
    pub fn values(&self) -> &[SortValue] {
        &self.values
    }
}

fn tag(list: ListKind, order: Order) -> String {
    let direction = match order.direction {
        Direction::Ascending => '+',
        Direction::Descending => '-',
    };
    String::from_iter([list.letter(), order.field.letter(), direction])
}
