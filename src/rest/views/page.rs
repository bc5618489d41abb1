//! One page of a list.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::page;

/// One page of a list. Pages are keyset pages: rows that are added or removed between two pages never
/// make another row repeat or vanish.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to give as `cursor` for the next page; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of the service, each row through a view.
    pub fn of<U>(page: page::Page<U>, view: impl FnMut(U) -> T) -> Self {
        let next_cursor = page.next_cursor();
        Self { items: page.rows.into_iter().map(|row| row.value).map(view).collect(), next_cursor }
    }
}
