//! What a member would be called or hold, and somebody else is or does already. A look before the write, for
//! the sentence; a race is decided by the database's unique indexes, and the loser's write is done again, which
//! ends here.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Edit, Step};
use crate::domain::closed_set::MemberStatus;
use crate::domain::code::Code;
use crate::domain::delivery_point::HoldingKind;
use crate::domain::error::Error;
use crate::domain::identifier::{AssetKey, MemberKey};
use crate::domain::import::MemberGraph;
use crate::store::plan::MemberEdit;
use crate::store::{assets, holdings, members};

/// Refuses a member that claims what is somebody else's. A holder is named within the community alone.
pub(super) async fn check(edit: &Edit, change: &MemberEdit) -> Step<()> {
    let Some(wanted) = &change.wanted else { return Ok(()) };
    let before = change.stored.as_ref().map(|stored| (stored.member.id, stored.graph()));
    let id = before.as_ref().map(|(id, _)| *id);
    let before = before.as_ref().map(|(_, graph)| graph);
    names(edit, wanted, before).await?;
    asset_keys(edit, wanted, before).await?;
    let (held, holds) = (before.map(held_by).unwrap_or_default(), held_by(wanted));
    let claimed: Vec<_> = holds.difference(&held).collect();
    for kind in [HoldingKind::Sensor, HoldingKind::DeliveryPoint] {
        let ids = claimed.iter().filter(|(of, _)| *of == kind).map(|(_, id)| id.as_str()).collect();
        held_already(edit, kind, ids, id).await?;
    }
    Ok(())
}

fn held_by(member: &MemberGraph) -> BTreeSet<(HoldingKind, String)> {
    if member.content.status == MemberStatus::Active { member.held() } else { BTreeSet::new() }
}

async fn names(edit: &Edit, wanted: &MemberGraph, before: Option<&MemberGraph>) -> Step<()> {
    let (handle, community) = (&edit.handle, edit.community.id);
    let content = &wanted.content;
    let before = before.map(|graph| &graph.content);
    if before.is_none() && members::by_key(handle, community, &content.key).await?.is_some() {
        let detail = format!("The community has a member with the key {} already", content.key);
        return Err(Error::conflict(Code::MemberKeyTaken, detail).into());
    }
    if before.is_none_or(|before| before.user_id != content.user_id)
        && let Some(other) = members::by_user_id(handle, community, &content.user_id).await?
    {
        let detail = format!("The member {} has this user_id", other.content.key);
        return Err(Error::conflict(Code::UserIdTaken, detail).into());
    }
    if let Some(did) = &content.did
        && before.is_none_or(|before| before.did.as_ref() != Some(did))
        && let Some(other) = members::by_did(handle, did).await?
    {
        let holder = named(edit, other.community.id, &other.content.key, "A member");
        return Err(Error::conflict(Code::DidTaken, format!("{holder} has this DID")).into());
    }
    Ok(())
}

async fn asset_keys(edit: &Edit, wanted: &MemberGraph, before: Option<&MemberGraph>) -> Step<()> {
    let own: BTreeSet<&AssetKey> =
        before.into_iter().flat_map(|graph| &graph.assets).map(|asset| &asset.key).collect();
    let new = wanted.assets.iter().map(|asset| &asset.key).filter(|key| !own.contains(key));
    let keys: Vec<(Uuid, AssetKey)> = new.map(|key| (edit.community.id, key.clone())).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let taken = assets::by_keys(&edit.handle, &keys).await?;
    match taken.into_values().min_by(|a, b| a.content.key.cmp(&b.content.key)) {
        None => Ok(()),
        Some(asset) => {
            let detail = format!("The asset {} is the member {}'s", asset.content.key, asset.owner.key);
            Err(Error::conflict(Code::AssetKeyTaken, detail).into())
        }
    }
}

async fn held_already(edit: &Edit, kind: HoldingKind, ids: Vec<&str>, besides: Option<Uuid>) -> Step<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let holders = holdings::holders(&edit.handle, kind, &ids, besides).await?;
    match holders.into_iter().min_by(|a, b| a.folded_id.cmp(&b.folded_id)) {
        None => Ok(()),
        Some(holder) => {
            let who = named(edit, holder.community_id, &holder.member_key, "An active member");
            let detail = format!("{who} holds the {} {}", kind.named(), holder.folded_id);
            Err(Error::conflict(kind.refusal(), detail).into())
        }
    }
}

fn named(edit: &Edit, community: Uuid, member: &MemberKey, somebody: &str) -> String {
    if community == edit.community.id {
        format!("The member {member}")
    } else {
        format!("{somebody} of another community")
    }
}
