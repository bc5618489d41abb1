//! Writing a difference. A plan compares what a community should say with what is stored: rows that say
//! the same stay, all others are cleared and filled in again under the ids they had. `replace` makes the
//! plan of a whole bundle, `edit` that of a few members and the community's own documents. With several
//! plans in one transaction, all are cleared before any is filled, so that an identifier may move from one
//! community to the other.

mod edit;
mod replace;
mod row;
mod rows;

use entity::{asset, asset_measure, community, delivery_point, holding, member, search_text};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, Iterable};
use uuid::Uuid;

use super::bulk::{ColumnOf, Row, insert_all};
use super::loading::Loading;
use super::{Handle, Result, history, set};
use crate::domain::asset::AssetContent;
use crate::domain::change::CommunityChange;
use crate::domain::closed_set::ChangeKind;
use crate::domain::community::{Community, CommunityContent};
use crate::domain::delivery_point::DeliveryPointContent;
use crate::domain::difference::Difference;
use crate::domain::digest::ContentDigest;
use crate::domain::identifier::{CommunityKey, UserId};
use crate::domain::import::{Counts, MemberGraph};
use crate::domain::member::MemberContent;
use crate::domain::timestamp::Timestamp;

use row::HoldingRow;

pub use edit::{MemberEdit, StoredMember};

/// What is to be done so that a stored community says what it should.
pub struct Plan<'g> {
    content: &'g CommunityContent,
    now: Timestamp,
    community: Identity,
    community_exists: bool,
    /// The revision that the community will have.
    revision: i64,
    /// The digest of all of the content, where the plan knows all of it.
    digest: Option<&'g ContentDigest>,
    /// The highest numbered key that a member had so far.
    last_numbered_key: String,
    /// Members that go, or that are filled in again with everything they have.
    cleared_members: Vec<Uuid>,
    /// Delivery points that go, or are filled in again, of members that stay.
    cleared_points: Vec<Uuid>,
    /// Assets that go, or are filled in again.
    cleared_assets: Vec<Uuid>,
    /// Whatever a search shall not find any more as it is now.
    unsearched: Vec<Uuid>,
    /// Whose holdings go.
    released: Released,
    /// Members whose row is written again where it stands.
    rewritten: Vec<PlannedMember<'g>>,
    /// Members to fill in.
    members: Vec<PlannedMember<'g>>,
    /// Delivery points to fill in.
    points: Vec<PlannedPoint<'g>>,
    /// Assets to fill in.
    assets: Vec<PlannedAsset<'g>>,
    /// Members whose holdings are filled in.
    holders: Vec<(Uuid, &'g MemberGraph)>,
    /// What is different from what is stored; nothing of a community that is new.
    pub difference: Difference,
    /// What the community held before, where all of it was looked at.
    pub stored: Counts,
    /// How much of it is said again.
    pub unchanged: Counts,
}

/// Whose holdings a plan takes away.
enum Released {
    /// Everybody's in the community.
    Everybody,
    /// Those of these members.
    Members(Vec<Uuid>),
}

/// What a row keeps when its content is written again.
#[derive(Clone, Copy)]
struct Identity {
    id: Uuid,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    changed: bool,
}

impl Identity {
    fn new(now: Timestamp) -> Self {
        Self { id: Uuid::now_v7(), version: 1, created_at: now, updated_at: now, changed: true }
    }

    fn kept(id: Uuid, version: i64, created_at: Timestamp, updated_at: Timestamp) -> Self {
        Self { id, version, created_at, updated_at, changed: false }
    }

    fn changed(self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, changed: true, ..self }
    }
}

struct PlannedMember<'g> {
    identity: Identity,
    content: &'g MemberContent,
}

struct PlannedPoint<'g> {
    id: Uuid,
    member_id: Uuid,
    member_key: &'g str,
    content: &'g DeliveryPointContent,
}

struct PlannedAsset<'g> {
    identity: Identity,
    member_id: Uuid,
    owner: &'g MemberContent,
    content: &'g AssetContent,
}

