//! What a community says of itself, and its end.

use super::body::{Body, merged_extra};
use super::{Write, unless_changed};
use crate::bundle::{Header, check_header, check_operators};
use crate::domain::community::{Community, CommunityContent};
use crate::domain::document::Document;
use crate::domain::grant::Operation;
use crate::domain::identifier::CommunityKey;
use crate::domain::import::Counts;
use crate::domain::node::{Entries, Node, Text};
use crate::domain::precondition::Seen;
use crate::service::import::stored_counts;
use crate::service::{Ctx, Result, community::not_found};
use crate::store::{Scope, communities};

const CHANGED: &[&str] = &["name", "description", "legal", "links", "contact", "settings", "extra"];

/// Changes what a community says of itself: each document that is named is replaced, `extra` is merged one level
/// deep. Needs the grant `community.write`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; what is wrong with the fields; a failure of
/// the database.
pub async fn update(ctx: &Ctx, key: &CommunityKey, body: &Node, seen: &Seen) -> Result<Community> {
    Write::new(ctx, "community.update", key)
        .run(&[Operation::WriteCommunity], |edit| {
            Box::pin(async move {
                unless_changed(seen, Some(&edit.community))?;
                let content = changed(edit.community.content.clone(), body.clone())?;
                edit.save_content(&content).await
            })
        })
        .await
}

/// Removes a community with everything in it, and says how much that was. A dry run says the same and removes
/// nothing. Needs the grant `community.delete`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; a failure of the database.
pub async fn remove(ctx: &Ctx, key: &CommunityKey, dry_run: bool, seen: &Seen) -> Result<Counts> {
    let write = Write::new(ctx, "community.remove", key);
    let needs = &[Operation::DeleteCommunity];
    if dry_run {
        return write.noted(would_remove(write, needs, seen)).await;
    }
    write
        .run(needs, |edit| {
            Box::pin(async move {
                unless_changed(seen, Some(&edit.community))?;
                let counts = stored_counts(&edit.handle, edit.community.id).await?;
                communities::remove(&edit.handle, &edit.community, edit.now).await?;
                edit.record_end(counts.member + counts.delivery_point + counts.asset).await?;
                Ok(counts)
            })
        })
        .await
}

/// How much would go.
async fn would_remove(write: Write<'_>, needs: &[Operation], seen: &Seen) -> Result<Counts> {
    write.authorise(needs)?;
    let handle = write.ctx.store().snapshot().await?;
    let community = communities::by_key(&handle, &Scope::Everything, write.community).await?;
    let community = community.ok_or_else(not_found)?;
    unless_changed(seen, Some(&community))?;
    Ok(stored_counts(&handle, community.id).await?)
}

fn changed(content: CommunityContent, body: Node) -> Result<CommunityContent> {
    let mut fields = Body::closed(body, CHANGED);
    fields.require_words("name");
    let (extra, operators) = without_operators(fields.take("extra"));
    let extra = merged_extra(content.extra.entries(), extra);
    let (given, problems) = fields.into_parts();
    let mut entries = said_of(&content);
    for (name, value) in given {
        entries.retain(|(known, _)| *known != name);
        entries.push((name, value));
    }
    entries.push(("extra".into(), extra));
    let operators = match operators {
        None => Ok(content.operators.clone()),
        Some(operators) => check_operators(operators),
    };
    let checked = match (check_header(Node::Map(entries)), operators) {
        (Ok(header), Ok(operators)) => Ok((header, operators)),
        (header, operators) => {
            Err([header.err().unwrap_or_default(), operators.err().unwrap_or_default()].concat())
        }
    };
    let (header, operators) = problems.with(checked)?;
    let Header { name, description, legal, links, contact, settings, extra } = header;
    Ok(CommunityContent { name, description, legal, links, contact, settings, extra, operators, ..content })
}

/// The operators of a community stand in its `extra` where a client reads them.
fn without_operators(extra: Option<Node>) -> (Option<Node>, Option<Entries>) {
    let Some(Node::Map(mut entries)) = extra else { return (extra, None) };
    let is_operators = |(key, value): &(Text, Node)| key == "operators" && matches!(value, Node::Map(_));
    let operators = entries.iter().position(is_operators).map(|at| entries.remove(at).1);
    let operators = match operators {
        Some(Node::Map(operators)) => Some(operators),
        _ => None,
    };
    (Some(Node::Map(entries)), operators)
}

/// The fields of a community as a bundle says them, without its `extra`, areas, operators and grid.
fn said_of(content: &CommunityContent) -> Entries {
    let text = |key: &str, text: &str| (key.into(), Node::text(text));
    let document = |key: &str, document: &Document| (key.into(), document.node());
    let mut entries = vec![
        text("id", content.key.as_str()),
        text("name", &content.name),
        document("legal", &content.legal),
        document("links", &content.links),
        document("contact", &content.contact),
        document("settings", &content.settings),
    ];
    entries.extend(content.description.as_ref().map(|description| text("description", description)));
    entries
}
