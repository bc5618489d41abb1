//! Bulk import: a body of bundles replaces the communities that it names, all of them or none. The body
//! is read and checked as a whole before the database is touched; what can only be judged against the
//! registry is judged in the transaction that writes.

use std::collections::HashMap;
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::failure::Failure;
use super::history;
use super::places::Place;
use super::{Ctx, Result};
use crate::bundle::{CheckedBody, CheckedDocument, JsonUnreadable, check, check_yaml, read_json};
use crate::domain::code::Code;
use crate::domain::delivery_point::HoldingKind;
use crate::domain::difference::Difference;
use crate::domain::error::Error;
use crate::domain::filter::Filter;
use crate::domain::grant::{Operation, Reach};
use crate::domain::identifier::CommunityKey;
use crate::domain::import::{Counts, ImportOptions, ImportReport, MultiImportReport, Refusal};
use crate::domain::timestamp::Timestamp;
use crate::metrics::ImportOutcome;
use crate::store::communities::Replaced;
use crate::store::plan::{self, Plan};
use crate::store::{
    Among, Handle, Store, StoreError, assets, communities, delivery_points, holdings, members,
};

/// What the audit trail calls it.
const OPERATION: &str = "import";

/// Members, delivery points and assets of an import after which the database is to look at its tables anew, and people get their
/// keys for the audit trail together.
const LARGE_ROWS: u64 = 1_000;

/// Most changes of one community that a dry run lists.
pub const MAX_CHANGES: usize = 1_000;

/// What a body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One or more documents, each a bundle.
    Yaml,
    /// One bundle, or `{bundle, dry_run, force}`.
    Json,
}

/// Replaces the communities of a body. Needs the grant `import` for every one of them.
///
/// # Errors
/// Unauthenticated, forbidden; a body that cannot be read, that is refused, or whose community exists
/// while `force` is stated false; a failure of the database. A dry run reports refusals instead.
pub async fn import(
    ctx: &Ctx,
    body: Bytes,
    format: Format,
    options: ImportOptions,
) -> Result<MultiImportReport> {
    import_as(ctx, OPERATION, body, format, options).await
}

/// Whether the caller may import anything at all, to be asked before a body is read that may be large.
///
/// # Errors
/// Unauthenticated, forbidden.
pub async fn permitted(ctx: &Ctx) -> Result<()> {
    let Err(error) = ctx.authorise(Operation::Import) else { return Ok(()) };
    ctx.trail().reserve().await?;
    ctx.trail().note_error(OPERATION, None, &error);
    Err(error)
}

/// The same, under what the audit trail and the past of the communities call it.
pub(super) async fn import_as(
    ctx: &Ctx,
    operation: &'static str,
    body: Bytes,
    format: Format,
    options: ImportOptions,
) -> Result<MultiImportReport> {
    ctx.trail().reserve().await?;
    let mut communities = Vec::new();
    let (bytes, begun) = (body.len(), Instant::now());
    let outcome = import_noting(ctx, operation, (body, format, options), &mut communities).await;
    let ended = match &outcome {
        Ok(reports) if reports.dry_run => ImportOutcome::DryRun,
        Ok(_) => ImportOutcome::Written,
        Err(_) => ImportOutcome::Refused,
    };
    ctx.metrics().imports().ended(ended, bytes, begun.elapsed());
    if let Err(error) = &outcome {
        if communities.is_empty() {
            ctx.trail().note_error(operation, None, error);
        }
        communities.iter().for_each(|key| ctx.trail().note_error(operation, Some(key), error));
    }
    outcome
}

