//! Who may do what: every route of REST, every root of GraphQL and every edge between its objects, with every grant, in the
//! caller's own community and in another. What is expected is one table, that of the writes being in `write_grants`; an operation
//! without a line fails, and so does a line without an operation.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use rec_registry::rest;
use serde_json::{Value, json};

use crate::support::app::{Answer, Asked};
use crate::support::neighbours::{self, COMMUNITIES, USER};
use crate::support::{TestApp, on_both_databases};
use crate::write_grants;

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// No token.
    Nothing,
    /// Any valid token: it is about the caller.
    Token,
    /// `rec-registry.` and this.
    Grant(&'static str),
}
use Needs::{Grant, Nothing, Token};

/// How an operation answers of a community that the grant does not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beyond {
    /// It lists what is reached.
    LeftOut,
    /// 404, or null: the same answer as for a community that does not exist.
    Absent,
    /// 403: whoever imports names the community.
    Denied,
}
use Beyond::{Absent, Denied, LeftOut};

const READ: Needs = Grant("read");
const LOOKUP: Needs = Grant("lookup");
const IMPORT: Needs = Grant("import");
const EXPORT: Needs = Grant("export");
const AUDIT: Needs = Grant("audit");

/// Every route.
const ROUTES: &[(&str, Needs, Beyond)] = &[
    ("GET /health", Nothing, LeftOut),
    ("GET /ready", Nothing, LeftOut),
    ("GET /version", Nothing, LeftOut),
    ("GET /schemas/community/v0.7", Nothing, LeftOut),
    ("GET /user", Token, LeftOut),
    ("GET /user/member", Token, LeftOut),
    ("GET /user/community", Token, LeftOut),
    ("GET /user/assets", Token, LeftOut),
    ("GET /user/assets/{asset_key}", Token, LeftOut),
    ("GET /user/delivery-points", Token, LeftOut),
    ("GET /user/export", Token, LeftOut),
    ("GET /admin/communities", READ, LeftOut),
    ("GET /admin/search", READ, LeftOut),
    ("GET /admin/communities/{community_key}", READ, Absent),
    ("GET /admin/communities/{community_key}/topology", READ, Absent),
    ("GET /admin/communities/{community_key}/members", READ, Absent),
    ("GET /admin/communities/{community_key}/members/{member_key}", READ, Absent),
    ("GET /admin/communities/{community_key}/members/by-user-id/{user_id}", READ, Absent),
    ("GET /admin/communities/{community_key}/members/{member_key}/delivery-points", READ, Absent),
    ("GET /admin/communities/{community_key}/delivery-points", READ, Absent),
    ("GET /admin/communities/{community_key}/delivery-points/by-id/{dp_id}", READ, Absent),
    ("GET /admin/communities/{community_key}/delivery-points/duplicates", READ, Absent),
    ("GET /admin/communities/{community_key}/assets", READ, Absent),
    ("GET /admin/communities/{community_key}/assets/{asset_key}", READ, Absent),
    ("GET /admin/communities/{community_key}/assets/by-sensor-id/{sensor_id}", READ, Absent),
    ("GET /admin/communities/{community_key}/meters", READ, Absent),
    ("GET /admin/communities/{community_key}/stats", READ, Absent),
    ("GET /admin/communities/{community_key}/revisions", READ, Absent),
    ("GET /admin/lookup/community-by-user-id/{user_id}", LOOKUP, Absent),
    ("GET /admin/lookup/community-by-sensor-id/{sensor_id}", LOOKUP, Absent),
    ("GET /admin/lookup/community-by-delivery-point/{dp_id}", LOOKUP, Absent),
    ("GET /admin/lookup/member-by-user-id/{user_id}", LOOKUP, Absent),
    ("GET /admin/lookup/asset-by-sensor-id/{sensor_id}", LOOKUP, Absent),
    ("POST /admin/lookup/assets-by-sensor-ids", LOOKUP, LeftOut),
    ("POST /admin/lookup/assets-by-user-ids", LOOKUP, LeftOut),
    ("POST /admin/lookup/members-by-dids", LOOKUP, LeftOut),
    ("POST /admin/import", IMPORT, Denied),
    ("POST /admin/import/yaml", IMPORT, Denied),
    ("GET /admin/export", EXPORT, Absent),
    ("GET /admin/audit", AUDIT, LeftOut),
];

