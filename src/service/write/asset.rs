//! What a member owns.

use std::collections::HashSet;

use super::body::Body;
use super::{Write, unless_changed};
use crate::bundle::check_asset;
use crate::domain::asset::{Asset, AssetContent};
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::identifier::{AssetKey, CommunityKey, MemberKey};
use crate::domain::member::Member;
use crate::domain::node::Node;
use crate::domain::precondition::Seen;
use crate::service::asset::not_found;
use crate::service::{Ctx, Result};
use crate::store::assets;
use crate::store::plan::MemberEdit;

/// Gives a member an asset, or says something else of one that it has: all of it. Needs the grant
/// `assets.write`.
///
/// # Errors
/// Unauthenticated, forbidden, no such member; changed since it was seen; what is wrong with the asset; the key is
/// another member's, or the sensor; a failure of the database.
pub async fn put(
    ctx: &Ctx,
    community: &CommunityKey,
    owner: &MemberKey,
    key: &AssetKey,
    body: &Node,
    seen: &Seen,
) -> Result<Asset> {
    Write::new(ctx, "asset.put", community)
        .run(&[Operation::WriteAssets], |edit| {
            Box::pin(async move {
                let stored = edit.member(owner).await?;
                unless_changed(seen, stored.assets.iter().find(|asset| asset.content.key == *key))?;
                let content = asset_of(key, body.clone())?;
                let mut wanted = stored.graph();
                wanted.assets.retain(|asset| asset.key != *key);
                wanted.assets.push(content);
                edit.save_member(MemberEdit { stored: Some(stored), wanted: Some(wanted) }).await?;
                let written = assets::by_key(&edit.handle, edit.community.id, key).await?;
                Ok(written.ok_or_else(|| Error::internal("an asset that was written is not there"))?)
            })
        })
        .await
}

/// Takes an asset from a member, for good, and returns the member. Needs the grant `assets.write`.
///
/// # Errors
/// Unauthenticated, forbidden, not found; changed since it was seen; a failure of the database.
pub async fn remove(
    ctx: &Ctx,
    community: &CommunityKey,
    owner: &MemberKey,
    key: &AssetKey,
    seen: &Seen,
) -> Result<Member> {
    Write::new(ctx, "asset.remove", community)
        .run(&[Operation::WriteAssets], |edit| {
            Box::pin(async move {
                let stored = edit.member(owner).await?;
                let current = stored.assets.iter().find(|asset| asset.content.key == *key);
                if current.is_none() {
                    return Err(not_found().into());
                }
                unless_changed(seen, current)?;
                let mut wanted = stored.graph();
                wanted.assets.retain(|asset| asset.key != *key);
                let owner = stored.member.clone();
                edit.save_member(MemberEdit { stored: Some(stored), wanted: Some(wanted) }).await?;
                Ok(owner)
            })
        })
        .await
}

/// The asset that a request describes. What is said inside `properties` may as well stand beside it, as in a
/// bundle, but not be said twice in different words.
fn asset_of(key: &AssetKey, body: Node) -> Result<AssetContent> {
    let mut fields = Body::open(body);
    fields.take_same("key", key.as_str(), |text| text == key.as_str());
    fields.require("asset_type");
    let asset_type = fields.take_text("asset_type");
    let mut inside = HashSet::new();
    match fields.take("properties") {
        None => {}
        Some(Node::Map(properties)) => {
            for (name, value) in properties.into_iter().filter(|(_, value)| *value != Node::Null) {
                // In a bundle the key of an asset may stand beside its properties, and would be read as that.
                if name == "key" {
                    if value.as_text() != Some(key.as_str()) {
                        let message =
                            format!("`key` must be `{}`, as in the path, or left out", key.as_str());
                        fields.refuse("mismatch", "properties", message, Some(&value));
                    }
                    continue;
                }
                match fields.get(&name) {
                    Some(beside) if *beside != value => {
                        let message = "said twice, in `properties` and beside it".to_owned();
                        fields.refuse("said_twice", &name, message, Some(&value));
                    }
                    Some(_) => {}
                    None => {
                        inside.insert(name.clone());
                        fields.put(&name, value);
                    }
                }
            }
        }
        Some(other) => {
            fields.refuse(
                "mapping_type",
                "properties",
                format!("an object, not {}", other.kind()),
                Some(&other),
            );
        }
    }
    let (entries, problems) = fields.into_parts();
    let checked =
        check_asset(key.as_str(), asset_type.as_deref(), Node::Map(entries)).map_err(|mut found| {
            for finding in &mut found {
                if finding.location.first().is_some_and(|name| inside.contains(name.as_str())) {
                    finding.location.insert(0, "properties".to_owned());
                }
            }
            found
        });
    problems.with(checked)
}
