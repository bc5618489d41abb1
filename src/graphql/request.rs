//! One GraphQL request as it comes over HTTP, and how it becomes one that the library can run: looked at,
//! parsed, its operation chosen, its variables read with their own digits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Value, Variables};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::documents::{Documents, Persisted};
use super::error::{code, request_error};
use super::limits::{Limits, check_document, check_variables_text};
use super::outline::Outline;
use super::scalar;

/// The parameters of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters<'b> {
    /// The text of the document; none when the extensions name one.
    #[serde(borrow, default)]
    pub query: Option<Cow<'b, str>>,
    /// Which of its operations is to run.
    #[serde(borrow, default)]
    pub operation_name: Option<Cow<'b, str>>,
    /// The variables, an object.
    #[serde(borrow, default)]
    pub variables: Option<&'b RawValue>,
    /// Extensions, an object; `persistedQuery` alone is known.
    #[serde(borrow, default)]
    pub extensions: Option<&'b RawValue>,
    /// The names of the variables that are files, which come behind the request.
    #[serde(skip)]
    pub files: Vec<String>,
}

/// A request that is within the limits and can be run.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The document.
    pub document: Arc<ExecutableDocument>,
    /// The name of the operation that is to run, when the document has names.
    pub operation_name: Option<String>,
    /// The variables of that operation.
    pub variables: Variables,
}

impl Parameters<'_> {
    /// Checks the parameters themselves.
    ///
    /// # Errors
    /// When `variables` or `extensions` is something else than an object, or no document is asked for.
    pub fn check(&self) -> Result<(), ServerError> {
        for (name, value) in [("variables", self.variables), ("extensions", self.extensions)] {
            if value.is_some_and(|value| !value.get().starts_with('{') && value.get() != "null") {
                return Err(request_error(code::BAD_USER_INPUT, format!("{name} must be an object")));
            }
        }
        if self.query.is_none() && Persisted::named_in(self.extensions)?.is_none() {
            return Err(request_error(code::BAD_USER_INPUT, "The query is missing"));
        }
        Ok(())
    }

    /// The request, ready to be run.
    ///
    /// # Errors
    /// When it is over a limit, is no GraphQL, names no document that is known or no operation of its own, or
    /// its variables do not fit.
    pub fn prepare(
        self,
        documents: &Documents,
        outline: &Outline,
        limits: &Limits,
    ) -> Result<Prepared, ServerError> {
        if let Some(variables) = self.variables {
            check_variables_text(variables.get(), 1, limits)?;
        }
        let named = Persisted::named_in(self.extensions)?;
        let document = documents.find(self.query.as_deref(), named.as_ref(), limits)?;
        let (operation_name, operation) = chosen(&document.parsed, self.operation_name.as_deref())?;
        let variables = read_variables(self.variables, &self.files, &operation.node, outline)?;
        // How much a document asks for depends on the variables, so it is weighed each time.
        check_document(&document.parsed, operation, &variables, outline, limits)?;
        let operation_name = operation_name.map(Name::to_string);
        let prepared = Prepared { document: Arc::clone(&document.parsed), operation_name, variables };
        documents.keep(document);
        Ok(prepared)
    }
}

impl Prepared {
    /// The operation that is to run.
    pub fn operation(&self) -> Option<&OperationDefinition> {
        chosen(&self.document, self.operation_name.as_deref()).ok().map(|(_, operation)| &operation.node)
    }

    /// The kind of operation that is to run.
    pub fn operation_type(&self) -> Option<OperationType> {
        self.operation().map(|operation| operation.ty)
    }

    /// Gives a variable the file that it stands for.
    pub fn put_file(&mut self, variable: &str, file: Bytes) {
        if let Some(value) = self.variables.get_mut(variable) {
            *value = Value::Binary(file);
        }
    }

    /// Whether it moves whole communities in or out, which takes longer than a question.
    pub fn is_transfer(&self) -> bool {
        self.operation().is_some_and(|operation| {
            let set = &operation.selection_set.node;
            TRANSFERS.iter().any(|field| selects_at_top(set, field, &self.document))
        })
    }
}

/// The fields that carry whole communities.
const TRANSFERS: &[&str] = &["exportYaml", "importBundle", "importYaml", "importYamlFile"];

fn selects_at_top(set: &SelectionSet, name: &str, document: &ExecutableDocument) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => field.node.name.node == name,
        Selection::InlineFragment(fragment) => {
            selects_at_top(&fragment.node.selection_set.node, name, document)
        }
        Selection::FragmentSpread(spread) => document
            .fragments
            .get(&spread.node.fragment_name.node)
            .is_some_and(|fragment| selects_at_top(&fragment.node.selection_set.node, name, document)),
    })
}

