//! The roots of every query, by what they start from: an id, a list, an identifier, the caller.

mod audit;
mod export;
mod list;
mod lookup;
mod node;
mod own;
mod search;

use async_graphql::MergedObject;

use crate::domain::error::Error;

/// The entry points of every query.
#[derive(MergedObject, Default)]
pub struct Query(
    node::ById,
    list::Lists,
    lookup::Lookups,
    search::Search,
    own::Own,
    export::Export,
    audit::Audit,
);

/// A query for something absent is answered with null.
fn unless_absent<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
