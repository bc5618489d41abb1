//! Relay's connections, once for every list of the schema.

use std::sync::Arc;

use async_graphql::{MergedObject, Object, OutputType, SimpleObject};
use futures_util::future::BoxFuture;

use super::types::{
    Asset, AuditEntry, Community, CommunityRevision, CommunityStats, DeliveryPoint, Member, MeterAsset,
};
use crate::domain::cursor::{Cursor, ListKind};
use crate::domain::error::Error;
use crate::domain::member as domain;
use crate::domain::order::Order;
use crate::domain::page::{DEFAULT_PAGE, End, MAX_PAGE, MIN_PAGE, Page, PageRequest};
use crate::domain::stats::Stats;

/// The four arguments that every connection takes.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    /// How many rows from the start.
    pub first: Option<i32>,
    /// Only rows behind this cursor.
    pub after: Option<String>,
    /// How many rows from the end.
    pub last: Option<i32>,
    /// Only rows before this cursor.
    pub before: Option<String>,
}

impl PageArgs {
    /// The page that is asked for, in a list of this kind and order.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for `first` beside `last`, a size outside 1 to 500, and a text that is no
    /// cursor of this list.
    pub fn request(self, list: ListKind, order: Order) -> Result<PageRequest, Error> {
        let (argument, size, end) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "first_and_last",
                    &["first"],
                    "A page is taken either from the start (first) or from the end (last), not both",
                    None,
                ));
            }
            (None, Some(size)) => ("last", Some(size), End::Last),
            (first, None) => ("first", first, End::First),
        };
        let size = match size {
            None => DEFAULT_PAGE,
            Some(given) => u32::try_from(given)
                .ok()
                .filter(|size| (MIN_PAGE..=MAX_PAGE).contains(size))
                .ok_or_else(|| {
                    let message = format!("{argument} must be from {MIN_PAGE} to {MAX_PAGE}");
                    Error::invalid("page_size", &[argument], message, Some(given.to_string()))
                })?,
        };
        let cursor = |argument: &'static str, text: Option<String>| {
            text.map(|text| Cursor::decode(&text, list, order)).transpose().map_err(|_| {
                let message = format!("{argument} is no cursor of this list in this order");
                Error::invalid("cursor", &[argument], message, None)
            })
        };
        Ok(PageRequest {
            size,
            end,
            after: cursor("after", self.after)?,
            before: cursor("before", self.before)?,
        })
    }
}

/// What is found out about a list when somebody asks for it.
pub type Deferred<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T, Error>> + Send + Sync>;

/// Counts the rows of a list.
pub type Count = Deferred<u64>;

/// A page of a list.
pub struct Connection<T> {
    edges: Vec<Edge<T>>,
    has_next: bool,
    has_previous: bool,
    count: Count,
}

impl<T> Connection<T> {
    /// The connection of a page.
    pub fn new<R>(page: Page<R>, node: impl Fn(R) -> T, count: Count) -> Self {
        let Page { rows, has_next, has_previous } = page;
        let edges = rows.into_iter().map(|row| Edge { cursor: row.cursor, node: node(row.value) }).collect();
        Self { edges, has_next, has_previous, count }
    }
}

/// A page of a list: rows that are added or removed between two pages make no other row repeat or vanish.
#[Object(
    concrete(name = "CommunityConnection", params(Community)),
    concrete(name = "MemberPage", params(Member)),
    concrete(name = "AssetConnection", params(Asset)),
    concrete(name = "MeterConnection", params(MeterAsset)),
    concrete(name = "DeliveryPointConnection", params(DeliveryPoint)),
    concrete(name = "AuditEntryConnection", params(AuditEntry)),
    concrete(name = "CommunityRevisionConnection", params(CommunityRevision))
)]
impl<T: OutputType> Connection<T>
where
    Edge<T>: OutputType,
{
    /// The rows with their cursors.
    async fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }

    /// The rows alone.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page stands in the list.
    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: Option<&Edge<T>>| edge.map(|edge| edge.cursor.encode());
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: cursor(self.edges.first()),
            end_cursor: cursor(self.edges.last()),
        }
    }

    /// How many rows the whole list has under its filter. Counted only when it is selected.
    async fn total_count(&self) -> async_graphql::Result<u64> {
        Ok((self.count)().await?)
    }
}

