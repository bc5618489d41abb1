//! The whole program behind its router, on a fresh database, asked without a network.
//!
//! ```ignore
//! let answer = app.get("/admin/communities").bearer("rec-registry.read").await;
//! assert_eq!(answer.json(200)["items"], json!([]));
//! let data = app.graphql("{ communities { totalCount } }", json!({})).admin().await.data();
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use bytes::Bytes;
use clap::Parser;
use http_body_util::BodyExt as _;
use rec_registry::app::{self, AppState, RouterOptions};
use rec_registry::auth::{DevKey, TokenRequest, Verifier};
use rec_registry::config::HttpArgs;
use rec_registry::graphql;
use rec_registry::http::Service;
use rec_registry::service::{DatabaseSettings, Registry};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use tower::make::Shared;

use super::statements::Statements;
use super::{Fixture, TestDatabase, sample};

/// What the command line says of HTTP and GraphQL.
#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    http: HttpArgs,
}

/// The program on a migrated, empty database. Clones are the same program.
#[derive(Clone)]
pub struct TestApp {
    /// What it sends to the database.
    pub statements: Statements,
    /// The use cases without a door.
    pub registry: Registry,
    /// Both doors.
    pub router: Service,
    key: Arc<DevKey>,
}

impl Fixture for TestApp {
    async fn on(database: &TestDatabase) -> Self {
        Self::over(database, None).await
    }
}

impl TestApp {
    /// The program with so many connections to the database; with as many as suit it when absent.
    pub async fn over(database: &TestDatabase, max_connections: Option<u32>) -> Self {
        let statements = Statements::default();
        let settings = DatabaseSettings { max_connections, ..statements.watched() };
        let registry = Registry::connect(&database.url, &settings).await.expect("the database answers");
        registry.migrate().await.expect("the schema goes up");
        let registry = registry.recording(Duration::from_secs(24 * 60 * 60));
        let registry = registry.remembering(16 * 1024 * 1024).await.expect("changes are heard");
        let key = DevKey::load_or_create(database.directory()).expect("a signing key can be made");
        let router = router(&registry, &key, &[]).await;
        statements.take();
        Self { statements, registry, router, key: key.into() }
    }
}

/// Both doors to a registry, as these words of a command line set them up.
async fn router(registry: &Registry, key: &DevKey, words: &[&str]) -> Service {
    let http = Settings::parse_from([&["rec-registry"], words].concat()).http;
    let graphql = graphql::Options::read(&http.graphql, &http.limits.graphql).await.expect("options");
    let verifier = key.verifier().expect("the key verifies");
    let state = AppState::with_limits(registry.clone(), verifier, http.limits);
    let cors_origins = http.cors_origins;
    app::router(&state, RouterOptions { graphql, cors_origins, ..RouterOptions::default() })
}

impl TestApp {
    /// The program on the same registry, set up by these words of a command line.
    pub async fn told(&self, words: &[&str]) -> Self {
        Self { router: router(&self.registry, &self.key, words).await, ..self.clone() }
    }

    /// The program on the same registry, with another judge of tokens.
    pub fn verified_by(&self, verifier: Verifier) -> Self {
        let state = AppState::new(self.registry.clone(), verifier);
        Self { router: app::router(&state, RouterOptions::default()), ..self.clone() }
    }

    /// A token of a user with scopes, separated by spaces.
    pub fn token(&self, user: &str, scope: &str) -> String {
        self.token_for(user, scope, Duration::from_secs(3600))
    }

    /// A token that is good for this long.
    pub fn token_for(&self, user: &str, scope: &str, ttl: Duration) -> String {
        let request = TokenRequest { user: user.to_owned(), scope: scope.to_owned(), ttl };
        self.key.sign(&request).expect("a token is signed")
    }

