//! What the resolvers of one operation share: who is asking, and the loaders.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use async_graphql::{Context, ErrorExtensions as _};

use super::batch::Queue;
use super::connection::Count;
use super::error::code;
use super::loaders::{
    CommunityById, CountUnder, DeliveryPointsOfMember, ListedUnder, Loads, MemberById, MembersParent,
    PageUnder, Parent, StatsUnder,
};
use super::types::{self, CommunityView};
use crate::domain::community::Community;
use crate::domain::error::Error;
use crate::domain::filter::{Filter, MemberField};
use crate::domain::member::Member;
use crate::domain::page::Page;
use crate::domain::stats::Stats;
use crate::service::write::member::WrittenMember;
use crate::service::{Ctx, ListArgs};

/// What finds out about a list at the root of a query:
/// `deferring!(scope, filter, |ctx, filter| member::count(..))`.
macro_rules! deferring {
    ($scope:expr, $filter:expr, |$ctx:ident, $borrowed:ident| $found:expr) => {{
        let scope = std::sync::Arc::clone($scope);
        let filter = std::sync::Arc::new($filter);
        let deferred: $crate::graphql::connection::Deferred<_> = Box::new(move || {
            let (scope, filter) = (std::sync::Arc::clone(&scope), std::sync::Arc::clone(&filter));
            Box::pin(async move {
                let ($ctx, $borrowed) = (scope.ctx(), &*filter);
                $found.await
            })
        });
        deferred
    }};
}
pub(super) use deferring;

/// The loaders of one operation. They live as long as it does: what one caller may see never reaches
/// another, and nothing in them grows old.
pub struct Scope {
    ctx: Arc<Ctx>,
    queue: Queue,
    loader: RwLock<Arc<Loading>>,
    entries_left: AtomicUsize,
}

type Loading = DataLoader<Loads, HashMapCache>;

fn loading(ctx: &Arc<Ctx>, queue: Queue) -> Arc<Loading> {
    let loader = DataLoader::with_cache(
        Loads::new(Arc::clone(ctx)),
        move |load| queue.push(load),
        HashMapCache::default(),
    );
    Arc::new(loader.delay(Duration::ZERO).max_batch_size(usize::MAX))
}

impl Scope {
    /// The scope of an operation, which may take so many entries of lists without pages; its loads go to
    /// the queue.
    pub fn new(ctx: Ctx, queue: Queue, entries: usize) -> Self {
        let ctx = Arc::new(ctx);
        let loader = RwLock::new(loading(&ctx, queue.clone()));
        Self { ctx, queue, loader, entries_left: AtomicUsize::new(entries) }
    }

    /// Forgets what was loaded before a write, so that the rest of the operation sees what it did.
    pub fn after_write(&self) {
        self.ctx.look_again();
        let fresh = loading(&self.ctx, self.queue.clone());
        *self.loader.write().unwrap_or_else(PoisonError::into_inner) = fresh;
    }

    fn loader(&self) -> Arc<Loading> {
        Arc::clone(&self.loader.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The scope that a resolver runs in.
    ///
    /// # Errors
    /// [`Error::Internal`] when the operation was started without one.
    pub fn of<'c>(context: &Context<'c>) -> Result<&'c Arc<Self>, Error> {
        context.data::<Arc<Self>>().map_err(|_| Error::internal("an operation runs without its scope"))
    }

