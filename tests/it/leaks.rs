//! Whether anybody's data exists is told to nobody who may not see it: what is there and what is not there get the same answer
//! to the byte, by the same statements in the same order. And nobody finds anybody else by following the graph.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use crate::support::app::{Answer, Asked};
use crate::support::neighbours::{self, USER, trace_of_others};
use crate::support::socket::Socket;
use crate::support::{TestApp, on_both_databases};

/// Everything of an answer but the id of its request.
fn all_of(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let headers = answer.headers.iter().filter(|(name, _)| name.as_str() != "x-request-id");
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), String::from_utf8_lossy(&answer.body).into_owned(), headers)
}

/// Asks for what is there and for what is not: nothing may tell which is which.
async fn alike(app: &TestApp, there: Asked, absent: Asked, what: &str) {
    let (there, statements) = app.counted(there).await;
    let (absent, statements_for_none) = app.counted(absent).await;
    assert_eq!(all_of(&there), all_of(&absent), "{what}");
    assert_eq!(statements, statements_for_none, "{what}");
}

/// An id of the same kind that nothing has, another for each: the same question is answered from memory.
fn unknown_id(id: &str) -> String {
    let kind = id.split(':').next().expect("a kind");
    let end = &id[id.len() - 12..];
    format!("{kind}:01890000-0000-7000-8000-{end}")
}

/// The ids of one object of each type of a community, as an administrator sees them.
async fn ids(app: &TestApp, community: &str, member: &str) -> Vec<String> {
    let query = "query($c: String!, $m: String!) { community(key: $c) { id member(key: $m) {
        id deliveryPoints { id } assets { nodes { id } } } } }";
    let variables = json!({"c": community, "m": format!("key.{community}.{member}")});
    let data = app.graphql(query, variables).admin().await.data();
    let mut found = Vec::new();
    collect(&data, "id", &mut found);
    assert_eq!(found.len(), 9, "{data}");
    found
}

fn collect(value: &Value, key: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(text) if name == key => into.push(text.clone()),
            value => collect(value, key, into),
        }),
        Value::Array(items) => items.iter().for_each(|value| collect(value, key, into)),
        _ => {}
    }
}

/// What a participant may think of to find somebody else, each with `$x` in the place of what is there or is not.
const GUESSES: &[(&str, &str, &str)] = &[
    ("{ community(key: \"$x\") { name } }", "other", "nobody"),
    ("{ me { membership(communityKey: \"$x\") { name } } }", "other", "nobody"),
    (
        "{ me { memberships { community { member(key: \"$x\") { name assets { totalCount } } } } } }",
        "key.own.q",
        "key.own.x",
    ),
    ("{ me { memberships { community { member(key: \"$x\") { name } } } } }", "key.own.z", "key.own.x"),
    (
        "{ me { memberships { community { asset(key: \"$x\") { name owner { name } } } } } }",
        "roof-own-q",
        "roof-own-x",
    ),
    (
        "{ me { memberships { community { members(filter: {name: {eq: \"$x\"}}) { totalCount } } } } }",
        "name.own.q",
        "name.own.x",
    ),
    (
        "{ me { memberships { community { assets(filter: {sensorId: {eq: \"$x\"}}) { totalCount } } } } }",
        "sensor.own.q.pv",
        "sensor.own.x.pv",
    ),
    (
        "{ me { memberships { community { deliveryPoints(filter: {code: {eq: \"$x\"}}) { totalCount } } } } }",
        "point.own.q",
        "point.own.x",
    ),
    (
        "{ me { memberships { area { members(filter: {name: {eq: \"$x\"}}) { totalCount } } } } }",
        "name.own.q",
        "name.own.x",
    ),
    (
        "{ me { memberships { assets(filter: {sensorId: {eq: \"$x\"}}) { totalCount nodes { name } } } } }",
        "sensor.own.q.pv",
        "sensor.own.x.pv",
    ),
    (
        "{ me { memberships { assets(filter: {or: [{key: {eq: \"$x\"}}, {not: {key: {contains: \"$x\"}}}]}, orderBy: NAME_DESC) { totalCount nodes { name } } } } }",
        "roof-own-q",
        "roof-own-x",
    ),
    (
        "{ me { memberships { assets(filter: {owner: {userId: {eq: \"$x\"}}}) { totalCount } } } }",
        "user.own.q",
        "user.own.x",
    ),
    (
        "{ me { memberships { assets(filter: {owner: {deliveryPoints: {some: {code: {eq: \"$x\"}}}}}) { totalCount } } } }",
        "point.own.q",
        "point.own.x",
    ),
    (
        "{ me { memberships { assets(filter: {community: {key: {eq: \"$x\"}}}) { totalCount } } } }",
        "other",
        "nobody",
    ),
    ("{ memberByUserId(userId: \"$x\") { name } }", "user.own.q", "user.own.x"),
    ("{ memberByDid(did: \"$x\") { name } }", "did:key:own.q", "did:key:own.x"),
    ("{ assetBySensorId(sensorId: \"$x\") { name } }", "sensor.own.q.pv", "sensor.own.x.pv"),
    ("{ assetsBySensorIds(sensorIds: [\"$x\"]) { name } }", "sensor.own.q.pv", "sensor.own.x.pv"),
    ("{ deliveryPointByCode(code: \"$x\") { code } }", "point.own.q", "point.own.x"),
    ("{ search(text: \"$x\") { field } }", "name.own.q", "name.own.x"),
    ("{ members(filter: {name: {eq: \"$x\"}}) { totalCount } }", "name.own.q", "name.own.x"),
    ("{ duplicateDeliveryPoints(communityKey: \"$x\") { code } }", "other", "nobody"),
    ("{ exportYaml(communityKeys: [\"$x\"]) }", "other", "nobody"),
];

