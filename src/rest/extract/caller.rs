//! Who is calling.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::http::{AppState, Bearer, Problem, RequestId};
use crate::service::import::permitted;
use crate::service::{Ctx, Witness};

/// The same of a caller who may import, which is asked before a body is read that may be large.
pub struct Importer(pub Ctx);

impl FromRequestParts<AppState> for Importer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let KnownCaller(ctx) = KnownCaller::from_request_parts(parts, state).await?;
        permitted(&ctx).await?;
        Ok(Self(ctx))
    }
}

/// The context of a request whose caller is known. What the caller may do is the services' question.
pub struct KnownCaller(pub Ctx);

impl FromRequestParts<AppState> for KnownCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let Ok(Bearer(caller)) = Bearer::from_request_parts(parts, state).await;
        let registry = &state.registry;
        registry.rates().count_request(&caller)?;
        let id = parts.extensions.get::<RequestId>().map(RequestId::as_str);
        let witness = parts.extensions.get::<Witness>().cloned();
        let ctx = registry.context_of_request(caller, id, witness);
        ctx.principal()?;
        Ok(Self(ctx))
    }
}