    /// Serves the program on a port of this machine, for what needs a network. Returns `host:port`.
    pub async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address").to_string();
        tokio::spawn(axum::serve(listener, Shared::new(self.router.clone())).into_future());
        address
    }

    /// A request, without a token until one is given.
    pub fn request(&self, method: Method, path: impl Into<String>) -> Asked {
        let headers = HeaderMap::new();
        Asked { app: self.clone(), method, path: path.into(), headers, body: Bytes::new() }
    }

    /// A GET. The path is as it goes over the wire, percent-encoded.
    pub fn get(&self, path: impl Into<String>) -> Asked {
        self.request(Method::GET, path)
    }

    /// A request with a body of JSON.
    pub fn json(&self, method: Method, path: impl Into<String>, body: &Value) -> Asked {
        self.request(method, path).body("application/json", body.to_string())
    }

    /// A POST of JSON.
    pub fn post_json(&self, path: impl Into<String>, body: &Value) -> Asked {
        self.json(Method::POST, path, body)
    }

    /// A PUT of JSON.
    pub fn put_json(&self, path: impl Into<String>, body: &Value) -> Asked {
        self.json(Method::PUT, path, body)
    }

    /// A PATCH of JSON.
    pub fn patch_json(&self, path: impl Into<String>, body: &Value) -> Asked {
        self.json(Method::PATCH, path, body)
    }

    /// A DELETE.
    pub fn delete(&self, path: impl Into<String>) -> Asked {
        self.request(Method::DELETE, path)
    }

    /// A POST of YAML.
    pub fn post_yaml(&self, path: impl Into<String>, body: impl Into<Bytes>) -> Asked {
        self.request(Method::POST, path).body("application/yaml", body)
    }

    /// A GraphQL operation.
    pub fn graphql(&self, query: &str, variables: Value) -> Asked {
        self.post_json("/graphql", &json!({"query": query, "variables": variables}))
    }

    /// Imports YAML as an administrator and returns the report.
    pub async fn import(&self, yaml: impl Into<Bytes>) -> Value {
        self.post_yaml("/admin/import/yaml", yaml).admin().await.json(200)
    }

    /// Imports a sample as an administrator and returns the report.
    pub async fn import_sample(&self, name: &str) -> Value {
        self.import(sample::text(name)).await
    }

    /// Exports everything as an administrator.
    pub async fn export(&self) -> String {
        self.get("/admin/export").admin().await.text(200)
    }

    /// What a request gave, and the statements that it took.
    pub async fn counted(&self, asked: Asked) -> (Answer, Vec<String>) {
        self.statements.take();
        let answer = asked.await;
        (answer, self.statements.take())
    }
}

/// A request that is sent when it is awaited.
#[must_use = "a request is sent when it is awaited"]
pub struct Asked {
    app: TestApp,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    /// By the user `operator` with these scopes.
    pub fn bearer(self, scope: &str) -> Self {
        self.by("operator", scope)
    }

    /// By the user `operator`, who may do everything.
    pub fn admin(self) -> Self {
        self.bearer("rec-registry.admin")
    }

    /// By a user with scopes.
    pub fn by(self, user: &str, scope: &str) -> Self {
        let token = self.app.token(user, scope);
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("the name of a header");
        self.headers.insert(name, HeaderValue::try_from(value).expect("the value of a header"));
        self
    }

    /// With a body of a media type.
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }
}

impl IntoFuture for Asked {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let what = format!("{} {}", self.method, self.path);
            let mut request = Request::builder().method(self.method).uri(&self.path);
            if !self.body.is_empty() {
                request = request.header(header::CONTENT_LENGTH, self.body.len());
            }
            let mut request = request.body(Body::from(self.body)).expect("a request");
            request.headers_mut().extend(self.headers);
            let response = self.app.router.oneshot(request).await.expect("a router always answers");
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("the answer is read to its end").to_bytes();
            Answer { what, status: parts.status, headers: parts.headers, body }
        })
    }
}

/// What a request gave.
#[derive(Debug)]
pub struct Answer {
    what: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body to its end.
    pub body: Bytes,
}

impl Answer {
    /// The body, which must be JSON, under this status.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        let text = self.text(status);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}: {text}", self.what))
    }

    /// The code of a refusal, under this status, which has a sentence beside it and nothing else.
    #[track_caller]
    pub fn code(&self, status: u16) -> String {
        let body = self.json(status);
        assert!(body["detail"].is_string(), "{}: {body}", self.what);
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{}: {body}", self.what);
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The places of what does not fit, under 422.
    #[track_caller]
    pub fn invalid(&self) -> Vec<String> {
        let body = self.json(422);
        assert_eq!(body["code"], "validation_error", "{}: {body}", self.what);
        let place = |one: &Value| {
            assert!(one["msg"].is_string() && one["type"].is_string(), "{one}");
            let steps = one["loc"].as_array().expect("a location").iter();
            steps.map(|step| step.as_str().unwrap_or_default()).collect::<Vec<_>>().join(".")
        };
        body["detail"].as_array().expect("problems").iter().map(place).collect()
    }

    /// The reasons of the errors of a GraphQL answer, in order.
    #[track_caller]
    pub fn reasons(&self) -> Vec<String> {
        let answer: Value = serde_json::from_slice(&self.body).expect("JSON");
        let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no errors: {answer:#}"));
        errors
            .iter()
            .map(|error| error["extensions"]["reason"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The body as text, under this status.
    #[track_caller]
    pub fn text(&self, status: u16) -> String {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        assert_eq!(self.status.as_u16(), status, "{}: {text}", self.what);
        text
    }

    /// A header; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header is text"))
    }

    /// The `data` of a GraphQL answer without errors.
    #[track_caller]
    pub fn data(&self) -> Value {
        let mut answer = self.json(200);
        assert!(answer.get("errors").is_none(), "{}: {answer:#}", self.what);
        answer["data"].take()
    }

    /// The codes of the errors of a GraphQL answer, in order.
    #[track_caller]
    pub fn error_codes(&self) -> Vec<String> {
        let answer: Value = serde_json::from_slice(&self.body).expect("JSON");
        let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no errors: {answer:#}"));
        errors
            .iter()
            .map(|error| error["extensions"]["code"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}
