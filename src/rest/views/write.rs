//! What writes are given and answer. The bodies are read by the services, which hold them to the rules of a
//! bundle; the types of bodies here describe them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::community::CommunityDetail;
use super::free::FreeData;
use super::import::Counts;
use super::words::{NodeTypeWord, RoleWord, StatusWord};
use crate::domain::closed_set::ClosedSet as _;
use crate::domain::identifier::{CommunityKey, MemberKey};
use crate::domain::import;
use crate::service::write::area;
use crate::service::write::member;

type Free = BTreeMap<String, serde_json::Value>;

/// What became of a member that was removed.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberRemoved {
    /// The community.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// The member.
    #[schema(example = "au-00001")]
    pub member_key: String,
    /// `inactive`; null when the member is erased.
    #[schema(required, example = "inactive")]
    pub status: Option<&'static str>,
    /// Whether the member is erased.
    #[schema(example = false)]
    pub purged: bool,
    /// How many assets were erased with it.
    #[schema(example = 0)]
    pub assets_removed: u64,
}

impl MemberRemoved {
    /// What became of a member.
    #[must_use]
    pub fn of(community: CommunityKey, key: MemberKey, removed: &member::RemovedMember) -> Self {
        Self {
            community_key: community.into_string(),
            member_key: key.into_string(),
            status: removed.member.as_ref().map(|member| member.content.status.as_str()),
            purged: removed.member.is_none(),
            assets_removed: removed.assets_removed,
        }
    }
}

/// What was removed with a community.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityRemoved {
    /// The community.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// How much it held.
    pub deleted: Counts,
}

impl CommunityRemoved {
    /// What was removed.
    #[must_use]
    pub fn of(community: CommunityKey, counts: import::Counts) -> Self {
        Self { community_key: community.into_string(), deleted: counts.into() }
    }
}

/// What renaming an area did.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaRenamed {
    /// The key that the area had.
    #[schema(example = "north")]
    pub old_key: String,
    /// The key that it has.
    #[schema(example = "upper-north")]
    pub new_key: String,
    /// How many members, whatever their status, moved with it.
    #[schema(example = 12)]
    pub members_moved: u64,
    /// The community as it is now.
    pub community: CommunityDetail,
}

impl From<area::RenamedArea> for AreaRenamed {
    fn from(renamed: area::RenamedArea) -> Self {
        Self {
            old_key: renamed.old_key,
            new_key: renamed.new_key,
            members_moved: renamed.members_moved,
            community: renamed.community.into(),
        }
    }
}

/// Bodies, as the OpenAPI document describes them.
pub mod bodies {
    #![expect(dead_code, reason = "these types describe bodies that the services read")]

    use super::{Free, FreeData, NodeTypeWord, RoleWord, StatusWord, ToSchema};
    use crate::rest::views::free::FreeValue;
    pub use crate::rest::views::given::{AssetPut, MemberProfilePatch};
    use crate::rest::views::given::{GivenAssets, GivenBoundary, GivenDeliveryPoint};

