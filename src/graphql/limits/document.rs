//! Limits that are seen in the parsed document. Fragments are not expanded: each is weighed once and its
//! weight counts wherever it is spread, so that 2^60 spreads are counted as fast as two.

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Value, Variables};

use super::Limits;
use crate::domain::page::{DEFAULT_PAGE, MAX_PAGE};
use crate::graphql::error::{code, request_error};
use crate::graphql::outline::{Outline, name_of, root_of};

/// Deepest nesting of selections, fragments counted: less than what the library allows itself.
pub const MAX_LEVELS: usize = 60;

/// How many times the limit of one operation all operations of a document together may have fields: those
/// that are not run are validated all the same.
const OPERATIONS: usize = 10;

/// Checks a document of which one operation is about to run.
///
/// # Errors
/// When it is over a limit, or its fragments are unknown or spread themselves.
pub fn check_document(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    variables: &Variables,
    outline: &Outline,
    limits: &Limits,
) -> Result<(), ServerError> {
    let mut scale = Scale {
        document,
        operation: &operation.node,
        variables,
        outline,
        limits,
        fragments: HashMap::new(),
        unknown_fields: 0,
    };
    for name in document.fragments.keys() {
        let weight = scale.fragment(name, 0)?;
        weight.check(limits)?;
    }
    let mut fields = 0_u64;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let mut weight = scale.selections(&operation.selection_set.node, Some(root_of(operation.ty)), 0)?;
        weight.add_directives(&operation.directives);
        for definition in &operation.variable_definitions {
            weight.add_directives(&definition.node.directives);
        }
        weight.check(limits)?;
        fields = fields.saturating_add(weight.fields);
    }
    if fields > limits.fields.saturating_mul(OPERATIONS) as u64 {
        return Err(too_complex("The operations of the document have too many fields together".to_owned()));
    }
    if scale.unknown_fields > limits.errors {
        // The library would compare each of them with every field that may have been meant.
        let message = format!("{} fields are not in the schema", scale.unknown_fields);
        return Err(request_error(code::GRAPHQL_VALIDATION_FAILED, message));
    }
    Ok(())
}

fn too_complex(message: String) -> ServerError {
    request_error(code::QUERY_TOO_COMPLEX, message)
}

fn too_deep(limits: &Limits) -> ServerError {
    request_error(code::QUERY_TOO_DEEP, format!("The query is nested deeper than {} fields", limits.depth))
}

/// What a selection weighs once its fragments are expanded.
#[derive(Debug, Clone, Default)]
struct Weight<'d> {
    /// Fields, those of all levels.
    fields: u64,
    /// Levels of fields.
    depth: usize,
    /// Levels of selections, fragments counted.
    levels: usize,
    complexity: u64,
    directives: u64,
    /// How many aliases each field of the top level has.
    aliases: HashMap<&'d str, u64>,
}

impl<'d> Weight<'d> {
    fn add(&mut self, other: Weight<'d>) {
        self.fields = self.fields.saturating_add(other.fields);
        self.depth = self.depth.max(other.depth);
        self.levels = self.levels.max(other.levels);
        self.complexity = self.complexity.saturating_add(other.complexity);
        self.directives = self.directives.saturating_add(other.directives);
        for (name, count) in other.aliases {
            let total = self.aliases.entry(name).or_default();
            *total = total.saturating_add(count);
        }
    }

    fn add_directives(&mut self, directives: &[Positioned<Directive>]) {
        self.directives = self.directives.saturating_add(directives.len() as u64);
    }
}

impl Weight<'_> {
    fn check(&self, limits: &Limits) -> Result<(), ServerError> {
        if self.depth > limits.depth {
            return Err(too_deep(limits));
        }
        if self.fields > limits.fields as u64 {
            let message =
                format!("The query has more than {} fields once its fragments are expanded", limits.fields);
            return Err(too_complex(message));
        }
        if self.directives > limits.directives as u64 {
            return Err(too_complex(format!("The query has more than {} directives", limits.directives)));
        }
        if self.complexity > limits.complexity as u64 {
            let message = format!(
                "The query is more complex than {}: a connection counts its page size times its children",
                limits.complexity
            );
            return Err(too_complex(message));
        }
        Ok(())
    }

    fn check_aliases(&self, limits: &Limits) -> Result<(), ServerError> {
        match self.aliases.iter().find(|(_, count)| **count > limits.aliases as u64) {
            Some((name, _)) => {
                Err(too_complex(format!("The field {name} has more than {} aliases", limits.aliases)))
            }
            None => Ok(()),
        }
    }
}

