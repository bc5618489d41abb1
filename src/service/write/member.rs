//! Members come, change, leave and are erased.

use std::collections::HashSet;

use uuid::Uuid;

use super::body::{Body, merged_extra};
use super::retry::{About, Once, Outcome};
use super::{Edit, Step, Write, unless_changed};
use crate::bundle::check_member;
use crate::domain::closed_set::{ClosedSet, MemberStatus};
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::identifier::{CommunityKey, MemberKey};
use crate::domain::import::MemberGraph;
use crate::domain::member::{Member, MemberContent};
use crate::domain::node::{Entries, Node};
use crate::domain::numbering;
use crate::domain::precondition::Seen;
use crate::service::{Ctx, Result};
use crate::store::plan::{MemberEdit, StoredMember};
use crate::store::{delivery_points, kept_answers, members};

const CREATED: &[&str] = &[
    "key",
    "user_id",
    "name",
    "role",
    "area",
    "status",
    "type",
    "did",
    "delivery_points",
    "assets",
    "extra",
];
const CHANGED: &[&str] = &["name", "role", "area", "status", "type", "user_id", "did", "extra"];
const STATUS_REASON: &str = "status_reason";

/// A member as it is after a write, with its delivery points by code.
#[derive(Debug, Clone)]
pub struct WrittenMember {
    /// The member.
    pub member: Member,
    /// Its delivery points.
    pub delivery_points: Vec<DeliveryPoint>,
}

impl About for WrittenMember {
    fn member_id(&self) -> Option<Uuid> {
        Some(self.member.id)
    }
}

/// Which fields of a member a request may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of them. Needs the grant `members.write`.
    Everything,
    /// All of them, each with its own grant.
    EachField,
    /// Role and area, each with its own grant; one of them at least.
    Profile,
    /// The name, which must be there.
    Name,
    /// The role, which must be there.
    Role,
    /// The area, which must be there.
    Area,
}

/// What became of a member that was removed.
#[derive(Debug, Clone)]
pub struct RemovedMember {
    /// The member as it is now; none when it is erased.
    pub member: Option<Member>,
    /// How many assets were erased with it.
    pub assets_removed: u64,
}

/// Creates a member with its delivery points and assets. Without a key it gets the next in the community's
/// own numbering. Needs the grant `members.write`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community; what is wrong with the member; what it claims and is somebody
/// else's; a failure of the database.
pub async fn create(
    ctx: &Ctx,
    community: &CommunityKey,
    body: &Node,
    once: Option<&Once<WrittenMember>>,
) -> Result<Outcome<WrittenMember>> {
    Write::new(ctx, "member.create", community)
        .run_once(&[Operation::WriteMembers], once, |edit| {
            Box::pin(async move {
                let wanted = new_member(&edit, body.clone())?;
                let key = wanted.content.key.clone();
                edit.save_member(MemberEdit { stored: None, wanted: Some(wanted) }).await?;
                let written = written(&edit, &key).await?;
                Ok((edit, written))
            })
        })
        .await
}

/// Changes fields of a member. An absent field stays as it is; `""` clears the DID; `extra` is merged one level
/// deep. Needs the grants of the part.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; what is wrong with the fields; what they
/// claim and is somebody else's; a failure of the database.
pub async fn update(
    ctx: &Ctx,
    community: &CommunityKey,
    key: &MemberKey,
    part: Part,
    body: &Node,
    seen: &Seen,
) -> Result<WrittenMember> {
    Write::new(ctx, "member.update", community)
        .run(&needed(part, body), |edit| {
            Box::pin(async move {
                let stored = edit.member(key).await?;
                unless_changed(seen, Some(&stored.member))?;
                change(&edit, stored, fields_of(part, body.clone())).await?;
                written(&edit, key).await
            })
        })
        .await
}

/// Changes the status of a member, and keeps the reason beside it. Needs the grant `members.write`.
///
/// # Errors
/// Those of [`update`]; becoming active, what the member has and somebody else took in the meantime.
pub async fn set_status(
    ctx: &Ctx,
    community: &CommunityKey,
    key: &MemberKey,
    body: &Node,
    seen: &Seen,
    once: Option<&Once<WrittenMember>>,
) -> Result<Outcome<WrittenMember>> {
    Write::new(ctx, "member.set_status", community)
        .run_once(&[Operation::WriteMembers], once, |edit| {
            Box::pin(async move {
                let stored = edit.member(key).await?;
                unless_changed(seen, Some(&stored.member))?;
                let mut fields = Body::closed(body.clone(), &["status", "reason"]);
                fields.require("status");
                let reason = fields.take_text("reason");
                if let Some(reason) = reason {
                    let extra = vec![(STATUS_REASON.into(), Node::text(reason))];
                    fields.put("extra", Node::Map(extra));
                }
                change(&edit, stored, fields).await?;
                let written = written(&edit, key).await?;
                Ok((edit, written))
            })
        })
        .await
}

/// Deactivates a member: it stays and holds nothing any more. Needs the grant `members.write`. To purge it is
/// to erase it with its points and assets, which needs the grant `members.purge`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; a failure of the database.
pub async fn remove(
    ctx: &Ctx,
    community: &CommunityKey,
    key: &MemberKey,
    purge: bool,
    seen: &Seen,
) -> Result<RemovedMember> {
    let (name, operation) = match purge {
        true => ("member.purge", Operation::PurgeMembers),
        false => ("member.remove", Operation::WriteMembers),
    };
    Write::new(ctx, name, community)
        .run(&[operation], |edit| {
            Box::pin(async move {
                let stored = edit.member(key).await?;
                unless_changed(seen, Some(&stored.member))?;
                if purge {
                    kept_answers::forget_member(&edit.handle, stored.member.id).await?;
                    let assets_removed = stored.assets.len() as u64;
                    edit.save_member(MemberEdit { stored: Some(stored), wanted: None }).await?;
                    return Ok(RemovedMember { member: None, assets_removed });
                }
                let mut wanted = stored.graph();
                wanted.content.status = MemberStatus::Inactive;
                edit.save_member(MemberEdit { stored: Some(stored), wanted: Some(wanted) }).await?;
                Ok(RemovedMember { member: Some(written(&edit, key).await?.member), assets_removed: 0 })
            })
        })
        .await
}

