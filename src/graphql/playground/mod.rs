//! The page for those who come with a browser: served wholly from the binary.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// What the page may load and talk to: this server alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the script of the page is.
pub const SCRIPT_PATH: &str = "/graphql/playground.js";
/// Where the style of the page is.
pub const STYLE_PATH: &str = "/graphql/playground.css";

/// The page.
pub fn page() -> Response {
    asset("text/html; charset=utf-8", include_str!("playground.html"))
}

/// The script of the page.
pub async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("playground.js"))
}

/// The style of the page.
pub async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("playground.css"))
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        for text in
            [include_str!("playground.html"), include_str!("playground.js"), include_str!("playground.css")]
        {
            assert!(!text.contains("://"), "an address of another host");
        }
        let page = include_str!("playground.html");
        assert!(page.contains(SCRIPT_PATH) && page.contains(STYLE_PATH));
    }

    #[test]
    fn every_example_fits_the_schema_and_the_limits() {
        let outline = crate::graphql::outline::Outline::of(&crate::graphql::sdl());
        let script = include_str!("playground.js");
        let examples: Vec<&str> =
            script.split("query: `").skip(1).filter_map(|rest| rest.split('`').next()).collect();
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
