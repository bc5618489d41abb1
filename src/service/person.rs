//! The rights of a person: everything that is stored on somebody, and its removal.

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Ctx, Result, history};
use crate::domain::asset::Asset;
use crate::domain::audit::{AuditEntry, AuditFilter, Person};
use crate::domain::columns::Columns;
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::document::Document;
use crate::domain::error::Error;
use crate::domain::grant::{Operation, Reach};
use crate::domain::identifier::UserId;
use crate::domain::member::Member;
use crate::domain::page::{End, MAX_PAGE, PageRequest};
use crate::store::audit::{self as trail, Whose};
use crate::store::plan::{self, MemberEdit, Plan, StoredMember};
use crate::store::{
    Handle, StoreError, assets, communities, delivery_points, history as past, kept_answers, members,
};

/// What the audit trail calls them.
const EXPORT: &str = "person.export";
const ERASE: &str = "person.erase";

#[derive(Serialize)]
struct Export {
    user_id: Option<String>,
    exported_at: String,
    memberships: Vec<Membership>,
    audit: Audit,
}

#[derive(Serialize)]
struct Membership {
    community: String,
    key: String,
    did: Option<String>,
    name: String,
    member_type: Option<String>,
    role: String,
    area: String,
    status: String,
    extra: Box<RawValue>,
    created_at: String,
    updated_at: String,
    delivery_points: Vec<OwnPoint>,
    assets: Vec<OwnAsset>,
}

#[derive(Serialize)]
struct OwnPoint {
    id: String,
    point_type: String,
    description: Option<String>,
    address: Option<String>,
    tariff: Option<String>,
    active: bool,
    extra: Box<RawValue>,
}

#[derive(Serialize)]
struct OwnAsset {
    key: String,
    asset_type: String,
    name: String,
    sensor_id: Option<String>,
    properties: Box<RawValue>,
    device: Box<RawValue>,
    relationships: Box<RawValue>,
    extra: Box<RawValue>,
    created_at: String,
    updated_at: String,
}

/// What the person did, and what others did that was about the person alone, the newest first.
#[derive(Serialize)]
struct Audit {
    by: Vec<Entry>,
    about: Vec<Entry>,
    /// Whether there is nothing older.
    complete: bool,
}

/// How many entries of each kind somebody gets who asks over the network; the operator of the registry gets
/// all of them.
const OWN_ENTRIES: usize = 10_000;

/// An entry, without the pseudonym of whoever did it, which is somebody else's.
#[derive(Serialize)]
struct Entry {
    at: String,
    client: Option<String>,
    operation: String,
    community: Option<String>,
    rows: u64,
    outcome: String,
    request_id: Option<String>,
}

/// Everything that is stored on the caller, as a JSON text: memberships of every status with delivery
/// points and assets, and the entries of the audit trail by or about the caller. Needs no grant.
///
/// # Errors
/// Unauthenticated, or a failure of the database.
pub async fn own_export(ctx: &Ctx) -> Result<Document> {
    let principal = ctx.principal()?;
    let handle = ctx.read_records().await?;
    let person = principal.username.as_ref().map_or(Person::Subject(&principal.subject), Person::User);
    everything(ctx, handle, principal.username.as_ref(), person, OWN_ENTRIES).await
}

/// Everything that is stored on the person with a user name; see [`own_export`]. Needs every grant, for
/// every community.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn export(ctx: &Ctx, user_id: &UserId) -> Result<Document> {
    for operation in [Operation::Export, Operation::Audit] {
        reaches_everything(ctx, operation)?;
    }
    let now = ctx.store().write(|handle| -> BoxFuture<'_, std::result::Result<(), StoreError>> {
        Box::pin(async move {
            let deed = ctx.trail().deed(EXPORT, None, 0, None);
            trail::append(&handle, deed.into_iter()).await.map(drop)
        })
    });
    now.await?;
    everything(ctx, ctx.read_records().await?, Some(user_id), Person::User(user_id), usize::MAX).await
}

/// Removes the person with a user name from every community, with delivery points and assets, from answers
/// kept for a retry, and from the audit trail, by deleting the key of the pseudonym. Says how many members,
/// delivery points and assets went. Needs every grant, for every community. Whoever still comes with a token
/// of that name is a new person to the trail.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn erase(ctx: &Ctx, user_id: &UserId) -> Result<u64> {
    for operation in [Operation::PurgeMembers, Operation::Audit] {
        reaches_everything(ctx, operation)?;
    }
    let removed = ctx.store().write(|handle| -> BoxFuture<'_, std::result::Result<u64, StoreError>> {
        Box::pin(async move {
            let memberships = members::of_user(&handle, user_id).await?;
            let mut removed = Vec::new();
            for member in memberships {
                let rows = erase_member(ctx, &handle, &member).await?;
                removed.push((member.community.key, rows));
            }
            past::forget_user(&handle, user_id.as_str()).await?;
            if removed.is_empty() {
                trail::append(&handle, ctx.trail().deed(ERASE, None, 0, None).into_iter()).await?;
            }
            trail::forget(&handle, Person::User(user_id)).await?;
            Ok(removed.iter().map(|(_, rows)| rows).sum())
        })
    });
    Ok(removed.await?)
}

