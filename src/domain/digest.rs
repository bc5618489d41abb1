//! What a community says with everything in it, in one short text: where the text is the same, so is what is said.

use std::hash::{Hash, Hasher};

use aws_lc_rs::digest::{Context, SHA256};

use super::import::CommunityGraph;

/// How much is gathered before it is hashed, in bytes: content comes in words, and a hash has a price a call.
const GATHERED: usize = 16 * 1024;

/// The SHA-256 of a community's content, hexadecimal. Versions of this program do not know each other's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentDigest(String);

impl ContentDigest {
    /// The digest of a community with everything in it.
    #[must_use]
    pub fn of(graph: &CommunityGraph) -> Self {
        let mut gathering = Gathering { hash: Context::new(&SHA256), waiting: Vec::with_capacity(GATHERED) };
        // What is hashed depends on the order of fields and words in the code.
        env!("CARGO_PKG_VERSION").hash(&mut gathering);
        graph.hash(&mut gathering);
        gathering.hash.update(&gathering.waiting);
        Self(hex::encode(gathering.hash.finish()))
    }

    /// The digest as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes in what `derive(Hash)` tells of a value, all of it with the length of each text and list.
struct Gathering {
    hash: Context,
    waiting: Vec<u8>,
}

impl Hasher for Gathering {
    fn write(&mut self, bytes: &[u8]) {
        if self.waiting.len() + bytes.len() > GATHERED {
            self.hash.update(&self.waiting);
            self.waiting.clear();
        }
        self.waiting.extend_from_slice(bytes);
    }

    /// The first eight bytes, for whoever wants but a number; nobody here does.
    fn finish(&self) -> u64 {
        let mut hash = self.hash.clone();
        hash.update(&self.waiting);
        let first = hash.finish().as_ref().first_chunk().copied();
        u64::from_be_bytes(first.unwrap_or_default())
    }
}
