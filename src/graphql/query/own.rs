//! The caller, and what this service is.

use async_graphql::{Context, Object, Result};

use crate::graphql::scope::Scope;
use crate::graphql::types::{ServiceInfo, Viewer};

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
        ServiceInfo { api_version: env!("CARGO_PKG_VERSION"), schema_version: "0.7" }
    }
}
