//! The past of communities: their revisions, what they said at one, and going back to it.

use std::collections::HashMap;

use bytes::Bytes;
use uuid::Uuid;

use super::{Ctx, Result, community as communities_service, import};
use crate::bundle::{ReadDocument, Writer, check};
use crate::domain::audit::Deed;
use crate::domain::code::Code;
use crate::domain::columns::Columns;
use crate::domain::community::Community;
use crate::domain::delivery_point::HoldingKind;
use crate::domain::error::Error;
use crate::domain::filter::{Filter, RevisionField};
use crate::domain::grant::Operation;
use crate::domain::history::{ChangeCounts, Moment, PastHolder, Revision, State};
use crate::domain::identifier::{CommunityKey, DeliveryPointCode, SensorId};
use crate::domain::import::{CommunityGraph, ImportOptions, ImportReport};
use crate::domain::node::Node;
use crate::domain::order::{Direction, Order, SortField};
use crate::domain::page::{Page, PageRequest};
use crate::domain::timestamp::Timestamp;
use crate::store::plan::{MemberEdit, Plan};
use crate::store::{Handle, ListArgs, Scope, StoreError, audit, communities, graphs, history as past};

/// Puts what plans wrote on the trail and into the past of their communities; each with its deed. Of a member
/// that is erased the past is told how much went, and no more.
pub(super) async fn record(
    handle: &Handle,
    deeds: &[Deed<'_>],
    written: &[&Plan<'_>],
) -> std::result::Result<(), StoreError> {
    let appended = audit::append(handle, deeds.iter().copied()).await?;
    for (deed, plan) in deeds.iter().zip(written).filter(|(_, plan)| !plan.is_noop()) {
        let counts = match plan.community_exists() {
            true => ChangeCounts::from(&plan.difference),
            false => ChangeCounts { added: plan.rows() + 1, ..ChangeCounts::default() },
        };
        let of = (plan.community_id(), plan.revision(), plan.now());
        past::record(handle, of, deed, appended.subject(deed), counts, &plan.difference).await?;
    }
    Ok(())
}

/// Removes what the past says of a member that was erased.
pub(super) async fn forget_erased(
    handle: &Handle,
    community: Uuid,
    edit: &MemberEdit,
) -> std::result::Result<(), StoreError> {
    match edit {
        MemberEdit { stored: Some(stored), wanted: None } => {
            past::forget_member(handle, community, stored.member.content.key.as_str()).await
        }
        _ => Ok(()),
    }
}

/// The order of revisions, the only one: the newest first.
pub const ORDER: Order = Order { field: SortField::CreatedAt, direction: Direction::Descending };

/// One page of the revisions of a community, the newest first, each with its first changes. Needs the grant `read`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, or a failure of the database.
pub async fn list(ctx: &Ctx, key: &CommunityKey, page: &PageRequest) -> Result<Page<Revision>> {
    ctx.audited("revision.list", Some(key), async {
        let reach = ctx.authorise(Operation::Read)?;
        let community = communities_service::reached(ctx, &reach, key).await?;
        let mut found = past::pages(ctx.read_records().await?, &[community.id], ORDER, page).await?;
        Ok(found.remove(&community.id).unwrap_or_else(Page::empty))
    })
    .await
}

/// The same page of revisions of each of many communities. Needs the grant `read`; the caller has made sure that
/// it reaches them.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn pages_of_communities(
    ctx: &Ctx,
    communities: &[Uuid],
    args: &ListArgs<RevisionField>,
) -> Result<HashMap<Uuid, Page<Revision>>> {
    ctx.audited_edge("revision.edge", async {
        ctx.authorise(Operation::Read)?;
        Ok(past::pages(ctx.read_records().await?, communities, args.order, &args.page).await?)
    })
    .await
}

/// How many revisions of each of many communities are recorded; see [`pages_of_communities`].
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn counts_of_communities(
    ctx: &Ctx,
    communities: &[Uuid],
    _: &Filter<RevisionField>,
) -> Result<HashMap<Uuid, u64>> {
    ctx.authorise(Operation::Read)?;
    Ok(past::counts(ctx.read_records().await?, communities).await?)
}

/// A community as it was, as a bundle. Needs the grant `export`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community, nothing recorded of that moment, or a failure of the database.
pub async fn export_at(ctx: &Ctx, key: &CommunityKey, moment: Moment) -> Result<String> {
    ctx.audited_edge("export.at", async {
        let reach = ctx.authorise(Operation::Export)?;
        let _place = ctx.transfer().await?;
        // A bundle is whole, whatever else the request shows.
        let handle = ctx.read_records().await?.clone().reading(Columns::all());
        let found = communities::by_key(&handle, &reach, key).await?;
        let community = found.ok_or_else(communities_service::not_found)?;
        let graph = at(&handle, &community, moment).await?;
        let rows = graph.members.len() as u64;
        let mut text = String::new();
        Writer::new().bundle(&graph, &mut text);
        ctx.trail().note_count("export.at", key, rows);
        Ok(text)
    })
    .await
}

/// Makes a community what it was at the revision of a number, as a new revision, through all checks of an import. Nobody comes
/// back who was erased. Needs the grant `import`.
///
/// # Errors
/// Unauthenticated, forbidden, no such community or revision; what the registry does not allow by now; a failure of
/// the database.
pub async fn restore(
    ctx: &Ctx,
    key: &CommunityKey,
    revision: Option<&Node>,
    dry_run: bool,
) -> Result<ImportReport> {
    let reach = ctx.authorise(Operation::Import)?;
    let number = match revision {
        Some(Node::Number(digits)) => digits.parse().ok(),
        _ => None,
    };
    let number = number.ok_or_else(|| {
        let input = revision.map(Node::to_json);
        Error::invalid("int_type", &["body", "revision"], "the number of a revision", input)
    })?;
    let handle = ctx.store().snapshot().await?;
    let found = communities::by_key(&handle, &reach, key).await?;
    let community = found.ok_or_else(communities_service::not_found)?;
    let graph = at(&handle, &community, Moment::Revision(number)).await?;
    drop(handle);
    let mut text = String::new();
    Writer::new().bundle(&graph, &mut text);
    let options = ImportOptions { dry_run, force: Some(true) };
    let mut done =
        import::import_as(ctx, "restore", Bytes::from(text), import::Format::Yaml, options).await?;
    done.reports.pop().ok_or_else(|| Error::internal("an import of one bundle without a report"))
}

/// What a community said at a moment: what it says now, with everything taken back that came after.
async fn at(handle: &Handle, community: &Community, moment: Moment) -> Result<CommunityGraph> {
    let first = past::first_number(handle, community.id).await?;
    let number = match moment {
        Moment::Revision(number) => Some(number),
        Moment::Time(time) => past::number_at(handle, community.id, time).await?,
    };
    // The state before the first recorded change is known as well, unless the community came with it.
    let oldest = first.map_or(community.revision, |first| (first - 1).max(1));
    let number = number.filter(|number| (oldest..=community.revision).contains(number));
    let Some(number) = number else {
        let detail = format!("Revisions {oldest} to {} of the community are known", community.revision);
        return Err(Error::not_found(Code::RevisionNotFound, detail));
    };
    let graph = graphs::whole(handle, community).await?;
    if number == community.revision {
        return Ok(graph);
    }
    let mut state = State::of(&graph);
    drop(graph);
    past::each_change_back(handle, community.id, number, |change| state.undo(change)).await?;
    let read = ReadDocument { node: state.into_bundle(), problems: Vec::new() };
    let checked = tokio::task::spawn_blocking(move || check(vec![read]))
        .await
        .map_err(|error| Error::internal(format!("checking a past state: {error}")))?;
    let document = checked.documents.into_iter().next();
    document.and_then(|document| document.bundle).ok_or_else(|| {
        let detail = "What the community said then breaks rules that hold now".to_owned();
        Error::Unprocessable { code: Code::InvalidBundle, detail }
    })
}

/// Who held a sensor or a delivery point at a time. Needs the grant `lookup`.
///
/// # Errors
/// Unauthenticated, forbidden, or a failure of the database.
pub async fn holder_at(
    ctx: &Ctx,
    kind: HoldingKind,
    id: &str,
    time: Timestamp,
) -> Result<Option<PastHolder>> {
    ctx.audited("lookup.holder_at", None, async {
        let reach: Scope = ctx.authorise_lookup(1)?;
        let folded = match kind {
            HoldingKind::Sensor => SensorId::new(id).map(|sensor| sensor.to_string()),
            HoldingKind::DeliveryPoint => Some(DeliveryPointCode::from(id).folded()),
        };
        match folded {
            Some(folded) => {
                Ok(past::holder_at(ctx.read_records().await?, &reach, kind, &folded, time).await?)
            }
            None => Ok(None),
        }
    })
    .await
}
