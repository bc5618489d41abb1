//! The caller, and what this service is.

use async_graphql::{Context, Object, Result};

use crate::graphql::scope::Scope;
use crate::graphql::types::{ServiceInfo, Viewer};
use crate::service::{API_VERSION, SCHEMA_VERSION};

/// The caller, and what this service is.
#[derive(Default)]
pub struct Own;

#[Object]
impl Own {
    /// The caller; null and UNAUTHENTICATED without a token.
    async fn me(&self, context: &Context<'_>) -> Result<Option<Viewer>> {
        Ok(Some(Viewer(Scope::of(context)?.ctx().principal()?.clone())))
    }

    /// What this service is. It needs no token.
    async fn service(&self) -> ServiceInfo {
        ServiceInfo { api_version: API_VERSION, schema_version: SCHEMA_VERSION }
    }
}
