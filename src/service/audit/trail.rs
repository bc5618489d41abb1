//! What one request looked at, added up by operation, community and outcome. It goes to the recorder as
//! one message when the request is over, however it ends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::super::memory::Witness;
use super::look::{Look, People, Row, Tally, deed};
use super::personal::Personal;
use super::recorder::{Place, Recorder};
use crate::auth::Principal;
use crate::domain::audit::Deed;
use crate::domain::closed_set::AuditOutcome;
use crate::domain::error::Error;
use crate::domain::identifier::{CommunityKey, UserId};
use crate::domain::timestamp::Timestamp;
use crate::service::Result;

/// The trail of one request.
pub struct Trail {
    caller: Option<Arc<Principal>>,
    request_id: Option<String>,
    recorder: Option<Recorder>,
    /// Room for what is noted, kept from the first look on: nothing is looked at that could not be recorded.
    place: OnceCell<Place>,
    tallies: Mutex<Tallies>,
    /// How many identifiers were looked up.
    lookups: AtomicUsize,
    /// Whether something was read that changes without a change of a community.
    read_records: AtomicBool,
    /// Who is told what was looked at, beside the recorder.
    witness: Option<Witness>,
}

type Tallies = BTreeMap<Row, Tally>;

impl Trail {
    pub(in crate::service) fn new(
        caller: Option<Arc<Principal>>,
        recorder: Option<Recorder>,
        request_id: Option<String>,
    ) -> Self {
        Self {
            caller,
            request_id,
            recorder,
            place: OnceCell::new(),
            tallies: Mutex::default(),
            lookups: AtomicUsize::new(0),
            read_records: AtomicBool::new(false),
            witness: None,
        }
    }

    /// The same trail, told to a witness as well when the request is over.
    pub(in crate::service) fn witnessed(mut self, witness: Option<Witness>) -> Self {
        self.witness = witness;
        self
    }

    /// Notes that something is read that changes without a change of a community: no witness is told.
    pub(in crate::service) fn note_records(&self) {
        self.read_records.store(true, Ordering::Relaxed);
    }

    /// Notes that identifiers were looked up.
    pub(in crate::service) fn note_lookups(&self, ids: usize) {
        self.lookups.fetch_add(ids, Ordering::Relaxed);
    }

    /// Makes sure that what is noted will be recorded; waits while the recorder has too much to do.
    ///
    /// # Errors
    /// When the process is stopping.
    pub(in crate::service) async fn reserve(&self) -> Result<()> {
        if let (Some(recorder), Some(_)) = (&self.recorder, &self.caller) {
            self.place.get_or_try_init(|| recorder.reserve()).await?;
        }
        Ok(())
    }

    /// Notes how something ended that somebody asked for.
    pub(in crate::service) fn note<T: Personal>(
        &self,
        operation: &'static str,
        within: Option<&CommunityKey>,
        outcome: &Result<T>,
    ) {
        match outcome {
            Ok(found) => {
                let noted = self.note_rows(operation, found);
                if !noted {
                    let outcome = if found.is_absent() { AuditOutcome::NotFound } else { AuditOutcome::Ok };
                    self.add(operation, within, outcome, Tally::default());
                }
            }
            Err(error) => self.note_error(operation, within, error),
        }
    }

    /// Notes how it ended that an edge was followed: nothing, when it led nowhere.
    pub(in crate::service) fn note_edge<T: Personal>(&self, operation: &'static str, outcome: &Result<T>) {
        match outcome {
            Ok(found) => {
                self.note_rows(operation, found);
            }
            Err(error) => self.note_error(operation, None, error),
        }
    }

    /// Notes why something was not done.
    pub(in crate::service) fn note_error(
        &self,
        operation: &'static str,
        within: Option<&CommunityKey>,
        error: &Error,
    ) {
        let outcome = match error {
            Error::Forbidden(_) | Error::Denied { .. } | Error::Unauthenticated(_) => AuditOutcome::Denied,
            Error::NotFound { .. } => AuditOutcome::NotFound,
            Error::InvalidInput(_)
            | Error::Unreadable(_)
            | Error::Refused(_)
            | Error::Conflict { .. }
            | Error::Unprocessable { .. }
            | Error::Changed(_)
            | Error::RateLimited { .. }
            | Error::TooLarge(_) => AuditOutcome::Refused,
            Error::Overloaded { .. } | Error::Unavailable { .. } | Error::Internal { .. } => {
                AuditOutcome::Failed
            }
        };
        self.add(operation, within, outcome, Tally::default());
    }

    /// Notes a number of rows of a community.
    pub(in crate::service) fn note_count(&self, operation: &'static str, within: &CommunityKey, rows: u64) {
        let people = if rows == 0 { People::Nobody } else { People::Several };
        self.add(operation, Some(within), AuditOutcome::Ok, Tally { rows, people });
    }

    /// Notes the rows of others; whether there were rows at all.
    fn note_rows(&self, operation: &'static str, found: &impl Personal) -> bool {
        let own = self.caller.as_ref().and_then(|caller| caller.username.as_ref());
        let mut any = false;
        let mut rows: Vec<(&CommunityKey, Option<&UserId>)> = Vec::new();
        found.each_row(&mut |community, user_id| {
            any = true;
            if user_id.is_none() || own != user_id {
                rows.push((community, user_id));
            }
        });
        rows.sort_unstable_by_key(|(community, _)| *community);
        for of_one in rows.chunk_by(|(one, _), (other, _)| one == other) {
            let community = of_one.first().map(|(community, _)| *community);
            let mut tally = Tally::default();
            of_one.iter().for_each(|(_, user_id)| tally.add(*user_id));
            self.add(operation, community, AuditOutcome::Ok, tally);
        }
        any
    }

    fn add(
        &self,
        operation: &'static str,
        within: Option<&CommunityKey>,
        outcome: AuditOutcome,
        tally: Tally,
    ) {
        // A text that cannot be a key is no community; who knows what it is.
        let community = within.filter(|key| CommunityKey::is_valid(key.as_str())).cloned();
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.entry(Row { operation, community, outcome }).or_default().merge(tally);
    }

    /// Something that the caller did just now; none when the caller is not known.
    pub(in crate::service) fn deed<'d>(
        &'d self,
        operation: &'static str,
        community: Option<&'d CommunityKey>,
        rows: u64,
        about: Option<&'d UserId>,
    ) -> Option<Deed<'d>> {
        let caller = self.caller.as_ref()?;
        let request = (caller.as_ref(), Timestamp::now(), self.request_id.as_deref());
        Some(deed(request, operation, (community, rows), about))
    }
}

/// The request is over.
impl Drop for Trail {
    fn drop(&mut self) {
        let tallies = std::mem::take(self.tallies.get_mut().unwrap_or_else(PoisonError::into_inner));
        let look = Arc::new(Look::of(tallies, *self.lookups.get_mut()));
        if let (Some(place), Some(caller)) = (self.place.take(), self.caller.take()) {
            place.take(caller, self.request_id.take(), Arc::clone(&look));
        }
        if let Some(witness) = self.witness.take().filter(|_| !*self.read_records.get_mut()) {
            witness.tell(look);
        }
    }
}
