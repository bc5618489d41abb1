//! What the edges of the graph load, many parents at a time. A key carries everything that its answer
//! depends on; what the caller may not see, the services leave out.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use uuid::Uuid;

use super::types::CommunityView;
use crate::domain::asset::Asset;
use crate::domain::delivery_point::DeliveryPoint;
use crate::domain::error::Error;
use crate::domain::filter::{AssetField, DeliveryPointField, Filter, MemberField, RevisionField};
use crate::domain::grid::AreaSet;
use crate::domain::history::Revision;
use crate::domain::identifier::{AssetKey, MemberKey};
use crate::domain::member::Member;
use crate::domain::page::Page;
use crate::domain::stats::Stats;
use crate::service::{self, Ctx, ListArgs};

/// Loads for one caller.
pub struct Loads {
    ctx: Arc<Ctx>,
}

impl Loads {
    /// Loads for whoever the context stands for.
    pub fn new(ctx: Arc<Ctx>) -> Self {
        Self { ctx }
    }
}

macro_rules! keyed {
    ($($(#[$meta:meta])* $name:ident($inner:ty) -> $value:ty = $service:path, $into:expr;)+) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Eq, Hash)]
            pub struct $name(pub $inner);

            impl Loader<$name> for Loads {
                type Value = $value;
                type Error = Error;

                async fn load(&self, keys: &[$name]) -> Result<HashMap<$name, $value>, Error> {
                    let keys: Vec<$inner> = keys.iter().map(|key| key.0.clone()).collect();
                    let found = $service(&self.ctx, &keys).await?;
                    Ok(found.into_iter().map(|(key, value)| ($name(key), $into(value))).collect())
                }
            }
        )+
    };
}

keyed! {
    /// The community with this id: its public part, which whoever holds an edge to it may see.
    CommunityById(Uuid) -> Arc<CommunityView> = service::community::by_ids, |found| Arc::new(CommunityView::new(found));
    /// The community with this id, when the caller may know of it.
    VisibleCommunityById(Uuid) -> Arc<CommunityView> = service::community::visible_by_ids, |found| Arc::new(CommunityView::new(found));
    /// The member with this id.
    MemberById(Uuid) -> Arc<Member> = service::member::by_ids, Arc::new;
    /// The member with this key in this community.
    MemberByKey((Uuid, MemberKey)) -> Arc<Member> = service::member::by_keys, Arc::new;
    /// The asset with this id.
    AssetById(Uuid) -> Arc<Asset> = service::asset::by_ids, Arc::new;
    /// The asset with this key in this community.
    AssetByKey((Uuid, AssetKey)) -> Arc<Asset> = service::asset::by_keys, Arc::new;
    /// The assets whose `measures` name this key in this community.
    AssetsMeasuring((Uuid, AssetKey)) -> Arc<Vec<Asset>> = service::asset::measured_by, Arc::new;
    /// The meters of this member whose `pod` is this folded code.
    MetersOfPoint((Uuid, String)) -> Arc<Vec<Asset>> = service::asset::meters_of_points, Arc::new;
    /// The delivery point with this id.
    DeliveryPointById(Uuid) -> Arc<DeliveryPoint> = service::delivery_point::by_ids, Arc::new;
    /// The delivery points of this member.
    DeliveryPointsOfMember(Uuid) -> Arc<Vec<DeliveryPoint>> = service::delivery_point::of_members, Arc::new;
    /// The delivery points of this community with this folded code.
    DeliveryPointsByCode((Uuid, String)) -> Arc<Vec<DeliveryPoint>> = service::delivery_point::by_codes, Arc::new;
}

/// A page of the list under a parent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageUnder<P, F> {
    /// The parent.
    pub parent: P,
    /// What page of which rows.
    pub args: Arc<ListArgs<F>>,
}

/// How many rows the list under a parent has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CountUnder<P, F> {
    /// The parent.
    pub parent: P,
    /// Which rows count.
    pub filter: Arc<Filter<F>>,
}

/// The numbers of the members under a parent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatsUnder<P> {
    /// The parent.
    pub parent: P,
    /// Which members count.
    pub filter: Arc<Filter<MemberField>>,
}

/// What lists can hang under.
pub trait Parent: Clone + Eq + Hash + Send + Sync + 'static {
    /// What the services name the parent by.
    type Id: Clone + Eq + Hash + Send + Sync;

    /// That name.
    fn id(&self) -> &Self::Id;
}

macro_rules! parent {
    ($($(#[$meta:meta])* $name:ident($id:ty);)+) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Eq, Hash)]
            pub struct $name(pub $id);

            impl Parent for $name {
                type Id = $id;

                fn id(&self) -> &$id {
                    &self.0
                }
            }
        )+
    };
}

parent! {
    /// Whatever is in this community.
    OfCommunity(Uuid);
    /// Whatever is in these areas of a community.
    OfAreas(AreaSet);
    /// Whatever is this member's.
    OfMember(Uuid);
}

/// A kind of row, named by its filter's fields, that is listed under parents of the kind `P`.
pub trait ListedUnder<P: Parent>: Clone + Eq + Hash + Send + Sync + Sized + 'static {
    /// The row.
    type Row: Send + Sync + 'static;

    /// One page under each parent, in one statement.
    fn pages(
        ctx: &Ctx,
        parents: &[P::Id],
        args: &ListArgs<Self>,
    ) -> impl Future<Output = Result<HashMap<P::Id, Page<Self::Row>>, Error>> + Send;

    /// The number of rows under each parent, in one statement.
    fn counts(
        ctx: &Ctx,
        parents: &[P::Id],
        filter: &Filter<Self>,
    ) -> impl Future<Output = Result<HashMap<P::Id, u64>, Error>> + Send;
}