/// Likewise over REST.
const PATHS: &[(&str, &str, &str)] = &[
    ("/user/assets/$x", "roof-own-q", "roof-own-x"),
    ("/user/assets/$x", "roof-other-p", "roof-other-x"),
    ("/user?community=$x", "other", "nobody"),
    ("/user/member?community=$x", "other", "nobody"),
    ("/user/community?community=$x", "other", "nobody"),
    ("/user/assets?community=$x", "other", "nobody"),
    ("/user/assets/roof-own-p?community=$x", "other", "nobody"),
    ("/user/delivery-points?community=$x", "other", "nobody"),
    ("/user/assets?owner=$x", "key.own.q", "key.own.x"),
    ("/user/assets?cursor=$x", "roof-own-q", "roof-own-x"),
    ("/admin/communities/$x", "own", "nobody"),
    ("/admin/communities/own/members/$x", "key.own.q", "key.own.x"),
    ("/admin/communities/own/members/by-user-id/$x", "user.own.q", "user.own.x"),
    ("/admin/communities/own/assets/$x", "roof-own-q", "roof-own-x"),
    ("/admin/communities/own/assets/by-sensor-id/$x", "sensor.own.q.pv", "sensor.own.x.pv"),
    ("/admin/communities/own/delivery-points/by-id/$x", "point.own.q", "point.own.x"),
    ("/admin/lookup/member-by-user-id/$x", "user.own.q", "user.own.x"),
    ("/admin/lookup/asset-by-sensor-id/$x", "sensor.own.q.pv", "sensor.own.x.pv"),
    ("/admin/lookup/community-by-delivery-point/$x", "point.own.q", "point.own.x"),
    ("/admin/search?text=$x", "name.own.q", "name.own.x"),
    ("/admin/export?community=$x", "own", "nobody"),
];

