//! The log holds nothing personal: every route and every field is asked with marked values in every place that a caller can
//! write to, by the real program with everything in its log, and no mark is to be found there.

use std::fmt::Write as _;

use rec_registry::rest;
use reqwest::{Client, Method};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;

use crate::support::server::{self, Server};
use crate::support::socket::Socket;
use crate::support::{Backend, TestDatabase, on_both_databases};

/// What stands in every marked value.
const MARK: &str = "zqmark";

/// A bundle in which everything personal is marked, with an owner of its own.
fn bundle(community: &str, user: &str) -> String {
    format!(
        "schema_version: '0.5'\ncommunity: {{id: {community}, name: {MARK}-community, areas: {{a: {{name: {MARK}-area}}}}}}\n\
         members: {{{MARK}-key: {{user_id: {user}, name: {MARK}-name, did: 'did:{MARK}:1', role: consumer, area: a, status: active,\n\
         delivery_points: [{{id: {MARK}-point, type: pod, address: {MARK}-address}}],\n\
         assets: {{meter: {{{MARK}-asset: {{name: {MARK}-meter, sensor_id: {MARK}-sensor, pod: {MARK}-point}}}}}}}}}}\n"
    )
}

/// Bodies that cannot be read, or are refused.
fn broken_bodies() -> Vec<String> {
    vec![
        format!("{{\"{MARK}\": "),
        format!("{MARK}: [unclosed"),
        format!("{MARK}: &a [*a, *{MARK}]"),
        format!("[\"{MARK}\", 1]"),
        format!("\"{MARK}\""),
        format!(
            "community: {{id: {MARK}, name: X}}\nmembers: {{m: {{user_id: u, name: {MARK}, role: {MARK}, area: {MARK}, status: {MARK}}}}}\n"
        ),
        format!("community: {{id: {MARK}, {MARK}: 1, {MARK}: 2, name: [{MARK}]}}\n"),
        format!("{{\"bundle\": \"{MARK}\", \"dry_run\": \"{MARK}\"}}"),
    ]
}

/// Somebody who asks, as a client over the network.
struct Asker<'s> {
    server: &'s Server,
    client: Client,
}