/// Removes a member with everything it has; says how many rows that were.
async fn erase_member(ctx: &Ctx, handle: &Handle, member: &Member) -> std::result::Result<u64, StoreError> {
    // Whoever removes the community or the member in the meantime was first.
    let Some(community) = communities::locked(handle, &member.community.key).await? else { return Ok(0) };
    let stored = StoredMember::by_key(handle, community.id, &member.content.key).await?;
    let Some(stored) = stored.filter(|stored| stored.member.id == member.id) else { return Ok(0) };
    kept_answers::forget_member(handle, member.id).await?;
    let rows = 1 + stored.points.len() + stored.assets.len();
    let edit = [MemberEdit { stored: Some(stored), wanted: None }];
    let plan = Plan::edit(&community, &community.content, &edit, ctx.now());
    plan::write(handle, std::slice::from_ref(&plan)).await?;
    let deed = ctx.trail().deed(ERASE, Some(plan.community_key()), rows as u64, None);
    history::record(handle, deed.as_slice(), &[&plan]).await?;
    history::forget_erased(handle, community.id, &edit[0]).await?;
    Ok(rows as u64)
}

fn reaches_everything(ctx: &Ctx, operation: Operation) -> Result<()> {
    match ctx.authorise(operation)? {
        Reach::Everything => Ok(()),
        Reach::Communities(_) => Err(Error::Forbidden(operation)),
    }
}

async fn everything(
    ctx: &Ctx,
    handle: &Handle,
    user_id: Option<&UserId>,
    person: Person<'_>,
    entries_wanted: usize,
) -> Result<Document> {
    // Everything, whatever else the request shows.
    let handle = &handle.clone().reading(Columns::all());
    let members = match user_id {
        Some(user_id) => members::of_user(handle, user_id).await?,
        None => Vec::new(),
    };
    let ids: Vec<_> = members.iter().map(|member| member.id).collect();
    let mut points = delivery_points::of_members(handle, &ids).await?;
    let mut assets = assets::of_members(handle, &ids).await?;
    let memberships = members
        .into_iter()
        .map(|member| {
            let id = member.id;
            membership(member, points.remove(&id), assets.remove(&id))
        })
        .collect::<Result<_>>()?;
    let pseudonyms = trail::pseudonyms(handle, &[person]).await?;
    let (by, all_by) = entries(handle, Whose::By(&pseudonyms), entries_wanted).await?;
    let (about, all_about) = entries(handle, Whose::About(&pseudonyms), entries_wanted).await?;
    let audit = Audit { by, about, complete: all_by && all_about };
    let export = Export {
        user_id: user_id.map(ToString::to_string),
        exported_at: ctx.now().to_string(),
        memberships,
        audit,
    };
    serde_json::to_string(&export)
        .map(Document::from_stored)
        .map_err(|error| Error::internal(format!("writing an export: {error}")))
}

/// At least so many entries, if there are, and whether those are all.
async fn entries(handle: &Handle, whose: Whose<'_>, at_least: usize) -> Result<(Vec<Entry>, bool)> {
    let mut found = Vec::new();
    let mut page = PageRequest { size: MAX_PAGE, end: End::First, after: None, before: None };
    loop {
        let some = trail::list(
            handle,
            &Reach::Everything,
            &whose,
            &AuditFilter::default(),
            super::audit::ORDER,
            &page,
        )
        .await?;
        page.after = some.rows.last().map(|row| row.cursor.clone());
        found.extend(some.rows.into_iter().map(|row| Entry::from(row.value)));
        if !some.has_next || found.len() >= at_least {
            return Ok((found, !some.has_next));
        }
    }
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        Self {
            at: entry.at.to_string(),
            client: entry.client,
            operation: entry.operation,
            community: entry.community.map(|key| key.to_string()),
            rows: entry.rows,
            outcome: entry.outcome.to_string(),
            request_id: entry.request_id,
        }
    }
}

fn membership(
    member: Member,
    points: Option<Vec<DeliveryPoint>>,
    assets: Option<Vec<Asset>>,
) -> Result<Membership> {
    let content = member.content;
    Ok(Membership {
        community: member.community.key.to_string(),
        key: content.key.to_string(),
        did: content.did.map(|did| did.to_string()),
        name: content.name,
        member_type: content.member_type,
        role: content.role.to_string(),
        area: content.area,
        status: content.status.to_string(),
        extra: raw(content.extra)?,
        created_at: member.created_at.to_string(),
        updated_at: member.updated_at.to_string(),
        delivery_points: points.unwrap_or_default().into_iter().map(own_point).collect::<Result<_>>()?,
        assets: assets.unwrap_or_default().into_iter().map(own_asset).collect::<Result<_>>()?,
    })
}

fn own_point(point: DeliveryPoint) -> Result<OwnPoint> {
    let content = point.content;
    Ok(OwnPoint {
        id: content.code.to_string(),
        point_type: content.point_type,
        description: content.description,
        address: content.address,
        tariff: content.tariff,
        active: content.active,
        extra: raw(content.extra)?,
    })
}

fn own_asset(asset: Asset) -> Result<OwnAsset> {
    let content = asset.content;
    Ok(OwnAsset {
        key: content.key.to_string(),
        asset_type: content.asset_type.to_string(),
        name: content.name,
        sensor_id: content.sensor_id.map(|sensor| sensor.to_string()),
        properties: raw(content.properties)?,
        device: raw(content.device)?,
        relationships: raw(content.relationships)?,
        extra: raw(content.extra)?,
        created_at: asset.created_at.to_string(),
        updated_at: asset.updated_at.to_string(),
    })
}

fn raw(document: Document) -> Result<Box<RawValue>> {
    RawValue::from_string(document.into_string())
        .map_err(|error| Error::internal(format!("a stored document is no JSON: {error}")))
}
