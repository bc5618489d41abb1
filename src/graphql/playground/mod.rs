//! The page for those who come with a browser: served wholly from the binary.
//!
//! It is GraphiQL, bundled by `npm run build` in `playground/` and embedded when the program is compiled.
//! Where nobody ran that, it is a plain page that needs no build; which is at [`PLAIN_PATH`] in any case.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::http::{AppState, problem};

/// The plain page.
const PLAIN_PATH: &str = "/graphql/plain";
/// Everything that the pages load. `build.js` writes it into the names of what the bundle loads.
const ASSETS_PATH: &str = "/graphql/playground/{file}";

/// What the bundle consists of, each file compressed with gzip; nothing when it was not built.
static BUNDLE: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/playground.rs"));

/// The page of the bundle.
const PAGE: &str = "index.html";

/// What the plain page consists of.
static PLAIN: &[(&str, &str)] = &[
    ("plain.css", include_str!("plain.css")),
    ("plain.js", include_str!("plain.js")),
    ("examples.js", include_str!("examples.js")),
];

/// What a page may load and talk to: this server alone. The editor of the bundle makes its styles while
/// it runs, and has workers.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; \
     img-src 'self' data:; worker-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// What the plain page may load and talk to.
const PLAIN_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Pages are asked for each time, and so is what has the same name in the next version.
const FRESH: HeaderValue = HeaderValue::from_static("no-cache");
/// A file whose name changes with its content is asked for once.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The routes of the plain page and of everything that the pages load.
pub fn router() -> Router<AppState> {
    Router::new().route(PLAIN_PATH, get(async || plain_page())).route(ASSETS_PATH, get(asset))
}

/// The page.
pub fn page() -> Response {
    match embedded(PAGE) {
        Some(page) => (compressed(), served(PAGE, POLICY, FRESH), page).into_response(),
        None => plain_page(),
    }
}

fn plain_page() -> Response {
    (served("plain.html", PLAIN_POLICY, FRESH), include_str!("plain.html")).into_response()
}

async fn asset(Path(name): Path<String>) -> Response {
    if let Some((_, text)) = PLAIN.iter().find(|(known, _)| *known == name) {
        return (served(&name, PLAIN_POLICY, FRESH), *text).into_response();
    }
    // What changes its name with its content has the mark of the content behind a dash.
    let caching = if name.contains('-') { FOR_EVER } else { FRESH };
    match embedded(&name) {
        Some(bytes) => (compressed(), served(&name, POLICY, caching), bytes).into_response(),
        None => problem::answer(StatusCode::NOT_FOUND, "There is no such route"),
    }
}

fn embedded(name: &str) -> Option<&'static [u8]> {
    BUNDLE.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// There is no browser that does not take it, and nobody else asks.
fn compressed() -> [(HeaderName, HeaderValue); 1] {
    [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]
}

fn served(name: &str, policy: HeaderValue, caching: HeaderValue) -> [(HeaderName, HeaderValue); 5] {
    let content_type = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("ttf") => "font/ttf",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, caching),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_page_loads_nothing_from_elsewhere() {
        let page = include_str!("plain.html");
        for (_, text) in PLAIN.iter().chain(&[("plain.html", page)]) {
            assert!(!text.contains("://"), "an address of another host");
        }
        for name in ["plain.js", "plain.css"] {
            assert!(page.contains(&ASSETS_PATH.replace("{file}", name)), "{name}");
        }
    }

    #[test]
    fn every_example_fits_the_schema_and_the_limits() {
        let outline = crate::graphql::outline::Outline::of(&crate::graphql::sdl());
        let examples: Vec<&str> = include_str!("examples.js")
            .split("query: `")
            .skip(1)
            .filter_map(|rest| rest.split('`').next())
            .collect();
        assert!(examples.len() > 5);
        for query in examples {
            let body = serde_json::json!({ "query": query }).to_string();
            let parameters: crate::graphql::request::Parameters<'_> = serde_json::from_str(&body).unwrap();
            let limits = crate::graphql::limits::Limits::default();
            let documents = crate::graphql::documents::Documents::new(None, &limits);
            if let Err(error) = parameters.prepare(&documents, &outline, &limits) {
                assert!(error.message.contains("is missing"), "{}: {query}", error.message);
            }
        }
    }
}
