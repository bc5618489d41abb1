//! Searching for something of which only a part is known.

use super::{Ctx, Result};
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::page::{DEFAULT_PAGE, MAX_PAGE, MIN_PAGE};
use crate::domain::search::{SearchHit, Wanted};
use crate::store::search;

/// The communities, members, delivery points and assets whose names, keys, user ids, sensor ids or codes
/// contain every word of a text, ignoring case, the closest first; of every status. Needs the grant
/// `read`, and finds within its reach.
///
/// # Errors
/// Unauthenticated, forbidden, a text or a number out of bounds, or a failure of the database.
pub async fn find(ctx: &Ctx, text: &str, first: Option<i64>) -> Result<Vec<SearchHit>> {
    ctx.audited("search", None, async {
        let reach = ctx.authorise(Operation::Read)?;
        let wanted = Wanted::parse(text)?;
        let first = match first {
            None => DEFAULT_PAGE,
            Some(number) => u32::try_from(number)
                .ok()
                .filter(|number| (MIN_PAGE..=MAX_PAGE).contains(number))
                .ok_or_else(|| {
                    let message = format!("A whole number from {MIN_PAGE} to {MAX_PAGE}");
                    Error::invalid("first", &["query", "first"], message, Some(number.to_string()))
                })?,
        };
        Ok(search::find(ctx.read().await?, &reach, &wanted, first).await?)
    })
    .await
}