/// Every root of GraphQL, and how it is asked: `C` stands for the key of a community.
const ROOTS: &[(&str, Needs, Beyond, &str)] = &[
    ("Query.me", Token, LeftOut, "me { sub }"),
    ("Query.service", Nothing, LeftOut, "service { apiVersion }"),
    ("Query.community", READ, Absent, r#"community(key: "C") { name }"#),
    ("Query.communities", READ, LeftOut, "communities { totalCount nodes { name } }"),
    ("Query.members", READ, LeftOut, "members { totalCount nodes { name } }"),
    ("Query.assets", READ, LeftOut, "assets { totalCount nodes { name } }"),
    ("Query.deliveryPoints", READ, LeftOut, "deliveryPoints { totalCount nodes { code } }"),
    (
        "Query.search",
        READ,
        LeftOut,
        r#"search(text: ".C.") { field node { id ... on Member { name } ... on Asset { name } } }"#,
    ),
    ("Query.duplicateDeliveryPoints", READ, Absent, r#"duplicateDeliveryPoints(communityKey: "C") { code }"#),
    ("Query.memberByUserId", LOOKUP, Absent, r#"memberByUserId(userId: "user.C.p") { name }"#),
    ("Query.memberByDid", LOOKUP, Absent, r#"memberByDid(did: "did:key:C.p") { name }"#),
    ("Query.assetBySensorId", LOOKUP, Absent, r#"assetBySensorId(sensorId: "sensor.C.p.pv") { name }"#),
    ("Query.deliveryPointByCode", LOOKUP, Absent, r#"deliveryPointByCode(code: "point.C.p") { code }"#),
    (
        "Query.assetsBySensorIds",
        LOOKUP,
        Absent,
        r#"assetsBySensorIds(sensorIds: ["sensor.C.p.pv"]) { name }"#,
    ),
    ("Query.assetsByUserIds", LOOKUP, Absent, r#"assetsByUserIds(userIds: ["user.C.p"]) { name }"#),
    ("Query.membersByDids", LOOKUP, Absent, r#"membersByDids(dids: ["did:key:C.p"]) { name }"#),
    (
        "Query.holderAt",
        LOOKUP,
        Absent,
        r#"holderAt(kind: SENSOR, id: "sensor.C.p.pv", at: "2100-01-01T00:00:00Z") { communityKey }"#,
    ),
    (
        "Query.auditEntries",
        AUDIT,
        LeftOut,
        r#"auditEntries(filter: {communityKey: "C"}) { totalCount nodes { communityKey } }"#,
    ),
    ("Query.exportYaml", EXPORT, Absent, r#"exportYaml(communityKeys: ["C"])"#),
    (
        "Mutation.importYaml",
        IMPORT,
        Denied,
        "importYaml(yaml: $yaml, dryRun: true) { reports { communityKey } }",
    ),
    (
        "Mutation.importBundle",
        IMPORT,
        Denied,
        r#"importBundle(bundle: {community: {id: "C", name: "rec.C.name"}}, dryRun: true) { communityKey }"#,
    ),
];

/// Roots that another test asks, and why.
const OTHER_ROOTS: &[(&str, &str)] = &[
    (
        "Query.node",
        "any token asks for an id: what is seen is a matter of the object; `leaks` asks for each type",
    ),
    ("Query.nodes", "like Query.node"),
    (
        "Mutation.importYamlFile",
        "a file comes as multipart; it is the same use case as importYaml: `graphql_upload`",
    ),
    ("Subscription.communityChanged", "is spoken over a WebSocket: `graphql_subscriptions` and `leaks`"),
];

/// What an edge shows to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// The public part of a community, or a part of the object itself: everything, to whoever sees the object.
    Part,
    /// Everything with the grant `read`, FORBIDDEN without.
    List,
    /// What the caller sees; the rest is left out.
    Seen,
}
use Shows::{List, Part, Seen};

/// Every edge between objects. The kinds of assets have those of `Asset`.
const EDGES: &[(&str, Shows)] = &[
    ("Viewer.memberships", Seen),
    ("Viewer.membership", Seen),
    ("Community.legal", Part),
    ("Community.links", Part),
    ("Community.contact", Part),
    ("Community.settings", Part),
    ("Community.operators", Part),
    ("Community.areas", Part),
    ("Community.area", Part),
    ("Community.topology", Part),
    ("Community.topologyNode", Part),
    ("Community.members", List),
    ("Community.member", Seen),
    ("Community.assets", List),
    ("Community.asset", Seen),
    ("Community.deliveryPoints", List),
    ("Community.meters", List),
    ("Community.stats", List),
    ("Community.revisions", List),
    ("Area.boundary", Part),
    ("Area.location", Part),
    ("Area.nodes", Part),
    ("Area.community", Part),
    ("Area.members", List),
    ("Area.stats", List),
    ("TopologyNode.operator", Part),
    ("TopologyNode.parent", Part),
    ("TopologyNode.children", Part),
    ("TopologyNode.ancestors", Part),
    ("TopologyNode.descendants", Part),
    ("TopologyNode.areas", Part),
    ("TopologyNode.members", List),
    ("TopologyNode.meters", List),
    ("TopologyNode.stats", List),
    ("Operator.contact", Part),
    ("Member.area", Part),
    ("Member.community", Part),
    ("Member.deliveryPoints", Seen),
    ("Member.assets", Seen),
    ("DeliveryPoint.member", Seen),
    ("DeliveryPoint.community", Part),
    ("DeliveryPoint.meters", Seen),
    ("Asset.owner", Seen),
    ("Asset.community", Part),
    ("Asset.device", Part),
    ("Asset.measures", Seen),
    ("Asset.measuredBy", Seen),
    ("Asset.pairedWith", Seen),
    ("MeterAsset.deliveryPoint", Seen),
];

/// Types whose edges have no line, and why.
const OTHER_TYPES: &[(&str, &str)] = &[
    ("Connection", "a page of the list that the edge before it opened"),
    ("Edge", "a row of such a page"),
    ("Report", "what an import answers to who may import"),
    ("Payload", "what a write answers to who may write; edges lead on from there as from anywhere"),
    ("CommunityStats", "numbers without names, of what the edge before it opened"),
    ("CommunityRevision", "a change of a community, for who may read it"),
    ("CommunityDifference", "what a revision or a dry run says, for who may read the community"),
    ("EntityChange", "a part of a difference"),
    ("SearchHit", "what a search shows was found within the reach of `read`"),
    ("DuplicateDeliveryPoint", "the answer to who may read"),
    ("CommunityChange", "what a subscriber may hear; its community is loaded like `node`"),
];

/// Every scope: each operation alone, everything, nothing; for all communities and for each.
fn scopes() -> Vec<String> {
    let names = ["read", "lookup", "import", "export", "audit", "admin", "*"];
    let mut scopes = vec!["openid".to_owned(), "rec-registry.read:nowhere".to_owned()];
    for name in names {
        scopes.push(format!("rec-registry.{name}"));
        scopes.extend(COMMUNITIES.map(|community| format!("rec-registry.{name}:{community}")));
    }
    scopes
}

/// The communities that a scope reaches with a grant; none when it does not grant it.
fn reach(scope: &str, grant: &str) -> Option<Vec<&'static str>> {
    let name = scope.strip_prefix("rec-registry.")?;
    let (name, only) = name.split_once(':').map_or((name, None), |(name, key)| (name, Some(key)));
    let granted = [grant, "admin", "*"].contains(&name);
    granted.then(|| COMMUNITIES.into_iter().filter(|key| only.is_none_or(|only| only == *key)).collect())
}

/// A route asked about a community.
fn ask(app: &TestApp, route: &str, community: &str) -> Asked {
    let (method, path) = route.split_once(' ').expect("a method and a path");
    let path = path
        .replace("{community_key}", community)
        .replace("{member_key}", &format!("key.{community}.p"))
        .replace("{user_id}", &format!("user.{community}.p"))
        .replace("{sensor_id}", &format!("sensor.{community}.p.pv"))
        .replace("{dp_id}", &format!("point.{community}.p"))
        .replace("{asset_key}", &format!("roof-{community}-p"));
    let path = match path.as_str() {
        "/admin/export" => format!("{path}?community={community}"),
        "/admin/audit" => format!("{path}?community={community}"),
        "/admin/search" => format!("{path}?text=.{community}."),
        _ => path,
    };
    let asked = app.request(Method::from_bytes(method.as_bytes()).expect("a method"), &path);
    match path.rsplit('/').next() {
        Some("yaml") => asked.body("application/yaml", neighbours::bundle(community)),
        Some("import") => asked.body(
            "application/json",
            json!({"community": {"id": community, "name": format!("rec.{community}.name")}, "members": {}})
                .to_string(),
        ),
        Some("assets-by-sensor-ids") => {
            asked.body("application/json", json!([format!("sensor.{community}.p.pv")]).to_string())
        }
        Some("assets-by-user-ids") => {
            asked.body("application/json", json!([format!("user.{community}.p")]).to_string())
        }
        Some("members-by-dids") => {
            asked.body("application/json", json!([format!("did:key:{community}.p")]).to_string())
        }
        _ => asked,
    }
}

/// Whether an answer shows anything of a community.
fn shows(text: &str, community: &str) -> bool {
    [format!(".{community}."), format!("key:{community}."), format!("\"{community}\"")]
        .iter()
        .any(|mark| text.contains(mark))
}

fn check_route(answer: &Answer, line: (&str, Needs, Beyond), scope: &str, community: &str) {
    let (route, needs, beyond) = line;
    let told = format!("{route} of {community} with {scope}: {answer:?}");
    let Grant(grant) = needs else {
        assert_eq!(answer.status.as_u16(), 200, "{told}");
        return;
    };
    let Some(reached) = reach(scope, grant) else {
        let required = format!("rec-registry.{grant}");
        assert_eq!(
            (&answer.json(403)["code"], &answer.json(403)["required"]),
            (&json!("forbidden"), &json!(required)),
            "{told}"
        );
        return;
    };
    let status = answer.status.as_u16();
    match (reached.contains(&community), beyond) {
        (true, _) => {
            assert_eq!(status, 200, "{told}");
            assert!(shows(&answer.text(200), community), "{told}");
        }
        (false, LeftOut) => assert!(status == 200 && !shows(&answer.text(200), community), "{told}"),
        (false, Absent) => assert_eq!(status, 404, "{told}"),
        (false, Denied) => assert_eq!(answer.json(403)["code"], "forbidden", "{told}"),
    }
}

fn check_root(answer: &Answer, line: (&str, Needs, Beyond, &str), scope: &str, community: &str) {
    let (root, needs, beyond, _) = line;
    let told = format!("{root} of {community} with {scope}: {answer:?}");
    let body = answer.json(200);
    let Grant(grant) = needs else {
        assert!(body.get("errors").is_none(), "{told}");
        return;
    };
    let reached = reach(scope, grant);
    let denied = reached.is_none()
        || (beyond == Denied && reached.as_ref().is_some_and(|keys| !keys.contains(&community)));
    if denied {
        assert_eq!(answer.error_codes(), ["FORBIDDEN"], "{told}");
        assert_eq!(body["errors"][0]["extensions"]["required"], format!("rec-registry.{grant}"), "{told}");
        assert!(!shows(&body["data"].to_string(), community), "{told}");
        return;
    }
    assert!(body.get("errors").is_none(), "{told}");
    let reached = reached.is_some_and(|keys| keys.contains(&community));
    assert_eq!(shows(&body["data"].to_string(), community), reached, "{told}");
}

/// What the schema has: for each object type its fields, each with the type that it leads to, if that is an object.
async fn schema(app: &TestApp) -> BTreeMap<String, Vec<(String, Option<String>)>> {
    let query = "{ __schema { types { name kind fields { name type { ...T ofType { ...T ofType { ...T ofType { ...T } } } } } } } }
        fragment T on __Type { name kind }";
    let data = app.graphql(query, json!({})).await.data();
    let named = |mut given: Value| loop {
        if given["name"].is_string() {
            return (given["name"].as_str().unwrap_or_default().to_owned(), given["kind"].take());
        }
        given = given["ofType"].take();
    };
    let mut types = BTreeMap::new();
    for object in data["__schema"]["types"].as_array().expect("types") {
        let name = object["name"].as_str().expect("a name").to_owned();
        if object["kind"] != "OBJECT" && name != "Asset" || name.starts_with("__") {
            continue;
        }
        let fields = object["fields"].as_array().expect("fields").iter().map(|field| {
            let (to, kind) = named(field["type"].clone());
            let leads = ["OBJECT", "INTERFACE", "UNION"].iter().any(|object| kind == *object);
            (field["name"].as_str().expect("a name").to_owned(), leads.then_some(to))
        });
        types.insert(name, fields.collect());
    }
    types
}

/// The line of an edge: its own, or for the kinds of assets that of `Asset`.
fn line_of(parent: &str, field: &str) -> Option<(&'static str, Shows)> {
    let find = |name: String| EDGES.iter().copied().find(|(edge, _)| *edge == name);
    find(format!("{parent}.{field}"))
        .or_else(|| find(format!("Asset.{field}")).filter(|_| parent.ends_with("Asset")))
}

fn same<'l>(what: &str, there: &BTreeSet<String>, lines: impl Iterator<Item = &'l str>) {
    let lines: BTreeSet<String> = lines.map(str::to_owned).collect();
    let missing: Vec<_> = there.difference(&lines).collect();
    let dead: Vec<_> = lines.difference(there).collect();
    assert!(missing.is_empty(), "{what} without a line in the table: {missing:?}");
    assert!(dead.is_empty(), "lines of the table without {what}: {dead:?}");
}

/// How the object of a type that belongs to the member `p` of `own` is reached, `%` being what is asked of it.
fn way(from: &str, parent: &str) -> Option<String> {
    let member = match from {
        "me" => "me { memberships { % } }",
        "lookup" => r#"memberByUserId(userId: "user.own.p") { % }"#,
        _ => r#"community(key: "own") { member(key: "key.own.p") { % } }"#,
    };
    let below = |inner: &str| Some(member.replace('%', inner));
    match (parent, from) {
        ("Viewer", _) => Some("me { % }".to_owned()),
        ("Member", _) => below("%"),
        ("Community", _) => below("community { % }"),
        ("Area", _) => below("area { % }"),
        ("TopologyNode", _) => below(r#"community { topologyNode(id: "line") { % } }"#),
        ("Operator", _) => below("community { operators { % } }"),
        ("DeliveryPoint", "lookup") => Some(r#"deliveryPointByCode(code: "point.own.p") { % }"#.to_owned()),
        ("DeliveryPoint", _) => below("deliveryPoints { % }"),
        ("Asset", _) => None,
        (kind, "lookup") if kind.ends_with("Asset") => {
            Some(format!(r#"assetsByUserIds(userIds: ["user.own.p"]) {{ ... on {kind} {{ % }} }}"#))
        }
        (kind, _) if kind.ends_with("Asset") => {
            below(&format!("assets {{ nodes {{ ... on {kind} {{ % }} }} }}"))
        }
        _ => None,
    }
}

/// An edge as it is selected: what it needs to be told, and a field that tells whose it is.
fn selection(parent: &str, field: &str, to: &str) -> String {
    let arguments = match (parent, field) {
        ("Community", "area") => r#"(key: "north")"#,
        ("Community", "topologyNode") => r#"(id: "line")"#,
        ("Community", "member") => r#"(key: "key.own.q")"#,
        ("Community", "asset") => r#"(key: "roof-own-q")"#,
        ("Viewer", "membership") => r#"(communityKey: "own")"#,
        _ => "",
    };
    let shown = match to {
        "DeliveryPoint" => "code",
        "DeliveryPointConnection" => "totalCount nodes { code }",
        "CommunityRevisionConnection" => "totalCount nodes { number }",
        "Member" | "Community" => "key name",
        name if name.ends_with("Connection") => "totalCount nodes { name }",
        name if name.ends_with("Asset") => "name",
        _ => "__typename",
    };
    format!("{field}{arguments} {{ {shown} }}")
}

/// Every value under a key, however deep.
fn found<'v>(value: &'v Value, key: &str, into: &mut Vec<&'v Value>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            if name == key {
                into.push(value);
            }
            found(value, key, into);
        }),
        Value::Array(items) => items.iter().for_each(|value| found(value, key, into)),
        _ => {}
    }
}

async fn check_edges(app: &TestApp, from: &str, user: &str, scope: &str) {
    let reads = scope.split(' ').any(|scope| reach(scope, "read").is_some_and(|keys| keys.contains(&"own")));
    for (parent, fields) in schema(app).await {
        let Some(way) = way(from, &parent) else { continue };
        let edges: Vec<(&str, &str, Shows)> = fields
            .iter()
            .filter_map(|(field, to)| Some((field.as_str(), to.as_deref()?, line_of(&parent, field)?.1)))
            .collect();
        let numbered = edges.iter().enumerate();
        let selected: Vec<String> = numbered
            .map(|(at, (field, to, _))| format!("e{at}: {}", selection(&parent, field, to)))
            .collect();
        if selected.is_empty() {
            continue;
        }
        let answer = app
            .graphql(&format!("{{ {} }}", way.replace('%', &selected.join(" "))), json!({}))
            .by(user, scope)
            .await;
        let body = answer.json(200);
        let told = |field: &str| format!("{parent}.{field} from {from} with {scope}: {body:#}");
        let no_errors = Vec::new();
        let errors = body["errors"].as_array().unwrap_or(&no_errors);
        for (at, (field, _, shows)) in edges.iter().enumerate() {
            let alias = json!(format!("e{at}"));
            let denied = errors.iter().any(|error| {
                error["extensions"]["code"] == "FORBIDDEN"
                    && error["path"].as_array().is_some_and(|path| path.contains(&alias))
            });
            assert_eq!(denied, *shows == List && !reads, "{}", told(field));
            let mut values = Vec::new();
            found(&body["data"], &format!("e{at}"), &mut values);
            assert!(!values.is_empty(), "{}", told(field));
            let text = Value::from(values.into_iter().cloned().collect::<Vec<_>>()).to_string();
            assert!(!text.contains(".other."), "{}", told(field));
            if reads || *shows == Part {
                continue;
            }
            // Without the grant nobody but the caller is to be seen, and by a lookup not even who was found.
            assert!(!text.contains(".own.q") && !text.contains(".own.z"), "{}", told(field));
            if from == "lookup" && parent != "Viewer" {
                assert!(!text.contains(".own.p") && !text.contains("\"totalCount\":1"), "{}", told(field));
            }
        }
        let codes: Vec<&Value> = errors.iter().map(|error| &error["extensions"]["code"]).collect();
        assert!(
            codes.iter().all(|code| **code == "FORBIDDEN"),
            "{parent} from {from} with {scope}: {codes:?}"
        );
    }
}

on_both_databases! {
    async fn every_route_asks_for_its_grant_and_stays_within_its_reach(app: TestApp) {
        let document = serde_json::to_value(rest::openapi()).expect("JSON");
        let mut there = BTreeSet::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            there.extend(item.as_object().expect("operations").keys().map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let writes = write_grants::ROUTES.iter().map(|(route, ..)| route.split('?').next().unwrap_or(route));
        same("routes", &there, ROUTES.iter().map(|(route, ..)| *route).chain(writes));
        neighbours::import(&app).await;
        for &line in ROUTES {
            let (route, needs, beyond) = line;
            for community in COMMUNITIES {
                let anonymous = ask(&app, route, community).await;
                assert_eq!(anonymous.status.as_u16(), if needs == Nothing { 200 } else { 401 }, "{route}: {anonymous:?}");
                for scope in scopes() {
                    // Everything but the caller's own is asked by somebody who is no member.
                    let (user, community) = if needs == Token { (USER, "own") } else { ("operator", community) };
                    let answer = ask(&app, route, community).by(user, &scope).await;
                    check_route(&answer, line, &scope, community);
                    // An import replaced what the others look for.
                    if route == "POST /admin/import" && answer.status.is_success() {
                        app.import(neighbours::bundle(community)).await;
                    }
                }
            }
            if let (Grant(grant), Absent) = (needs, beyond) {
                let scope = format!("rec-registry.{grant}:own");
                let (there, absent) = (ask(&app, route, "other").bearer(&scope).await, ask(&app, route, "nowhere").bearer(&scope).await);
                assert_eq!(there.text(404).replace("other", "nowhere"), absent.text(404), "{route}");
            }
        }
    }

    async fn every_root_asks_for_its_grant_and_stays_within_its_reach(app: TestApp) {
        let types = schema(&app).await;
        let there = ["Query", "Mutation", "Subscription"]
            .iter()
            .flat_map(|root| types[*root].iter().map(move |(field, _)| format!("{root}.{field}")))
            .collect();
        let writes = write_grants::MUTATIONS.iter().map(|(root, ..)| *root);
        let others = OTHER_ROOTS.iter().map(|(root, _)| *root);
        same("roots", &there, ROOTS.iter().map(|(root, ..)| *root).chain(writes).chain(others));
        neighbours::import(&app).await;
        for &line in ROOTS {
            let (root, needs, _, template) = line;
            for community in COMMUNITIES {
                let field = template.replace("C.", &format!("{community}.")).replace("\"C\"", &format!("\"{community}\""));
                let query = match root.split_once('.') {
                    Some(("Mutation", _)) if field.contains("$yaml") => format!("mutation($yaml: String!) {{ {field} }}"),
                    Some(("Mutation", _)) => format!("mutation {{ {field} }}"),
                    _ => format!("{{ {field} }}"),
                };
                let ask = || app.graphql(&query, json!({"yaml": neighbours::bundle(community)}));
                let anonymous = ask().await;
                if needs == Nothing {
                    anonymous.data();
                } else {
                    assert_eq!(anonymous.error_codes(), ["UNAUTHENTICATED"], "{root}");
                }
                for scope in scopes() {
                    check_root(&ask().bearer(&scope).await, line, &scope, community);
                }
            }
        }
    }

    async fn every_edge_shows_what_the_caller_may_see_whatever_path_led_there(app: TestApp) {
        let types = schema(&app).await;
        let mut there = BTreeSet::new();
        for (parent, fields) in &types {
            let other = OTHER_TYPES.iter().any(|(name, _)| parent.ends_with(name));
            if other || ["Query", "Mutation", "Subscription"].contains(&parent.as_str()) {
                continue;
            }
            for (field, to) in fields {
                let name = format!("{parent}.{field}");
                // The kinds of assets have the lines of `Asset`.
                let inherited = parent != "Asset" && parent.ends_with("Asset") && types["Asset"].iter().any(|(shared, _)| shared == field);
                if to.is_some() && !inherited {
                    there.insert(name);
                }
            }
        }
        same("edges", &there, EDGES.iter().map(|(edge, _)| *edge));
        neighbours::import(&app).await;
        for scope in scopes() {
            check_edges(&app, "me", USER, &scope).await;
            check_edges(&app, "lookup", "operator", &format!("rec-registry.lookup {scope}")).await;
            if reach(&scope, "read").is_some_and(|keys| keys.contains(&"own")) {
                check_edges(&app, "read", "operator", &scope).await;
            }
        }
    }
}