/// The same; says which communities the body names, as soon as that is known.
async fn import_noting(
    ctx: &Ctx,
    operation: &'static str,
    (body, format, options): (Bytes, Format, ImportOptions),
    communities: &mut Vec<CommunityKey>,
) -> Result<MultiImportReport> {
    let reach = ctx.authorise(Operation::Import)?;
    let place = ctx.transfer().await?;
    let (checked, options) = tokio::task::spawn_blocking(move || read(&body, format, options))
        .await
        .map_err(|error| Error::internal(format!("reading a body: {error}")))??;
    let keys = checked.documents.iter().map(|document| CommunityKey::from(document.community_key.as_str()));
    communities.extend(keys);
    if !checked.documents.iter().all(|document| reaches(&reach, document)) {
        return Err(Error::Forbidden(Operation::Import));
    }
    let job = Job { ctx, operation, checked, options };
    let mut done = job.run().await;
    let users = done.as_mut().map(|done| std::mem::take(&mut done.users)).unwrap_or_default();
    tokio::spawn(tidy_up(ctx.store().in_background(), job.checked, users, place));
    Ok(MultiImportReport { reports: done?.reports, dry_run: options.dry_run })
}

/// What is left to do when all is written, behind the answer and with the place of the import: what was read of a large body are
/// millions of pieces to be given back, and its people get their keys for the audit trail.
async fn tidy_up(store: Store, checked: CheckedBody, users: Vec<String>, _place: Place) {
    let given_back = tokio::task::spawn_blocking(move || drop(checked));
    super::audit::give_keys(&store, users).await;
    // It fails with the process.
    _ = given_back.await;
}

/// A document without a usable key names no community; it is refused for that.
fn reaches(reach: &Reach, document: &CheckedDocument) -> bool {
    match document.community_key.as_str() {
        "" => true,
        key => reach.includes(&CommunityKey::from(key)),
    }
}

fn read(body: &[u8], format: Format, options: ImportOptions) -> Result<(CheckedBody, ImportOptions)> {
    match format {
        Format::Yaml => {
            let checked = check_yaml(body).map_err(|error| Error::Unreadable(error.to_string()))?;
            Ok((checked, options))
        }
        Format::Json => {
            if std::str::from_utf8(body).is_err() {
                return Err(Error::Unreadable("The body is not UTF-8".to_owned()));
            }
            let read = read_json(body).map_err(|error| match error {
                JsonUnreadable::Syntax(error) if error.too_deep => Error::Unreadable(error.to_string()),
                JsonUnreadable::Syntax(error) => {
                    Error::invalid("json_invalid", &["body"], error.to_string(), None)
                }
                JsonUnreadable::Envelope(fields) => Error::InvalidInput(fields),
            })?;
            let options = ImportOptions {
                dry_run: read.dry_run.unwrap_or(options.dry_run),
                force: read.force.or(options.force),
            };
            Ok((check(vec![read.document]), options))
        }
    }
}

/// One import on its way into the registry.
struct Job<'c> {
    ctx: &'c Ctx,
    operation: &'static str,
    checked: CheckedBody,
    options: ImportOptions,
}

/// What came of an import.
struct Done {
    reports: Vec<ImportReport>,
    /// The user names of members that a large one wrote.
    users: Vec<String>,
}

/// An import judged against the registry as it stands.
struct Judged<'j> {
    reports: Vec<ImportReport>,
    plans: Vec<Plan<'j>>,
    /// The communities of which everything is stored already.
    unchanged: Vec<&'j CommunityKey>,
}