/// The operation that a request names, or the only one.
fn chosen<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<(Option<&'d Name>, &'d Positioned<OperationDefinition>), ServerError> {
    let unknown = || request_error(code::BAD_USER_INPUT, "The document has no operation of the name given");
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok((None, operation)),
        (DocumentOperations::Single(_), Some(_)) => Err(unknown()),
        (DocumentOperations::Multiple(operations), Some(name)) => operations
            .get_key_value(name)
            .map(|(name, operation)| (Some(name), operation))
            .ok_or_else(unknown),
        (DocumentOperations::Multiple(operations), None) => {
            let mut operations = operations.iter();
            match (operations.next(), operations.next()) {
                (Some((name, operation)), None) => Ok((Some(name), operation)),
                _ => Err(request_error(
                    code::BAD_USER_INPUT,
                    "The document has several operations: operationName must say which is to run",
                )),
            }
        }
    }
}

/// The values of the variables that an operation declares. Free data stays the text it came as, and files
/// are empty until they come.
fn read_variables(
    given: Option<&RawValue>,
    files: &[String],
    operation: &OperationDefinition,
    outline: &Outline,
) -> Result<Variables, ServerError> {
    let wrong = |message: String| request_error(code::BAD_USER_INPUT, message);
    let given: Option<HashMap<Cow<'_, str>, &RawValue>> = match given {
        Some(given) => {
            serde_json::from_str(given.get()).map_err(|error| wrong(format!("variables: {error}")))?
        }
        None => None,
    };
    let given = given.unwrap_or_default();
    let mut variables = Variables::default();
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let name = &definition.name.node;
        let declared = &definition.var_type.node;
        let value = match given.get(name.as_str()).map(|raw| raw.get()) {
            given if files.iter().any(|file| file == name.as_str()) => {
                let is_upload = declared.base == BaseType::Named(Name::new(scalar::UPLOAD));
                if !is_upload || given.is_some_and(|given| given != "null") {
                    return Err(wrong(format!(
                        "The variable ${name} must be a null Upload to be given a file"
                    )));
                }
                Value::Binary(Bytes::new())
            }
            None if definition.default_value.is_some() || declared.nullable => continue,
            None => return Err(wrong(format!("The variable ${name} of the type {declared} is missing"))),
            Some("null") if !declared.nullable => {
                return Err(wrong(format!("The variable ${name} of the type {declared} must not be null")));
            }
            Some("null") => Value::Null,
            Some(json) => read_value(json, &declared.base, outline)
                .map_err(|error| wrong(format!("${name}: {error}")))?,
        };
        variables.insert(name.clone(), value);
    }
    if let Some(file) = files.iter().find(|file| !variables.contains_key(file.as_str())) {
        return Err(wrong(format!("The operation has no variable ${file} to be given a file")));
    }
    Ok(variables)
}

