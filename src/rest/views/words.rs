//! The closed sets as REST writes and documents them. The words themselves stand in the domain.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::closed_set::{
    AssetType, AuditOutcome, ClosedSet, EntityChangeKind, EntityKind, MemberRole, MemberStatus, SearchField,
    SearchKind, TopologyNodeType,
};

/// A word of a closed set.
#[derive(Debug, Clone, Copy)]
pub struct Word<W>(pub W);

/// What a member is in the community.
pub type RoleWord = Word<MemberRole>;
/// Where a membership stands.
pub type StatusWord = Word<MemberStatus>;
/// The kind of an asset.
pub type AssetTypeWord = Word<AssetType>;
/// The kind of a grid node.
pub type NodeTypeWord = Word<TopologyNodeType>;

/// What a search can find.
pub type SearchKindWord = Word<SearchKind>;
/// What something can be found by.
pub type SearchFieldWord = Word<SearchField>;

/// How something that was done ended.
pub type AuditOutcomeWord = Word<AuditOutcome>;
/// What a community is made of.
pub type EntityWord = Word<EntityKind>;
/// What becomes of an entity.
pub type EntityChangeWord = Word<EntityChangeKind>;

/// How a closed set is called and described in the OpenAPI document.
trait Documented: ClosedSet {
    const NAME: &'static str;
    const DESCRIPTION: &'static str;
}

impl Documented for MemberRole {
    const NAME: &'static str = "MemberRole";
    const DESCRIPTION: &'static str = "What a member is in the community.";
}

impl Documented for MemberStatus {
    const NAME: &'static str = "MemberStatus";
    const DESCRIPTION: &'static str =
        "Where a membership stands. Only an active member holds sensors and delivery points.";
}

impl Documented for AssetType {
    const NAME: &'static str = "AssetType";
    const DESCRIPTION: &'static str = "The kind of an asset.";
}

impl Documented for TopologyNodeType {
    const NAME: &'static str = "TopologyNodeType";
    const DESCRIPTION: &'static str = "The kind of a grid node.";
}

impl Documented for SearchKind {
    const NAME: &'static str = "SearchKind";
    const DESCRIPTION: &'static str = "What a search can find.";
}

impl Documented for SearchField {
    const NAME: &'static str = "SearchField";
    const DESCRIPTION: &'static str = "What something can be found by.";
}

impl Documented for AuditOutcome {
    const NAME: &'static str = "AuditOutcome";
    const DESCRIPTION: &'static str = "How something that was done ended.";
}

impl Documented for EntityKind {
    const NAME: &'static str = "EntityKind";
    const DESCRIPTION: &'static str = "What a community is made of.";
}

impl Documented for EntityChangeKind {
    const NAME: &'static str = "EntityChangeKind";
    const DESCRIPTION: &'static str = "What becomes of an entity.";
}

impl<W: ClosedSet> Serialize for Word<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<W: Documented> PartialSchema for Word<W> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .description(Some(W::DESCRIPTION))
            .enum_values(Some(W::ALL.iter().map(|word| word.as_str())))
            .into()
    }
}

impl<W: Documented> ToSchema for Word<W> {
    fn name() -> Cow<'static, str> {
        W::NAME.into()
    }
}