impl Job<'_> {
    /// Writes it, or says what writing it would do.
    async fn run(&self) -> Result<Done> {
        let (store, now) = (self.ctx.store(), self.ctx.now());
        if self.options.dry_run {
            // A snapshot of its own: an operation may have written before it tries.
            let reports = self.judge(&store.snapshot().await?, now).await?.reports;
            return Ok(Done { reports, users: Vec::new() });
        }
        let done = store.write(|handle| -> BoxFuture<'_, _> { Box::pin(self.write(handle)) }).await?;
        let rows = |counts: Counts| counts.member + counts.delivery_point + counts.asset;
        let rows = done.reports.iter().map(|report| rows(report.inserted)).sum::<u64>();
        self.ctx.metrics().imports().wrote(rows);
        if rows >= LARGE_ROWS {
            store.survey();
        }
        Ok(done)
    }

    async fn write(&self, handle: Handle) -> std::result::Result<Done, Failure> {
        handle.take_time().await?;
        let keys = self.checked.documents.iter().map(|document| document.community_key.as_str());
        communities::lock(&handle, &keys.collect::<Vec<_>>()).await?;
        // After the lock, so that the times of revisions are in the order of their numbers.
        let judged = self.judge(&handle, self.ctx.now()).await?;
        if let Some(error) = refusal(&judged.reports) {
            return Err(Failure::Refused(error));
        }
        plan::write(&handle, &judged.plans).await?;
        let written = judged.plans.iter().filter(|plan| !plan.is_noop());
        let deeds = self.ctx.deeds(self.operation, written.map(|plan| (plan.community_key(), plan.rows())));
        let written: Vec<_> = judged.plans.iter().filter(|plan| !plan.is_noop()).collect();
        history::record(&handle, &deeds, &written).await?;
        let unchanged = judged.plans.iter().filter(|plan| plan.is_noop()).map(Plan::community_key);
        for key in unchanged.chain(judged.unchanged) {
            self.ctx.trail().note_count(self.operation, key, 0);
        }
        let is_large = judged.plans.iter().map(Plan::rows).sum::<u64>() >= LARGE_ROWS;
        let users = judged.plans.iter().filter(|_| is_large).flat_map(Plan::users);
        Ok(Done { users: users.map(ToString::to_string).collect(), reports: judged.reports })
    }

    /// Compares every document with what is stored, and finds what the registry does not allow.
    async fn judge(&self, handle: &Handle, now: Timestamp) -> std::result::Result<Judged<'_>, StoreError> {
        let mut reports: Vec<ImportReport> =
            self.checked.documents.iter().map(|document| self.report(document)).collect();
        let keys: Vec<_> =
            self.checked.documents.iter().map(|document| document.community_key.as_str()).collect();
        let replaced = communities::replaced(handle, &keys).await?;
        let stored =
            |document: &CheckedDocument| replaced.get(&CommunityKey::from(document.community_key.as_str()));
        let is_stored: Vec<bool> = self
            .checked
            .documents
            .iter()
            .map(|document| {
                document
                    .digest
                    .as_ref()
                    .is_some_and(|digest| stored(document).is_some_and(|stored| stored.says(digest)))
            })
            .collect();
        for refusal in self.taken_elsewhere(handle, &replaced, &is_stored).await? {
            reports[refusal.document].refusals.push(refusal);
        }
        let refused = reports.iter().any(|report| !report.refusals.is_empty());
        let (mut plans, mut unchanged) = (Vec::new(), Vec::new());
        for (index, (document, report)) in self.checked.documents.iter().zip(&mut reports).enumerate() {
            match (&document.bundle, &document.digest) {
                (Some(bundle), _) if is_stored[index] => {
                    report.deleted = document.counts;
                    report.unchanged = document.counts;
                    if self.options.dry_run && self.may_read(&bundle.community.key) {
                        report.difference = Some(Difference::default());
                    }
                    unchanged.push(&bundle.community.key);
                }
                (Some(bundle), Some(digest)) if !refused || self.options.dry_run => {
                    let mut plan = Plan::replace(handle, (bundle, digest), now).await?;
                    report.deleted = plan.stored;
                    report.unchanged = plan.unchanged;
                    if self.options.dry_run && self.may_read(&bundle.community.key) {
                        let difference = match plan.community_exists() {
                            true => std::mem::take(&mut plan.difference),
                            false => Difference::of_new(bundle),
                        };
                        report.difference = Some(difference.bounded(MAX_CHANGES));
                    }
                    plans.push(plan);
                }
                _ => {
                    if let Some(community) = stored(document) {
                        report.deleted = stored_counts(handle, community.id).await?;
                    }
                }
            }
            if self.options.force == Some(false) && report.deleted.community > 0 {
                report.refusals.push(exists(index, report));
            }
        }
        Ok(Judged { reports, plans, unchanged })
    }

    fn report(&self, document: &CheckedDocument) -> ImportReport {
        ImportReport {
            community_key: document.community_key.clone(),
            deleted: Counts::default(),
            inserted: document.counts,
            unchanged: Counts::default(),
            warnings: document.warnings.iter().map(|warning| warning.sentence.clone()).collect(),
            refusals: document.refusals.clone(),
            difference: None,
        }
    }

    /// Whether the caller may know what is stored of a community.
    fn may_read(&self, key: &CommunityKey) -> bool {
        self.ctx.sees_community(key)
    }

    /// What the body's members would hold or be called, and a community that stays has already. Documents that are
    /// stored as they are have what is theirs.
    async fn taken_elsewhere(
        &self,
        handle: &Handle,
        replaced: &HashMap<CommunityKey, Replaced>,
        is_stored: &[bool],
    ) -> std::result::Result<Vec<Refusal>, StoreError> {
        let replaced: Vec<Uuid> = replaced.values().map(|community| community.id).collect();
        // Half a million identifiers are not looked for where nobody else can hold one: in the first import of a registry.
        if !communities::are_others(handle, &replaced).await? {
            return Ok(Vec::new());
        }
        let mut refusals = Vec::new();
        for kind in [HoldingKind::Sensor, HoldingKind::DeliveryPoint] {
            let held = self.checked.held.iter();
            let held: Vec<_> = held.filter(|held| held.kind == kind && !is_stored[held.document]).collect();
            let ids: Vec<&str> = held.iter().map(|held| held.folded.as_str()).collect();
            if ids.is_empty() {
                continue;
            }
            let taken = holdings::held_elsewhere(handle, kind, &ids, &replaced).await?;
            refusals.extend(held.iter().filter(|held| taken.contains(&held.folded)).map(|held| Refusal {
                code: kind.refusal(),
                detail: format!("An active member of another community holds this {}", kind.named()),
                document: held.document,
                path: held.path.clone(),
            }));
        }
        let dids: Vec<_> = self.checked.dids.iter().filter(|did| !is_stored[did.document]).collect();
        let texts: Vec<&str> = dids.iter().map(|did| did.did.as_str()).collect();
        if !texts.is_empty() {
            let taken = holdings::dids_elsewhere(handle, &texts, &replaced).await?;
            refusals.extend(dids.iter().filter(|did| taken.contains(&did.did)).map(|did| Refusal {
                code: Code::DidTaken,
                detail: "A member of another community has this DID".to_owned(),
                document: did.document,
                path: did.path.clone(),
            }));
        }
        Ok(refusals)
    }
}

