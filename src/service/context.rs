//! What goes through every call of a request: who is asking, what they may see, and the database as it
//! was when the request first looked.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::audit::{Personal, Trail};
use super::memory::{Memory, Recollection};
use super::{Place, Places, Rates, Registry, Result};
use crate::auth::Principal;
use crate::domain::audit::Deed;
use crate::domain::closed_set::MemberStatus;
use crate::domain::columns::Columns;
use crate::domain::error::{AuthenticationFailure, Error};
use crate::domain::grant::{Operation, Reach};
use crate::domain::identifier::CommunityKey;
use crate::domain::member::MemberRef;
use crate::domain::timestamp::Timestamp;
use crate::metrics::Metrics;
use crate::store::{Handle, Store};

/// Who is asking, or why that is not known.
pub type Caller = std::result::Result<Arc<Principal>, AuthenticationFailure>;

/// The context of one request. Cheap to clone; clones share the snapshot.
#[derive(Clone)]
pub struct Ctx {
    caller: Caller,
    store: Store,
    rates: Arc<Rates>,
    places: Arc<Places>,
    metrics: Metrics,
    snapshot: Arc<OnceCell<Handle>>,
    /// Whether even a single statement reads from the snapshot.
    reads_as_one: bool,
    columns: Columns,
    /// What the request has looked at.
    trail: Arc<Trail>,
    memory: Option<Arc<Memory>>,
}

impl Ctx {
    pub(super) fn new(registry: &Registry, caller: Caller, trail: Trail) -> Self {
        let Registry { store, rates, places, metrics, memory, recorder: _ } = registry.clone();
        Self {
            caller,
            store,
            rates,
            places,
            metrics,
            snapshot: Arc::default(),
            reads_as_one: false,
            columns: Columns::all(),
            trail: Arc::new(trail),
            memory,
        }
    }

    /// The same context for a request that asks for several use cases: all of them read one snapshot.
    #[must_use]
    pub fn reading_as_one(self) -> Self {
        Self { reads_as_one: true, ..self }
    }

    /// The same context for a request that shows of free data these columns only. In what it reads all others
    /// are empty; what it writes is read whole.
    #[must_use]
    pub fn reading(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }

    /// A place for an import or an export.
    ///
    /// # Errors
    /// When none becomes free in time.
    pub(super) async fn transfer(&self) -> Result<Place> {
        self.places.transfer().await
    }

    /// What is counted of this process.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Who is asking.
    ///
    /// # Errors
    /// When there is no token, or a bad one.
    pub fn principal(&self) -> Result<&Principal> {
        self.caller.as_deref().map_err(|failure| Error::Unauthenticated(*failure))
    }

    /// How far the caller may go with an operation.
    ///
    /// # Errors
    /// When the caller is not known, or may not go anywhere with it.
    pub fn authorise(&self, operation: Operation) -> Result<Reach> {
        self.principal()?.grants.reach(operation).ok_or(Error::Forbidden(operation))
    }

    /// How far the caller may go with a lookup of so many identifiers, which count for the caller.
    pub(super) fn authorise_lookup(&self, ids: usize) -> Result<Reach> {
        let reach = self.authorise(Operation::Lookup)?;
        self.rates.count_lookups(&self.principal()?.subject, ids)?;
        self.trail.note_lookups(ids);
        Ok(reach)
    }

    /// Whether the caller may see everything in a community.
    #[must_use]
    pub fn sees_community(&self, key: &CommunityKey) -> bool {
        self.authorise(Operation::Read).is_ok_and(|reach| reach.includes(key))
    }

    /// Whether the caller may see a member and what it owns: because of a grant, or because it is the
    /// caller's own active membership.
    #[must_use]
    pub fn sees_member(&self, community: &CommunityKey, member: &MemberRef) -> bool {
        self.owns(member) || self.sees_community(community)
    }

    /// Whether a member is the caller's own active membership.
    #[must_use]
    pub fn owns(&self, member: &MemberRef) -> bool {
        let Ok(principal) = self.principal() else { return false };
        member.status == MemberStatus::Active && principal.username.as_ref() == Some(&member.user_id)
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Where the statements of this request read the communities as they are: one snapshot for all of them.
    ///
    /// # Errors
    /// When there is no connection to the database, or nothing is recorded any more.
    pub(super) async fn read(&self) -> Result<&Handle> {
        let begin = async || {
            // Room on the trail comes first: it is made over a connection, and nobody waits for it who has one.
            self.trail.reserve().await?;
            Ok::<_, Error>(self.store.snapshot().await?.reading(self.columns))
        };
        self.snapshot.get_or_try_init(begin).await
    }

    /// Lets this request see what is committed by the time of its next statement, its own writes among it.
    pub fn look_again(&self) {
        if let Some(snapshot) = self.snapshot.get() {
            snapshot.let_go();
        }
    }

    /// Where a use case that has one statement only reads: without the cost of a transaction, unless the
    /// request asks for several use cases and reads them as one.
    pub(super) async fn read_once(&self) -> Result<Handle> {
        match self.snapshot.get() {
            Some(snapshot) => Ok(snapshot.clone()),
            None if self.reads_as_one => self.read().await.cloned(),
            None => Ok(self.store.direct().reading(self.columns)),
        }
    }

    /// Where the statements of this request read what changes without a change of a community: the audit
    /// trail, revisions, who held what. An answer that says something of it is not told again from memory.
    pub(super) async fn read_records(&self) -> Result<&Handle> {
        self.trail.note_records();
        self.read().await
    }

    /// What is remembered of sensors; none when nothing is remembered now.
    pub(super) fn sensors(&self) -> Option<Recollection<'_>> {
        self.memory.as_ref()?.sensors(&self.store)
    }

    /// The database, for writes. What this request read from before is let go: nobody who has a connection waits for another.
    pub(super) fn store(&self) -> &Store {
        self.trail.note_records();
        self.look_again();
        &self.store
    }

    /// Does `work`, which looks at personal data, and puts it on the trail: how it ended, and whose rows in
    /// which community it gave. `within` is the community that is asked about.
    ///
    /// # Errors
    /// Those of the work; when the process is stopping and nothing is recorded any more.
    pub(super) async fn audited<T: Personal>(
        &self,
        operation: &'static str,
        within: Option<&CommunityKey>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.trail.reserve().await?;
        let outcome = work.await;
        self.trail.note(operation, within, &outcome);
        outcome
    }

    /// The same for work that follows an edge from what is on the trail already: it is put there when it
    /// gives rows of others, or may not be done.
    ///
    /// # Errors
    /// Those of the work; when the process is stopping and nothing is recorded any more.
    pub(super) async fn audited_edge<T: Personal>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.trail.reserve().await?;
        let outcome = work.await;
        self.trail.note_edge(operation, &outcome);
        outcome
    }

    /// What the request has looked at.
    pub(super) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// A write, to be recorded in its own transaction by [`crate::store::audit::append`]: one for each
    /// community, with how many rows were written. Empty when the caller is not known.
    pub(super) fn deeds<'d>(
        &'d self,
        operation: &'static str,
        communities: impl IntoIterator<Item = (&'d CommunityKey, u64)>,
    ) -> Vec<Deed<'d>> {
        let written = communities.into_iter();
        written.filter_map(|(key, rows)| self.trail.deed(operation, Some(key), rows, None)).collect()
    }
}
