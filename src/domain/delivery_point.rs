//! A delivery point: where a member is connected to the grid (POD, CUPS, PRM, MaLo, EAN, MPAN).

use uuid::Uuid;

use super::code::Code;
use super::community::CommunityRef;
use super::document::Document;
use super::identifier::DeliveryPointCode;
use super::member::MemberRef;

/// The documented keys of a delivery point, in the order in which they are written.
pub const KNOWN_KEYS: &[&str] = &["id", "type", "description", "address", "tariff", "active"];

/// What is said of a delivery point, without its identity in this registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeliveryPointContent {
    /// The id that the grid operator gave it; unique in the member, trimmed and ignoring case.
    pub code: DeliveryPointCode,
    /// pod, cups, prm, malo, ean, mpan, other, or whatever was given.
    pub point_type: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// Where it is.
    pub address: Option<String>,
    /// The tariff it is under.
    pub tariff: Option<String>,
    /// Whether it is in use.
    pub active: bool,
    /// Every other key, a mapping.
    pub extra: Document,
}

/// A delivery point of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPoint {
    /// Stable across re-imports of the same member key and code.
    pub id: Uuid,
    /// The community of its member.
    pub community: CommunityRef,
    /// The member whose it is.
    pub member: MemberRef,
    /// What is said of it.
    pub content: DeliveryPointContent,
}

/// What an active member holds alone in the whole registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldingKind {
    /// A sensor, by its trimmed id.
    Sensor,
    /// A delivery point, by its code trimmed and case-folded.
    DeliveryPoint,
}

impl HoldingKind {
    /// The word that stands for the kind in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::DeliveryPoint => "delivery_point",
        }
    }

    /// The kind that a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Sensor, Self::DeliveryPoint].into_iter().find(|kind| kind.as_str() == word)
    }

    /// What it is called in a sentence.
    #[must_use]
    pub fn named(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::DeliveryPoint => "delivery point",
        }
    }

    /// Why nobody else may hold it.
    #[must_use]
    pub fn refusal(self) -> Code {
        match self {
            Self::Sensor => Code::SensorHeld,
            Self::DeliveryPoint => Code::DeliveryPointHeld,
        }
    }
}

/// A delivery point that several members of a community name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateDeliveryPoint {
    /// The code, as the first holder by key writes it.
    pub code: DeliveryPointCode,
    /// Every point of the community with that code, by member key.
    pub holders: Vec<DeliveryPoint>,
    /// How many of the holders are active members.
    pub active_holders: u64,
    /// Whether an active member of another community holds the code.
    pub held_elsewhere: bool,
}
