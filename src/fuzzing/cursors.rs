//! A cursor as somebody sends it back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::cursor::{Cursor, ListKind};
use crate::domain::order::{Direction, Order, SortField};

const LISTS: [ListKind; 6] = [
    ListKind::Communities,
    ListKind::Members,
    ListKind::Assets,
    ListKind::DeliveryPoints,
    ListKind::Audit,
    ListKind::Revisions,
];
const FIELDS: [SortField; 4] = [SortField::Key, SortField::Name, SortField::CreatedAt, SortField::UpdatedAt];
const DIRECTIONS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

/// Reads bytes as a cursor, and as what stands inside a cursor, of every list in every order.
///
/// # Panics
/// When a cursor belongs to two lists or orders, or is not read back from its own text.
pub fn cursors(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        belongs_to_one_list(text);
    }
    belongs_to_one_list(&URL_SAFE_NO_PAD.encode(bytes));
}

fn belongs_to_one_list(text: &str) {
    let mut owners = 0;
    for list in LISTS {
        for field in FIELDS {
            for direction in DIRECTIONS {
                let order = Order { field, direction };
                let Ok(cursor) = Cursor::decode(text, list, order) else { continue };
                owners += 1;
                let again = Cursor::decode(&cursor.encode(), list, order);
                assert_eq!(again, Ok(cursor), "{text}");
            }
        }
    }
    assert!(owners <= 1, "{text} is a cursor of {owners} lists");
}
