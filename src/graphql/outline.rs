//! The schema in outline: the type of each field, and which fields are connections. It is read from the
//! schema's own text, so that limits and answers follow the schema without being told of it.

use std::collections::HashMap;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, OperationType, Type, TypeKind, TypeSystemDefinition,
};

/// The schema in outline.
#[derive(Debug, Default)]
pub struct Outline {
    types: HashMap<String, HashMap<String, FieldOutline>>,
}

/// A field in outline.
#[derive(Debug)]
pub struct FieldOutline {
    /// The type.
    pub field_type: Type,
    /// Whether it is a connection.
    pub paged: bool,
}

impl Outline {
    /// The outline of a schema; an empty one when the text is no schema, which a test rules out.
    pub fn of(sdl: &str) -> Self {
        let mut outline = Self::default();
        let definitions = parse_schema(sdl).map(|schema| schema.definitions).unwrap_or_default();
        for definition in definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => continue,
            };
            let fields = fields.into_iter().map(Self::field).collect();
            outline.types.insert(definition.node.name.node.to_string(), fields);
        }
        outline
    }

    fn field(definition: Positioned<FieldDefinition>) -> (String, FieldOutline) {
        let definition = definition.node;
        let argument =
            |name: &str| definition.arguments.iter().any(|argument| argument.node.name.node == name);
        let paged = argument("first") && argument("last");
        (definition.name.node.to_string(), FieldOutline { field_type: definition.ty.node, paged })
    }

    /// A field of a type; none when the schema has no such field.
    pub fn field_of(&self, parent: &str, name: &str) -> Option<&FieldOutline> {
        self.types.get(parent)?.get(name)
    }
}

/// The name of the type at the root of an operation.
pub fn root_of(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// The name of a type without its lists.
pub fn name_of(field_type: &Type) -> &str {
    let mut base = &field_type.base;
    loop {
        match base {
            BaseType::Named(name) => return name,
            BaseType::List(inner) => base = &inner.base,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::sdl;

    #[test]
    fn the_outline_knows_types_and_connections() {
        let outline = Outline::of(&sdl());
        let field = |parent: &str, name: &str| outline.field_of(parent, name).unwrap();
        assert!(field("Query", "communities").paged);
        assert!(field("Member", "assets").paged);
        assert!(!field("Member", "deliveryPoints").paged);
        assert_eq!(field("Member", "deliveryPoints").field_type.to_string(), "[DeliveryPoint!]!");
        assert_eq!(name_of(&field("Asset", "measures").field_type), "Asset");
        assert!(outline.field_of("Member", "nothing").is_none());
    }
}
