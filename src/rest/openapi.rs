//! The OpenAPI document, made from the routes themselves.

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

/// How operations are grouped.
pub(super) mod tag {
    pub(in crate::rest) const META: &str = "Meta";
    pub(in crate::rest) const USER: &str = "Self-service";
    pub(in crate::rest) const BROWSING: &str = "Browsing";
    pub(in crate::rest) const LOOKUP: &str = "Lookup";
    pub(in crate::rest) const IMPORT_EXPORT: &str = "Import and export";
}

/// What the document says beside the routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "rec-registry",
        description = "The registry of renewable energy communities: who is in a community, where they are connected \
                       to the grid, what they own.\n\nLists come in pages: give `next_cursor` as `cursor` for the next \
                       one. Times are RFC 3339 in UTC. Errors are objects with `detail`, and with `code` where a client \
                       can act on them.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = tag::META, description = "The process itself. No token"),
        (name = tag::USER, description = "What callers may see of themselves. Any valid token"),
        (name = tag::BROWSING, description = "Everything that is stored. Grant `rec-registry.read`"),
        (name = tag::LOOKUP, description = "By an identifier, across communities; only active members hold anything. Grant `rec-registry.lookup`"),
        (name = tag::IMPORT_EXPORT, description = "Bundles in and out. Grants `rec-registry.import` and `rec-registry.export`"),
    ),
    security(("bearer" = [])),
    modifiers(&Bearer),
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        scheme.description = Some("A token of the configured issuer; its scopes are the grants.".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The document without routes, with the title and version of this program.
pub(super) fn document() -> OpenApi {
    Document::openapi()
}

/// The OpenAPI document of every route.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = super::routes().into_openapi();
    // OpenAPI knows no parameter that takes the rest of a path, and no other name for one.
    document.paths.paths = std::mem::take(&mut document.paths.paths)
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
    document
}
