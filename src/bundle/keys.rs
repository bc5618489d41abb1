//! The documented keys of the levels that the domain does not name, and the bounds of text. Reader and
//! writer share them: what the one takes for a field, the other must not write as free data.

use crate::domain::identifier::AssetKey;

/// Keys of `metadata`.
pub const METADATA: &[&str] = &["created", "updated", "updated_by", "description"];
/// Keys of a community.
pub const COMMUNITY: &[&str] = &[
    "id",
    "name",
    "description",
    "areas",
    "topology",
    "operators",
    "legal",
    "links",
    "contact",
    "settings",
    "extra",
];
/// Keys of a member.
pub const MEMBER: &[&str] = &[
    "key",
    "user_id",
    "did",
    "name",
    "type",
    "role",
    "area",
    "status",
    "delivery_points",
    "assets",
    "extra",
];

/// The published schema versions.
pub const SCHEMA_VERSIONS: &[&str] = &["0.4", "0.5", "0.6", LATEST_SCHEMA_VERSION];
/// The highest published version of the bundle schema.
pub const LATEST_SCHEMA_VERSION: &str = "0.7";
/// The schema version that ties each area to one primary substation.
pub const BOUNDED_AREAS: &str = "0.7";
/// The highest schema version that does not.
pub const UNBOUNDED_AREAS: &str = "0.6";
/// The only register that the boundary of an area may come from.
pub const BOUNDARY_SOURCE: &str = "gse_cabine_primarie";

/// Longest key of a member, asset, area or operator, longest id of a point or node, in characters.
pub const KEY_CHARS: usize = AssetKey::MAX_CHARS;
/// Longest name, user id or sensor id, and longest key of free data, in characters.
pub const NAME_CHARS: usize = 256;
/// Longest DID, in characters; an index entry of PostgreSQL takes no more than about 2 700 bytes.
pub const DID_CHARS: usize = 512;
/// Longest id of a boundary, in characters.
pub const BOUNDARY_CHARS: usize = 64;

/// Whether a text has at most so many characters.
pub fn fits(text: &str, chars: usize) -> bool {
    text.len() <= chars || text.chars().count() <= chars
}
