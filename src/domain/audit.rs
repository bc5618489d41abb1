//! The audit trail: who looked at or wrote what of whom. People stand in it by pseudonyms, each made with
//! a key of its own that is kept apart; without the key nobody can say whose a pseudonym was.

use aws_lc_rs::hmac;
use uuid::Uuid;

use super::closed_set::AuditOutcome;
use super::identifier::{CommunityKey, UserId};
use super::timestamp::Timestamp;

/// Whose key a pseudonym is made with: a user name, or the subject of a token that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Person<'a> {
    /// The person with a user name.
    User(&'a UserId),
    /// Whoever has a subject at the identity provider, and no user name.
    Subject(&'a str),
}

impl Person<'_> {
    /// The name under which the key is kept.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::User(user_id) => format!("user:{}", user_id.as_str()),
            Self::Subject(subject) => format!("subject:{subject}"),
        }
    }
}

/// The pseudonym that a key makes of the person with a name: HMAC-SHA-256, the first 128 bits, hexadecimal.
#[must_use]
pub fn pseudonym(name: &str, key: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), name.as_bytes());
    hex::encode(tag.as_ref().get(..16).unwrap_or_default())
}

/// How many characters a key has.
pub const KEY_CHARS: usize = 64;

/// A new key of a person: 32 random bytes, hexadecimal.
#[must_use]
pub fn new_key() -> Option<String> {
    let mut bytes = [0; KEY_CHARS / 2];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(hex::encode(bytes))
}

/// A new id of a batch of entries: a UUID of version 7 with the microsecond of the first entry in it, so that ids
/// are in the order of the times. Its last two bytes are zero.
#[must_use]
pub fn new_batch_id(at: Timestamp) -> Uuid {
    batch_id(id_at(at, Uuid::now_v7()))
}

/// The id of an entry: that of its batch, with its place in it in the last two bytes.
#[must_use]
pub fn entry_id(batch: Uuid, place: usize) -> Uuid {
    Uuid::from_u128(batch.as_u128() | u128::from(u16::try_from(place).unwrap_or(u16::MAX)))
}

/// The id of the batch that an entry stands in.
#[must_use]
pub fn batch_id(entry: Uuid) -> Uuid {
    Uuid::from_u128(entry.as_u128() & !u128::from(u16::MAX))
}

/// The first id that a batch of this time could have.
#[must_use]
pub fn first_id(at: Timestamp) -> Uuid {
    id_at(at, Uuid::nil())
}

fn id_at(at: Timestamp, random: Uuid) -> Uuid {
    let micros = at.as_micros().max(0).unsigned_abs();
    let [.., a, b, c, d, e, f, g, h] = *random.as_bytes();
    // The part of a millisecond in 12 bits, as RFC 9562 has it in its method 3.
    let [high, low] = u16::try_from(micros % 1_000 * 4_096 / 1_000).unwrap_or(0).to_be_bytes();
    uuid::Builder::from_unix_timestamp_millis(micros / 1_000, &[high, low, a, b, c, d, e, f, g, h])
        .into_uuid()
}

/// Something that was done, people by name: what is written of it names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed<'a> {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Person<'a>,
    /// The one person that it is about, where it is about one.
    pub about: Option<Person<'a>>,
    /// The client that the token was made for.
    pub client: Option<&'a str>,
    /// What was done.
    pub operation: &'static str,
    /// In which community.
    pub community: Option<&'a CommunityKey>,
    /// How many rows were read or written.
    pub rows: u64,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The id of the request.
    pub request_id: Option<&'a str>,
}

/// An entry of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// The pseudonym of whoever did it.
    pub subject: String,
    /// The pseudonym of the one person that it is about; none where it is about nobody or several, and where more than ten people
    /// of different communities were looked at at once.
    pub about: Option<String>,
    /// The client that the token was made for.
    pub client: Option<String>,
    /// What was done: `member.get`, `lookup.member_by_user_id`, `import`.
    pub operation: String,
    /// The key of the community.
    pub community: Option<CommunityKey>,
    /// How many rows were read or written.
    pub rows: u64,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The id of the request.
    pub request_id: Option<String>,
}

/// Which entries are asked for. Every condition that is there must be fulfilled.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AuditFilter {
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Of this community.
    pub community: Option<CommunityKey>,
    /// By the person with this user name, or about that person alone.
    pub user: Option<UserId>,
    /// Of this operation.
    pub operation: Option<String>,
    /// That ended so.
    pub outcome: Option<AuditOutcome>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_the_times() {
        let times =
            [0, 1, 999, 1_000, 1_795_436_488_947_469, 1_795_436_488_947_470].map(Timestamp::from_micros);
        for pair in times.windows(2) {
            assert!(new_batch_id(pair[0]) < first_id(pair[1]), "{pair:?}");
            assert!(first_id(pair[0]) <= new_batch_id(pair[0]), "{pair:?}");
        }
        let batch = new_batch_id(times[4]);
        assert_eq!(batch.get_version_num(), 7);
        assert!(entry_id(batch, 0) < entry_id(batch, 1) && entry_id(batch, 1_999) < first_id(times[5]));
        assert_eq!(batch_id(entry_id(batch, 1_999)), batch);
    }

    #[test]
    fn another_key_makes_another_pseudonym_of_the_same_person() {
        let (alice, name) = (UserId::from("alice"), "user:alice");
        assert_eq!(Person::User(&alice).name(), name);
        assert_eq!(Person::Subject("alice").name(), "subject:alice");
        let (one, other) = (new_key().unwrap(), new_key().unwrap());
        assert_eq!(pseudonym(name, &one), pseudonym(name, &one));
        assert_eq!((one.len(), other.len()), (KEY_CHARS, KEY_CHARS));
        assert_ne!(pseudonym(name, &one), pseudonym(name, &other));
        assert_ne!(pseudonym(name, &one), pseudonym("subject:alice", &one));
        assert_eq!(pseudonym(name, &one).len(), 32);
    }
}