impl Asker<'_> {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        authorization: &str,
        body: Option<(&str, String)>,
    ) -> u16 {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.server.base_url()))
            .header("authorization", authorization)
            .header("cookie", format!("session={MARK}"))
            .header("user-agent", MARK)
            .header("referer", format!("https://{MARK}.example.org/"))
            .header("x-forwarded-for", MARK)
            .header("if-none-match", format!("\"{MARK}\""))
            .header("if-match", format!("\"{MARK}\""))
            .header("idempotency-key", MARK)
            .header("traceparent", format!("00-{MARK}-{MARK}-01"))
            .header("tracestate", format!("{MARK}=value,vendor={MARK}"))
            .header("baggage", format!("user={MARK}"))
            .header("origin", format!("https://{MARK}.example.org"))
            // What is no well formed id is no id.
            .header("x-request-id", format!("{MARK} {MARK}"));
        if let Some((content_type, body)) = body {
            request = request.header("content-type", content_type).body(body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        _ = answer.bytes().await;
        status
    }

    async fn graphql(&self, authorization: &str, body: String) -> u16 {
        self.ask(Method::POST, "/graphql", authorization, Some(("application/json", body))).await
    }

    /// Every route, with every kind of token and body.
    async fn every_route(&self, tokens: &[String]) {
        let document = serde_json::to_value(rest::openapi()).expect("JSON");
        for (path, item) in document["paths"].as_object().expect("paths") {
            let path =
                path.replace("{community_key}", "c-rec").replace('{', &format!("{MARK}-")).replace('}', "");
            for method in item.as_object().expect("operations").keys() {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
                for token in tokens {
                    let query =
                        ["key", "limit", "cursor", "role", "text", "community", "dry_run", "asset_type"]
                            .map(|name| format!("{name}={MARK}"));
                    for path in [
                        path.clone(),
                        format!("{path}?{}", query.join("&")),
                        format!("{path}/{MARK}%2F{MARK}%00%FF"),
                    ] {
                        let bodies =
                            if method == Method::GET { vec![String::new()] } else { broken_bodies() };
                        for body in bodies {
                            self.ask(method.clone(), &path, token, Some(("application/json", body))).await;
                        }
                    }
                }
            }
        }
        for (method, path) in [
            ("GET", "/nothing"),
            ("DELETE", "/user"),
            ("ZQMARK", "/user"),
            ("GET", "/graphql/playground"),
            ("GET", "/docs"),
        ] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            self.ask(method, &format!("{path}/{MARK}?token={MARK}"), &tokens[0], None).await;
        }
    }

    /// Every root of GraphQL and what goes wrong on the way there.
    async fn every_root(&self, tokens: &[String]) {
        let m = MARK;
        let fields = [
            format!("community(key: \"{m}\") {{ name member(key: \"{m}\") {{ name }} asset(key: \"{m}\") {{ name }} area(key: \"{m}\") {{ key }} }}"),
            format!("communities(filter: {{name: {{contains: \"{m}\"}}}}) {{ nodes {{ name members {{ nodes {{ name assets {{ nodes {{ name }} }} deliveryPoints {{ code }} }} }} }} }}"),
            format!("members(after: \"{m}\") {{ totalCount }}"),
            format!("members(filter: {{userId: {{in: [\"{m}\"]}}}}) {{ totalCount nodes {{ name }} }}"),
            format!("assets(filter: {{sensorId: {{startsWith: \"{m}\"}}}}) {{ nodes {{ sensorId owner {{ name }} measuredBy {{ name }} }} }}"),
            format!("deliveryPoints(filter: {{address: {{eq: \"{m}\"}}}}) {{ nodes {{ code member {{ name }} meters {{ name }} }} }}"),
            format!("memberByUserId(userId: \"{m}-user\") {{ name }}"),
            format!("memberByDid(did: \"did:{m}:1\") {{ name }}"),
            format!("assetBySensorId(sensorId: \"{m}-sensor\") {{ name }}"),
            format!("assetsBySensorIds(sensorIds: [\"{m}-sensor\"]) {{ name }}"),
            format!("assetsByUserIds(userIds: [\"{m}-user\"]) {{ name }}"),
            format!("membersByDids(dids: [\"did:{m}:1\"]) {{ name }}"),
            format!("deliveryPointByCode(code: \"{m}-point\") {{ code }}"),
            format!("duplicateDeliveryPoints(communityKey: \"{m}\") {{ code }}"),
            format!("search(text: \"{m}\") {{ field node {{ id }} }}"),
            format!("node(id: \"{m}\") {{ id }}"),
            format!("nodes(ids: [\"member:{m}\"]) {{ id }}"),
            format!("exportYaml(communityKeys: [\"{m}\", \"c-rec\"])"),
            "me { sub username memberships { name assets { nodes { name } } } membership(communityKey: \"zqmark\") { name } }".to_owned(),
            format!("{m}(x: \"{m}\") {{ {m} }}"),
            format!("community(key: \"{m}\" {{{m}"),
        ];
        for token in tokens {
            for field in &fields {
                self.graphql(
                    token,
                    json!({"query": format!("query {m} {{ {field} }}"), "operationName": m}).to_string(),
                )
                .await;
            }
            let variables = "query($x: String!, $n: Int) { community(key: $x) { name } members(first: $n) { totalCount } }";
            for given in [
                json!({"x": m, "n": m}),
                json!({"x": [m]}),
                json!({(m): m}),
                json!(m),
                json!({"x": format!("{m}\0")}),
            ] {
                self.graphql(token, json!({"query": variables, "variables": given, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": m}}}).to_string()).await;
                self.graphql(token, json!({"query": variables, "variables": given}).to_string()).await;
            }
            for mutation in ["importYaml(yaml: $y) { dryRun }", "importBundle(bundle: $b) { communityKey }"] {
                for body in broken_bodies() {
                    let declared = if mutation.contains("$y") { "($y: String!)" } else { "($b: JSON!)" };
                    let variables = json!({"y": body, "b": {"community": {"id": m, "name": [m]}}});
                    self.graphql(token, json!({"query": format!("mutation{declared} {{ {mutation} }}"), "variables": variables}).to_string()).await;
                }
            }
            for body in broken_bodies() {
                self.graphql(token, body.clone()).await;
                self.ask(
                    Method::POST,
                    "/graphql",
                    token,
                    Some(("multipart/form-data; boundary=zqmark", format!("--zqmark\r\n{body}"))),
                )
                .await;
            }
            self.ask(Method::GET, &format!("/graphql?query={{{m}}}&variables={m}"), token, None).await;
        }
    }

    async fn sockets(&self, token: &str) {
        let address = self.server.address();
        let mut socket = Socket::of(address, token).await;
        for (id, query) in [
            ("1", "subscription($k: String) { communityChanged(communityKey: $k) { at } }"),
            ("zqmark", "{ zqmark }"),
        ] {
            socket.ask(id, query, json!({"k": MARK})).await;
        }
        socket.hear().await;
        socket.say_text(format!("{{\"type\": \"{MARK}\", \"id\": \"{MARK}\"}}")).await;
        socket.closed().await;
        let mut socket = Socket::open(address).await;
        socket
            .say(&json!({"type": "connection_init", "payload": {"Authorization": format!("Bearer {MARK}")}}))
            .await;
        socket.closed().await;
        // The handshake may fail, or the socket be closed at once.
        _ = Socket::speaking(address, MARK).await;
    }
}

/// The lines of a log that hold a mark.
fn marked(log: &str) -> String {
    let lines = log.lines().filter(|line| line.to_lowercase().contains(MARK));
    lines.take(20).fold(String::new(), |mut lines, line| {
        _ = writeln!(lines, "{line}");
        lines
    })
}

/// A constraint that only marked values break, and a table that is gone: whatever the database says of them.
async fn break_the_database(database: &TestDatabase, gone: bool) {
    let connection = Database::connect(&database.url).await.expect("the database answers");
    let statements: &[&str] = match (database.backend, gone) {
        (Backend::Postgres, false) => &[
            "ALTER TABLE member ADD CONSTRAINT unmarked CHECK (name NOT LIKE 'zqmark%' OR key NOT LIKE '%-again')",
        ],
        (Backend::Sqlite, false) => &[
            "CREATE TRIGGER unmarked BEFORE INSERT ON member WHEN NEW.key LIKE '%-again' BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END",
        ],
        (_, true) => &["ALTER TABLE asset RENAME TO asset_gone"],
    };
    for statement in statements {
        connection.execute_unprepared(statement).await.expect("the database is broken");
    }
    connection.close().await.expect("a connection closes");
}

async fn drive(database: &TestDatabase, format: &str) {
    let words = [
        "--log",
        "trace",
        "--log-format",
        format,
        "--trusted-proxies",
        "127.0.0.1",
        "--rate-limit-per-address",
        "100000",
    ];
    let server = Server::told(database.directory(), &database.url, &words).await;
    let asker = Asker { server: &server, client: Client::new() };
    let by = |user: &str, scope: &str| format!("Bearer {}", server::token(database.directory(), user, scope));
    let admin = by(&format!("{MARK}-admin"), "rec-registry.admin");
    let mut forged = admin.clone();
    forged.push_str(MARK);
    let tokens = [
        admin.clone(),
        by(&format!("{MARK}-user"), &format!("openid {MARK}")),
        by(&format!("{MARK}-user"), &format!("rec-registry.read:{MARK}")),
        forged,
        format!("Bearer {MARK}"),
        format!("Basic {MARK}"),
    ];
    let yaml = |text: String| Some(("application/yaml", text));
    let import = "/admin/import/yaml";
    assert_eq!(
        asker.ask(Method::POST, import, &admin, yaml(bundle("c-rec", &format!("{MARK}-user")))).await,
        200
    );
    // The same identifiers again, elsewhere; and once more against a database that refuses.
    assert_eq!(
        asker.ask(Method::POST, import, &admin, yaml(bundle("d-rec", &format!("{MARK}-user")))).await,
        422
    );
    for body in broken_bodies() {
        asker.ask(Method::POST, import, &admin, yaml(body)).await;
    }
    asker.every_route(&tokens).await;
    asker.every_root(&tokens).await;
    asker.sockets(admin.trim_start_matches("Bearer ")).await;
    break_the_database(database, false).await;
    let again =
        bundle("c-rec", &format!("{MARK}-user")).replace(&format!("{MARK}-key"), &format!("{MARK}-again"));
    assert_eq!(asker.ask(Method::POST, import, &admin, yaml(again)).await, 500);
    break_the_database(database, true).await;
    assert_eq!(
        asker.ask(Method::GET, &format!("/admin/lookup/asset-by-sensor-id/{MARK}"), &admin, None).await,
        500
    );
    asker.every_root(&tokens[..2]).await;

    let said = server.said();
    assert!(said.contains("the request failed") && said.contains("answered"), "the log says nothing: {said}");
    assert_eq!(marked(&said), "");
}

on_both_databases! {
    async fn nothing_that_a_caller_sends_is_logged(database: TestDatabase) {
        let format = if database.backend == Backend::Sqlite { "pretty" } else { "json" };
        drive(&database, format).await;
    }
}

/// Marks are found where they are.
#[test]
fn a_mark_is_found() {
    assert_eq!(marked("one\ntwo ZQMARK\n"), "two ZQMARK\n");
}
