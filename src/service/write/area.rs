//! The areas of a community, in which its members sit.

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::body::Body;
use super::retry::{About, Once, Outcome};
use super::{Edit, Step, Write, unless_changed};
use crate::bundle::{check_area, check_area_key};
use crate::domain::code::Code;
use crate::domain::community::{Community, CommunityContent};
use crate::domain::difference::EntityChange;
use crate::domain::document::Document;
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::identifier::CommunityKey;
use crate::domain::node::{Entries, Node};
use crate::domain::precondition::Seen;
use crate::service::{Ctx, Result};
use crate::store::members;

/// What renaming an area did.
#[derive(Debug, Clone)]
pub struct RenamedArea {
    /// The key that it had.
    pub old_key: String,
    /// The key that it has.
    pub new_key: String,
    /// How many members, whatever their status, moved with it.
    pub members_moved: u64,
    /// The community as it is now.
    pub community: Community,
}

impl About for RenamedArea {
    fn member_id(&self) -> Option<Uuid> {
        None
    }
}

/// Adds an area, or says something else of one: all of it. It needs a boundary when every area that there is has
/// one. Needs the grant `community.write`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community; changed since it was seen; what is wrong with the area or its
/// boundary; a failure of the database.
pub async fn put(
    ctx: &Ctx,
    community: &CommunityKey,
    key: &str,
    body: &Node,
    seen: &Seen,
) -> Result<Community> {
    Write::new(ctx, "area.put", community)
        .run(&[Operation::WriteCommunity], |edit| {
            Box::pin(async move {
                unless_changed(seen, Some(&edit.community))?;
                let content = &edit.community.content;
                let is_bounded = content.areas().iter().all(|area| area.boundary.is_some());
                let mut fields = Body::open(body.clone());
                fields.take_same("key", key, |text| text == key);
                let (entries, problems) = fields.into_parts();
                let area = problems.with(check_area(key, Node::Map(entries), content, is_bounded))?;
                let mut areas = content.areas.entries();
                areas.retain(|(known, _)| known != key);
                areas.push((key.into(), area));
                edit.save_content(&with_areas(content, areas)).await
            })
        })
        .await
}

/// Takes an area out in which nobody sits. Needs the grant `community.write`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; members sit in it; a failure of the database.
pub async fn remove(ctx: &Ctx, community: &CommunityKey, key: &str, seen: &Seen) -> Result<Community> {
    Write::new(ctx, "area.remove", community)
        .run(&[Operation::WriteCommunity], |edit| {
            Box::pin(async move {
                let mut areas = edit.community.content.areas.entries();
                taken_out(&mut areas, key)?;
                unless_changed(seen, Some(&edit.community))?;
                let within = members::count_in_area(&edit.handle, edit.community.id, key).await?;
                if within > 0 {
                    let members = if within == 1 {
                        "1 member sits".to_owned()
                    } else {
                        format!("{within} members sit")
                    };
                    return Err(Error::conflict(Code::AreaInUse, format!("{members} in this area")).into());
                }
                edit.save_content(&with_areas(&edit.community.content, areas)).await
            })
        })
        .await
}

/// Gives an area another key, and moves its members along. Needs the grant `community.write`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; the new key is none, or taken; a failure of
/// the database.
pub async fn rename(
    ctx: &Ctx,
    community: &CommunityKey,
    key: &str,
    body: &Node,
    seen: &Seen,
    once: Option<&Once<RenamedArea>>,
) -> Result<Outcome<RenamedArea>> {
    Write::new(ctx, "area.rename", community)
        .run_once(&[Operation::WriteCommunity], once, |edit| renaming(edit, key, body, seen))
        .await
}

fn renaming<'w>(
    edit: Edit,
    key: &'w str,
    body: &'w Node,
    seen: &'w Seen,
) -> BoxFuture<'w, Step<(Edit, RenamedArea)>> {
    Box::pin(async move {
        let mut areas = edit.community.content.areas.entries();
        let area = taken_out(&mut areas, key)?;
        unless_changed(seen, Some(&edit.community))?;
        let new_key = new_key(body.clone())?;
        if new_key == key || areas.iter().any(|(known, _)| *known == new_key) {
            let detail = format!("The community has an area with the key {new_key} already");
            return Err(Error::conflict(Code::AreaKeyTaken, detail).into());
        }
        areas.push((new_key.as_str().into(), area));
        let (id, now) = (edit.community.id, edit.now);
        let moved = members::keys_in_area(&edit.handle, id, key).await?;
        let members_moved = members::move_to_area(&edit.handle, id, (key, &new_key), now).await?;
        let moved =
            moved.iter().map(|member| EntityChange::of_member(member, "area", key, &new_key)).collect();
        let content = with_areas(&edit.community.content, areas);
        let community = edit.save_content_beside(&content, moved).await?;
        Ok((edit, RenamedArea { old_key: key.to_owned(), new_key, members_moved, community }))
    })
}

fn new_key(body: Node) -> Result<String> {
    let mut fields = Body::closed(body, &["new_key"]);
    fields.require("new_key");
    let new_key = fields.take_text("new_key").unwrap_or_default();
    let (_, problems) = fields.into_parts();
    problems.none()?;
    super::body::unproblematic(check_area_key(&new_key, "new_key"))?;
    Ok(new_key)
}

fn taken_out(areas: &mut Entries, key: &str) -> Result<Node> {
    let at = areas.iter().position(|(known, _)| known == key);
    let at = at.ok_or_else(|| Error::not_found(Code::AreaNotFound, "There is no such area"))?;
    Ok(areas.remove(at).1)
}

fn with_areas(content: &CommunityContent, mut areas: Entries) -> CommunityContent {
    areas.sort_by(|a, b| a.0.cmp(&b.0));
    CommunityContent { areas: Document::from_canonical(&Node::Map(areas)), ..content.clone() }
}
