//! Traces: what a request says of the trace that it comes from is in the log and in the span that goes to a collector, and
//! nothing personal is. The database has no part in this: one of them is enough.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use reqwest::Client;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::block_in_place;

use crate::support::server::{self, PROGRAM, Server, free_address};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
/// What stands in everything personal.
const MARK: &str = "zqmark";

/// A collector: keeps the bodies that it is sent.
struct Collector {
    endpoint: String,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = bodies.clone();
        let keep = async move |body: Bytes| {
            kept.lock().expect("no test panicked here").push(body);
            StatusCode::OK
        };
        let routes = Router::new().route("/v1/traces", post(keep));
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { endpoint, bodies }
    }

    fn bytes(&self) -> Vec<u8> {
        self.bodies.lock().expect("no test panicked here").concat()
    }

    /// Every span that came, with the name of its service.
    fn spans(&self) -> Vec<(String, Span)> {
        let bodies = self.bodies.lock().expect("no test panicked here");
        let requests = bodies
            .iter()
            .map(|body| ExportTraceServiceRequest::decode(body.clone()).expect("a request of OTLP"));
        let resources = requests.flat_map(|request| request.resource_spans);
        resources
            .flat_map(|of| {
                let resource = of.resource.expect("a resource");
                let service = text(&resource.attributes, "service.name").expect("a service");
                let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.map(move |span| (service.clone(), span)).collect::<Vec<_>>()
            })
            .collect()
    }
}

type Attributes = [opentelemetry_proto::tonic::common::v1::KeyValue];

fn value(attributes: &Attributes, key: &str) -> Option<Value> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    found.value.clone()?.value
}

fn text(attributes: &Attributes, key: &str) -> Option<String> {
    match value(attributes, key)? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn status(span: &Span) -> Option<i64> {
    match value(&span.attributes, "http.response.status_code")? {
        Value::IntValue(status) => Some(status),
        _ => None,
    }
}

/// The program on a database of its own, as the variables say.
async fn served(directory: &Path, variables: &[(&str, &str)]) -> Server {
    let url = format!("sqlite://{}?mode=rwc", directory.join("registry.db").display());
    let mut dev = Command::new(PROGRAM);
    dev.args(["dev", "--empty", "--log-format", "json", "--database-url", &url, "--data-dir"]).arg(directory);
    dev.envs(variables.iter().copied());
    Server::run_dev(dev, directory).await
}

fn stop(server: &mut Server) {
    let process = server.process.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &process]).status();
    assert!(sent.is_ok_and(|sent| sent.success()), "the signal is sent");
    let status = block_in_place(|| server.process.wait()).expect("the server is waited for");
    assert_eq!(status.code(), Some(0), "{}", server.account());
}

async fn ask(server: &Server, path: &str, parent: &str, token: &str) -> u16 {
    let request = Client::new().get(format!("{}{path}", server.base_url())).bearer_auth(token);
    let request = request.header("traceparent", parent).header("tracestate", format!("vendor={MARK}-state"));
    request.send().await.expect("an answer").status().as_u16()
}

