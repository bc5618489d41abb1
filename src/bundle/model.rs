//! What reading and checking a body give.

use std::fmt;

use crate::domain::code::Code;
use crate::domain::delivery_point::HoldingKind;
use crate::domain::digest::ContentDigest;
use crate::domain::identifier::MemberKey;
use crate::domain::import::{CommunityGraph, Counts, Refusal};
use crate::domain::node::Node;

/// Why a YAML body cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong, in words.
    pub message: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// A problem that the reader met and read past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The machine code.
    pub code: Code,
    /// Where in the document.
    pub path: String,
    /// A sentence.
    pub detail: String,
}

/// Something that is wrong with a document, or with one entity of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The machine code.
    pub code: Code,
    /// Where it stands: `members.au-00001.role`; empty for the whole.
    pub path: String,
    /// The same, step by step.
    pub location: Vec<String>,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// Something odd that goes in all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// Where it stands, and what is odd.
    pub sentence: String,
    /// Whether it is a reference that leads nowhere.
    pub is_dangling: bool,
}

impl Warning {
    /// Something that is not as it should be.
    pub(super) fn odd(sentence: String) -> Self {
        Self { sentence, is_dangling: false }
    }

    /// A reference that leads nowhere.
    pub(super) fn dangling(sentence: String) -> Self {
        Self { sentence, is_dangling: true }
    }
}

/// One document of a body, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadDocument {
    /// The tree; of a key that stood twice the first value.
    pub node: Node,
    /// Keys that stood twice, keys that are no scalars.
    pub problems: Vec<Problem>,
}

/// What the check of one document found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckedDocument {
    /// The key of the community; empty when the document names no usable one.
    pub community_key: String,
    /// The content; none when the document itself is refused.
    pub bundle: Option<CommunityGraph>,
    /// What tells that content from any other; there with it.
    pub digest: Option<ContentDigest>,
    /// How many entities the document holds, where they can be counted.
    pub counts: Counts,
    /// What is odd but goes in. The sentences depend on the content alone, not on its spelling.
    pub warnings: Vec<Warning>,
    /// What keeps the document from going in.
    pub refusals: Vec<Refusal>,
}

/// What the check of a whole body found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckedBody {
    /// The documents, in the order of the body.
    pub documents: Vec<CheckedDocument>,
    /// Every sensor and delivery point that an active member of the body holds; once a member.
    pub held: Vec<Held>,
    /// Every DID of the body, whatever the member's status.
    pub dids: Vec<BundledDid>,
}

impl CheckedBody {
    /// Whether any document is refused, and so the body.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.documents.iter().any(|document| !document.refusals.is_empty())
    }

    /// The refusals of all documents, in their order.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.documents.iter().flat_map(|document| &document.refusals)
    }
}

/// An identifier that an active member of the body holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it is.
    pub kind: HoldingKind,
    /// The form in which it is compared.
    pub folded: String,
    /// The index of the document, from 0.
    pub document: usize,
    /// The key of the member.
    pub member: MemberKey,
    /// Where it stands, for a refusal.
    pub path: String,
}

/// A DID that a member of the body carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundledDid {
    /// The DID.
    pub did: String,
    /// The index of the document, from 0.
    pub document: usize,
    /// The key of the member.
    pub member: MemberKey,
    /// Where it stands, for a refusal.
    pub path: String,
}