/// What a caller whose grants reach `own` alone may think of to find `other`.
const BEYOND: &[(&str, &str, &str)] = &[
    ("{ community(key: \"$x\") { name members { totalCount } } }", "other", "nobody"),
    ("{ memberByUserId(userId: \"user.other.p\", communityKey: \"$x\") { name } }", "other", "nobody"),
    ("{ memberByUserId(userId: \"$x\") { name } }", "user.other.p", "user.other.x"),
    ("{ memberByDid(did: \"$x\") { name } }", "did:key:other.p", "did:key:other.x"),
    ("{ assetBySensorId(sensorId: \"$x\") { name } }", "sensor.other.p.pv", "sensor.other.x.pv"),
    ("{ assetsByUserIds(userIds: [\"$x\"]) { name } }", "user.other.p", "user.other.x"),
    ("{ deliveryPointByCode(code: \"$x\") { code } }", "point.other.p", "point.other.x"),
    ("{ search(text: \"$x\") { field } }", "name.other.q", "name.other.x"),
    (
        "{ members(filter: {community: {key: {eq: \"$x\"}}}) { totalCount nodes { name } } }",
        "other",
        "nobody",
    ),
    (
        "{ members(filter: {userId: {eq: \"$x\"}}) { totalCount nodes { name } } }",
        "user.other.p",
        "user.other.x",
    ),
    ("{ duplicateDeliveryPoints(communityKey: \"$x\") { code heldElsewhere } }", "other", "nobody"),
    ("{ exportYaml(communityKeys: [\"$x\"]) }", "other", "nobody"),
];

/// Likewise over REST.
const PATHS_BEYOND: &[(&str, &str, &str)] = &[
    ("/admin/communities?key=$x", "other", "nobody"),
    ("/admin/communities/$x", "other", "nobody"),
    ("/admin/communities/$x/topology", "other", "nobody"),
    ("/admin/communities/$x/members", "other", "nobody"),
    ("/admin/communities/$x/members/key.other.p", "other", "nobody"),
    ("/admin/communities/$x/assets?owner=key.other.p", "other", "nobody"),
    ("/admin/communities/$x/delivery-points", "other", "nobody"),
    ("/admin/communities/$x/delivery-points/duplicates", "other", "nobody"),
    ("/admin/communities/own/members/$x", "key.other.p", "key.other.x"),
    ("/admin/lookup/community-by-user-id/$x", "user.other.p", "user.other.x"),
    ("/admin/lookup/community-by-sensor-id/$x", "sensor.other.p.pv", "sensor.other.x.pv"),
    ("/admin/lookup/community-by-delivery-point/$x", "point.other.p", "point.other.x"),
    ("/admin/search?text=$x", "name.other.q", "name.other.x"),
];

/// Statements about what is absent in `then` must be those about what is there in `now`.
async fn same_after(app: &TestApp, queries: &[String], change: impl AsyncFnOnce()) {
    let mut before = Vec::new();
    for query in queries {
        before.push(app.counted(app.graphql(query, json!({})).by(USER, "openid")).await);
    }
    change().await;
    for (query, (there, statements)) in queries.iter().zip(before) {
        let (absent, statements_for_none) =
            app.counted(app.graphql(query, json!({})).by(USER, "openid")).await;
        assert_eq!(all_of(&there), all_of(&absent), "{query}");
        assert_eq!(statements, statements_for_none, "{query}");
    }
}

/// One type of the schema: its fields, by name the arguments and the type that it leads to.
struct Type {
    fields: Vec<Field>,
    possible: Vec<String>,
}

struct Field {
    name: String,
    /// Name, type as it is written, whether it must be given.
    arguments: Vec<(String, String, bool)>,
    to: String,
    leads: bool,
}

fn named(given: &Value) -> (String, String) {
    match given["name"].as_str() {
        Some(name) => (name.to_owned(), given["kind"].as_str().unwrap_or_default().to_owned()),
        None => named(&given["ofType"]),
    }
}

async fn schema(app: &TestApp) -> BTreeMap<String, Type> {
    let query = "{ __schema { types { name kind possibleTypes { name }
        fields { name args { name defaultValue type { ...T } } type { ...T } } } } }
        fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }";
    let data = app.graphql(query, json!({})).await.data();
    let texts = |list: &Value| {
        list.as_array()
            .map(|list| list.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect())
            .unwrap_or_default()
    };
    let field = |field: &Value| {
        let (to, kind) = named(&field["type"]);
        let arguments = field["args"].as_array().expect("arguments").iter().map(|argument| {
            let must = argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null();
            let name = argument["name"].as_str().expect("a name").to_owned();
            let list = argument["type"].to_string().contains("LIST");
            let (to, _) = named(&argument["type"]);
            (name, if list { format!("[{to}]") } else { to }, must)
        });
        Field {
            name: field["name"].as_str().expect("a name").to_owned(),
            arguments: arguments.collect(),
            leads: matches!(kind.as_str(), "OBJECT" | "INTERFACE" | "UNION"),
            to,
        }
    };
    let types = data["__schema"]["types"].as_array().expect("types").iter();
    types
        .map(|given| {
            let fields = given["fields"]
                .as_array()
                .map(|fields| fields.iter().map(field).collect())
                .unwrap_or_default();
            (
                given["name"].as_str().expect("a name").to_owned(),
                Type { fields, possible: texts(&given["possibleTypes"]) },
            )
        })
        .collect()
}

