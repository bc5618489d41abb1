use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::auth::DevKey;
use crate::config::HttpLimits;
use crate::service::{DatabaseSettings, Registry};

/// A router of a few routes that misbehave, within the layers.
struct Asked {
    router: Service,
    _directory: tempfile::TempDir,
}

impl Asked {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite://{}?mode=rwc", directory.path().join("registry.db").display());
        let registry = Registry::connect(&url, &DatabaseSettings::default()).await.expect("a database");
        let key = DevKey::load_or_create(directory.path()).expect("a key");
        let limits = HttpLimits {
            max_body_mib: 3,
            request_timeout: Duration::from_millis(50),
            ..HttpLimits::default()
        };
        let state = AppState::with_limits(registry, key.verifier().expect("a verifier"), limits);
        let length = async |request: Request<Body>| match read_body(request).await {
            Ok(body) => body.len().to_string().into_response(),
            Err(error) => Problem(error).into_response(),
        };
        let tagged = with_entity_tags(Router::new().route("/things/{key}", get(async || "a thing")).route(
            "/streamed",
            get(async || Body::from_stream(futures_util::stream::empty::<Result<String, std::io::Error>>())),
        ));
        let routes = Router::new()
            .route("/health", get(async || "well"))
            .merge(tagged)
            .route("/panics", get(async || -> &'static str { panic!("alice@example.org") }))
            .route("/sleeps", get(async || std::future::pending::<()>().await))
            .route("/small", post(length))
            .route("/admin/import", post(length));
        let router = with_layers(routes, &state, &["https://app.example.org".to_owned()], None);
        Self { router, _directory: directory }
    }

    async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(body.to_vec()).expect("text")
}

async fn json_of(response: Response) -> Value {
    serde_json::from_str(&text(response).await).expect("JSON")
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let asked = Asked::new().await;
    for path in ["/health", "/nowhere", "/panics", "/small", "/sleeps"] {
        let request = Request::get(path).header("x-request-id", "Abc-1_2.3").body(Body::empty());
        let response = asked.send(request.expect("a request")).await;
        assert_eq!(response.headers()["x-request-id"], "Abc-1_2.3", "{path}");
    }
    for odd in ["", "a b", "ü", "a\tb", &"x".repeat(129)] {
        let request = Request::get("/health").header("x-request-id", odd.as_bytes()).body(Body::empty());
        let response = asked.send(request.expect("a request")).await;
        let id = response.headers()["x-request-id"].to_str().expect("text").to_owned();
        assert_eq!(id.len(), 36, "{odd:?} gave {id}");
    }
}

#[tokio::test]
async fn what_is_no_route_is_answered_as_an_error_is() {
    let asked = Asked::new().await;
    let response = asked.get("/nowhere").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(json_of(response).await, json!({"detail": "There is no such route"}));

    let response = asked.send(Request::delete("/health").body(Body::empty()).expect("a request")).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
    assert_eq!(json_of(response).await, json!({"detail": "The route does not know this method"}));
}

#[tokio::test]
async fn a_trailing_slash_and_head_find_the_route() {
    let asked = Asked::new().await;
    assert_eq!(text(asked.get("/things/a%2Fb/?x=1").await).await, "a thing");
    let request = Request::head("/things/a").body(Body::empty()).expect("a request");
    let response = asked.send(request).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key(header::ETAG));
    assert_eq!(response.headers()[header::CONTENT_LENGTH], "7");
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn a_panic_and_a_slow_handler_fail_their_own_request_alone() {
    let asked = Asked::new().await;
    let response = asked.get("/panics").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(json_of(response).await, json!({"detail": "Internal error"}));
    assert_eq!(asked.get("/sleeps").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(asked.get("/health").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_over_the_limit_of_its_route_is_refused() {
    let asked = Asked::new().await;
    let (two, three) = (2 * 1024 * 1024, 3 * 1024 * 1024);
    for (path, length, status) in [
        ("/small", two, 200),
        ("/small", two + 1, 413),
        ("/admin/import", three, 200),
        ("/admin/import", three + 1, 413),
    ] {
        let announced = Request::post(path)
            .header(header::CONTENT_LENGTH, length)
            .body(Body::from(vec![b'x'; length]))
            .expect("a request");
        let chunks = vec![Ok::<_, std::io::Error>(vec![b'x'; length])];
        let chunked = Request::post(path)
            .body(Body::from_stream(futures_util::stream::iter(chunks)))
            .expect("a request");
        for request in [announced, chunked] {
            let response = asked.send(request).await;
            assert_eq!(response.status().as_u16(), status, "{path} {length}");
            if status == 413 {
                assert!(json_of(response).await["detail"].is_string());
            }
        }
    }
}

#[tokio::test]
async fn who_has_an_answer_already_is_not_sent_it_again() {
    let asked = Asked::new().await;
    let tag = asked.get("/things/a").await.headers()[header::ETAG].to_str().expect("text").to_owned();
    for (known, status) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"x\", {tag}"), 304),
        ("*".to_owned(), 304),
        ("\"x\"".to_owned(), 200),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let request =
                Request::builder().method(method).uri("/things/a").header(header::IF_NONE_MATCH, &known);
            let response = asked.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(response.status().as_u16(), status, "{known}");
            assert_eq!(response.headers()[header::ETAG], tag.as_str());
        }
    }
    assert!(!asked.get("/streamed").await.headers().contains_key(header::ETAG));
}

#[tokio::test]
async fn only_configured_origins_may_ask_from_a_browser() {
    let asked = Asked::new().await;
    for (origin, allowed) in [("https://app.example.org", true), ("https://evil.example", false)] {
        let request = Request::options("/health")
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
            .body(Body::empty());
        let response = asked.send(request.expect("a request")).await;
        assert_eq!(response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), allowed);
    }
}
