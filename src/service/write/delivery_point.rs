//! Where a member is connected to the grid.

use super::body::Body;
use super::member::{WrittenMember, written};
use super::{Write, unless_changed};
use crate::bundle::check_delivery_point;
use crate::domain::asset::AssetContent;
use crate::domain::code::Code;
use crate::domain::document::Document;
use crate::domain::error::Error;
use crate::domain::fold::folded_code;
use crate::domain::grant::Operation;
use crate::domain::identifier::{CommunityKey, DeliveryPointCode, MemberKey};
use crate::domain::node::Node;
use crate::domain::precondition::Seen;
use crate::service::{Ctx, Result, delivery_point::not_found};
use crate::store::plan::MemberEdit;

/// Gives a member a delivery point, or says something else of one that it has. `replaces` names another point
/// of the member, in whose place the new one comes; the meters that named the old one name the new one. Needs
/// the grant `members.delivery_points.write`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; what is wrong with the point; somebody
/// else holds it; a failure of the database.
pub async fn put(
    ctx: &Ctx,
    community: &CommunityKey,
    key: &MemberKey,
    code: &DeliveryPointCode,
    body: &Node,
    replaces: Option<&DeliveryPointCode>,
    seen: &Seen,
) -> Result<WrittenMember> {
    Write::new(ctx, "delivery_point.put", community)
        .run(&[Operation::WriteDeliveryPoints], |edit| {
            Box::pin(async move {
                let stored = edit.member(key).await?;
                unless_changed(seen, Some(&stored.member))?;
                let mut wanted = stored.graph();
                let old = replaces.map(DeliveryPointCode::folded);
                if let Some(old) = &old
                    && !wanted.delivery_points.iter().any(|point| point.code.folded() == *old)
                {
                    return Err(not_found().into());
                }
                let mut fields = Body::open(body.clone());
                let given = fields.take_text("id").unwrap_or_else(|| code.to_string());
                if folded_code(&given) != code.folded() {
                    let message = format!("`{code}`, as in the path");
                    fields.refuse("mismatch", "id", message, Some(&Node::text(given.as_str())));
                }
                fields.put("id", Node::text(given));
                let (entries, problems) = fields.into_parts();
                let point = problems.with(check_delivery_point(Node::Map(entries)))?;
                let new = point.code.folded();
                wanted.delivery_points.retain(|other| {
                    let other = other.code.folded();
                    other != new && Some(&other) != old.as_ref()
                });
                if let Some(old) = old.filter(|old| *old != new) {
                    wanted.assets.iter_mut().for_each(|asset| move_meter(asset, &old, &point.code));
                }
                wanted.delivery_points.push(point);
                edit.save_member(MemberEdit { stored: Some(stored), wanted: Some(wanted) }).await?;
                written(&edit, key).await
            })
        })
        .await
}

/// Takes a delivery point from a member. Needs the grant `members.delivery_points.write`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; a meter of the member names it; a failure of
/// the database.
pub async fn remove(
    ctx: &Ctx,
    community: &CommunityKey,
    key: &MemberKey,
    code: &DeliveryPointCode,
    seen: &Seen,
) -> Result<WrittenMember> {
    Write::new(ctx, "delivery_point.remove", community)
        .run(&[Operation::WriteDeliveryPoints], |edit| {
            Box::pin(async move {
                let stored = edit.member(key).await?;
                let mut wanted = stored.graph();
                let is_meant = |other: &DeliveryPointCode| other.folded() == code.folded();
                if !wanted.delivery_points.iter().any(|point| is_meant(&point.code)) {
                    return Err(not_found().into());
                }
                unless_changed(seen, Some(&stored.member))?;
                if let Some(meter) =
                    wanted.assets.iter().find(|asset| asset.pod().is_some_and(|pod| is_meant(&pod)))
                {
                    let detail = format!("The meter {} of the member names this delivery point", meter.key);
                    return Err(Error::conflict(Code::DeliveryPointLinked, detail).into());
                }
                wanted.delivery_points.retain(|point| !is_meant(&point.code));
                edit.save_member(MemberEdit { stored: Some(stored), wanted: Some(wanted) }).await?;
                written(&edit, key).await
            })
        })
        .await
}

/// Lets a meter that names the old point name the new one.
fn move_meter(asset: &mut AssetContent, old: &str, new: &DeliveryPointCode) {
    if asset.pod().is_none_or(|pod| pod.folded() != old) {
        return;
    }
    let mut properties = asset.properties.entries();
    if let Some((_, pod)) = properties.iter_mut().find(|(key, _)| key == "pod") {
        *pod = Node::text(new.to_string());
    }
    asset.properties = Document::from_canonical(&Node::Map(properties));
}