enum Progress<'d> {
    Begun,
    Done(Weight<'d>),
}

struct Scale<'d> {
    document: &'d ExecutableDocument,
    operation: &'d OperationDefinition,
    variables: &'d Variables,
    outline: &'d Outline,
    limits: &'d Limits,
    fragments: HashMap<&'d str, Progress<'d>>,
    /// Fields that the schema does not have, wherever they stand in the text.
    unknown_fields: usize,
}

impl<'d> Scale<'d> {
    fn selections(
        &mut self,
        set: &'d SelectionSet,
        parent: Option<&'d str>,
        level: usize,
    ) -> Result<Weight<'d>, ServerError> {
        if level > MAX_LEVELS {
            return Err(too_deep(self.limits));
        }
        let mut total = Weight::default();
        for selection in &set.items {
            let mut weight = match &selection.node {
                Selection::Field(field) => self.field(&field.node, parent, level)?,
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let parent = condition.map(|condition| condition.node.on.node.as_str()).or(parent);
                    self.selections(&fragment.node.selection_set.node, parent, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    let weight = self.fragment(&spread.node.fragment_name.node, level + 1)?;
                    if level + 1 + weight.levels > MAX_LEVELS {
                        return Err(too_deep(self.limits));
                    }
                    weight
                }
            };
            weight.add_directives(selection.node.directives());
            total.add(weight);
        }
        total.check_aliases(self.limits)?;
        total.levels += 1;
        Ok(total)
    }

    fn field(
        &mut self,
        field: &'d Field,
        parent: Option<&'d str>,
        level: usize,
    ) -> Result<Weight<'d>, ServerError> {
        let known = parent.and_then(|parent| self.outline.field_of(parent, &field.name.node));
        if let (None, Some(parent)) = (known, parent) {
            self.unknown(field, parent)?;
        }
        let mut weight = if field.selection_set.node.items.is_empty() {
            Weight::default()
        } else {
            let parent = known.map(|known| name_of(&known.field_type));
            self.selections(&field.selection_set.node, parent, level + 1)?
        };
        let rows = match known {
            Some(known) if known.paged => self.page_size(field),
            Some(known) => known.entries,
            None => 1,
        };
        weight.fields = weight.fields.saturating_add(1);
        weight.depth += 1;
        weight.complexity = weight.complexity.saturating_mul(rows).saturating_add(1);
        weight.aliases.clear();
        if field.alias.is_some() {
            weight.aliases.insert(&field.name.node, 1);
        }
        Ok(weight)
    }

    /// Counts a field that the schema does not have, and refuses introspection where it is off.
    fn unknown(&mut self, field: &Field, parent: &str) -> Result<(), ServerError> {
        let name = field.name.node.as_str();
        if parent == root_of(OperationType::Query) && matches!(name, "__schema" | "__type") {
            let message = "Introspection is switched off";
            return Err(request_error(code::GRAPHQL_VALIDATION_FAILED, message));
        }
        if self.outline.has_fields(parent) && name != "__typename" {
            self.unknown_fields += 1;
        }
        Ok(())
    }

    fn fragment(&mut self, name: &'d Name, level: usize) -> Result<Weight<'d>, ServerError> {
        match self.fragments.get(name.as_str()) {
            Some(Progress::Done(weight)) => return Ok(weight.clone()),
            Some(Progress::Begun) => {
                let message = format!("The fragment {name} spreads itself");
                return Err(request_error(code::GRAPHQL_VALIDATION_FAILED, message));
            }
            None => {}
        }
        let Some(definition) = self.document.fragments.get(name) else {
            return Err(request_error(code::GRAPHQL_VALIDATION_FAILED, format!("Unknown fragment {name}")));
        };
        self.fragments.insert(name, Progress::Begun);
        let definition = &definition.node;
        let parent = definition.type_condition.node.on.node.as_str();
        let mut weight = self.selections(&definition.selection_set.node, Some(parent), level)?;
        weight.add_directives(&definition.directives);
        self.fragments.insert(name, Progress::Done(weight.clone()));
        Ok(weight)
    }

    /// How many rows a connection may have. A size that is no size is refused later, by the resolver.
    fn page_size(&self, field: &Field) -> u64 {
        let size = ["first", "last"].into_iter().find_map(|argument| {
            let given = field.get_argument(argument)?.node.clone();
            match given.into_const_with(|name| self.variable(&name).ok_or(())).ok()? {
                Value::Number(number) => number.as_u64(),
                _ => None,
            }
        });
        size.unwrap_or(u64::from(DEFAULT_PAGE)).clamp(1, u64::from(MAX_PAGE))
    }

    fn variable(&self, name: &Name) -> Option<Value> {
        let definitions = &self.operation.variable_definitions;
        let definition = || definitions.iter().find(|definition| definition.node.name.node == *name);
        self.variables.get(name).or_else(|| definition()?.node.default_value()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;
    use crate::graphql::error::code_in;
    use crate::graphql::schema::sdl;

    fn refusal_with(query: &str, variables: Variables) -> Option<String> {
        let document = parse_query(query).unwrap();
        let outline = Outline::of(&sdl());
        let (_, operation) = document.operations.iter().next().unwrap();
        let error = check_document(&document, operation, &variables, &outline, &Limits::default()).err()?;
        code_in(&error).map(str::to_owned)
    }

    fn refusal(query: &str) -> Option<String> {
        refusal_with(query, Variables::default())
    }

    #[test]
    fn the_query_of_the_statement_count_is_within_the_limits() {
        let query =
            "{ community(key: \"x\") { members(first: 500) { nodes { assets { nodes { name owner { name } } }
            deliveryPoints { code } area { name } community { name } } } } }";
        assert_eq!(refusal(query), None);
    }

    #[test]
    fn pages_multiply() {
        let query =
            "query($n: Int) { communities(first: $n) { nodes { members(last: 500) { nodes { id } } } } }";
        assert_eq!(refusal(query), None, "50 times 500 rows of two fields");
        let many = Variables::from_json(serde_json::json!({ "n": 500 }));
        assert_eq!(refusal_with(query, many).as_deref(), Some(code::QUERY_TOO_COMPLEX));
        let default = query.replace("$n: Int", "$n: Int = 500");
        assert_eq!(refusal(&default).as_deref(), Some(code::QUERY_TOO_COMPLEX));
    }

    #[test]
    fn a_size_out_of_bounds_weighs_as_much_as_the_largest_page() {
        let query = "{ communities(first: 100000) { nodes { id } } }";
        assert_eq!(refusal(query), None, "the resolver says what is wrong");
    }

    #[test]
    fn fragments_that_spread_themselves_are_refused() {
        for query in [
            "{ ...a } fragment a on Query { ...a }",
            "{ ...a } fragment a on Query { me { ...b } } fragment b on Viewer { memberships { ...c } }
             fragment c on Member { area { community { members { nodes { ...c } } } } }",
            "{ service { apiVersion } } fragment a on Query { ...b } fragment b on Query { ...a }",
        ] {
            assert_eq!(refusal(query).as_deref(), Some(code::GRAPHQL_VALIDATION_FAILED), "{query}");
        }
    }

    #[test]
    fn spreads_are_counted_without_expanding_them() {
        for doublings in [25, 60] {
            let mut query = "{ ...f0 }".to_owned();
            for at in 0..doublings {
                query += &format!(" fragment f{at} on Query {{ ...f{next} ...f{next} }}", next = at + 1);
            }
            query += &format!(" fragment f{doublings} on Query {{ __typename }}");
            let refused = refusal(&query);
            assert!(
                matches!(refused.as_deref(), Some(code::QUERY_TOO_COMPLEX | code::QUERY_TOO_DEEP)),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn a_chain_of_fragments_is_as_deep_as_it_is_long() {
        let mut query = "{ ...f0 }".to_owned();
        for at in 0..1_000 {
            query += &format!(" fragment f{at} on Query {{ ...f{} }}", at + 1);
        }
        query += " fragment f1000 on Query { __typename }";
        assert_eq!(refusal(&query).as_deref(), Some(code::QUERY_TOO_DEEP));
    }

    #[test]
    fn aliases_of_one_field_are_limited_however_they_are_spread() {
        let aliases = |from: usize, to: usize| -> String {
            (from..to).map(|at| format!("a{at}: service {{ apiVersion }} ")).collect()
        };
        assert_eq!(refusal(&format!("{{ {} }}", aliases(0, 50))), None);
        assert_eq!(refusal(&format!("{{ {} }}", aliases(0, 51))).as_deref(), Some(code::QUERY_TOO_COMPLEX));
        let split = format!("{{ {} ...f }} fragment f on Query {{ {} }}", aliases(0, 26), aliases(26, 52));
        assert_eq!(refusal(&split).as_deref(), Some(code::QUERY_TOO_COMPLEX));
    }

    #[test]
    fn fields_directives_and_depth_are_limited() {
        let unknown: String = (0..1_001).map(|at| format!("unknown{at} ")).collect();
        assert_eq!(refusal(&format!("{{ {unknown} }}")).as_deref(), Some(code::QUERY_TOO_COMPLEX));
        let fewer = unknown.split_inclusive(' ').take(21).collect::<String>();
        assert_eq!(refusal(&format!("{{ {fewer} }}")).as_deref(), Some(code::GRAPHQL_VALIDATION_FAILED));
        assert_eq!(
            refusal(&format!("{{ {} }}", "__typename ".repeat(1_001))).as_deref(),
            Some(code::QUERY_TOO_COMPLEX)
        );
        let directives = "@include(if: true) ".repeat(51);
        assert_eq!(
            refusal(&format!("{{ __typename {directives} }}")).as_deref(),
            Some(code::QUERY_TOO_COMPLEX)
        );
        let deep = |levels: usize| format!("{}{}", "{ a ".repeat(levels), "}".repeat(levels));
        assert_eq!(refusal(&deep(15)), None);
        assert_eq!(refusal(&deep(16)).as_deref(), Some(code::QUERY_TOO_DEEP));
        assert_eq!(refusal(&deep(50)).as_deref(), Some(code::QUERY_TOO_DEEP));
    }

    #[test]
    fn many_operations_in_one_document_are_limited_together() {
        let fields = "__typename ".repeat(999);
        let mut query = format!("fragment f on Query {{ {fields} }}");
        for at in 0..11 {
            query += &format!(" query q{at} {{ ...f }}");
        }
        assert_eq!(refusal(&query).as_deref(), Some(code::QUERY_TOO_COMPLEX));
    }

    #[test]
    fn introspection_is_weighed_by_the_size_of_the_schema() {
        assert_eq!(refusal("{ __schema { types { name fields { name type { name } } } } }"), None);
        let nested = "interfaces { possibleTypes { ".repeat(5);
        let bomb = format!("{{ __schema {{ types {{ {nested} name {} }} }}", "} }".repeat(5) + "}");
        assert_eq!(refusal(&bomb).as_deref(), Some(code::QUERY_TOO_COMPLEX));
        let members = "fields { type { fields { type { fields { name } } } } }";
        let repeated: String = (0..50).map(|at| format!("a{at}: types {{ {members} }} ")).collect();
        assert_eq!(
            refusal(&format!("{{ __schema {{ {repeated} }} }}")).as_deref(),
            Some(code::QUERY_TOO_COMPLEX)
        );
    }

    #[test]
    fn introspection_that_is_off_is_refused_and_type_names_stay() {
        let outline = Outline::without_introspection(&sdl());
        let refusal = |query: &str| {
            let document = parse_query(query).unwrap();
            let (_, operation) = document.operations.iter().next().unwrap();
            let variables = Variables::default();
            check_document(&document, operation, &variables, &outline, &Limits::default()).err()
        };
        for query in [
            "{ __schema { types { name } } }",
            "{ ... { x: __type(name: \"Query\") { name } } }",
            "{ ...f } fragment f on Query { __schema { types { name } } }",
        ] {
            let error = refusal(query).unwrap();
            assert_eq!(code_in(&error), Some(code::GRAPHQL_VALIDATION_FAILED), "{query}");
        }
        assert!(refusal("{ __typename service { __typename } }").is_none());
    }
}