/// Walks along every field of the schema and asks once for the plain values at each place it comes to.
struct Crawler<'a> {
    types: &'a BTreeMap<String, Type>,
    /// What is given for arguments that are ids.
    ids: &'a [String],
    queries: HashSet<String>,
}

impl Crawler<'_> {
    /// What somebody would give who looks for `q`.
    fn value(&self, owner: &str, argument: &str, to: &str) -> Option<String> {
        let text = |text: &str| Some(format!("\"{text}\""));
        match (owner, argument, to) {
            (_, _, "ID") => text(&self.ids[1]),
            (_, _, "[ID]") => Some(json!(self.ids).to_string()),
            (_, "userId", _) => text("user.own.q"),
            (_, "userIds", _) => Some("[\"user.own.q\"]".to_owned()),
            (_, "did", _) => text("did:key:own.q"),
            (_, "dids", _) => Some("[\"did:key:own.q\"]".to_owned()),
            (_, "sensorId", _) => text("sensor.own.q.pv"),
            (_, "sensorIds", _) => Some("[\"sensor.own.q.pv\"]".to_owned()),
            (_, "code", _) => text("point.own.q"),
            (_, "text", _) => text("own.q"),
            (_, "communityKey", _) => text("own"),
            (_, "communityKeys", _) => Some("[\"own\"]".to_owned()),
            ("member", "key", _) => text("key.own.q"),
            ("asset", "key", _) => text("roof-own-q"),
            ("area", "key", _) => text("north"),
            ("topologyNode", "id", _) => text("line"),
            (_, "key", _) => text("own"),
            _ => None,
        }
    }

    /// A field with its arguments: those that must be given, and those that look for somebody.
    fn asked(&self, field: &Field) -> Option<String> {
        let mut given = Vec::new();
        for (name, to, must) in &field.arguments {
            match self.value(&field.name, name, to) {
                Some(value) => given.push(format!("{name}: {value}")),
                None if *must => return None,
                None => {}
            }
        }
        Some(if given.is_empty() {
            field.name.clone()
        } else {
            format!("{}({})", field.name, given.join(", "))
        })
    }

    fn walk(&mut self, at: &str, path: &str, levels: usize) {
        let Some(found) = self.types.get(at) else { return };
        let plain: Vec<&str> = found
            .fields
            .iter()
            .filter(|field| !field.leads && field.arguments.is_empty())
            .map(|field| field.name.as_str())
            .collect();
        self.queries.insert(path.replace('%', &format!("__typename {}", plain.join(" "))));
        for field in found.fields.iter().filter(|field| !field.leads && !field.arguments.is_empty()) {
            if let Some(asked) = self.asked(field) {
                self.queries.insert(path.replace('%', &asked));
            }
        }
        for kind in &found.possible {
            self.walk(kind, &path.replace('%', &format!("... on {kind} {{ % }}")), levels);
        }
        for field in found.fields.iter().filter(|field| field.leads) {
            // A connection and its rows are no step of their own.
            let wrapper = ["Connection", "Edge"].iter().any(|end| at.ends_with(end));
            let left = if wrapper { Some(levels) } else { levels.checked_sub(1) };
            let (Some(left), Some(asked)) = (left, self.asked(field)) else { continue };
            self.walk(&field.to, &path.replace('%', &format!("{asked} {{ % }}")), left);
        }
    }
}