impl<'g> Plan<'g> {
    /// A plan that does nothing yet to what is stored of a community, if it is.
    fn new(content: &'g CommunityContent, stored: Option<&Community>, now: Timestamp) -> Self {
        let community = stored.map_or(Identity::new(now), |community| {
            let kept =
                Identity::kept(community.id, community.version, community.created_at, community.updated_at);
            if community.content == *content { kept } else { kept.changed(now) }
        });
        let mut difference = Difference::default();
        if let Some(stored) = stored.filter(|stored| stored.content != *content) {
            difference.note_community(&stored.content, content);
        }
        Self {
            content,
            now,
            community,
            community_exists: stored.is_some(),
            revision: stored.map_or(1, |community| community.revision + 1),
            digest: None,
            last_numbered_key: stored
                .map(|community| community.last_numbered_key.clone())
                .unwrap_or_default(),
            cleared_members: Vec::new(),
            cleared_points: Vec::new(),
            cleared_assets: Vec::new(),
            unsearched: Vec::new(),
            released: Released::Members(Vec::new()),
            rewritten: Vec::new(),
            members: Vec::new(),
            points: Vec::new(),
            assets: Vec::new(),
            holders: Vec::new(),
            difference,
            stored: Counts::default(),
            unchanged: Counts::default(),
        }
    }

    /// Whether the community is stored already.
    #[must_use]
    pub fn community_exists(&self) -> bool {
        self.community_exists
    }

    /// The id of the community.
    #[must_use]
    pub fn community_id(&self) -> Uuid {
        self.community.id
    }

    /// When it is done.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The revision that the community will have.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The key of the community.
    #[must_use]
    pub fn community_key(&self) -> &CommunityKey {
        &self.content.key
    }

    /// How many rows are written or taken away: members, delivery points and assets.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let written = self.members.len() + self.rewritten.len() + self.points.len() + self.assets.len();
        let cleared = self.cleared_members.len() + self.cleared_points.len() + self.cleared_assets.len();
        written.max(cleared) as u64
    }

    /// The user names of the members that are filled in.
    pub fn users(&self) -> impl Iterator<Item = &UserId> {
        self.members.iter().map(|planned| &planned.content.user_id)
    }

    /// Whether everything is stored as it should be already.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        !self.community.changed
            && self.cleared_members.is_empty()
            && self.cleared_points.is_empty()
            && self.cleared_assets.is_empty()
            && self.rewritten.is_empty()
            && self.members.is_empty()
            && self.points.is_empty()
            && self.assets.is_empty()
    }

    /// Takes out what goes and what will be filled in again. The derived tables first: they are found
    /// through the rows that they are derived from. Every asset of a cleared member is a cleared asset.
    async fn clear(&self, handle: &Handle) -> Result<()> {
        if !self.community_exists {
            return Ok(());
        }
        self.release(handle).await?;
        let changed = self.community.changed.then_some(self.community.id);
        let unsearched: Vec<Uuid> = self.unsearched.iter().copied().chain(changed).collect();
        if !unsearched.is_empty() {
            let mut delete = Query::delete();
            let id = Expr::col(search_text::Column::Id);
            delete
                .from_table(search_text::Entity)
                .and_where(Expr::col(search_text::Column::CommunityId).eq(self.community.id))
                .and_where(set::is_one_of_ids(handle.get_database_backend(), id, &unsearched));
            handle.execute(&delete).await?;
        }
        delete_ids(handle, asset_measure::Column::AssetId, &self.cleared_assets).await?;
        delete_ids(handle, member::Column::Id, &self.cleared_members).await?;
        delete_ids(handle, delivery_point::Column::Id, &self.cleared_points).await?;
        delete_ids(handle, asset::Column::Id, &self.cleared_assets).await
    }

    async fn release(&self, handle: &Handle) -> Result<()> {
        match &self.released {
            Released::Members(ids) if ids.is_empty() => Ok(()),
            Released::Members(ids) => {
                history::end(handle, history::of_members(handle, ids), self.now).await?;
                delete_ids(handle, holding::Column::MemberId, ids).await
            }
            Released::Everybody => {
                history::end(handle, history::of_community(self.community.id), self.now).await?;
                let members = Query::select()
                    .column(member::Column::Id)
                    .from(member::Entity)
                    .and_where(Expr::col(member::Column::CommunityId).eq(self.community.id))
                    .take();
                let mut delete = Query::delete();
                delete
                    .from_table(holding::Entity)
                    .and_where(Expr::col(holding::Column::MemberId).in_subquery(members));
                handle.execute(&delete).await?;
                Ok(())
            }
        }
    }

    /// Takes back the end of holdings that go on.
    async fn resume(&self, handle: &Handle) -> Result<()> {
        let theirs = match &self.released {
            Released::Members(ids) if ids.is_empty() => return Ok(()),
            Released::Members(ids) => history::of_members(handle, ids),
            Released::Everybody => history::of_community(self.community.id),
        };
        history::resume(handle, theirs, self.community.id, self.now).await
    }

    fn change(&self) -> CommunityChange {
        CommunityChange {
            id: self.community.id,
            key: self.content.key.clone(),
            kind: if self.community_exists { ChangeKind::Updated } else { ChangeKind::Created },
            revision: self.revision,
            at: self.now,
        }
    }

    /// Writes the row of a community that is stored already.
    async fn rewrite_community(&self, handle: &Handle) -> Result<()> {
        use community::Column;
        let row = self.community_row();
        if self.community.changed {
            return rewrite(handle, self.community.id, &row).await;
        }
        let mut update = Query::update();
        update
            .table(community::Entity)
            .value(Column::Revision, row.revision)
            .value(Column::LastNumberedKey, row.last_numbered_key)
            .value(Column::ContentDigest, row.content_digest)
            .value(Column::ContentDigestRevision, row.content_digest_revision)
            .and_where(Expr::col(Column::Id).eq(self.community.id));
        handle.execute(&update).await?;
        Ok(())
    }
}

