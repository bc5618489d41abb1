//! Writing communities out as bundles. The text is made while it is sent: a batch of members at a time,
//! all of them read from one snapshot.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;

use super::audit::Personal;
use super::{Ctx, Place, Result, community};
use crate::bundle::Writer;
use crate::domain::code::Code;
use crate::domain::columns::Columns;
use crate::domain::community::{CommunityContent, CommunityRef};
use crate::domain::error::Error;
use crate::domain::grant::{Operation, Reach};
use crate::domain::identifier::{CommunityKey, UserId};
use crate::domain::import::MemberGraph;
use crate::store::{Handle, StoreError, communities, graphs};

/// What the audit trail calls it.
const OPERATION: &str = "export";

/// Members of one batch.
const BATCH: u64 = 1_000;

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
    fn each_row<'s>(&'s self, _: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {}
}

impl Export {
    /// A text that is another one whenever the export would be another one: it is made of the
    /// communities and their revisions, and nothing has to be written to know it.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The text, batch by batch, all of it within a limit if there is one. A failure ends it with an error, also when whoever
    /// reads it takes too long: it holds a place, a connection and a snapshot until then.
    pub fn batches(self, limit: Option<Duration>) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        tokio::spawn(async move {
            let written = timeout(limit.unwrap_or(Duration::MAX), write_all(&self, &sender)).await;
            drop(self);
            if let Err(error) = written.unwrap_or_else(|_| Err(too_slow())) {
                // Nobody listens any more when this fails, and then nothing is lost.
                let _ = sender.send(Err(error)).await;
            }
        });
        ReceiverStream::new(receiver)
    }
}

fn too_slow() -> Error {
    Error::Unavailable {
        public: "The export took too long; try again",
        internal: "an export was not written, or not read, in time".to_owned(),
    }
}

/// The same as one text of at most `max_bytes`. Needs the grant `export`.
///
/// # Errors
/// Those of [`export`]; when the text would be larger.
pub async fn export_text(ctx: &Ctx, named: Vec<CommunityKey>, max_bytes: usize) -> Result<String> {
    let mut batches = std::pin::pin!(export(ctx, Some(named)).await?.batches(None));
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

/// What is written in one go.
struct Batch {
    /// The community, before its first members.
    begins: Option<Box<CommunityContent>>,
    key: CommunityKey,
    /// On their way out of the rows that the database gave.
    members: AbortOnDropHandle<std::result::Result<Vec<MemberGraph>, StoreError>>,
}

/// Reads and writes side by side: while a batch becomes text, the rows of the next one are taken apart, and those of the one behind it
/// come from the database.
async fn write_all(export: &Export, sender: &mpsc::Sender<Result<Bytes>>) -> Result<()> {
    let (read, mut batches) = mpsc::channel(BATCHES_AHEAD);
    let (ctx, text) = (export.ctx.clone(), sender.clone());
    let writing = AbortOnDropHandle::new(tokio::spawn(async move {
        let (mut writer, mut length) = (Writer::new(), 0);
        while let Some(Batch { begins, key, members }) = batches.recv().await {
            // As long as the one before, so that it is not copied while it grows.
            let mut out = String::with_capacity(length + length / 8);
            let members =
                members.await.map_err(|error| Error::internal(format!("reading rows: {error}")))??;
            if let Some(community) = begins {
                writer.community(&community, &mut out);
            }
            for member in &members {
                writer.member(member, &mut out);
            }
            length = out.len();
            let rows: usize =
                members.iter().map(|member| 1 + member.delivery_points.len() + member.assets.len()).sum();
            ctx.trail().note_count(OPERATION, &key, rows as u64);
            if text.send(Ok(out.into())).await.is_err() {
                break;
            }
        }
        Ok(())
    }));
    read_all(export, read).await?;
    writing.await.map_err(|error| Error::internal(format!("writing an export: {error}")))?
}

/// Reads batch by batch, until nobody wants more.
async fn read_all(export: &Export, batches: mpsc::Sender<Batch>) -> Result<()> {
    let Export { handle, chosen, .. } = export;
    for tag in chosen {
        let found = communities::by_key(handle, &Reach::Everything, &tag.key).await?;
        let mut begins = Some(Box::new(found.ok_or_else(community::not_found)?.content));
        let mut after = None;
        loop {
            let rows = graphs::some(handle, tag.id, after.as_ref(), BATCH).await?;
            let are_all = rows.members() < BATCH as usize;
            after = rows.last().cloned();
            let members = AbortOnDropHandle::new(tokio::spawn(async move { rows.into_graphs() }));
            let batch = Batch { begins: begins.take(), key: tag.key.clone(), members };
            if batches.send(batch).await.is_err() {
                return Ok(());
            }
            if are_all {
                break;
            }
        }
    }
    Ok(())
}
