//! The schema in outline: the type of each field, and which fields are connections. It is read from the
//! schema's own text, so that limits and answers follow the schema without being told of it.

use std::collections::HashMap;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, OperationType, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};

/// What introspection adds to a schema.
const INTROSPECTION: &str = include_str!("introspection.graphql");

/// The schema in outline.
#[derive(Debug, Default)]
pub struct Outline {
    types: HashMap<String, HashMap<String, FieldOutline>>,
    /// The types of the fields of input objects.
    inputs: HashMap<String, HashMap<String, Type>>,
}

/// A field in outline.
#[derive(Debug)]
pub struct FieldOutline {
    /// The type.
    pub field_type: Type,
    /// Whether it is a connection.
    pub paged: bool,
    /// How many entries it has: those of a list of introspection on average, or 1.
    pub entries: u64,
}

impl Outline {
    /// The outline of a schema and its introspection; an empty one when the text is no schema, which a test
    /// rules out.
    pub fn of(sdl: &str) -> Self {
        let mut outline = Self::of_types(sdl);
        let sizes = Sizes::of(sdl);
        for (name, fields) in Self::of_types(INTROSPECTION).types {
            let fields = fields.into_iter().map(|(name, field)| {
                let entries = sizes.of_list(&name);
                (name, FieldOutline { entries, ..field })
            });
            outline.types.entry(name).or_default().extend(fields);
        }
        outline
    }

    /// The outline of a schema that cannot be asked for.
    pub fn without_introspection(sdl: &str) -> Self {
        Self::of_types(sdl)
    }

    fn of_types(sdl: &str) -> Self {
        let mut outline = Self::default();
        for definition in definitions(sdl) {
            let fields = match definition.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                TypeKind::InputObject(input) => {
                    let fields = input.fields.into_iter().map(|field| field.node);
                    let fields = fields.map(|field| (field.name.node.to_string(), field.ty.node)).collect();
                    outline.inputs.insert(definition.name.node.to_string(), fields);
                    continue;
                }
                _ => continue,
            };
            let fields = fields.into_iter().map(Self::field).collect();
            outline.types.insert(definition.name.node.to_string(), fields);
        }
        outline
    }

    fn field(definition: Positioned<FieldDefinition>) -> (String, FieldOutline) {
        let definition = definition.node;
        let argument =
            |name: &str| definition.arguments.iter().any(|argument| argument.node.name.node == name);
        let paged = argument("first") && argument("last");
        let field = FieldOutline { field_type: definition.ty.node, paged, entries: 1 };
        (definition.name.node.to_string(), field)
    }

    /// Whether the schema has a type of this name that has fields.
    pub fn has_fields(&self, name: &str) -> bool {
        self.types.contains_key(name)
    }

    /// The types of the fields of an input object; none when the schema has no such object.
    pub fn input(&self, name: &str) -> Option<&HashMap<String, Type>> {
        self.inputs.get(name)
    }

    /// A field of a type; none when the schema has no such field.
    pub fn field_of(&self, parent: &str, name: &str) -> Option<&FieldOutline> {
        self.types.get(parent)?.get(name)
    }
}

/// The types that a text defines or adds to.
fn definitions(sdl: &str) -> impl Iterator<Item = TypeDefinition> {
    let definitions = parse_schema(sdl).map(|schema| schema.definitions).unwrap_or_default();
    definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(definition.node),
        _ => None,
    })
}

/// How long the lists of introspection are.
#[derive(Debug, Default)]
struct Sizes {
    types: u64,
    fields: u64,
    arguments: u64,
    input_fields: u64,
    enum_values: u64,
    /// The most interfaces that one type has.
    interfaces: u64,
    /// The most types that one interface has.
    possible_types: u64,
}

/// How many types every schema has: scalars, and those of introspection.
const BUILT_IN_TYPES: u64 = 13;

/// How many directives every schema has, and how many places the most common of them.
const BUILT_IN_DIRECTIVES: u64 = 5;

impl Sizes {
    fn of(sdl: &str) -> Self {
        let mut sizes = Self { types: BUILT_IN_TYPES, ..Self::default() };
        let mut implementors: HashMap<String, u64> = HashMap::new();
        for definition in definitions(sdl) {
            sizes.types += 1;
            let (fields, interfaces) = match definition.kind {
                TypeKind::Object(object) => (object.fields, object.implements),
                TypeKind::Interface(interface) => (interface.fields, interface.implements),
                TypeKind::InputObject(input) => {
                    sizes.input_fields += input.fields.len() as u64;
                    continue;
                }
                TypeKind::Enum(choice) => {
                    sizes.enum_values += choice.values.len() as u64;
                    continue;
                }
                TypeKind::Scalar | TypeKind::Union(_) => continue,
            };
            sizes.fields += fields.len() as u64;
            sizes.arguments += fields.iter().map(|field| field.node.arguments.len() as u64).sum::<u64>();
            sizes.interfaces = sizes.interfaces.max(interfaces.len() as u64);
            for interface in interfaces {
                *implementors.entry(interface.node.to_string()).or_default() += 1;
            }
        }
        sizes.possible_types = implementors.into_values().max().unwrap_or_default();
        sizes
    }

    /// The entries of the list of this name.
    fn of_list(&self, name: &str) -> u64 {
        let entries = match name {
            "types" => self.types,
            "fields" => self.fields.div_ceil(self.types),
            "args" => self.arguments.div_ceil(self.fields.max(1)),
            "inputFields" => self.input_fields.div_ceil(self.types),
            "enumValues" => self.enum_values.div_ceil(self.types),
            "interfaces" => self.interfaces,
            "possibleTypes" => self.possible_types,
            "directives" | "locations" => BUILT_IN_DIRECTIVES,
            _ => 1,
        };
        entries.max(1)
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

    #[test]
    fn introspection_is_as_large_as_the_schema() {
        let outline = Outline::of(&sdl());
        let field = |parent: &str, name: &str| outline.field_of(parent, name).unwrap();
        assert_eq!(name_of(&field("Query", "__schema").field_type), "__Schema");
        assert!(field("__Schema", "types").entries > 50);
        assert!(field("__Type", "possibleTypes").entries > 5);
        assert!(field("__Type", "fields").entries > 1);
        assert!(Outline::without_introspection(&sdl()).field_of("Query", "__schema").is_none());
    }
}
