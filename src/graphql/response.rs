//! The shape of an answer. The library answers fields in the order in which they became ready and drops
//! those that failed; the specification wants the order of the query, null for a nullable field that
//! failed, and null for the nearest nullable parent of one that is not nullable.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Name, PathSegment, ServerError, Value};

use super::outline::{Outline, name_of, root_of};

/// What an operation selects, in order, its fragments expanded.
#[derive(Debug, Default)]
pub struct Plan {
    fields: IndexMap<Name, Planned>,
}

#[derive(Debug)]
struct Planned {
    /// None for what the outline does not know, such as introspection.
    field_type: Option<Type>,
    selected: Plan,
}

impl Plan {
    /// The plan of an operation. The document is within the limits.
    pub fn of(document: &ExecutableDocument, operation: &OperationDefinition, outline: &Outline) -> Self {
        let mut plan = Self::default();
        plan.add(&operation.selection_set.node, Some(root_of(operation.ty)), document, outline);
        plan
    }

    fn add(
        &mut self,
        set: &SelectionSet,
        parent: Option<&str>,
        document: &ExecutableDocument,
        outline: &Outline,
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.add_field(&field.node, parent, document, outline),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let parent = condition.map(|condition| condition.node.on.node.as_str()).or(parent);
                    self.add(&fragment.node.selection_set.node, parent, document, outline);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        let parent = fragment.node.type_condition.node.on.node.as_str();
                        self.add(&fragment.node.selection_set.node, Some(parent), document, outline);
                    }
                }
            }
        }
    }

    fn add_field(
        &mut self,
        field: &Field,
        parent: Option<&str>,
        document: &ExecutableDocument,
        outline: &Outline,
    ) {
        let known = parent.and_then(|parent| outline.field_of(parent, &field.name.node));
        let planned = self.fields.entry(field.response_key().node.clone()).or_insert_with(|| Planned {
            field_type: known.map(|known| known.field_type.clone()),
            selected: Self::default(),
        });
        let parent = known.map(|known| name_of(&known.field_type));
        planned.selected.add(&field.selection_set.node, parent, document, outline);
    }

    /// The data of an answer in its proper shape.
    pub fn complete(&self, data: Value, errors: &[ServerError]) -> Value {
        let mut failures = Failures::default();
        for error in errors {
            failures.add(&error.path);
        }
        let data = match data {
            Value::Null => Value::Object(IndexMap::new()),
            data => data,
        };
        self.object(data, Some(&failures)).unwrap_or_default()
    }

    /// An object in its proper shape; none when a field failed that must not be null.
    fn object(&self, value: Value, failures: Option<&Failures>) -> Option<Value> {
        let Value::Object(mut given) = value else { return Some(value) };
        if self.fields.is_empty() {
            // A scalar that is an object: free data.
            return Some(Value::Object(given));
        }
        let mut object = IndexMap::with_capacity(given.len());
        for (key, planned) in &self.fields {
            let failures = failures.and_then(|failures| failures.at_field(key));
            // What is neither there nor failed was skipped by a directive or is of another type.
            let Some(value) = given.swap_remove(key).or(failures.map(|_| Value::Null)) else { continue };
            let value = planned.selected.typed(value, planned.field_type.as_ref(), failures)?;
            object.insert(key.clone(), value);
        }
        Some(Value::Object(object))
    }

    /// A value of a type in its proper shape; none when it must not be null and failed.
    fn typed(&self, value: Value, field_type: Option<&Type>, failures: Option<&Failures>) -> Option<Value> {
        let nullable = field_type.is_none_or(|field_type| field_type.nullable);
        let shaped = match value {
            Value::List(items) => self.list(items, field_type, failures),
            // The library answers null for an object all of whose fields failed.
            Value::Null if failures.is_some_and(Failures::are_inside) => {
                self.object(Value::Object(IndexMap::new()), failures)
            }
            value => self.object(value, failures),
        };
        match shaped {
            None | Some(Value::Null) if failures.is_some() && !nullable => None,
            shaped => Some(shaped.unwrap_or_default()),
        }
    }

    fn list(
        &self,
        items: Vec<Value>,
        list_type: Option<&Type>,
        failures: Option<&Failures>,
    ) -> Option<Value> {
        let item_type = list_type.and_then(|list_type| match &list_type.base {
            BaseType::List(item) => Some(&**item),
            BaseType::Named(_) => None,
        });
        let items = items.into_iter().enumerate().map(|(at, item)| {
            self.typed(item, item_type, failures.and_then(|failures| failures.at_index(at)))
        });
        items.collect::<Option<Vec<_>>>().map(Value::List)
    }
}

