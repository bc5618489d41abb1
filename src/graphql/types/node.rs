//! The interface `Node`: whatever has a global id.

use std::borrow::Cow;

use async_graphql::indexmap::IndexSet;
use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, MetaTypeId, Registry};
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

use super::asset::Asset;
use super::community::Community;
use super::delivery_point::DeliveryPoint;
use super::member::Member;

/// Whatever has a global id.
pub enum Node {
    /// A community.
    Community(Community),
    /// A member.
    Member(Member),
    /// An asset of any kind.
    Asset(Asset),
    /// A delivery point.
    DeliveryPoint(DeliveryPoint),
}

/// Written by hand for the same reasons as [`Asset`].
impl OutputType for Node {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("Node")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Interface, |registry| {
            // The interface comes first, so that its kinds find it when they are described.
            let asset = registry.create_fake_output_type::<Asset>();
            let MetaType::Interface { mut fields, possible_types: kinds, .. } = asset else {
                return asset;
            };
            fields.retain(|name, _| name == "id");
            let mut possible_types: IndexSet<String> = [
                Community::create_type_info(registry),
                Member::create_type_info(registry),
                DeliveryPoint::create_type_info(registry),
            ]
            .map(|name| name.trim_end_matches('!').to_owned())
            .into();
            possible_types.extend(kinds);
            for name in possible_types.iter().map(String::as_str).chain(["Asset"]) {
                registry.add_implements(name, "Node");
            }
            MetaType::Interface {
                name: "Node".to_owned(),
                description: Some("Whatever has a global id.".to_owned()),
                fields,
                possible_types,
                extends: false,
                keys: None,
                visible: None,
                inaccessible: false,
                tags: Vec::new(),
                rust_typename: Some(std::any::type_name::<Self>()),
                directive_invocations: Vec::new(),
                requires_scopes: Vec::new(),
            }
        })
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        match self {
            Self::Community(node) => node.resolve(context, field).await,
            Self::Member(node) => node.resolve(context, field).await,
            Self::Asset(node) => node.resolve(context, field).await,
            Self::DeliveryPoint(node) => node.resolve(context, field).await,
        }
    }
}
