//! A GraphQL request, its filters with it, as somebody sends it: everything that is done to it before a resolver runs.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{InputType, Value};
use futures_util::FutureExt as _;

use super::columns::columns_read;
use super::documents::Documents;
use super::filter::{
    AssetFilter, CommunityFilter, DeliveryPointFilter, FilterInput, MemberFilter, domain_filter,
};
use super::limits::Limits;
use super::outline::Outline;
use super::request::{Parameters, Prepared};
use super::response::Plan;
use super::schema::{Schema, checking_schema, sdl};

static DOOR: LazyLock<(Schema, Outline, Limits)> =
    LazyLock::new(|| (checking_schema(), Outline::of(&sdl()), Limits::default()));

/// Reads bytes as the JSON body of a request, or else as the text of its query.
///
/// # Panics
/// When a request that passed cannot be run.
pub fn filters(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parameters = serde_json::from_str(text).unwrap_or_else(|_| Parameters {
        query: Some(Cow::Borrowed(text)),
        operation_name: None,
        variables: None,
        extensions: None,
        files: Vec::new(),
    });
    let (schema, outline, limits) = &*DOOR;
    if parameters.check().is_err() {
        return;
    }
    let Ok(prepared) = parameters.prepare(&Documents::new(None, limits), outline, limits) else { return };
    let operation = prepared.operation();
    assert!(operation.is_some(), "it has no operation: {text}");
    if let Some(operation) = operation {
        _ = Plan::of(&prepared.document, operation, outline);
        _ = columns_read(&prepared.document, operation, outline);
        _ = prepared.is_transfer();
        read_filters(&operation.selection_set.node, &prepared);
        let fragments = prepared.document.fragments.values();
        fragments.for_each(|fragment| read_filters(&fragment.node.selection_set.node, &prepared));
    }
    let checked = schema.execute(request(prepared)).now_or_never();
    assert!(checked.is_some(), "nothing is waited for: {text}");
}

/// As the door asks the library.
fn request(prepared: Prepared) -> async_graphql::Request {
    let named = matches!(prepared.document.operations, DocumentOperations::Multiple(_));
    let mut request = async_graphql::Request::new(String::new()).variables(prepared.variables);
    request.operation_name = prepared.operation_name.filter(|_| named);
    request.set_parsed_query(Arc::<ExecutableDocument>::unwrap_or_clone(prepared.document));
    request
}

fn read_filters(set: &SelectionSet, prepared: &Prepared) {
    for selection in &set.items {
        let field = match &selection.node {
            Selection::Field(field) => &field.node,
            Selection::InlineFragment(fragment) => {
                read_filters(&fragment.node.selection_set.node, prepared);
                continue;
            }
            Selection::FragmentSpread(_) => continue,
        };
        if let Some(filter) = field.get_argument("filter")
            && let Ok(value) =
                filter.node.clone().into_const_with(|name| prepared.variables.get(&name).cloned().ok_or(()))
        {
            read_filter::<CommunityFilter>(&value);
            read_filter::<MemberFilter>(&value);
            read_filter::<AssetFilter>(&value);
            read_filter::<DeliveryPointFilter>(&value);
        }
        read_filters(&field.selection_set.node, prepared);
    }
}

fn read_filter<I: FilterInput + InputType>(value: &Value) {
    if let Ok(input) = I::parse(Some(value.clone())) {
        let again = I::parse(Some(input.to_value()));
        let (filter, again) = (domain_filter(Some(input)).is_ok(), domain_filter(again.ok()).is_ok());
        assert_eq!(filter, again, "{value}");
    }
}