macro_rules! listed_under {
    ($($field:ty, $row:ty, $parent:ty: $module:ident, $pages:ident, $counts:ident;)+) => {
        $(
            impl ListedUnder<$parent> for $field {
                type Row = $row;

                async fn pages(
                    ctx: &Ctx,
                    parents: &[<$parent as Parent>::Id],
                    args: &ListArgs<Self>,
                ) -> Result<HashMap<<$parent as Parent>::Id, Page<$row>>, Error> {
                    service::$module::$pages(ctx, parents, args).await
                }

                async fn counts(
                    ctx: &Ctx,
                    parents: &[<$parent as Parent>::Id],
                    filter: &Filter<Self>,
                ) -> Result<HashMap<<$parent as Parent>::Id, u64>, Error> {
                    service::$module::$counts(ctx, parents, filter).await
                }
            }
        )+
    };
}

listed_under! {
    MemberField, Member, OfCommunity: member, pages_of_communities, counts_of_communities;
    MemberField, Member, OfAreas: member, pages_of_areas, counts_of_areas;
    AssetField, Asset, OfCommunity: asset, pages_of_communities, counts_of_communities;
    AssetField, Asset, OfAreas: asset, pages_of_areas, counts_of_areas;
    AssetField, Asset, OfMember: asset, pages_of_members, counts_of_members;
    DeliveryPointField, DeliveryPoint, OfCommunity: delivery_point, pages_of_communities, counts_of_communities;
    RevisionField, Revision, OfCommunity: history, pages_of_communities, counts_of_communities;
}

/// What members stand under, and so have numbers.
pub trait MembersParent: Parent {
    /// The numbers of the members under each parent; parents without members may be left out.
    fn stats(
        ctx: &Ctx,
        parents: &[Self::Id],
        filter: &Filter<MemberField>,
    ) -> impl Future<Output = Result<HashMap<Self::Id, Stats>, Error>> + Send;
}

impl MembersParent for OfCommunity {
    async fn stats(
        ctx: &Ctx,
        parents: &[Uuid],
        filter: &Filter<MemberField>,
    ) -> Result<HashMap<Uuid, Stats>, Error> {
        service::stats::of_communities(ctx, parents, filter).await
    }
}

impl MembersParent for OfAreas {
    async fn stats(
        ctx: &Ctx,
        parents: &[AreaSet],
        filter: &Filter<MemberField>,
    ) -> Result<HashMap<AreaSet, Stats>, Error> {
        service::stats::of_areas(ctx, parents, filter).await
    }
}

/// The keys that ask for the same thing, together.
fn by_question<'k, K, A: Eq + Hash>(
    keys: &'k [K],
    question: impl Fn(&'k K) -> &'k A,
) -> HashMap<&'k A, Vec<&'k K>> {
    let mut groups: HashMap<&A, Vec<&K>> = HashMap::new();
    for key in keys {
        groups.entry(question(key)).or_default().push(key);
    }
    groups
}

impl<P: Parent, F: ListedUnder<P>> Loader<PageUnder<P, F>> for Loads {
    type Value = Arc<Page<Arc<F::Row>>>;
    type Error = Error;

    async fn load(&self, keys: &[PageUnder<P, F>]) -> Result<HashMap<PageUnder<P, F>, Self::Value>, Error> {
        let mut pages = HashMap::with_capacity(keys.len());
        for (args, keys) in by_question(keys, |key| &key.args) {
            let parents: Vec<P::Id> = keys.iter().map(|key| key.parent.id().clone()).collect();
            let mut found = F::pages(&self.ctx, &parents, args).await?;
            for key in keys {
                let page = found.remove(key.parent.id()).unwrap_or_else(Page::empty);
                pages.insert(key.clone(), Arc::new(page.map(Arc::new)));
            }
        }
        Ok(pages)
    }
}

impl<P: Parent, F: ListedUnder<P>> Loader<CountUnder<P, F>> for Loads {
    type Value = u64;
    type Error = Error;

    async fn load(&self, keys: &[CountUnder<P, F>]) -> Result<HashMap<CountUnder<P, F>, u64>, Error> {
        let mut counts = HashMap::with_capacity(keys.len());
        for (filter, keys) in by_question(keys, |key| &key.filter) {
            let parents: Vec<P::Id> = keys.iter().map(|key| key.parent.id().clone()).collect();
            let found = F::counts(&self.ctx, &parents, filter).await?;
            for key in keys {
                counts.insert(key.clone(), found.get(key.parent.id()).copied().unwrap_or_default());
            }
        }
        Ok(counts)
    }
}

impl<P: MembersParent> Loader<StatsUnder<P>> for Loads {
    type Value = Arc<Stats>;
    type Error = Error;

    async fn load(&self, keys: &[StatsUnder<P>]) -> Result<HashMap<StatsUnder<P>, Arc<Stats>>, Error> {
        let mut stats = HashMap::with_capacity(keys.len());
        for (filter, keys) in by_question(keys, |key| &key.filter) {
            let parents: Vec<P::Id> = keys.iter().map(|key| key.parent.id().clone()).collect();
            let mut found = P::stats(&self.ctx, &parents, filter).await?;
            for key in keys {
                stats.insert(key.clone(), Arc::new(found.remove(key.parent.id()).unwrap_or_default()));
            }
        }
        Ok(stats)
    }
}
