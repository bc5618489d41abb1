//! Cursors: the place of a row in a list, as text that means nothing to a caller. A cursor carries the
//! values that the list is sorted by, so that it still stands for a place when its row is gone; and the
//! list and order it belongs to, so that it is refused anywhere else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::order::{Direction, Order, SortField};

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
    /// Entries of the audit trail.
    Audit,
    /// Revisions of a community.
    Revisions,
}

impl ListKind {
    fn letter(self) -> char {
        match self {
            Self::Communities => 'C',
            Self::Members => 'M',
            Self::Assets => 'A',
            Self::DeliveryPoints => 'D',
            Self::Revisions => 'R',
            Self::Audit => 'U',
        }
    }
}

/// A value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    /// A time, in microseconds since the Unix epoch, or the number of a revision.
    Number(i64),
    /// A text.
    Text(String),
}

/// The place of a row in a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    list: ListKind,
    order: Order,
    values: Vec<SortValue>,
    id: Uuid,
}

/// A text that is no cursor of the list at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenCursor;

impl Cursor {
    /// The place of the row with these sort values and this id, which breaks the last ties.
    #[must_use]
    pub fn new(list: ListKind, order: Order, values: Vec<SortValue>, id: Uuid) -> Self {
        Self { list, order, values, id }
    }

    /// The text for the caller.
    #[must_use]
    pub fn encode(&self) -> String {
        let json = serde_json::to_vec(&(VERSION, tag(self.list, self.order), &self.values, self.id))
            .unwrap_or_default();
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
        let (version, tag_given, values, id): (u8, String, Vec<SortValue>, Uuid) =
            serde_json::from_slice(&json).map_err(|_| BrokenCursor)?;
        if version != VERSION || tag_given != tag(list, order) || !fits(list, order, &values) {
            return Err(BrokenCursor);
        }
        Ok(Self { list, order, values, id })
    }

    /// The sort values.
    #[must_use]
    pub fn values(&self) -> &[SortValue] {
        &self.values
    }

    /// The id of the row.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }
}

/// Whether values are what rows of the list are sorted by: the sort field's own, then the key; of a
/// delivery point its code, then its member's key.
fn fits(list: ListKind, order: Order, values: &[SortValue]) -> bool {
    let is_text = |value: &SortValue| matches!(value, SortValue::Text(text) if !text.contains('\0'));
    let is_time = |value: &SortValue| matches!(value, SortValue::Number(_));
    match (list, order.field, values) {
        (ListKind::DeliveryPoints, _, [code, member]) => is_text(code) && is_text(member),
        (ListKind::DeliveryPoints, _, _) => false,
        (ListKind::Audit, _, values) => values.is_empty(),
        (ListKind::Revisions, _, [number]) => is_time(number),
        (ListKind::Revisions, _, _) => false,
        (_, SortField::Key, [key]) => is_text(key),
        (_, SortField::Name, [name, key]) => is_text(name) && is_text(key),
        (_, SortField::CreatedAt | SortField::UpdatedAt, [time, key]) => is_time(time) && is_text(key),
        _ => false,
    }
}

/// The list and order that a cursor belongs to.
fn tag(list: ListKind, order: Order) -> String {
    let direction = match order.direction {
        Direction::Ascending => '+',
        Direction::Descending => '-',
    };
    String::from_iter([list.letter(), order.field.letter(), direction])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_stands_for_its_place_in_its_own_list_and_order_alone() {
        let order = Order { field: SortField::Name, direction: Direction::Descending };
        let values = vec![SortValue::Text("Ü".into()), SortValue::Text("k".into())];
        let cursor = Cursor::new(ListKind::Members, order, values, Uuid::nil());
        let text = cursor.encode();
        assert_eq!(Cursor::decode(&text, ListKind::Members, order), Ok(cursor));
        assert_eq!(Cursor::decode(&text, ListKind::Assets, order), Err(BrokenCursor));
        assert_eq!(Cursor::decode(&text, ListKind::Members, Order::default()), Err(BrokenCursor));
    }

    #[test]
    fn a_forged_cursor_is_refused() {
        let forge = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let id = Uuid::nil();
        for json in [
            format!(r#"[2,"Mk+",["a"],"{id}"]"#),
            format!(r#"[1,"Mk+",[],"{id}"]"#),
            format!(r#"[1,"Mk+",[7],"{id}"]"#),
            format!(r#"[1,"Mk+",["a","b"],"{id}"]"#),
            format!(r#"[1,"Mk+",["a\u0000"],"{id}"]"#),
            r#"[1,"Mk+",["a"],"x"]"#.to_owned(),
            "{}".to_owned(),
        ] {
            assert_eq!(
                Cursor::decode(&forge(&json), ListKind::Members, Order::default()),
                Err(BrokenCursor),
                "{json}"
            );
        }
        assert_eq!(Cursor::decode("%%%", ListKind::Members, Order::default()), Err(BrokenCursor));
    }
}
