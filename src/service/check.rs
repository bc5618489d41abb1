//! What is wrong with what is stored: what data from before a rule, or from past this program, can break.

use std::collections::{HashMap, HashSet};

use futures_util::TryStreamExt as _;

use super::{Ctx, Result};
use crate::bundle::{CheckedBody, check_yaml};
use crate::domain::code::Code;
use crate::domain::community::CommunityRef;
use crate::domain::delivery_point::HoldingKind;
use crate::domain::error::Error;
use crate::domain::grant::Operation;
use crate::domain::identifier::{CommunityKey, MemberKey};
use crate::service::export::export;
use crate::store::{assets, communities, holdings};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// In which community.
    pub community: CommunityKey,
    /// The code of the rule that is broken; those of an import, `dangling_reference`, `stale_holding` and `stale_owner`.
    pub code: &'static str,
    /// Where in the community's bundle.
    pub path: String,
    /// What is wrong.
    pub detail: String,
}

/// A reference that leads nowhere. An import warns of it.
const DANGLING: &str = "dangling_reference";

impl Flaw {
    /// Whether it is a reference that leads nowhere, which an import names and lets in.
    #[must_use]
    pub fn is_dangling(&self) -> bool {
        self.code == DANGLING
    }
}

/// The table of who holds what says something else than the members do.
const STALE: &str = "stale_holding";

/// The row of an asset says something else of its owner or its community than these say.
const ESTRANGED: &str = "stale_owner";

/// Holds everything that the caller may export to the rules of an import, and what is derived, who holds what
/// and what assets say of their owners, to the members. All of it is read from one snapshot, a community at a time; `told` hears how many of how many are
/// checked. Needs the grant `export`.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn check(ctx: &Ctx, told: &(dyn Fn(usize, usize) + Sync)) -> Result<Vec<Flaw>> {
    let reach = ctx.authorise(Operation::Export)?;
    let mut checked = Checked::default();
    let communities = communities::tags(ctx.read_records().await?, &reach).await?;
    for (done, community) in communities.iter().enumerate() {
        told(done, communities.len());
        let batches = export(ctx, Some(vec![community.key.clone()])).await?.batches(None);
        let text: Vec<u8> =
            batches.try_fold(Vec::new(), async |all, more| Ok([all, more.into()].concat())).await?;
        let body = tokio::task::spawn_blocking(move || check_yaml(&text))
            .await
            .map_err(|error| Error::internal(format!("checking a community: {error}")))?;
        match body {
            Ok(body) => {
                let stored = holdings::of_community(ctx.read_records().await?, community.id).await?;
                checked.add(community, body, stored);
                for (asset, owner) in assets::estranged(ctx.read_records().await?, community.id).await? {
                    let detail = format!(
                        "the asset {asset} of the member {owner} is stored with something else of its owner or its community"
                    );
                    checked.flaw(community, ESTRANGED, "", detail);
                }
            }
            Err(error) => checked.flaw(community, Code::InvalidBundle.as_str(), "", error.to_string()),
        }
    }
    Ok(checked.flaws)
}

/// What was checked so far.
#[derive(Default)]
struct Checked {
    flaws: Vec<Flaw>,
    holders: HashMap<(HoldingKind, String), (CommunityKey, MemberKey)>,
    dids: HashMap<String, (CommunityKey, MemberKey)>,
}

impl Checked {
    fn flaw(&mut self, community: &CommunityRef, code: &'static str, path: &str, detail: String) {
        self.flaws.push(Flaw { community: community.key.clone(), code, path: path.to_owned(), detail });
    }

    fn add(
        &mut self,
        community: &CommunityRef,
        body: CheckedBody,
        mut stored: HashSet<(HoldingKind, String, MemberKey)>,
    ) {
        for document in &body.documents {
            for refusal in &document.refusals {
                self.flaw(community, refusal.code.as_str(), &refusal.path, refusal.detail.clone());
            }
            for warning in document.warnings.iter().filter(|warning| warning.is_dangling) {
                let (path, detail) = warning.sentence.split_once(": ").unwrap_or(("", &warning.sentence));
                self.flaw(community, DANGLING, path, detail.to_owned());
            }
        }
        for held in body.held {
            let (what, code) = (held.kind.named(), held.kind.refusal());
            let id = (held.kind, held.folded, held.member);
            if !stored.remove(&id) {
                let detail = format!("the member {} is not stored as the holder of its {what}", id.2);
                self.flaw(community, STALE, &held.path, detail);
            }
            let (kind, folded, member) = id;
            let holder = (community.key.clone(), member);
            let (first, by) = self.holders.entry((kind, folded)).or_insert(holder).clone();
            // Two in one community are among its refusals.
            if first != community.key {
                let detail =
                    format!("the member {by} of {first} holds the same {what}; only one active member may");
                self.flaw(community, code.as_str(), &held.path, detail);
            }
        }
        for (kind, folded, member) in stored {
            let what = kind.named();
            let detail =
                format!("the member {member} is stored as the holder of the {what} {folded:?} and is not");
            self.flaw(community, STALE, "", detail);
        }
        for did in body.dids {
            let holder = (community.key.clone(), did.member);
            let (first, by) = self.dids.entry(did.did).or_insert(holder).clone();
            if first != community.key {
                let detail =
                    format!("the member {by} of {first} has the same did; a did belongs to one member");
                self.flaw(community, Code::DidTaken.as_str(), &did.path, detail);
            }
        }
    }
}
