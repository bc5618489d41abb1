//! Writing communities out as bundles. The text is made while it is sent: a batch of members at a time,
//! all of them read from one snapshot.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::audit::Personal;
use super::{Ctx, Place, Result, community};
use crate::bundle::Writer;
use crate::domain::code::Code;
use crate::domain::columns::Columns;
use crate::domain::community::CommunityRef;
use crate::domain::error::Error;
use crate::domain::filter::Filter;
use crate::domain::grant::{Operation, Reach};
use crate::domain::identifier::{CommunityKey, UserId};
use crate::domain::import::MemberGraph;
use crate::domain::member::Member;
use crate::domain::order::Order;
use crate::domain::page::{End, PageRequest};
use crate::store::{Among, Handle, ListArgs, assets, communities, delivery_points, members};

/// What the audit trail calls it.
const OPERATION: &str = "export";

/// Members of one batch.
const BATCH: u32 = 1_000;

/// Batches that may wait to be sent.
const BATCHES_AHEAD: usize = 2;

/// An export that is about to be written.
pub struct Export {
    ctx: Ctx,
    handle: Handle,
    chosen: Vec<CommunityRef>,
    tag: String,
    _place: Place,
}

/// The export of the communities named, or of all that the caller may export, by key. Needs the grant
/// `export`.
///
/// # Errors
/// Unauthenticated, forbidden, the first key that names no community, or a failure of the database.
pub async fn export(ctx: &Ctx, named: Option<Vec<CommunityKey>>) -> Result<Export> {
    ctx.audited_edge(OPERATION, async {
        let reach = ctx.authorise(Operation::Export)?;
        let place = ctx.transfer().await?;
        // A bundle is whole, whatever else the request shows.
        let handle = ctx.read().await?.clone().reading(Columns::all());
        let chosen = choose(&handle, &reach, named).await?;
        let ids: Vec<_> = chosen.iter().map(|community| community.id).collect();
        let revisions = communities::revisions(&handle, &ids).await?;
        let mut hash = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
        for id in &ids {
            hash.update(id);
            hash.update(revisions.get(id).copied().unwrap_or_default().to_be_bytes());
        }
        let tag = URL_SAFE_NO_PAD.encode(hash.finalize());
        Ok(Export { ctx: ctx.clone(), handle, chosen, tag, _place: place })
    })
    .await
}

/// Whose rows it holds is known when they are written.
impl Personal for Export {
    fn each_row(&self, _: &mut dyn FnMut(&CommunityKey, Option<&UserId>)) {}
}

impl Export {
    /// A text that is another one whenever the export would be another one: it is made of the
    /// communities and their revisions, and nothing has to be written to know it.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The text, batch by batch. A failure ends it with an error.
    pub fn batches(self) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        tokio::spawn(async move {
            if let Err(error) = write_all(&self, &sender).await {
                // Nobody listens any more when this fails, and then nothing is lost.
                let _ = sender.send(Err(error)).await;
            }
        });
        ReceiverStream::new(receiver)
    }
}

/// The same as one text of at most `max_bytes`. Needs the grant `export`.
///
/// # Errors
/// Those of [`export`]; when the text would be larger.
pub async fn export_text(ctx: &Ctx, named: Vec<CommunityKey>, max_bytes: usize) -> Result<String> {
    let mut batches = std::pin::pin!(export(ctx, Some(named)).await?.batches());
    let mut text = Vec::new();
    while let Some(batch) = batches.next().await {
        text.extend_from_slice(&batch?);
        if text.len() > max_bytes {
            return Err(Error::TooLarge(format!(
                "The export is larger than {} MiB: get it by GET /admin/export",
                max_bytes >> 20
            )));
        }
    }
    String::from_utf8(text).map_err(|_| Error::internal("an export that is not UTF-8"))
}

/// The communities to write, by key.
async fn choose(
    handle: &Handle,
    reach: &Reach,
    named: Option<Vec<CommunityKey>>,
) -> Result<Vec<CommunityRef>> {
    let Some(named) = named else { return Ok(communities::tags(handle, reach).await?) };
    let wanted = Reach::Communities(named.iter().cloned().collect());
    let mut found = communities::tags(handle, &wanted).await?;
    found.retain(|community| reach.includes(&community.key));
    for key in &named {
        if !found.iter().any(|community| community.key == *key) {
            let detail = format!("There is no community {key:?}", key = key.as_str());
            return Err(Error::not_found(Code::CommunityNotFound, detail));
        }
    }
    Ok(found)
}

async fn write_all(export: &Export, sender: &mpsc::Sender<Result<Bytes>>) -> Result<()> {
    let Export { ctx, handle, chosen, .. } = export;
    let mut writer = Writer::new();
    let mut out = String::new();
    for tag in chosen {
        let found = communities::by_key(handle, &Reach::Everything, &tag.key).await?;
        writer.community(&found.ok_or_else(community::not_found)?.content, &mut out);
        let mut page = PageRequest { size: BATCH, end: End::First, after: None, before: None };
        loop {
            let args = ListArgs { filter: Filter::everything(), order: Order::default(), page: page.clone() };
            let members = members::list(handle, Among::Community(tag.id), &args).await?;
            page.after = members.rows.last().map(|row| row.cursor.clone());
            let has_next = members.has_next;
            let batch = members.rows.into_iter().map(|row| row.value).collect();
            let mut rows = 0;
            for member in graphs(handle, batch).await? {
                writer.member(&member, &mut out);
                rows += 1 + member.delivery_points.len() + member.assets.len();
            }
            ctx.trail().note_count(OPERATION, &tag.key, rows as u64);
            if sender.send(Ok(std::mem::take(&mut out).into())).await.is_err() {
                return Ok(());
            }
            if !has_next {
                break;
            }
        }
    }
    Ok(())
}

/// Members with everything they have.
async fn graphs(handle: &Handle, members: Vec<Member>) -> Result<Vec<MemberGraph>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = members.iter().map(|member| member.id).collect();
    let mut points = delivery_points::of_members(handle, &ids).await?;
    let mut assets = assets::of_members(handle, &ids).await?;
    Ok(members
        .into_iter()
        .map(|member| MemberGraph {
            delivery_points: contents(points.remove(&member.id), |point| point.content),
            assets: contents(assets.remove(&member.id), |asset| asset.content),
            content: member.content,
        })
        .collect())
}

fn contents<T, C>(rows: Option<Vec<T>>, content: impl Fn(T) -> C) -> Vec<C> {
    rows.unwrap_or_default().into_iter().map(content).collect()
}
