//! Queries for something of which only a part is known.

use async_graphql::{Context, Object, Result};

use crate::graphql::scope::Scope;
use crate::graphql::types::SearchHit;
use crate::service::search;

/// Queries for something of which only a part is known.
#[derive(Default)]
pub struct Search;

#[Object]
impl Search {
    /// The communities, members, delivery points and assets whose names, keys, user ids, sensor ids or
    /// delivery-point codes contain every word of a text, ignoring case; members of every status. First
    /// come those with a field that is the text, then those with a field that begins with it. Needs the
    /// grant `rec-registry.read`.
    async fn search(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "One to ten words, at most 200 characters.")] text: String,
        #[graphql(desc = "How many hits at most, 1 to 500; 50 when it is not said.")] first: Option<i32>,
    ) -> Result<Option<Vec<SearchHit>>> {
        let scope = Scope::of(context)?;
        let mut hits = Vec::new();
        for hit in search::find(scope.ctx(), &text, first.map(i64::from)).await? {
            hits.push(SearchHit::of(scope, hit).await);
        }
        Ok(Some(hits))
    }
}
