//! Which document a request means: the one whose text it sends, or one that it names by the SHA-256 of its
//! text, as Apollo's protocol of persisted queries does. Documents that passed are kept parsed, so that a
//! text that comes again is neither looked at nor parsed again.

mod digest;
mod listed;
mod persisted;

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use self::digest::Digest;
pub use self::listed::Listed;
pub use self::persisted::Persisted;
use super::error::{code, request_error, set_code};
use super::limits::{Limits, check_query_text};

/// The memory that no token of a parsed document takes more of, in bytes.
const TOKEN_BYTES: u64 = 512;

/// A parsed document. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Document {
    digest: Digest,
    /// An estimate of the memory that it takes.
    bytes: u64,
    /// The document.
    pub parsed: Arc<ExecutableDocument>,
}

impl Document {
    /// Parses a text that is within the limits.
    ///
    /// # Errors
    /// When it is not within them, or no GraphQL.
    fn parse(digest: Digest, text: &str, limits: &Limits) -> Result<Self, ServerError> {
        let tokens = check_query_text(text, limits)?;
        let parsed = parse_query(text).map_err(|error| {
            let mut error = ServerError::from(error);
            set_code(&mut error, code::GRAPHQL_PARSE_FAILED);
            error
        })?;
        Ok(Self { digest, bytes: tokens as u64 * TOKEN_BYTES, parsed: Arc::new(parsed) })
    }
}

/// The documents that are known.
pub enum Documents {
    /// Any may come; those that came are kept as long as there is room.
    Any(Cache<Digest, Document, Weight>),
    /// These alone may come.
    Listed(Arc<Listed>),
}

impl Documents {
    /// Room for any document, or those of a list alone.
    pub fn new(listed: Option<Arc<Listed>>, limits: &Limits) -> Self {
        let bytes = limits.documents_bytes as u64;
        // Where each weighs at least this, there are no more of them than allowed.
        let least = bytes.div_ceil(limits.documents as u64);
        match listed {
            Some(listed) => Self::Listed(listed),
            None => Self::Any(Cache::with_weighter(limits.documents, bytes, Weight { least })),
        }
    }

    /// The document of a request, by its text, by the digest of it, or by both.
    ///
    /// # Errors
    /// When there is none: neither is given, the digest is not known or that of another text, the text is
    /// over a limit, no GraphQL, or not on the list.
    pub fn find(
        &self,
        text: Option<&str>,
        named: Option<&Persisted>,
        limits: &Limits,
    ) -> Result<Document, ServerError> {
        let digest = match (text, named) {
            (Some(text), None) => Digest::of(text),
            (Some(text), Some(named)) => named.digest_of(text)?,
            (None, Some(named)) => named.digest().ok_or_else(|| self.unknown())?,
            (None, None) => return Err(request_error(code::BAD_USER_INPUT, "The query is missing")),
        };
        if let Some(known) = self.get(&digest) {
            return Ok(known);
        }
        match (self, text) {
            (Self::Any(_), Some(text)) => Document::parse(digest, text, limits),
            _ => Err(self.unknown()),
        }
    }

    /// Keeps a document that passed the checks of a request.
    pub fn keep(&self, document: Document) {
        if let Self::Any(kept) = self
            && !kept.contains_key(&document.digest)
        {
            kept.insert(document.digest, document);
        }
    }

    fn get(&self, digest: &Digest) -> Option<Document> {
        match self {
            Self::Any(kept) => kept.get(digest),
            Self::Listed(listed) => listed.get(digest),
        }
    }

    /// The refusal of a document that is not known. A client of Apollo's protocol sends its text next.
    fn unknown(&self) -> ServerError {
        match self {
            Self::Any(_) => request_error(code::PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound"),
            Self::Listed(_) => request_error(
                code::PERSISTED_QUERY_NOT_IN_LIST,
                "This server runs the operations of its list alone, and this is none of them",
            ),
        }
    }
}

/// Weighs documents by their memory.
#[derive(Debug, Clone)]
pub struct Weight {
    least: u64,
}

impl Weighter<Digest, Document> for Weight {
    fn weight(&self, _digest: &Digest, document: &Document) -> u64 {
        document.bytes.max(self.least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::error::code_in;

    fn kept(documents: &Documents, texts: impl IntoIterator<Item = String>) -> Vec<String> {
        let limits = Limits::default();
        let texts: Vec<String> = texts.into_iter().collect();
        for text in &texts {
            documents.keep(documents.find(Some(text), None, &limits).unwrap());
        }
        texts.into_iter().filter(|text| documents.get(&Digest::of(text)).is_some()).collect()
    }

    #[test]
    fn a_document_that_was_kept_is_the_same_one() {
        let documents = Documents::new(None, &Limits::default());
        let found = || documents.find(Some("{ __typename }"), None, &Limits::default()).unwrap().parsed;
        assert!(!Arc::ptr_eq(&found(), &found()), "it is kept when it has passed");
        kept(&documents, ["{ __typename }".to_owned()]);
        assert!(Arc::ptr_eq(&found(), &found()));
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let few = Limits { documents: 10, ..Limits::default() };
        let texts = || (0..1_000).map(|at| format!("{{ a{at} }}"));
        assert!((1..=10).contains(&kept(&Documents::new(None, &few), texts()).len()));
        let small = Limits { documents_bytes: 100 * 3 * TOKEN_BYTES as usize, ..Limits::default() };
        assert!((1..=100).contains(&kept(&Documents::new(None, &small), texts()).len()));
    }

    #[test]
    fn a_document_larger_than_all_the_room_is_not_kept() {
        let documents = Documents::new(None, &Limits { documents_bytes: 1_000, ..Limits::default() });
        let large = format!("{{ {} }}", "a ".repeat(100));
        assert_eq!(kept(&documents, [large]), Vec::<String>::new());
    }

    #[test]
    fn a_request_names_a_document_that_is_known() {
        let documents = Documents::new(None, &Limits::default());
        let refusal = |text: Option<&str>, named: Option<&Persisted>| {
            let error = documents.find(text, named, &Limits::default()).err()?;
            code_in(&error).map(str::to_owned)
        };
        let named = Persisted::naming("{ a }");
        assert_eq!(refusal(None, Some(&named)).as_deref(), Some(code::PERSISTED_QUERY_NOT_FOUND));
        assert_eq!(refusal(Some("{ b }"), Some(&named)).as_deref(), Some(code::BAD_USER_INPUT));
        documents.keep(documents.find(Some("{ a }"), Some(&named), &Limits::default()).unwrap());
        assert_eq!(refusal(None, Some(&named)), None);
        assert_eq!(refusal(Some("{ b }"), Some(&named)).as_deref(), Some(code::BAD_USER_INPUT));
        assert_eq!(refusal(None, None).as_deref(), Some(code::BAD_USER_INPUT));
    }
}
