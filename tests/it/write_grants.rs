//! Who may write what: every write with every grant, in a community that the grant reaches and in another. Each is asked so
//! that it changes nothing, or the same again: whoever is let in is told of something that is not there.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::app::{Answer, Asked};
use crate::support::neighbours::{self, COMMUNITIES};
use crate::support::{TestApp, on_both_databases};

/// A write: how it is asked, the grants that are each enough, the one that is named to who has none first, and the code
/// that whoever may is told; none when it is done. `C` stands for the community.
type Line = (&'static str, &'static [&'static str], &'static str, Option<&'static str>);

const MEMBERS: &[&str] = &["members.write"];
const PURGE: &[&str] = &["members.purge"];
const NAME: &[&str] = &["members.name.write", "members.write"];
const ROLE: &[&str] = &["members.role.write", "members.profile.write", "members.write"];
const AREA: &[&str] = &["members.area.write", "members.profile.write", "members.write"];
const POINTS: &[&str] = &["members.delivery_points.write", "members.write"];
const ASSETS: &[&str] = &["assets.write"];
const COMMUNITY: &[&str] = &["community.write"];
const DELETE: &[&str] = &["community.delete"];
const IMPORT: &[&str] = &["import"];

/// Every route that writes.
pub const ROUTES: &[Line] = &[
    (
        "POST /admin/communities/{community_key}/members",
        MEMBERS,
        r#"{"key": "key.C.p", "user_id": "u", "name": "N", "role": "consumer", "area": "north", "status": "active"}"#,
        Some("member_key_taken"),
    ),
    (
        "PATCH /admin/communities/{community_key}/members/{member_key}",
        MEMBERS,
        r#"{"name": "N"}"#,
        Some("member_not_found"),
    ),
    (
        "PATCH /admin/communities/{community_key}/members/{member_key}/profile",
        ROLE,
        r#"{"role": "consumer"}"#,
        Some("member_not_found"),
    ),
    (
        "PUT /admin/communities/{community_key}/members/{member_key}/name",
        NAME,
        r#"{"name": "N"}"#,
        Some("member_not_found"),
    ),
    (
        "PUT /admin/communities/{community_key}/members/{member_key}/role",
        ROLE,
        r#"{"role": "consumer"}"#,
        Some("member_not_found"),
    ),
    (
        "PUT /admin/communities/{community_key}/members/{member_key}/area",
        AREA,
        r#"{"area": "north"}"#,
        Some("member_not_found"),
    ),
    (
        "POST /admin/communities/{community_key}/members/{member_key}/status",
        MEMBERS,
        r#"{"status": "active"}"#,
        Some("member_not_found"),
    ),
    ("DELETE /admin/communities/{community_key}/members/{member_key}", MEMBERS, "", Some("member_not_found")),
    (
        "DELETE /admin/communities/{community_key}/members/{member_key}?purge=true",
        PURGE,
        "",
        Some("member_not_found"),
    ),
    (
        "PUT /admin/communities/{community_key}/members/{member_key}/delivery-points/{dp_id}",
        POINTS,
        r#"{"type": "pod"}"#,
        Some("member_not_found"),
    ),
    (
        "DELETE /admin/communities/{community_key}/members/{member_key}/delivery-points/{dp_id}",
        POINTS,
        "",
        Some("member_not_found"),
    ),
    (
        "PUT /admin/communities/{community_key}/members/{member_key}/assets/{asset_key}",
        ASSETS,
        r#"{"asset_type": "pv", "name": "N"}"#,
        Some("member_not_found"),
    ),
    (
        "DELETE /admin/communities/{community_key}/members/{member_key}/assets/{asset_key}",
        ASSETS,
        "",
        Some("member_not_found"),
    ),
    ("PATCH /admin/communities/{community_key}", COMMUNITY, "{}", None),
    ("DELETE /admin/communities/{community_key}?dry_run=true", DELETE, "", None),
    (
        "PUT /admin/communities/{community_key}/operators/{operator_key}",
        COMMUNITY,
        r#"{"name": "operator.C.name"}"#,
        None,
    ),
    (
        "DELETE /admin/communities/{community_key}/operators/{operator_key}",
        COMMUNITY,
        "",
        Some("operator_not_found"),
    ),
    (
        "PUT /admin/communities/{community_key}/areas/{area_key}",
        COMMUNITY,
        r#"{"name": "area.C.name"}"#,
        None,
    ),
    ("DELETE /admin/communities/{community_key}/areas/{area_key}", COMMUNITY, "", Some("area_not_found")),
    (
        "POST /admin/communities/{community_key}/areas/{area_key}/rename",
        COMMUNITY,
        r#"{"new_key": "there"}"#,
        Some("area_not_found"),
    ),
    (
        "POST /admin/communities/{community_key}/restore",
        IMPORT,
        r#"{"revision": 0}"#,
        Some("revision_not_found"),
    ),
    ("PUT /admin/communities/{community_key}/topology/{node_id}", COMMUNITY, r#"{"type": "feeder"}"#, None),
    (
        "DELETE /admin/communities/{community_key}/topology/{node_id}",
        COMMUNITY,
        "",
        Some("topology_node_not_found"),
    ),
];

/// Every mutation that writes one thing.
pub const MUTATIONS: &[Line] = &[
    (
        "Mutation.createMember",
        MEMBERS,
        r#"{key: "key.C.p", userId: "u", name: "N", role: CONSUMER, areaKey: "north", status: ACTIVE}) { member { key } }"#,
        Some("member_key_taken"),
    ),
    (
        "Mutation.updateMember",
        MEMBERS,
        r#"{key: "nobody", userId: "u"}) { member { key } }"#,
        Some("member_not_found"),
    ),
    (
        "Mutation.updateMember",
        NAME,
        r#"{key: "nobody", name: "N"}) { member { key } }"#,
        Some("member_not_found"),
    ),
    (
        "Mutation.updateMember",
        ROLE,
        r#"{key: "nobody", role: CONSUMER}) { member { key } }"#,
        Some("member_not_found"),
    ),
    (
        "Mutation.updateMember",
        AREA,
        r#"{key: "nobody", areaKey: "north"}) { member { key } }"#,
        Some("member_not_found"),
    ),
    (
        "Mutation.setMemberStatus",
        MEMBERS,
        r#"{key: "nobody", status: ACTIVE}) { member { key } }"#,
        Some("member_not_found"),
    ),
    ("Mutation.removeMember", MEMBERS, r#"{key: "nobody"}) { memberKey }"#, Some("member_not_found")),
    (
        "Mutation.removeMember",
        PURGE,
        r#"{key: "nobody", purge: true}) { memberKey }"#,
        Some("member_not_found"),
    ),
    (
        "Mutation.putDeliveryPoint",
        POINTS,
        r#"{memberKey: "nobody", deliveryPoint: {code: "c", type: "pod"}}) { member { key } }"#,
        Some("member_not_found"),
    ),
    (
        "Mutation.removeDeliveryPoint",
        POINTS,
        r#"{memberKey: "nobody", code: "c"}) { member { key } }"#,
        Some("member_not_found"),
    ),
    (
        "Mutation.putAsset",
        ASSETS,
        r#"{memberKey: "nobody", asset: {key: "k", type: PV, name: "N"}}) { asset { key } }"#,
        Some("member_not_found"),
    ),
    (
        "Mutation.removeAsset",
        ASSETS,
        r#"{memberKey: "nobody", key: "k"}) { assetKey }"#,
        Some("member_not_found"),
    ),
    ("Mutation.updateCommunity", COMMUNITY, "{}) { community { key name } }", None),
    (
        "Mutation.restoreCommunity",
        IMPORT,
        "{revision: 0}) { report { communityKey } }",
        Some("revision_not_found"),
    ),
    ("Mutation.removeCommunity", DELETE, "{dryRun: true}) { communityKey }", None),
    (
        "Mutation.putArea",
        COMMUNITY,
        r#"{key: "nowhere", name: "area.C.name"}) { community { key name } }"#,
        None,
    ),
    ("Mutation.removeArea", COMMUNITY, r#"{key: "gone"}) { community { key } }"#, Some("area_not_found")),
    (
        "Mutation.renameArea",
        COMMUNITY,
        r#"{key: "gone", newKey: "there"}) { community { key } }"#,
        Some("area_not_found"),
    ),
    (
        "Mutation.putOperator",
        COMMUNITY,
        r#"{key: "nobody", name: "operator.C.name"}) { community { key name } }"#,
        None,
    ),
    (
        "Mutation.removeOperator",
        COMMUNITY,
        r#"{key: "gone"}) { community { key } }"#,
        Some("operator_not_found"),
    ),
    (
        "Mutation.putTopologyNode",
        COMMUNITY,
        r#"{id: "mast", type: FEEDER}) { community { key name } }"#,
        None,
    ),
    (
        "Mutation.removeTopologyNode",
        COMMUNITY,
        r#"{id: "gone"}) { community { key } }"#,
        Some("topology_node_not_found"),
    ),
];

/// Every grant, for all communities and for one of them, and none.
fn scopes() -> Vec<(String, Vec<&'static str>)> {
    let mut grants: Vec<&str> = ROUTES.iter().flat_map(|line| line.1.iter().copied()).collect();
    grants.extend(["read", "lookup", "import", "export", "admin", "*"]);
    grants.sort_unstable();
    grants.dedup();
    let mut scopes =
        vec![("openid".to_owned(), Vec::new()), ("rec-registry.admin:nowhere".to_owned(), Vec::new())];
    for grant in grants {
        scopes.push((format!("rec-registry.{grant}"), COMMUNITIES.to_vec()));
        scopes.push((format!("rec-registry.{grant}:own"), vec!["own"]));
    }
    scopes
}

/// Whether a scope holds one of these grants, wherever.
fn holds(scope: &str, grants: &[&str]) -> bool {
    let name = scope.strip_prefix("rec-registry.").unwrap_or_default();
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    grants.contains(&name) || ["admin", "*"].contains(&name)
}

fn ask(app: &TestApp, line: Line, community: &str) -> Asked {
    let (method, path) = line.0.split_once(' ').expect("a method and a path");
    let deletes = method == "DELETE";
    let absent = if deletes || path.ends_with("/rename") { "gone" } else { "nowhere" };
    let path = path
        .replace("{community_key}", community)
        .replace("{member_key}", "nobody")
        .replace("{dp_id}", "c")
        .replace("{asset_key}", "k")
        .replace("{operator_key}", absent)
        .replace("{area_key}", absent)
        .replace("{node_id}", absent);
    let asked = app.request(Method::from_bytes(method.as_bytes()).expect("a method"), &path);
    if deletes {
        asked
    } else {
        asked.body("application/json", line.2.replace(".C.", &format!(".{community}.")))
    }
}

fn mutation(line: Line, community: &str) -> String {
    let name = line.0.trim_start_matches("Mutation.");
    let key = if ["updateCommunity", "removeCommunity", "restoreCommunity"].contains(&name) {
        "key"
    } else {
        "communityKey"
    };
    let input = line.2.replace(".C.", &format!(".{community}."));
    let input = input.strip_prefix('{').expect("an input");
    format!(r#"mutation {{ {name}(input: {{{key}: "{community}", {input} }}"#)
}

fn reasons(answer: &Answer) -> Vec<String> {
    let told = answer.json(200);
    let errors = told["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["reason"].as_str().unwrap_or_default().to_owned()).collect()
}

on_both_databases! {
    async fn every_route_that_writes_asks_for_its_grant_and_stays_within_its_reach(app: TestApp) {
        neighbours::import(&app).await;
        for &line in ROUTES {
            let (route, grants, _, code) = line;
            for community in COMMUNITIES {
                ask(&app, line, community).await.json(401);
                for (scope, reached) in scopes() {
                    let answer = ask(&app, line, community).bearer(&scope).await;
                    let told = format!("{route} of {community} with {scope}: {answer:?}");
                    let status = answer.status.as_u16();
                    if !holds(&scope, grants) {
                        let body = answer.json(403);
                        assert_eq!((&body["code"], &body["required"]), (&json!("forbidden"), &json!(format!("rec-registry.{}", grants[0]))), "{told}");
                    } else if !reached.contains(&community) {
                        assert_eq!(answer.code(404), "community_not_found", "{told}");
                        let unknown = ask(&app, line, "nowhere").bearer("rec-registry.admin").await;
                        assert_eq!(answer.text(404).replace(community, "nowhere"), unknown.text(404), "{told}");
                    } else if let Some(code) = code {
                        assert_eq!(answer.code(status), code, "{told}");
                    } else {
                        assert!(status == 200 && answer.text(200).contains(community), "{told}");
                    }
                }
            }
        }
    }

    async fn every_mutation_asks_for_its_grant_and_stays_within_its_reach(app: TestApp) {
        neighbours::import(&app).await;
        for &line in MUTATIONS {
            let (name, grants, _, code) = line;
            for community in COMMUNITIES {
                let query = mutation(line, community);
                assert_eq!(app.graphql(&query, json!({})).await.error_codes(), ["UNAUTHENTICATED"], "{name}");
                for (scope, reached) in scopes() {
                    let answer = app.graphql(&query, json!({})).bearer(&scope).await;
                    let told = format!("{query} with {scope}: {answer:?}");
                    if !holds(&scope, grants) {
                        assert_eq!(answer.error_codes(), ["FORBIDDEN"], "{told}");
                        assert_eq!(answer.json(200)["errors"][0]["extensions"]["required"], format!("rec-registry.{}", grants[0]), "{told}");
                    } else if !reached.contains(&community) {
                        assert_eq!(reasons(&answer), ["community_not_found"], "{told}");
                    } else if let Some(code) = code {
                        assert_eq!(reasons(&answer), [code], "{told}");
                    } else {
                        assert_eq!(answer.json(200).get("errors"), None::<&Value>, "{told}");
                    }
                }
            }
        }
    }
}