/// The lines of the log that tell of answers, for requests to a route.
fn answered(server: &Server, route: &str) -> Vec<serde_json::Value> {
    let said = server.said();
    let lines = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.filter(|line| line["message"] == "answered" && line["route"] == route).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_the_trace_of_who_asked_and_no_malformed_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = served(directory.path(), &[]).await;
    let token = server.token().to_owned();
    assert_eq!(ask(&server, "/version", &format!("00-{TRACE}-{PARENT}-01"), &token).await, 200);
    assert_eq!(ask(&server, "/health", &format!("00-{MARK}-{PARENT}-01"), &token).await, 200);
    stop(&mut server);

    let [line] = &answered(&server, "/version")[..] else { panic!("{}", server.account()) };
    assert_eq!((&line["trace_id"], &line["parent_id"]), (&json!(TRACE), &json!(PARENT)));
    let [line] = &answered(&server, "/health")[..] else { panic!("{}", server.account()) };
    assert_eq!((line.get("trace_id"), line.get("parent_id")), (None, None));
    assert!(!server.said().contains(MARK), "{}", server.account());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_sent_a_span_for_each_request_and_nothing_personal() {
    let collector = Collector::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str())];
    let mut server = served(directory.path(), &variables).await;
    let token = server::token(directory.path(), &format!("{MARK}-user"), "rec-registry.admin");
    let sampled = format!("00-{TRACE}-{PARENT}-01");
    let member = "/admin/lookup/asset-by-sensor-id/zqmark-sensor?key=zqmark";
    // Twice: the second answer may be told from memory.
    for _ in 0..2 {
        assert_eq!(ask(&server, member, &sampled, &token).await, 404);
    }
    assert_eq!(ask(&server, "/zqmark-nowhere", &sampled, &token).await, 404);
    // Its caller does not record this one.
    assert_eq!(ask(&server, "/version", &format!("00-{TRACE}-{PARENT}-00"), &token).await, 200);
    assert_eq!(ask(&server, "/health", &format!("00-{MARK}-{PARENT}-01"), &token).await, 200);
    let body = json!({"query": "query zqmark { community(key: \"zqmark\") { name } }"});
    for _ in 0..3 {
        let request = Client::new().post(format!("{}/graphql", server.base_url())).json(&body);
        let request = request.bearer_auth(&token).header("traceparent", &sampled);
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }
    stop(&mut server);

    let spans = collector.spans();
    assert!(spans.iter().all(|(service, _)| service == "rec-registry"), "{spans:?}");
    let named =
        |name: &str| spans.iter().map(|(_, span)| span).filter(|span| span.name == name).collect::<Vec<_>>();
    for (name, times, status_code) in [
        ("GET /admin/lookup/asset-by-sensor-id/{*sensor_id}", 2, 404),
        ("GET", 1, 404),
        ("POST /graphql", 3, 200),
    ] {
        let found = named(name);
        assert_eq!(found.len(), times, "{name}: {spans:?}");
        for span in found {
            assert_eq!(
                (hex::encode(&span.trace_id), hex::encode(&span.parent_span_id)),
                (TRACE.to_owned(), PARENT.to_owned())
            );
            assert_eq!(span.kind, 2, "a server's");
            assert_eq!(status(span), Some(status_code), "{name}");
            let (method, route) =
                name.split_once(' ').map_or((name, None), |(method, route)| (method, Some(route)));
            assert_eq!(text(&span.attributes, "http.request.method").as_deref(), Some(method));
            assert_eq!(text(&span.attributes, "http.route").as_deref(), route);
            assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
        }
    }
    assert!(named("GET /version").is_empty(), "{spans:?}");
    // A malformed parent begins a new trace, which the log names.
    let [health] = named("GET /health")[..] else { panic!("{spans:?}") };
    assert_ne!(hex::encode(&health.trace_id), TRACE);
    assert!(health.parent_span_id.is_empty(), "{health:?}");
    let [line] = &answered(&server, "/health")[..] else { panic!("{}", server.account()) };
    assert_eq!(line["trace_id"], json!(hex::encode(&health.trace_id)));

    // The state of the trace is its vendor's, and goes with it; nothing else of what was sent is there.
    let bytes = String::from_utf8_lossy(&collector.bytes()).replace(&format!("vendor={MARK}-state"), "");
    assert!(!bytes.contains(MARK) && !bytes.contains(&token), "{bytes}");
    assert!(!server.said().contains(MARK), "{}", server.account());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_costs_spans_and_no_request() {
    let directory = tempfile::tempdir().expect("a directory");
    let nobody = format!("http://{}", free_address());
    let mut server = served(directory.path(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &nobody)]).await;
    let token = server.token().to_owned();
    assert_eq!(ask(&server, "/version", &format!("00-{TRACE}-{PARENT}-01"), &token).await, 200);
    stop(&mut server);
    assert!(server.said().contains("ExportError"), "{}", server.account());
}