/// What keeps an import from being written, if anything does.
fn refusal(reports: &[ImportReport]) -> Option<Error> {
    let refusals: Vec<Refusal> = reports.iter().flat_map(|report| report.refusals.clone()).collect();
    let first = refusals.first()?;
    if refusals.iter().all(|refusal| refusal.code == Code::CommunityExists) {
        return Some(Error::conflict(Code::CommunityExists, first.detail.clone()));
    }
    Some(Error::Refused(refusals))
}

fn exists(document: usize, report: &ImportReport) -> Refusal {
    let Counts { member, delivery_point, asset, .. } = report.deleted;
    Refusal {
        code: Code::CommunityExists,
        detail: format!(
            "The community {key} exists: replacing it would delete {member} members, {delivery_point} delivery \
             points and {asset} assets; state force=true to replace it",
            key = report.community_key
        ),
        document,
        path: "community.id".to_owned(),
    }
}

/// How much a community holds.
pub(super) async fn stored_counts(
    handle: &Handle,
    community: Uuid,
) -> std::result::Result<Counts, StoreError> {
    let among = Among::Community(community);
    Ok(Counts {
        community: 1,
        member: members::count(handle, among, &Filter::everything()).await?,
        delivery_point: delivery_points::count(handle, among, &Filter::everything()).await?,
        asset: assets::count(handle, among, &Filter::everything()).await?,
    })
}