/// Where an answer has errors.
#[derive(Debug, Default)]
struct Failures {
    fields: HashMap<String, Failures>,
    items: HashMap<usize, Failures>,
}

impl Failures {
    fn add(&mut self, path: &[PathSegment]) {
        let mut here = self;
        for segment in path {
            here = match segment {
                PathSegment::Field(name) => here.fields.entry(name.clone()).or_default(),
                PathSegment::Index(at) => here.items.entry(*at).or_default(),
            };
        }
    }

    fn at_field(&self, name: &str) -> Option<&Self> {
        self.fields.get(name)
    }

    fn at_index(&self, at: usize) -> Option<&Self> {
        self.items.get(&at)
    }

    fn are_inside(&self) -> bool {
        !self.fields.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SDL: &str = "type Query { a: A! b: A list: [A!] nullables: [A]! }
        type A { x: Int y: Int! z: A free: JSON } scalar JSON";

    fn completed(query: &str, data: serde_json::Value, failed: &[&[&str]]) -> String {
        let document = parse_query(query).unwrap();
        let outline = Outline::of(SDL);
        let (_, operation) = document.operations.iter().next().unwrap();
        let errors: Vec<_> = failed
            .iter()
            .map(|path| {
                let segment = |text: &&str| match text.parse() {
                    Ok(at) => PathSegment::Index(at),
                    Err(_) => PathSegment::Field((*text).to_owned()),
                };
                ServerError::new("failed", None).with_path(path.iter().map(segment).collect())
            })
            .collect();
        let plan = Plan::of(&document, &operation.node, &outline);
        serde_json::to_string(&plan.complete(Value::from_json(data).unwrap(), &errors)).unwrap()
    }

    #[test]
    fn fields_stand_in_the_order_of_the_query() {
        let query = "{ b { ...f x } a { free x } } fragment f on A { y x }";
        let data = json!({"a": {"x": 1, "free": {"k": 1}}, "b": {"x": 2, "y": 3}});
        assert_eq!(completed(query, data, &[]), r#"{"b":{"y":3,"x":2},"a":{"free":{"k":1},"x":1}}"#);
    }

    #[test]
    fn a_nullable_field_that_failed_is_null_and_the_rest_is_intact() {
        let query = "{ b { x y } a { x } }";
        let data = json!({"a": {}, "b": {"y": 1}});
        let failed: &[&[&str]] = &[&["b", "x"], &["a", "x"]];
        assert_eq!(completed(query, data, failed), r#"{"b":{"x":null,"y":1},"a":{"x":null}}"#);
    }

    #[test]
    fn a_field_that_must_not_be_null_takes_its_parent_with_it() {
        assert_eq!(completed("{ b { x y } }", json!({"b": {"x": 1}}), &[&["b", "y"]]), r#"{"b":null}"#);
        assert_eq!(completed("{ a { x y } }", json!({"a": {"x": 1}}), &[&["a", "y"]]), "null");
        let data = json!({"list": [{"y": 1}, {}], "nullables": [{"y": 1}, {}]});
        let failed: &[&[&str]] = &[&["list", "1", "y"], &["nullables", "1", "y"]];
        let query = "{ list { y } nullables { y } }";
        assert_eq!(completed(query, data, failed), r#"{"list":null,"nullables":[{"y":1},null]}"#);
    }

    #[test]
    fn an_object_all_of_whose_fields_failed_is_still_there() {
        assert_eq!(completed("{ b { x } }", json!({"b": null}), &[&["b", "x"]]), r#"{"b":{"x":null}}"#);
        assert_eq!(completed("{ b { x } }", serde_json::Value::Null, &[&["b"]]), r#"{"b":null}"#);
    }

    #[test]
    fn what_is_skipped_stays_away() {
        assert_eq!(
            completed("{ b { x @skip(if: true) y } }", json!({"b": {"y": 1}}), &[]),
            r#"{"b":{"y":1}}"#
        );
    }
}