/// A value of a type. Free data in it, wherever it stands, stays the text it came as; what fits no type is left to the library,
/// which tells so.
fn read_value(json: &str, declared: &BaseType, outline: &Outline) -> serde_json::Result<Value> {
    match declared {
        _ if json == "null" => Ok(Value::Null),
        BaseType::List(inner) if json.starts_with('[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json)?;
            items.into_iter().map(|item| read_value(item.get(), &inner.base, outline)).collect()
        }
        // A value alone stands for a list of it.
        BaseType::List(inner) => read_value(json, &inner.base, outline),
        BaseType::Named(name) if name == scalar::JSON => Ok(scalar::raw(json)),
        BaseType::Named(name) => match outline.input(name) {
            Some(fields) if json.starts_with('{') => {
                let given: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(json)?;
                let read = |(key, value): (Cow<'_, str>, &RawValue)| {
                    let value = match fields.get(key.as_ref()) {
                        Some(declared) => read_value(value.get(), &declared.base, outline)?,
                        None => serde_json::from_str(value.get())?,
                    };
                    Ok((Name::new(key), value))
                };
                Ok(Value::Object(given.into_iter().map(read).collect::<serde_json::Result<_>>()?))
            }
            _ => serde_json::from_str(json),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::error::code_in;
    use crate::graphql::schema::sdl;

    fn prepare(body: &str) -> Result<Prepared, ServerError> {
        let parameters: Parameters<'_> = serde_json::from_str(body).unwrap();
        parameters.check()?;
        let limits = Limits::default();
        parameters.prepare(&Documents::new(None, &limits), &Outline::of(&sdl()), &limits)
    }

    fn refusal(body: &str) -> Option<String> {
        code_in(&prepare(body).err()?).map(str::to_owned)
    }

    #[test]
    fn free_data_in_variables_keeps_its_digits_and_its_repeated_keys() {
        let body = r#"{"query":"mutation($b: JSON!) { importBundle(bundle: $b) { communityKey } }",
            "variables":{"b":{"n":1.50,"n":12345678901234567890123}}}"#;
        let prepared = prepare(body).unwrap();
        let text = serde_json::to_string(&prepared.variables).unwrap();
        assert_eq!(text, r#"{"b":{"n":1.50,"n":12345678901234567890123}}"#);
    }

    #[test]
    fn free_data_within_an_input_keeps_its_digits_as_well() {
        let query = "mutation($i: PutAssetInput!) { putAsset(input: $i) { asset { key } } }";
        let input = r#"{"communityKey":"c","asset":{"key":"a","properties":{"n":5.940,"b":12345678901234567890123}}}"#;
        let body = format!(r#"{{"query":"{query}","variables":{{"i":{input}}}}}"#);
        let prepared = prepare(&body).unwrap();
        let Some(Value::Object(input)) = prepared.variables.get("i") else { panic!("an object") };
        assert_eq!(input.get("communityKey"), Some(&Value::from("c")));
        let Some(Value::Object(asset)) = input.get("asset") else { panic!("an object") };
        let properties = serde_json::to_string(asset.get("properties").expect("they are there")).unwrap();
        assert_eq!(properties, r#"{"n":5.940,"b":12345678901234567890123}"#);
    }

    #[test]
    fn a_value_alone_stands_for_a_list_and_what_fits_nothing_stays_what_it_is() {
        let outline = Outline::of(&sdl());
        let read = |json: &str, declared: &str| {
            let declared = async_graphql::parser::types::Type::new(declared).expect("a type");
            read_value(json, &declared.base, &outline).map(|value| value.to_string()).ok()
        };
        assert_eq!(read("1", "[Int!]").as_deref(), Some("1"));
        assert_eq!(read(r#"[1, null, "x"]"#, "[Int!]!").as_deref(), Some(r#"[1, null, "x"]"#));
        assert_eq!(read(r#"{"a": [1.5]}"#, "Int").as_deref(), Some("{a: [1.5]}"));
        assert_eq!(
            read(r#"{"nothing": {"a": true}}"#, "PutAssetInput").as_deref(),
            Some("{nothing: {a: true}}")
        );
        assert_eq!(read("1e400", "Float"), None);
    }

    #[test]
    fn the_operation_is_named_or_alone() {
        let both = r#""query":"query a { __typename } query b { __typename }""#;
        assert_eq!(refusal(&format!("{{{both}}}")).as_deref(), Some(code::BAD_USER_INPUT));
        assert_eq!(
            refusal(&format!(r#"{{{both},"operationName":"c"}}"#)).as_deref(),
            Some(code::BAD_USER_INPUT)
        );
        assert_eq!(refusal(&format!(r#"{{{both},"operationName":"b"}}"#)), None);
        assert_eq!(refusal(r#"{"query":"query a { __typename }","operationName":null}"#), None);
    }

    #[test]
    fn variables_that_must_be_there_are_asked_for_before_anything_runs() {
        let query = r#""query":"query($id: ID!) { node(id: $id) { id } }""#;
        for variables in ["{}", "null", r#"{"id":null}"#] {
            let body = format!(r#"{{{query},"variables":{variables}}}"#);
            assert_eq!(refusal(&body).as_deref(), Some(code::BAD_USER_INPUT), "{variables}");
        }
        assert_eq!(refusal(&format!(r#"{{{query},"variables":{{"id":"x"}}}}"#)), None);
    }

    #[test]
    fn variables_and_extensions_are_objects() {
        for (name, value) in [("variables", "[]"), ("variables", "\"x\""), ("extensions", "1")] {
            let body = format!(r#"{{"query":"{{ __typename }}","{name}":{value}}}"#);
            assert_eq!(refusal(&body).as_deref(), Some(code::BAD_USER_INPUT), "{body}");
        }
    }

    #[test]
    fn what_is_no_graphql_is_refused_as_such() {
        assert_eq!(refusal(r#"{"query":"{"}"#).as_deref(), Some(code::GRAPHQL_PARSE_FAILED));
        assert_eq!(refusal(r#"{"query":""}"#).as_deref(), Some(code::GRAPHQL_PARSE_FAILED));
    }

    #[test]
    fn an_export_is_known_however_it_is_selected() {
        let transfer = |query: &str| {
            let body = serde_json::json!({ "query": query }).to_string();
            prepare(&body).unwrap().is_transfer()
        };
        assert!(transfer("{ ...e } fragment e on Query { x: exportYaml(communityKeys: [\"a\"]) }"));
        assert!(transfer("mutation { importYaml(yaml: \"\") { dryRun } }"));
        assert!(!transfer("{ me { sub } } # exportYaml"));
    }
}