    /// Who is asking, for the services.
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// Takes entries of lists without pages, whose length nobody knows before they are read. Lists of grid
    /// nodes in each other grow with the power of their depth, so all lists of an operation together may
    /// have as many entries as it may be complex.
    ///
    /// # Errors
    /// `QUERY_TOO_COMPLEX` when fewer are left.
    pub fn take_entries(&self, taken: usize) -> async_graphql::Result<()> {
        let take = |left: usize| left.checked_sub(taken);
        match self.entries_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => {
                Err(async_graphql::Error::new("The lists of grid nodes and areas are too long together")
                    .extend_with(|_, extensions| extensions.set("code", code::QUERY_TOO_COMPLEX)))
            }
        }
    }

    /// What a key stands for; none when nothing, or nothing that the caller may see.
    ///
    /// # Errors
    /// Those of the service behind the key.
    pub async fn load<K>(&self, key: K) -> Result<Option<<Loads as Loader<K>>::Value>, Error>
    where
        K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
        Loads: Loader<K, Error = Error>,
    {
        self.loader().load_one(key).await
    }

    /// What several keys stand for, in their order; those that stand for nothing are left out.
    ///
    /// # Errors
    /// Those of the service behind the keys.
    pub async fn load_all<K>(&self, keys: Vec<K>) -> Result<Vec<<Loads as Loader<K>>::Value>, Error>
    where
        K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
        Loads: Loader<K, Error = Error>,
    {
        let mut found = self.loader().load_many(keys.iter().cloned()).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }

    /// A page of the list under a parent, and what counts that list.
    ///
    /// # Errors
    /// Those of the service behind the list.
    pub async fn page_under<P: Parent, F: ListedUnder<P>>(
        self: &Arc<Self>,
        parent: P,
        args: ListArgs<F>,
    ) -> Result<(Page<Arc<F::Row>>, Count), Error> {
        let args = Arc::new(args);
        let count: Count = {
            let scope = Arc::clone(self);
            let key = CountUnder { parent: parent.clone(), filter: Arc::new(args.filter.clone()) };
            Box::new(move || {
                let (scope, key) = (Arc::clone(&scope), key.clone());
                Box::pin(async move { Ok(scope.load(key).await?.unwrap_or_default()) })
            })
        };
        let page = self.load(PageUnder { parent, args }).await?;
        Ok((page.map(Arc::unwrap_or_clone).unwrap_or_else(Page::empty), count))
    }

    /// The numbers of the members under a parent.
    ///
    /// # Errors
    /// Those of the service behind them.
    pub async fn stats_under<P: MembersParent>(
        &self,
        parent: P,
        filter: Filter<MemberField>,
    ) -> Result<Arc<Stats>, Error> {
        let found = self.load(StatsUnder { parent, filter: Arc::new(filter) }).await?;
        Ok(found.unwrap_or_default())
    }

    /// Remembers a community that was fetched already.
    pub async fn remember_community(&self, community: Community) -> Arc<CommunityView> {
        let view = Arc::new(CommunityView::new(community));
        self.loader().feed_one(CommunityById(view.id()), Arc::clone(&view)).await;
        view
    }

    /// Remembers a member that was fetched already, if edges may lead the caller there: who was looked up
    /// is not seen from elsewhere for that.
    pub async fn remember_member(&self, member: Member) -> Arc<Member> {
        let member = Arc::new(member);
        if self.ctx.sees_member(&member.community.key, &member.tag()) {
            self.loader().feed_one(MemberById(member.id), Arc::clone(&member)).await;
        }
        member
    }

    /// Remembers a member that was written, with its delivery points.
    pub async fn remember_written(&self, written: WrittenMember) -> types::Member {
        let points = (DeliveryPointsOfMember(written.member.id), Arc::new(written.delivery_points));
        self.loader().feed_many([points]).await;
        types::Member(self.remember_member(written.member).await)
    }

    /// Remembers the communities of a page.
    pub async fn remember_communities(&self, page: Page<Community>) -> Page<Arc<CommunityView>> {
        let page = page.map(|community| Arc::new(CommunityView::new(community)));
        let views = page.rows.iter().map(|row| (CommunityById(row.value.id()), Arc::clone(&row.value)));
        self.loader().feed_many(views).await;
        page
    }

    /// Remembers a member that was found, if one was.
    pub async fn remembered(&self, found: Option<Member>) -> Option<types::Member> {
        match found {
            Some(member) => Some(types::Member(self.remember_member(member).await)),
            None => None,
        }
    }

    /// Remembers the members of a page.
    pub async fn remember_members(&self, page: &Page<Arc<Member>>) {
        let members = page.rows.iter().map(|row| (MemberById(row.value.id), Arc::clone(&row.value)));
        self.loader().feed_many(members).await;
    }
}
