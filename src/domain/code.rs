//! The one table of machine codes that a refusal may carry, in REST as `code` and in GraphQL as
//! `extensions.reason`.

use std::fmt;

macro_rules! codes {
    ($(#[doc = $says:literal] $variant:ident = $word:literal),+ $(,)?) => {
        /// A machine code beside the sentence of an error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $says] $variant),+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word of the contract.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What it means, a sentence.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self { $(Self::$variant => $says.trim_ascii()),+ }
            }
        }
    };
}

codes! {
    /// A bundle is not a mapping, lacks a required field, or a field has the wrong type or length.
    InvalidBundle = "invalid_bundle",
    /// The same key twice.
    DuplicateKey = "duplicate_key",
    /// A role outside the closed set.
    InvalidRole = "invalid_role",
    /// A status outside the closed set.
    InvalidStatus = "invalid_status",
    /// An asset type outside the closed set.
    UnknownAssetType = "unknown_asset_type",
    /// An asset key over 128 characters.
    AssetKeyTooLong = "asset_key_too_long",
    /// An area key outside its grammar.
    InvalidAreaKey = "invalid_area_key",
    /// A member's area is not one of its community.
    UnknownArea = "unknown_area",
    /// Two members of a community share a user id.
    UserIdTaken = "user_id_taken",
    /// Two members of the registry share a DID.
    DidTaken = "did_taken",
    /// Two active members hold one sensor.
    SensorHeld = "sensor_held",
    /// Two active members hold one delivery point.
    DeliveryPointHeld = "delivery_point_held",
    /// An area's boundary breaks the rules of schema 0.7.
    InvalidAreaBoundary = "invalid_area_boundary",
    /// `force=false` was stated and the community exists.
    CommunityExists = "community_exists",
    /// The grant is missing.
    Forbidden = "forbidden",
    /// The caller has no active membership.
    NotAMember = "not_a_member",
    /// More than one active membership answers.
    AmbiguousMember = "ambiguous_member",
    /// More than one active holder of the sensor.
    AmbiguousSensor = "ambiguous_sensor",
    /// More than one active holder of the delivery point.
    AmbiguousDeliveryPoint = "ambiguous_delivery_point",
    /// No such community.
    CommunityNotFound = "community_not_found",
    /// No such member.
    MemberNotFound = "member_not_found",
    /// Nothing is recorded of that revision or time.
    RevisionNotFound = "revision_not_found",
    /// No such asset.
    AssetNotFound = "asset_not_found",
    /// No such delivery point.
    DeliveryPointNotFound = "delivery_point_not_found",
    /// Asked more often than a limit allows.
    RateLimited = "rate_limited",
    /// No such area.
    AreaNotFound = "area_not_found",
    /// No such topology node.
    TopologyNodeNotFound = "topology_node_not_found",
    /// No such operator.
    OperatorNotFound = "operator_not_found",
    /// Another member of the community has the key.
    MemberKeyTaken = "member_key_taken",
    /// Another member of the community owns the asset with the key.
    AssetKeyTaken = "asset_key_taken",
    /// Another area of the community has the key.
    AreaKeyTaken = "area_key_taken",
    /// A meter of the member names the delivery point.
    DeliveryPointLinked = "delivery_point_linked",
    /// Members sit in the area.
    AreaInUse = "area_in_use",
    /// An area or another node names the topology node.
    TopologyNodeInUse = "topology_node_in_use",
    /// The thing is no longer what the writer has seen.
    Changed = "changed",
    /// A request with the same `Idempotency-Key` is being answered.
    IdempotencyKeyInUse = "idempotency_key_in_use",
    /// The same `Idempotency-Key` came with another request.
    IdempotencyKeyReused = "idempotency_key_reused",
    /// A value does not fit its type or bound.
    ValidationError = "validation_error",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