/// A page of a list of members, and the numbers of the whole list.
#[derive(MergedObject)]
pub struct MemberConnection(Connection<Member>, MemberNumbers);

impl MemberConnection {
    /// The connection of a page of members.
    pub fn new(page: Page<Arc<domain::Member>>, count: Count, stats: Deferred<Arc<Stats>>) -> Self {
        Self(Connection::new(page, Member, count), MemberNumbers(stats))
    }
}

/// The numbers of a list of members.
pub struct MemberNumbers(Deferred<Arc<Stats>>);

/// The numbers of a list of members.
#[Object]
impl MemberNumbers {
    /// The numbers of the whole list under its filter, not of the page alone. Worked out only when they are
    /// selected.
    async fn stats(&self) -> async_graphql::Result<CommunityStats> {
        Ok(CommunityStats((self.0)().await?))
    }
}

/// A row of a list and its place there.
pub struct Edge<T> {
    cursor: Cursor,
    node: T,
}

/// A row of a list and its place there.
#[Object(
    concrete(name = "CommunityEdge", params(Community)),
    concrete(name = "MemberEdge", params(Member)),
    concrete(name = "AssetEdge", params(Asset)),
    concrete(name = "MeterEdge", params(MeterAsset)),
    concrete(name = "DeliveryPointEdge", params(DeliveryPoint)),
    concrete(name = "AuditEntryEdge", params(AuditEntry)),
    concrete(name = "CommunityRevisionEdge", params(CommunityRevision))
)]
impl<T: OutputType> Edge<T> {
    /// The place of the row, for `after` and `before`. Opaque; good for this list in this order alone.
    async fn cursor(&self) -> String {
        self.cursor.encode()
    }

    /// The row.
    async fn node(&self) -> &T {
        &self.node
    }
}

/// Where a page stands in its list.
#[derive(SimpleObject)]
pub struct PageInfo {
    /// Whether rows follow the page.
    has_next_page: bool,
    /// Whether rows precede the page.
    has_previous_page: bool,
    /// The cursor of the first row; null on an empty page.
    start_cursor: Option<String>,
    /// The cursor of the last row; null on an empty page.
    end_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cursor::SortValue;

    fn request(first: Option<i32>, last: Option<i32>, after: Option<&str>) -> Result<PageRequest, Error> {
        let after = after.map(str::to_owned);
        PageArgs { first, after, last, before: None }.request(ListKind::Members, Order::default())
    }

    #[test]
    fn a_page_that_is_not_described_has_fifty_rows_from_the_start() {
        assert_eq!(request(None, None, None).unwrap(), PageRequest::default());
    }

    #[test]
    fn a_page_has_one_to_five_hundred_rows_from_one_end() {
        assert_eq!(request(Some(500), None, None).unwrap().size, 500);
        assert_eq!(request(None, Some(1), None).unwrap().end, End::Last);
        for (first, last) in
            [(Some(0), None), (Some(-1), None), (Some(501), None), (None, Some(0)), (Some(1), Some(1))]
        {
            assert!(request(first, last, None).is_err(), "{first:?} {last:?}");
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_no_cursor() {
        let values = || vec![SortValue::Text("x".into())];
        let place = |list| Cursor::new(list, Order::default(), values(), uuid::Uuid::nil()).encode();
        assert!(request(None, None, Some(&place(ListKind::Members))).is_ok());
        assert!(request(None, None, Some(&place(ListKind::Assets))).is_err());
        assert!(request(None, None, Some("x")).is_err());
        assert!(request(None, None, Some("")).is_err());
    }
}
