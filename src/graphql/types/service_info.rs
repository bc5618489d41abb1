//! What this service is.

use async_graphql::SimpleObject;

/// What this service is. It needs no token.
#[derive(SimpleObject)]
pub struct ServiceInfo {
    /// The version of the service.
    pub api_version: &'static str,
    /// The highest version of the bundle schema that it reads and writes.
    pub schema_version: &'static str,
}