/// What the fields that are named in a body need.
fn needed(part: Part, body: &Node) -> Vec<Operation> {
    let grant = |key: &str| match key {
        "name" => Operation::WriteMemberName,
        "role" => Operation::WriteMemberRole,
        "area" => Operation::WriteMemberArea,
        _ => Operation::WriteMembers,
    };
    let named = || {
        let entries = body.as_map().unwrap_or_default().iter();
        entries.filter(|(_, value)| *value != Node::Null).map(|(key, _)| key.as_str())
    };
    let (mut needed, least): (Vec<Operation>, _) = match part {
        Part::Everything => (Vec::new(), Operation::WriteMembers),
        Part::EachField => (named().map(grant).collect(), Operation::WriteMembers),
        Part::Profile => (
            named().filter(|key| ["role", "area"].contains(key)).map(grant).collect(),
            Operation::WriteMemberProfile,
        ),
        Part::Name => (Vec::new(), Operation::WriteMemberName),
        Part::Role => (Vec::new(), Operation::WriteMemberRole),
        Part::Area => (Vec::new(), Operation::WriteMemberArea),
    };
    if needed.is_empty() {
        needed.push(least);
    }
    needed
}

fn fields_of(part: Part, body: Node) -> Body {
    let allowed: &[&str] = match part {
        Part::Everything | Part::EachField => CHANGED,
        Part::Profile => &["role", "area"],
        Part::Name => &["name"],
        Part::Role => &["role"],
        Part::Area => &["area"],
    };
    let mut fields = Body::closed(body, allowed);
    match part {
        Part::Everything | Part::EachField => {}
        Part::Profile if fields.has("role") || fields.has("area") => {}
        Part::Profile | Part::Name | Part::Role | Part::Area => {
            allowed.iter().for_each(|field| fields.require(field));
        }
    }
    fields
}

/// The type of a member stands in its `extra` where a client reads it.
fn lift_type(fields: &mut Body) {
    let Some(Node::Map(mut extra)) = fields.get("extra").cloned() else { return };
    if let Some(at) = extra.iter().position(|(key, _)| key == "type") {
        let member_type = extra[at].1.clone();
        // Whatever of that name a bundle said beside its type goes with a null as well.
        if member_type != Node::Null {
            extra.remove(at);
        }
        if !fields.has("type") {
            fields.put("type", member_type);
        }
        fields.take("extra");
        fields.put("extra", Node::Map(extra));
    }
}

fn new_member(edit: &Edit, body: Node) -> Result<MemberGraph> {
    let mut fields = Body::closed(body, CREATED);
    let key = match fields.has("key") {
        true => fields.take_text("key").unwrap_or_default(),
        false => numbering::next_key(&edit.community.last_numbered_key),
    };
    fields.require_words("name");
    lift_type(&mut fields);
    let (entries, problems) = fields.into_parts();
    problems.with(check_member(&key, Node::Map(entries), &area_keys(edit)))
}

fn area_keys(edit: &Edit) -> HashSet<String> {
    edit.community.content.areas.entries().into_iter().map(|(key, _)| key.into()).collect()
}

/// Writes a member with some of its fields changed.
async fn change(edit: &Edit, stored: StoredMember, mut fields: Body) -> Step<()> {
    fields.require_words("name");
    lift_type(&mut fields);
    let mut wanted = stored.graph();
    let mut entries = said_of(&wanted.content);
    let extra = merged_extra(wanted.content.extra.entries(), fields.take("extra"));
    let (given, problems) = fields.into_parts();
    for (key, value) in given {
        entries.retain(|(name, _)| *name != key);
        entries.push((key, value));
    }
    entries.push(("extra".into(), extra));
    let checked = check_member(wanted.content.key.as_str(), Node::Map(entries), &area_keys(edit));
    wanted.content = problems.with(checked)?.content;
    edit.save_member(MemberEdit { stored: Some(stored), wanted: Some(wanted) }).await
}

/// The fields of a member as a bundle says them, without its `extra`, points and assets.
fn said_of(content: &MemberContent) -> Entries {
    let text = |key: &str, text: &str| (key.into(), Node::text(text));
    let mut entries = vec![
        text("user_id", content.user_id.as_str()),
        text("name", &content.name),
        text("role", content.role.as_str()),
        text("area", &content.area),
        text("status", content.status.as_str()),
    ];
    entries.extend(content.did.as_ref().map(|did| text("did", did.as_str())));
    entries.extend(content.member_type.as_ref().map(|member_type| text("type", member_type)));
    entries
}

/// A member as it is now.
pub(super) async fn written(edit: &Edit, key: &MemberKey) -> Step<WrittenMember> {
    let member = members::by_key(&edit.handle, edit.community.id, key).await?;
    let member = member.ok_or_else(|| Error::internal("a member that was written is not there"))?;
    let mut points = delivery_points::of_members(&edit.handle, &[member.id]).await?;
    Ok(WrittenMember { delivery_points: points.remove(&member.id).unwrap_or_default(), member })
}
