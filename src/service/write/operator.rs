//! The distribution system operators of a community.

use super::body::Body;
use super::{Write, unless_changed};
use crate::bundle::check_one_operator;
use crate::domain::code::Code;
use crate::domain::community::{Community, CommunityContent};
use crate::domain::document::Document;
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::identifier::CommunityKey;
use crate::domain::node::Node;
use crate::domain::precondition::Seen;
use crate::service::{Ctx, Result};

/// Adds an operator, or says something else of one: all of it. Needs the grant `community.write`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community; changed since it was seen; what is wrong with the operator; a
/// failure of the database.
pub async fn put(
    ctx: &Ctx,
    community: &CommunityKey,
    key: &str,
    body: &Node,
    seen: &Seen,
) -> Result<Community> {
    Write::new(ctx, "operator.put", community)
        .run(&[Operation::WriteCommunity], |edit| {
            Box::pin(async move {
                unless_changed(seen, Some(&edit.community))?;
                let mut fields = Body::open(body.clone());
                fields.take_same("key", key, |text| text == key);
                let (entries, problems) = fields.into_parts();
                let operator = problems.with(check_one_operator(key, Node::Map(entries)))?;
                let mut operators = edit.community.content.operators.entries();
                operators.retain(|(known, _)| known != key);
                operators.push((key.into(), operator));
                operators.sort_by(|a, b| a.0.cmp(&b.0));
                let operators = Document::from_canonical(&Node::Map(operators));
                edit.save_content(&CommunityContent { operators, ..edit.community.content.clone() }).await
            })
        })
        .await
}

/// Takes an operator out. Grid nodes that name it go on naming it. Needs the grant `community.write`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; a failure of the database.
pub async fn remove(ctx: &Ctx, community: &CommunityKey, key: &str, seen: &Seen) -> Result<Community> {
    Write::new(ctx, "operator.remove", community)
        .run(&[Operation::WriteCommunity], |edit| {
            Box::pin(async move {
                let mut operators = edit.community.content.operators.entries();
                let known = operators.len();
                operators.retain(|(name, _)| name != key);
                if operators.len() == known {
                    return Err(Error::not_found(Code::OperatorNotFound, "There is no such operator").into());
                }
                unless_changed(seen, Some(&edit.community))?;
                let operators = Document::from_canonical(&Node::Map(operators));
                edit.save_content(&CommunityContent { operators, ..edit.community.content.clone() }).await
            })
        })
        .await
}