on_both_databases! {
    async fn a_participant_cannot_tell_what_others_have_from_what_nobody_has(app: TestApp) {
        neighbours::import(&app).await;
        for (path, there, absent) in PATHS {
            let ask = |x: &str| app.get(path.replace("$x", x)).by(USER, "openid");
            alike(&app, ask(there), ask(absent), path).await;
        }
        for (query, there, absent) in GUESSES {
            let ask = |x: &str| app.graphql(&query.replace("$x", x), json!({})).by(USER, "openid");
            alike(&app, ask(there), ask(absent), query).await;
        }
        let batch = |path: &str, id: &str| app.post_json(format!("/admin/lookup/{path}"), &json!([id])).by(USER, "openid");
        alike(&app, batch("assets-by-user-ids", "user.own.q"), batch("assets-by-user-ids", "user.own.x"), "a batch").await;
    }

    async fn an_id_of_others_is_like_one_that_nothing_has(app: TestApp) {
        neighbours::import(&app).await;
        let theirs = [ids(&app, "own", "q").await, ids(&app, "own", "z").await, ids(&app, "other", "p").await].concat();
        let own_community = ids(&app, "own", "p").await.remove(0);
        let node = "query($id: ID!) { node(id: $id) { __typename id } }";
        let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
        for (scope, theirs) in [("openid", &theirs[..]), ("rec-registry.read:nowhere rec-registry.lookup", &theirs[..]), ("rec-registry.read:own", &theirs[18..])] {
            for id in theirs.iter().filter(|id| **id != own_community) {
                let ask = |id: &str| app.graphql(node, json!({"id": id})).by(USER, scope);
                alike(&app, ask(id), ask(&unknown_id(id)), id).await;
                assert_eq!(ask(id).await.data()["node"], Value::Null, "{id}");
                let ask = |id: &str| app.graphql(nodes, json!({"ids": [own_community, id]})).by(USER, scope);
                alike(&app, ask(id), ask(&unknown_id(id)), id).await;
            }
        }
    }

    async fn what_is_related_to_ones_own_says_nothing_of_others(app: TestApp) {
        neighbours::import(&app).await;
        let all = "query($after: String) { assets(after: $after, orderBy: NAME_ASC) { edges { cursor node { name } } } }";
        let listed = app.graphql(all, json!({})).admin().await.data();
        let cursors = listed["assets"]["edges"].as_array().expect("edges").iter().filter(|edge| edge["node"]["name"] == "pump.own.q");
        let cursor = cursors.map(|edge| edge["cursor"].as_str().expect("a cursor")).next().expect("an asset of another").to_owned();
        // One edge at a time: of several the first answer decides which goes on first.
        let edges = ["measures { name }", "measuredBy { name }", "pairedWith { name }", "owner { name }", "... on MeterAsset { deliveryPoint { code } }"];
        let of_assets = edges.map(|edge| format!("assets {{ nodes {{ name {edge} }} }}"));
        let of_members = [
            "assets(orderBy: KEY_ASC) { totalCount pageInfo { hasNextPage endCursor } }",
            "deliveryPoints { code member { name } }",
            "deliveryPoints { code meters { name } }",
            "community { member(key: \"key.own.q\") { name } }",
            "community { asset(key: \"roof-own-q\") { name } }",
            "community { members { totalCount } assets { totalCount } meters { totalCount } }",
        ];
        let after_theirs = format!("assets(after: \"{cursor}\", orderBy: NAME_ASC) {{ nodes {{ name }} pageInfo {{ hasPreviousPage }} }}");
        let asked = of_assets.into_iter().chain(of_members.map(str::to_owned)).chain([after_theirs]);
        let queries: Vec<String> = asked.map(|asked| format!("{{ me {{ memberships {{ {asked} }} }} }}")).collect();
        same_after(&app, &queries, async || {
            // Everybody but `p` is gone.
            let bundle = neighbours::bundle("own");
            let others = bundle.find("  key.own.q:").expect("another member");
            app.import(bundle[..others].to_owned()).await;
        })
        .await;
    }

    async fn a_community_beyond_the_reach_of_a_grant_is_like_none(app: TestApp) {
        neighbours::import(&app).await;
        for scope in ["rec-registry.admin:own", "rec-registry.read:own rec-registry.lookup:own rec-registry.export:own"] {
            for (path, there, absent) in PATHS_BEYOND {
                let ask = |x: &str| app.get(path.replace("$x", x)).bearer(scope);
                alike(&app, ask(there), ask(absent), path).await;
            }
            for (query, there, absent) in BEYOND {
                let ask = |x: &str| app.graphql(&query.replace("$x", x), json!({})).bearer(scope);
                alike(&app, ask(there), ask(absent), query).await;
            }
        }
        // The name that is not there is the one that was given.
        let export = |key: &str| app.get(format!("/admin/export?community=own&community={key}")).bearer("rec-registry.export:own");
        assert_eq!(export("other").await.text(404).replace("other", "nobody"), export("nobody").await.text(404));
    }

    async fn a_claim_on_what_others_hold_is_refused_without_a_name(app: TestApp) {
        neighbours::import(&app).await;
        let claim = "schema_version: '0.5'\ncommunity: {id: third, name: Third, areas: {a: {name: A}}}\nmembers: {m: {user_id: m, name: M, role: consumer,
            area: a, status: active, did: 'did:key:own.q', delivery_points: [{id: point.own.q, type: pod}], assets: {meter: {m: {name: M, sensor_id: sensor.own.q.meter}}}}}\n";
        let refused = app.post_yaml("/admin/import/yaml", claim).bearer("rec-registry.import:third").await.json(422);
        let codes: Vec<&str> = refused["refusals"].as_array().expect("refusals").iter().filter_map(|refusal| refusal["code"].as_str()).collect();
        for code in ["did_taken", "sensor_held", "delivery_point_held"] {
            assert!(codes.contains(&code), "{refused}");
        }
        let mut text = refused.to_string();
        for given in ["did:key:own.q", "point.own.q", "sensor.own.q.meter"] {
            text = text.replace(given, "");
        }
        assert_eq!(trace_of_others(&text, "third.m"), None, "{refused}");
        let mut words = text.split(|char: char| !char.is_alphanumeric());
        assert!(!words.any(|word| word == "own"), "{refused}");
    }

    async fn whoever_waits_for_changes_of_others_waits_as_for_nobodys(app: TestApp) {
        neighbours::import(&app).await;
        let address = app.listen().await;
        let wait = "subscription($key: String) { communityChanged(communityKey: $key) { at } }";
        let mut told = Vec::new();
        // The first subscriber of a process has it listen to the database.
        for key in ["nobody", "other", "nobody"] {
            let mut socket = Socket::of(&address, &app.token(USER, "openid")).await;
            app.statements.take();
            socket.ask("1", wait, json!({"key": key})).await;
            told.push((socket.hear().await, app.statements.take()));
        }
        assert_eq!(told[1].0["payload"][0]["extensions"]["code"], "FORBIDDEN");
        assert_eq!(told[1], told[2]);
    }

    async fn a_participant_who_follows_every_field_finds_nobody_else(app: TestApp) {
        neighbours::import(&app).await;
        let types = schema(&app).await;
        let others = [ids(&app, "own", "q").await, ids(&app, "other", "p").await].concat();
        let mut crawler = Crawler { types: &types, ids: &others, queries: HashSet::new() };
        for field in types["Query"].fields.iter().filter(|field| field.leads) {
            let Some(asked) = crawler.asked(field) else { continue };
            // From elsewhere there is nothing to go on from.
            let levels = if field.name == "me" { 3 } else { 1 };
            crawler.walk(&field.to, &format!("{{ {asked} {{ % }} }}"), levels);
        }
        assert!(crawler.queries.len() > 300, "{}", crawler.queries.len());
        let mut own = 0;
        for query in &crawler.queries {
            let answer = app.graphql(query, json!({})).by(USER, "openid").await;
            let text = answer.text(200);
            assert_eq!(trace_of_others(&text, "own.p"), None, "{query}: {text}");
            own += usize::from(text.contains(".own.p"));
        }
        assert!(own > 50, "the crawler sees nothing of the participant's own: {own}");
    }
}
