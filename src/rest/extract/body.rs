//! The body of a request.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use crate::domain::error::{Error, FieldError};
use crate::domain::node::Node;
use crate::http::{Problem, problem, read_body};

/// A body of any media type.
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(read_body(request).await?))
    }
}

/// A body that says it is JSON, or does not say what it is.
pub struct JsonBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Response;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Self::Rejection> {
        if !may_be_json(request.headers()) {
            let detail = "The body must be application/json";
            return Err(problem::answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let body = read_body(request).await;
        body.map(Self).map_err(|error| Problem(error).into_response())
    }
}

impl JsonBody {
    /// What the body says.
    ///
    /// # Errors
    /// When it is not JSON; the error names every key that stands twice.
    pub fn node(&self) -> Result<Node, Error> {
        let read = Node::from_json(&self.0)
            .map_err(|error| Error::invalid("json_invalid", &["body"], error.to_string(), None))?;
        if read.duplicate_keys.is_empty() {
            return Ok(read.node);
        }
        let problems = read.duplicate_keys.into_iter().map(|path| FieldError {
            rule: "duplicate_key",
            location: vec!["body".to_owned(), path],
            message: "the key stands twice".to_owned(),
            input: None,
        });
        Err(Error::InvalidInput(problems.collect()))
    }
}

fn may_be_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let structured = essence.starts_with("application/") && essence.ends_with("+json");
    essence.is_empty() && value.is_empty() || essence == "application/json" || structured
}

/// The ids of a batch: a bare list of texts, or a mapping that has them under a name.
pub struct IdList(pub Vec<String>);

impl IdList {
    /// Reads the ids from a JSON body.
    ///
    /// # Errors
    /// When the body is not JSON, or is no such list; the error names every element that is no text.
    pub fn read(JsonBody(body): &JsonBody, name: &str) -> Result<Self, Error> {
        let node = Node::from_json(body)
            .map_err(|error| Error::invalid("json_invalid", &["body"], error.to_string(), None))?
            .node;
        let (list, location) = match &node {
            Node::Map(_) => (node.get(name), vec!["body".to_owned(), name.to_owned()]),
            other => (Some(other), vec!["body".to_owned()]),
        };
        let wrong = |rule, location, message: &str, input: Option<&Node>| FieldError {
            rule,
            location,
            message: message.to_owned(),
            input: input.map(Node::to_json),
        };
        let items = match list {
            Some(Node::List(items)) => items,
            Some(other) => {
                let message = format!("a list of texts, or a mapping that has one under {name}");
                return Err(Error::InvalidInput(vec![wrong("list_type", location, &message, Some(other))]));
            }
            None => {
                let message = format!("the field {name} is required");
                return Err(Error::InvalidInput(vec![wrong("missing", location, &message, Some(&node))]));
            }
        };
        let problems: Vec<FieldError> = items
            .iter()
            .enumerate()
            .filter(|(_, item)| item.as_text().is_none())
            .map(|(at, item)| {
                let location = [location.clone(), vec![at.to_string()]].concat();
                wrong("string_type", location, "a text", Some(item))
            })
            .collect();
        if !problems.is_empty() {
            return Err(Error::InvalidInput(problems));
        }
        Ok(Self(items.iter().filter_map(Node::as_text).map(str::to_owned).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(body: &'static str) -> Result<Vec<String>, Vec<(&'static str, String)>> {
        match IdList::read(&JsonBody(Bytes::from_static(body.as_bytes())), "dids") {
            Ok(IdList(ids)) => Ok(ids),
            Err(Error::InvalidInput(problems)) => {
                Err(problems.into_iter().map(|one| (one.rule, one.location.join("."))).collect())
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn ids_come_as_a_list_or_under_their_name() {
        assert_eq!(ids(r#"["a","b"]"#), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(ids(r#"{"dids":["a"],"other":1}"#), Ok(vec!["a".into()]));
        assert_eq!(ids("[]"), Ok(vec![]));
        assert_eq!(ids(r#"{"dids":[]}"#), Ok(vec![]));
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        let one = |rule, location: &str| Err(vec![(rule, location.to_owned())]);
        assert_eq!(ids("{"), one("json_invalid", "body"));
        assert_eq!(ids(""), one("json_invalid", "body"));
        assert_eq!(ids("{}"), one("missing", "body.dids"));
        assert_eq!(ids("7"), one("list_type", "body"));
        assert_eq!(ids("null"), one("list_type", "body"));
        assert_eq!(ids(r#"{"dids":null}"#), one("list_type", "body.dids"));
        assert_eq!(
            ids(r#"["a",1,null]"#),
            Err(vec![("string_type", "body.1".to_owned()), ("string_type", "body.2".to_owned())])
        );
    }

    #[test]
    fn a_body_that_says_it_is_something_else_is_no_json() {
        let given = |value: &'static str| {
            may_be_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().unwrap())]))
        };
        assert!(may_be_json(&HeaderMap::new()));
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/ld+json"] {
            assert!(given(json), "{json}");
        }
        for other in ["text/plain", "application/yaml", "text/json+xml", "json", ";"] {
            assert!(!given(other), "{other}");
        }
    }
}
