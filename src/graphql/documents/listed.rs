//! A list of operations, the only ones that a server runs. It comes from a manifest: a JSON object of texts
//! by their SHA-256, as Relay writes it when it is told to use that digest, or the persisted-query manifest
//! of Apollo.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{ServerError, Variables};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Document;
use super::digest::Digest;
use crate::graphql::limits::{Limits, check_document};
use crate::graphql::outline::Outline;
use crate::graphql::schema::{Schema, checking_schema};

/// What Apollo's manifest calls itself.
const APOLLO_FORMAT: &str = "apollo-persisted-query-manifest";

/// The operations of a list.
#[derive(Debug)]
pub struct Listed(HashMap<Digest, Document>);

#[derive(Deserialize)]
struct Apollo {
    format: String,
    version: u64,
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

impl Listed {
    /// Reads a manifest. Every operation is held to the limits and checked against the schema.
    ///
    /// # Errors
    /// Everything that is wrong, each a sentence.
    pub async fn read(manifest: &str, outline: &Outline, limits: &Limits) -> Result<Self, Vec<String>> {
        let operations = operations(manifest).map_err(|reason| vec![reason])?;
        if operations.is_empty() {
            return Err(vec!["it lists no operation".to_owned()]);
        }
        let schema = checking_schema();
        let (mut listed, mut reasons) = (HashMap::new(), Vec::new());
        for (id, text) in operations {
            match operation(&id, &text, &schema, outline, limits).await {
                Ok(document) => _ = listed.insert(document.digest, document),
                Err(reason) => reasons.push(format!("operation {id}: {reason}")),
            }
        }
        if reasons.is_empty() { Ok(Self(listed)) } else { Err(reasons) }
    }

    /// The operation of a digest; none when it is not on the list.
    pub fn get(&self, digest: &Digest) -> Option<Document> {
        self.0.get(digest).cloned()
    }
}

/// The texts of a manifest by their ids.
fn operations(manifest: &str) -> Result<Vec<(String, String)>, String> {
    let unreadable = |error: serde_json::Error| format!("it is no manifest of operations: {error}");
    let keys: BTreeMap<String, IgnoredAny> = serde_json::from_str(manifest).map_err(unreadable)?;
    if !keys.contains_key("operations") {
        let texts: BTreeMap<String, String> = serde_json::from_str(manifest).map_err(unreadable)?;
        return Ok(texts.into_iter().collect());
    }
    let apollo: Apollo = serde_json::from_str(manifest).map_err(unreadable)?;
    if apollo.format != APOLLO_FORMAT || apollo.version != 1 {
        return Err(format!("it must have the format {APOLLO_FORMAT} and the version 1"));
    }
    Ok(apollo.operations.into_iter().map(|operation| (operation.id, operation.body)).collect())
}

async fn operation(
    id: &str,
    text: &str,
    schema: &Schema,
    outline: &Outline,
    limits: &Limits,
) -> Result<Document, String> {
    let said = |error: ServerError| error.message;
    let digest = Digest::of(text);
    if Digest::from_hex(id) != Some(digest) {
        return Err("its id is not the SHA-256 of its text".to_owned());
    }
    let document = Document::parse(digest, text, limits).map_err(said)?;
    for (name, operation) in document.parsed.operations.iter() {
        check_document(&document.parsed, operation, &Variables::default(), outline, limits).map_err(said)?;
        let mut request = async_graphql::Request::new(String::new());
        request.operation_name = name.map(ToString::to_string);
        request.set_parsed_query((*document.parsed).clone());
        if let Some(error) = schema.execute(request).await.errors.into_iter().next() {
            return Err(said(error));
        }
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::graphql::schema::sdl;

    const ONE: &str = "query One { service { apiVersion } }";
    const ONE_SHA256: &str = "4b6ba74fd82fa38479004db2301e6e4c987ac2fd9599cebcdcaa27ed42e35fff";

    async fn read(manifest: Value) -> Result<Listed, Vec<String>> {
        Listed::read(&manifest.to_string(), &Outline::of(&sdl()), &Limits::default()).await
    }

    /// A manifest of one text under its digest.
    fn listing(text: &str) -> Value {
        use sha2::Digest as _;
        let hex = hex::encode(sha2::Sha256::digest(text));
        json!({ hex: text })
    }

    #[tokio::test]
    async fn both_kinds_of_manifest_are_read() {
        let apollo = json!({
            "format": "apollo-persisted-query-manifest", "version": 1,
            "operations": [{"id": ONE_SHA256, "name": "One", "type": "query", "body": ONE}],
        });
        for manifest in [apollo, json!({ ONE_SHA256: ONE }), listing(ONE)] {
            let listed = read(manifest).await.unwrap();
            assert!(listed.get(&Digest::of(ONE)).is_some());
            assert!(listed.get(&Digest::of("{ me { sub } }")).is_none());
        }
    }

    #[tokio::test]
    async fn operations_of_every_kind_may_be_listed_and_none_is_run() {
        let variables = "query($n: Int!, $f: MemberFilter) { members(first: $n, filter: $f) { totalCount } }";
        let mutation = "mutation M { importYaml(yaml: \"\") { dryRun } }";
        let several = "query a { me { sub } } query b { service { apiVersion } }";
        for text in [variables, mutation, several] {
            assert!(read(listing(text)).await.is_ok(), "{text}");
        }
    }

    #[tokio::test]
    async fn everything_that_is_wrong_is_named() {
        for (text, expected) in [
            ("{ unknown }", "Unknown field"),
            ("query($x: String) { service { apiVersion } }", "not used"),
            ("{", "expected"),
            (
                "{ communities(first: 500) { nodes { members(first: 500) { nodes { id } } } } }",
                "more complex",
            ),
        ] {
            let reasons = read(listing(text)).await.unwrap_err();
            assert!(reasons[0].contains(expected), "{reasons:?}");
        }
        let two = read(json!({ "x": ONE, ONE_SHA256: "{ me { sub } }" })).await.unwrap_err();
        assert_eq!(two.len(), 2, "{two:?}");
        for manifest in [json!([]), json!({}), json!({"operations": []}), json!({"a": 1})] {
            assert_eq!(read(manifest).await.unwrap_err().len(), 1);
        }
    }
}
