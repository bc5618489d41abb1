//! Lists: `limit` and `cursor`, filters, by key.

use utoipa::IntoParams;

use super::extract::Given;
use crate::domain::cursor::ListKind;
use crate::domain::filter::Filter;
use crate::domain::order::Order;
use crate::service::ListArgs;

/// Which page of a list is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Given::page` reads")]
pub(super) struct PageParams {
    /// Most rows of the page.
    #[param(minimum = 1, maximum = 500, default = 50, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before; absent for the first page.
    cursor: Option<String>,
}

/// The page asked for of the rows that fulfil every condition that is there, by key.
pub(super) fn list_args<F>(
    given: &mut Given,
    list: ListKind,
    conditions: impl IntoIterator<Item = Option<F>>,
) -> ListArgs<F> {
    let conditions = conditions.into_iter().flatten().map(Filter::Field).collect();
    ListArgs { filter: Filter::All(conditions), order: Order::default(), page: given.page(list) }
}
