//! Answers that are remembered for as long as nothing has changed that they are about.
//!
//! Only answers to who asked the same before, with the same rights, and none but those that give something.
//! What was read before a change that this process has heard of is not told again; while changes may be
//! missed, nothing is. Whoever is answered from memory is counted and stands on the audit trail as if the
//! database had been asked.

mod pending;
mod sensors;

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter};

use self::pending::{Pending, Turn};
use self::sensors::Sensors;
pub use self::sensors::{FirstOnSensor, OnSensor, Spell};
pub(super) use self::sensors::{Gathering, Recollection};
use super::audit::Look;
use super::{Caller, Registry};
use crate::auth::Principal;
use crate::domain::identifier::CommunityKey;
use crate::metrics::{Asked, Operation};
use crate::store::{Moment, Store};

/// Largest answer that is remembered, in bytes, and longest question.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
const MAX_QUESTION_BYTES: usize = 16 * 1024;

/// Least room of a part of the memory for answers that has a lock of its own, and most of these parts.
const A_SHARD_BYTES: u64 = 4 * MAX_ANSWER_BYTES as u64;
const MOST_SHARDS: usize = 64;

/// What an answer takes beside its body and its question, in bytes: about.
const OVERHEAD_BYTES: usize = 512;

/// What somebody asks.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    asker: &'q Arc<Principal>,
    text: &'q str,
}

impl<'q> Question<'q> {
    /// A question that is told by its text; none when it is too long, or nobody knows who asks.
    #[must_use]
    pub fn new(caller: &'q Caller, text: &'q str) -> Option<Self> {
        let asker = caller.as_ref().ok()?;
        (text.len() <= MAX_QUESTION_BYTES).then_some(Self { asker, text })
    }

    /// The same, to be kept.
    fn kept(self) -> Kept {
        Kept { asker: Arc::clone(self.asker), text: self.text.into() }
    }
}

impl Hash for Question<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        self.asker.subject.hash(state);
    }
}

impl Equivalent<Kept> for Question<'_> {
    fn equivalent(&self, kept: &Kept) -> bool {
        *self == Question { asker: &kept.asker, text: &kept.text }
    }
}

impl PartialEq for Question<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
            && (Arc::ptr_eq(self.asker, other.asker) || sees_the_same(self.asker, other.asker))
    }
}

/// A question that is kept.
struct Kept {
    asker: Arc<Principal>,
    text: Box<str>,
}

impl Kept {
    fn question(&self) -> Question<'_> {
        Question { asker: &self.asker, text: &self.text }
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.question() == other.question()
    }
}

impl Eq for Kept {}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.question().hash(state);
    }
}

/// Whether two tokens are answered the same: all but their time and the client.
fn sees_the_same(one: &Principal, other: &Principal) -> bool {
    let of = |principal: &Principal| {
        let Principal { subject, username, client: _, email, name, grants, expires_at: _ } =
            principal.clone();
        (subject, username, email, name, grants)
    };
    of(one) == of(other)
}

/// An answer that gives something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its entity tag; empty where answers have none.
    pub entity_tag: Bytes,
    /// Its body, JSON.
    pub body: Bytes,
    /// What it answers, among the figures.
    pub what: Option<What>,
}

/// What is answered, among the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A route.
    Route(Asked),
    /// An operation of GraphQL.
    Operation(Operation),
}

struct Remembered {
    /// The community that alone it is about; none when it may be about any.
    within: Option<CommunityKey>,
    since: Moment,
    look: Arc<Look>,
    answer: Answer,
}

#[derive(Clone)]
struct ByBytes;

type Answers = Cache<Kept, Arc<Remembered>, ByBytes>;

impl Weighter<Kept, Arc<Remembered>> for ByBytes {
    fn weight(&self, question: &Kept, remembered: &Arc<Remembered>) -> u64 {
        (question.text.len() + remembered.answer.body.len() + OVERHEAD_BYTES) as u64
    }
}

/// A memory for answers of so many bytes.
fn answers_of_bytes(bytes: u64) -> Answers {
    // About so many answers of one member or asset fit.
    let answers = usize::try_from(bytes / 1024).unwrap_or(usize::MAX);
    // Each shard has its own room, and some of the largest answers must fit into it; by itself it would be the less, the more
    // processors there are.
    let shards = usize::try_from(bytes / A_SHARD_BYTES).unwrap_or(usize::MAX).clamp(1, MOST_SHARDS);
    let options =
        OptionsBuilder::new().shards(shards).estimated_items_capacity(answers).weight_capacity(bytes).build();
    options.map_or_else(
        |_| Cache::with_weighter(answers, bytes, ByBytes),
        |options| {
            Cache::with_options(options, ByBytes, DefaultHashBuilder::default(), DefaultLifecycle::default())
        },
    )
}

/// What is remembered, as much as there is room for: a quarter of it for answers, the rest for what stands on sensors, since
/// a batch asks for a hundred at once and is as slow as what is not remembered of them.
pub(super) struct Memory {
    answers: Answers,
    sensors: Sensors,
    pending: Arc<Pending>,
}