/// Writes plans: clears all of them, then fills in what should be and is not stored, table by table for all communities, and announces
/// it. Where that is much, indexes are made behind it.
///
/// # Errors
/// When the database fails; when another writer took what is to be written in the meantime.
pub async fn write(handle: &Handle, plans: &[Plan<'_>]) -> Result<()> {
    let plans: Vec<&Plan> = plans.iter().filter(|plan| !plan.is_noop()).collect();
    let mut loading = Loading::begin(handle, plans.iter().map(|plan| plan.rows()).sum()).await?;
    for plan in &plans {
        plan.clear(handle).await?;
    }
    loading.cleared(handle).await?;
    fill(handle, &plans).await?;
    let every = || plans.iter().copied();
    // Nothing else is to be done while the database makes indexes.
    let (filled, holdings) = futures_util::join!(loading.filled(handle), async { holdings(every()) });
    filled?;
    insert_all(handle, Box::new(holdings.into_iter())).await?;
    insert_all(handle, Box::new(every().flat_map(Plan::search_rows))).await?;
    loading.end(handle).await?;
    // A community's members are found by an index, and so are its assets, which say its name.
    for plan in plans.iter().filter(|plan| plan.community_exists) {
        plan.rewrite_community(handle).await?;
        plan.resume(handle).await?;
    }
    plans.iter().try_for_each(|plan| handle.changed(plan.change()))
}

async fn fill(handle: &Handle, plans: &[&Plan<'_>]) -> Result<()> {
    let every = || plans.iter().copied();
    let new = every().filter(|plan| !plan.community_exists);
    insert_all(handle, Box::new(new.map(Plan::community_row))).await?;
    for plan in every() {
        for planned in &plan.rewritten {
            rewrite(handle, planned.identity.id, &plan.member_row(planned)).await?;
        }
    }
    insert_all(handle, Box::new(every().flat_map(Plan::member_rows))).await?;
    insert_all(handle, Box::new(every().flat_map(Plan::point_rows))).await?;
    insert_all(handle, Box::new(every().flat_map(Plan::asset_rows))).await?;
    insert_all(handle, Box::new(every().flat_map(Plan::measure_rows))).await
}

/// What the active members hold, in the order of the table, which it fills from one end to the other.
fn holdings<'p>(plans: impl Iterator<Item = &'p Plan<'p>>) -> Vec<HoldingRow> {
    let mut holdings: Vec<HoldingRow> = plans.flat_map(Plan::holding_rows).collect();
    holdings.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
    holdings
}

/// Deletes the rows whose column holds one of the ids.
async fn delete_ids<C: ColumnTrait>(handle: &Handle, column: C, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let is_one = set::is_one_of_ids(handle.get_database_backend(), Expr::col(column), ids);
    let table = C::EntityName::default();
    handle.execute(&Query::delete().from_table(table).and_where(is_one).take()).await?;
    Ok(())
}

/// Writes every column of a row again, where it stands.
async fn rewrite<R: Row>(handle: &Handle, id: Uuid, row: &R) -> Result<()> {
    let mut update = Query::update();
    update.table(R::Entity::default()).and_where(Expr::col("id").eq(id));
    for column in ColumnOf::<R>::iter() {
        update.value(column, row.cell(column).into_expr()?);
    }
    handle.execute(&update).await?;
    Ok(())
}