    /// A new member.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct MemberCreate {
        /// Unique in the community, at most 128 characters. Without it the member gets the next in the community's
        /// own numbering.
        #[schema(
            min_length = 1,
            max_length = 128,
            pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
            example = "au-00007"
        )]
        key: Option<String>,
        /// The identity provider's user name, unique in the community, at most 256 characters.
        #[schema(min_length = 1, max_length = 256, pattern = r"\S", example = "bruno")]
        user_id: String,
        /// The name, at most 256 characters.
        #[schema(min_length = 1, max_length = 256, pattern = r"\S", example = "Bruno Verdi")]
        name: String,
        /// What the member is in the community.
        role: RoleWord,
        /// The key of an area of the community.
        #[schema(example = "north")]
        area: String,
        /// Where the membership stands. Only an active member holds sensors and delivery points.
        status: StatusWord,
        /// A schema.org CURIE.
        #[schema(max_length = 256, example = "schema:Person")]
        r#type: Option<String>,
        /// A decentralized identifier, unique in the registry, at most 512 characters.
        #[schema(max_length = 512, example = "did:web:dataspace.example:bruno")]
        did: Option<String>,
        /// Where the member is connected to the grid.
        #[schema(value_type = Option<Vec<GivenDeliveryPoint>>)]
        delivery_points: Option<Free>,
        /// What the member owns, by kind.
        #[schema(value_type = Option<GivenAssets>)]
        assets: Option<Free>,
        /// Any other data.
        #[schema(value_type = Option<FreeData>)]
        extra: Option<Free>,
    }

    /// Changes of a member. What is absent or null stays as it is.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct MemberPatch {
        /// The name, at most 256 characters.
        #[schema(min_length = 1, max_length = 256, pattern = r"\S", example = "Alice Bianchi")]
        name: Option<String>,
        /// What the member is in the community.
        role: Option<RoleWord>,
        /// The key of an area of the community.
        #[schema(example = "north")]
        area: Option<String>,
        /// Where the membership stands.
        status: Option<StatusWord>,
        /// A schema.org CURIE.
        #[schema(max_length = 256, example = "schema:Person")]
        r#type: Option<String>,
        /// The identity provider's user name, unique in the community.
        #[schema(min_length = 1, max_length = 256, pattern = r"\S", example = "alice")]
        user_id: Option<String>,
        /// A decentralized identifier, unique in the registry; an empty text takes it away.
        #[schema(max_length = 512, example = "did:web:dataspace.example:alice")]
        did: Option<String>,
        /// Any other data, merged one level deep; a key with null is taken away.
        #[schema(value_type = Option<FreeData>)]
        extra: Option<Free>,
    }

    /// The name of a member.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct MemberNamePut {
        /// The name, at most 256 characters.
        #[schema(min_length = 1, max_length = 256, pattern = r"\S", example = "Alice Bianchi")]
        name: String,
    }

    /// The role of a member.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct MemberRolePut {
        /// What the member is in the community.
        role: RoleWord,
    }

    /// The area of a member.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct MemberAreaPut {
        /// The key of an area of the community.
        #[schema(example = "north")]
        area: String,
    }

    /// A new status of a member.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct MemberStatusChange {
        /// Where the membership stands.
        status: StatusWord,
        /// Why; kept at `extra.status_reason`.
        #[schema(example = "Moved away")]
        reason: Option<String>,
    }

    /// A delivery point; whatever else is given stands beside these fields.
    #[derive(ToSchema)]
    pub struct DeliveryPointPut {
        /// The id that the grid operator gave it, at most 128 characters; the same as in the path, or left out.
        #[schema(min_length = 1, max_length = 128, pattern = r"\S", example = "IT001E00001234")]
        id: Option<String>,
        /// pod, cups, prm, malo, ean, mpan, other, or anything else.
        #[schema(max_length = 128, example = "pod")]
        r#type: String,
        /// A sentence about it.
        #[schema(example = "Main residence")]
        description: Option<String>,
        /// Where it is.
        #[schema(example = "Via Roma 1, Trento")]
        address: Option<String>,
        /// The tariff it is under.
        #[schema(example = "D2")]
        tariff: Option<String>,
        /// Whether it is in use; it is when nothing is said.
        #[schema(example = true)]
        active: Option<bool>,
    }

    /// Changes of a community. What is absent or null stays as it is; a document that is given is replaced.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct CommunityPatch {
        /// The name, at most 256 characters.
        #[schema(min_length = 1, max_length = 256, pattern = r"\S", example = "Aurora REC")]
        name: Option<String>,
        /// A sentence about it.
        #[schema(example = "Renewable energy community of the upper valley")]
        description: Option<String>,
        /// Legal data.
        #[schema(value_type = Option<FreeData>)]
        legal: Option<Free>,
        /// URLs.
        #[schema(value_type = Option<FreeData>)]
        links: Option<Free>,
        /// How to reach it.
        #[schema(value_type = Option<FreeData>)]
        contact: Option<Free>,
        /// Time zone, currency, units.
        #[schema(value_type = Option<FreeData>)]
        settings: Option<Free>,
        /// Any other data, merged one level deep; a key with null is taken away. Its key `operators` stands for the
        /// operators, all of them.
        #[schema(value_type = Option<FreeData>)]
        extra: Option<Free>,
    }

    /// A distribution system operator; whatever else is given stands beside these fields.
    #[derive(ToSchema)]
    pub struct OperatorPut {
        /// The name, at most 256 characters.
        #[schema(max_length = 256, example = "A DSO")]
        name: String,
        /// ISO 3166-1 alpha-2.
        #[schema(example = "IT")]
        country: Option<String>,
        /// How to reach it: a text or an object.
        #[schema(value_type = Option<FreeValue>)]
        contact: Option<Free>,
    }

    /// An area; whatever else is given stands beside these fields.
    #[derive(ToSchema)]
    pub struct AreaPut {
        /// The name, at most 256 characters.
        #[schema(max_length = 256, example = "North")]
        name: String,
        /// The primary substation that bounds it: `source`, always `gse_cabine_primarie`, and `id`. Needed when every
        /// area of the community has one.
        #[schema(value_type = Option<GivenBoundary>)]
        boundary: Option<Free>,
        /// The ids of its grid nodes; of a bounded area that of its boundary alone.
        #[schema(example = json!(["AC001E00001"]))]
        topology: Option<Vec<String>>,
        /// A point, in degrees: `lat` and `lon`.
        #[schema(value_type = Option<FreeData>)]
        location: Option<Free>,
        /// GeoJSON.
        #[schema(value_type = Option<FreeData>)]
        geometry: Option<Free>,
    }

    /// A new key for an area.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct AreaRename {
        /// Letters, digits, `-` and `_`, a letter or digit first, at most 128.
        #[schema(
            min_length = 1,
            max_length = 128,
            pattern = r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
            example = "upper-north"
        )]
        new_key: String,
    }

    /// A node of the grid; whatever else is given stands beside these fields.
    #[derive(ToSchema)]
    pub struct TopologyNodePut {
        /// The same as in the path, at most 128 characters, or left out.
        #[schema(min_length = 1, max_length = 128, pattern = r"\S", example = "AC001E00001")]
        id: Option<String>,
        /// The kind.
        r#type: NodeTypeWord,
        /// The name.
        #[schema(example = "Primary Substation North")]
        name: Option<String>,
        /// The key of its operator.
        #[schema(example = "dso")]
        operator_id: Option<String>,
        /// The id of the node above it.
        parent: Option<String>,
        /// GeoJSON.
        #[schema(value_type = Option<FreeData>)]
        area: Option<Free>,
        /// The ids of the nodes below it, beside those that name it as their parent.
        children: Option<Vec<String>>,
    }
}