impl Memory {
    /// A memory of so many bytes.
    pub(super) fn of_bytes(bytes: u64) -> Self {
        let quarter = bytes / 4;
        Self {
            answers: answers_of_bytes(quarter),
            sensors: Sensors::of_bytes(bytes - quarter),
            pending: Arc::default(),
        }
    }

    /// How much is remembered, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.answers.weight() + self.sensors.bytes()
    }

    /// What is remembered of sensors; none while changes may be missed.
    pub(super) fn sensors<'m>(&'m self, store: &'m Store) -> Option<Recollection<'m>> {
        self.sensors.now(store)
    }
}

/// Learns what the services looked at while they answered.
#[derive(Clone, Default)]
pub struct Witness(Arc<Mutex<Option<Arc<Look>>>>);

impl Witness {
    pub(super) fn tell(&self, look: Arc<Look>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
    }

    fn take(&self) -> Option<Arc<Look>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A question that is being answered, and may be remembered then.
pub struct Asking {
    memory: Arc<Memory>,
    question: Kept,
    within: Option<CommunityKey>,
    since: Moment,
    witness: Witness,
    /// None where somebody else is being answered the same.
    turn: Option<Turn>,
}

impl Asking {
    /// Who is to be told what is looked at.
    #[must_use]
    pub fn witness(&self) -> Witness {
        self.witness.clone()
    }

    /// Remembers the answer. Not when it is large, nor when what was looked at is not known.
    pub fn answered(self, answer: Answer) {
        // Who waits for it is told when it is remembered.
        let Self { memory, question, within, since, witness, turn: _turn } = self;
        if let Some(look) = witness.take().filter(|_| answer.body.len() <= MAX_ANSWER_BYTES) {
            // What a text grew in may be twice as large, and two pieces of memory take more than one.
            let mut body = Bytes::from([answer.entity_tag.as_ref(), answer.body.as_ref()].concat());
            let entity_tag = body.split_to(answer.entity_tag.len());
            let answer = Answer { entity_tag, body, what: answer.what };
            memory.answers.insert(question, Arc::new(Remembered { within, since, look, answer }));
        }
    }
}

impl Registry {
    /// What was answered to the same question, if that is true still. It counts, also for an address that has not been
    /// counted yet, and is recorded. Nobody is asked, and nothing is waited for.
    #[must_use]
    pub fn recall(
        &self,
        question: Question<'_>,
        request_id: Option<&str>,
        address: Option<IpAddr>,
    ) -> Option<Answer> {
        let memory = self.memory.as_ref()?;
        let found = memory.answers.get(&question)?;
        if !self.store.holds(found.since, found.within.as_ref()) {
            memory.answers.remove(&question);
            return None;
        }
        // Nothing is counted that is not told, or it would be counted once more by those who answer then.
        let place = match &self.recorder {
            Some(recorder) => Some(recorder.try_reserve()?),
            None => None,
        };
        // Who may not ask now is refused by the services, in the words of the door.
        address.map_or(Ok(()), |address| self.rates.count_address(address)).ok()?;
        self.rates.count_request(&Ok(Arc::clone(question.asker))).ok()?;
        self.rates.count_lookups(&question.asker.subject, found.look.lookups).ok()?;
        if let Some(place) = place {
            let (asker, look) = (Arc::clone(question.asker), Arc::clone(&found.look));
            place.take(asker, request_id.map(str::to_owned), look);
        }
        self.metrics.recalled(true);
        Some(found.answer.clone())
    }

    /// What is answered to somebody who asks the same at this moment, as it is remembered then: [`Self::recall`] after a wait.
    pub async fn overhear(&self, question: Question<'_>, request_id: Option<&str>) -> Option<Answer> {
        let is_over = self.memory.as_ref()?.pending.over(&question).await;
        is_over.then(|| self.recall(question, request_id, None))?
    }

    /// Notes that a question is being answered, about one community or any; none when nothing is remembered.
    #[must_use]
    pub fn asking(&self, question: Question<'_>, within: Option<CommunityKey>) -> Option<Asking> {
        let memory = Arc::clone(self.memory.as_ref()?);
        self.metrics.recalled(false);
        let (since, witness) = (self.store.now()?, Witness::default());
        let turn = Pending::begin(&memory.pending, &question);
        Some(Asking { memory, question: question.kept(), within, since, witness, turn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_answers_have_room_beside_others_however_many_processors_there_are() {
        const MIB: u64 = 1024 * 1024;
        for bytes in [MIB, 11 * MIB / 4, 3 * MIB, 5 * MIB, 1024 * MIB] {
            let answers = answers_of_bytes(bytes);
            assert!(answers.shard_capacity() >= 2 * MAX_ANSWER_BYTES as u64, "{bytes}");
            assert!(answers.capacity() >= bytes);
        }
    }
}
