//! What GraphQL shows of itself, and what a GraphQL request may ask for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::MIB;
use super::text::positive;

/// What GraphQL shows of itself, and which operations it runs.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "GraphQL")]
pub struct GraphqlArgs {
    /// Whether GraphQL can be asked for its schema; off: /schema.graphql and suggestions are off as well
    #[arg(long, env = "REC_REGISTRY_GRAPHQL_INTROSPECTION", value_name = "SWITCH", default_value = "on")]
    pub introspection: Switch,

    /// Whether the refusal of an unknown field or argument says what may have been meant
    #[arg(long, env = "REC_REGISTRY_GRAPHQL_SUGGESTIONS", value_name = "SWITCH", default_value = "on")]
    pub suggestions: Switch,

    /// Run the GraphQL operations of this manifest alone: JSON, texts by their SHA-256, or Apollo's manifest
    /// [default: any operation]
    #[arg(long, env = "REC_REGISTRY_GRAPHQL_PERSISTED_ONLY", value_name = "FILE")]
    pub persisted_only: Option<PathBuf>,
}

/// Something that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl Switch {
    /// Whether it is on.
    #[must_use]
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

macro_rules! graphql_limits {
    ($($(#[doc = $text:literal])+ $field:ident, $flag:literal, $env:literal, $default:expr;)+) => {
        /// What a GraphQL request may ask for.
        #[derive(Debug, Clone, PartialEq, Eq, Args)]
        #[command(next_help_heading = "GraphQL limits")]
        pub struct GraphqlLimits {
            $(
                $(#[doc = $text])+
                #[arg(
                    id = $flag,
                    long = $flag,
                    env = concat!("REC_REGISTRY_GRAPHQL_", $env),
                    value_name = "N",
                    default_value_t = $default,
                    value_parser = positive
                )]
                pub $field: usize,
            )+
        }

        impl Default for GraphqlLimits {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }
    };
}

graphql_limits! {
    /// Longest text of a query, in bytes
    query_bytes, "graphql-query-bytes", "QUERY_BYTES", 64 * 1024;
    /// Most tokens of a query
    tokens, "graphql-tokens", "TOKENS", 10_000;
    /// Deepest nesting of brackets in a query
    bracket_depth, "graphql-bracket-depth", "BRACKET_DEPTH", 64;
    /// Deepest nesting of fields
    depth, "graphql-depth", "DEPTH", 15;
    /// Most fields, after fragments are expanded
    fields, "graphql-fields", "FIELDS", 1_000;
    /// Largest complexity; a connection costs its page size times its children
    complexity, "graphql-complexity", "COMPLEXITY", 250_000;
    /// Most aliases of one field
    aliases, "graphql-aliases", "ALIASES", 50;
    /// Most directives of a query
    directives, "graphql-directives", "DIRECTIVES", 50;
    /// Most operations of a batch
    batch, "graphql-batch", "BATCH", 10;
    /// Most errors of an answer
    errors, "graphql-errors", "ERRORS", 20;
    /// Largest JSON body or WebSocket message, in bytes, variables and all
    body_bytes, "graphql-body-bytes", "BODY_BYTES", MIB;
    /// Most documents that are kept parsed
    documents, "graphql-documents", "DOCUMENTS", 1_000;
    /// Most memory of the documents that are kept parsed, in bytes, estimated
    documents_bytes, "graphql-documents-bytes", "DOCUMENTS_BYTES", 32 * MIB;
    /// Most WebSockets at a time
    sockets, "graphql-sockets", "SOCKETS", 10_000;
    /// Most operations that run on one WebSocket at a time
    socket_operations, "graphql-socket-operations", "SOCKET_OPERATIONS", 50;
}
