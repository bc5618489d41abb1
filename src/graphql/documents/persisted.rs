//! Apollo's protocol of persisted queries: `extensions.persistedQuery` names a document by its digest.

use std::borrow::Cow;

use async_graphql::ServerError;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::digest::Digest;
use crate::graphql::error::{code, request_error};

/// The document that a request names.
#[derive(Debug)]
pub struct Persisted {
    /// None when what is given can be the digest of nothing.
    digest: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'e> {
    #[serde(borrow, default)]
    persisted_query: Option<PersistedQuery<'e>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery<'e> {
    version: u64,
    #[serde(borrow)]
    sha256_hash: Cow<'e, str>,
}

impl Persisted {
    /// What the extensions of a request name; none when they name nothing.
    ///
    /// # Errors
    /// When it is another version of the protocol, or badly formed.
    pub fn named_in(extensions: Option<&RawValue>) -> Result<Option<Self>, ServerError> {
        let Some(extensions) = extensions else { return Ok(None) };
        let extensions: Option<Extensions<'_>> = serde_json::from_str(extensions.get())
            .map_err(|error| request_error(code::BAD_USER_INPUT, format!("extensions: {error}")))?;
        let Some(named) = extensions.and_then(|extensions| extensions.persisted_query) else {
            return Ok(None);
        };
        if named.version != 1 {
            return Err(request_error(code::BAD_USER_INPUT, "Unsupported persisted query version"));
        }
        Ok(Some(Self { digest: Digest::from_hex(&named.sha256_hash) }))
    }

    /// The digest.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The digest of the text that came with it.
    ///
    /// # Errors
    /// When that is another one.
    pub fn digest_of(&self, text: &str) -> Result<Digest, ServerError> {
        let digest = Digest::of(text);
        if self.digest == Some(digest) {
            return Ok(digest);
        }
        Err(request_error(code::BAD_USER_INPUT, "provided sha does not match query"))
    }

    /// One that names a text.
    #[cfg(test)]
    pub fn naming(text: &str) -> Self {
        Self { digest: Some(Digest::of(text)) }
    }
}
