//! Small histories of writes against a model in memory: every answer is the one that the model gives, and what is stored in
//! the end is what the model holds.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use rec_registry::auth::Principal;
use rec_registry::service::check;
use serde_json::{Value, json};

use crate::support::{TestApp, on_both_databases};

const HISTORIES: u32 = 24;
const COMMUNITIES: [&str; 2] = ["one", "two"];
const STATUSES: [&str; 3] = ["active", "suspended", "inactive"];

/// A member as the model knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    user: u8,
    did: Option<u8>,
    status: &'static str,
    points: BTreeSet<u8>,
    /// The sensor of each asset.
    assets: BTreeMap<u8, Option<u8>>,
}

/// A member by its community and its key.
type Place = (usize, u8);

#[derive(Debug, Clone)]
enum Write {
    Create {
        at: Place,
        user: u8,
        did: Option<u8>,
        status: &'static str,
        point: Option<u8>,
        asset: Option<(u8, Option<u8>)>,
    },
    SetUser {
        at: Place,
        user: u8,
    },
    SetDid {
        at: Place,
        did: Option<u8>,
    },
    SetStatus {
        at: Place,
        status: &'static str,
    },
    Deactivate {
        at: Place,
    },
    Purge {
        at: Place,
    },
    PutPoint {
        at: Place,
        point: u8,
        replaces: Option<u8>,
    },
    RemovePoint {
        at: Place,
        point: u8,
    },
    PutAsset {
        at: Place,
        asset: u8,
        sensor: Option<u8>,
    },
    RemoveAsset {
        at: Place,
        asset: u8,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Model {
    members: BTreeMap<Place, Member>,
}

/// How a write is answered: done, or refused with a code.
type Answered = Result<(), &'static str>;

impl Model {
    fn member(&self, at: Place) -> Result<Member, &'static str> {
        self.members.get(&at).cloned().ok_or("member_not_found")
    }

    /// Stores a member, unless it claims what is somebody else's.
    fn save(&mut self, at: Place, member: Member) -> Answered {
        let before = self.members.get(&at);
        let mut others = self.members.iter().filter(|(place, _)| **place != at);
        let same_community = |place: &Place| place.0 == at.0;
        if before.is_none_or(|before| before.user != member.user)
            && others.clone().any(|(place, other)| same_community(place) && other.user == member.user)
        {
            return Err("user_id_taken");
        }
        if member.did.is_some()
            && before.is_none_or(|before| before.did != member.did)
            && others.clone().any(|(_, other)| other.did == member.did)
        {
            return Err("did_taken");
        }
        let taken = |asset: &u8| {
            others.clone().any(|(place, other)| same_community(place) && other.assets.contains_key(asset))
        };
        if member.assets.keys().any(taken) {
            return Err("asset_key_taken");
        }
        if member.status == "active" {
            let sensors =
                |member: &Member| member.assets.values().flatten().copied().collect::<BTreeSet<u8>>();
            let active = |other: &&Member| other.status == "active";
            if others
                .clone()
                .map(|(_, other)| other)
                .filter(active)
                .any(|other| !sensors(other).is_disjoint(&sensors(&member)))
            {
                return Err("sensor_held");
            }
            if others
                .by_ref()
                .map(|(_, other)| other)
                .filter(active)
                .any(|other| !other.points.is_disjoint(&member.points))
            {
                return Err("delivery_point_held");
            }
        }
        self.members.insert(at, member);
        Ok(())
    }

    fn apply(&mut self, write: &Write) -> Answered {
        match *write {
            Write::Create { at, user, did, status, point, asset } => {
                if self.members.contains_key(&at) {
                    return Err("member_key_taken");
                }
                let (points, assets) = (point.into_iter().collect(), asset.into_iter().collect());
                self.save(at, Member { user, did, status, points, assets })
            }
            Write::SetUser { at, user } => self.save(at, Member { user, ..self.member(at)? }),
            Write::SetDid { at, did } => self.save(at, Member { did, ..self.member(at)? }),
            Write::SetStatus { at, status } => self.save(at, Member { status, ..self.member(at)? }),
            Write::Deactivate { at } => self.save(at, Member { status: "inactive", ..self.member(at)? }),
            Write::Purge { at } => self.members.remove(&at).map(|_| ()).ok_or("member_not_found"),
            Write::PutPoint { at, point, replaces } => {
                let mut member = self.member(at)?;
                if replaces.is_some_and(|old| !member.points.remove(&old)) {
                    return Err("delivery_point_not_found");
                }
                member.points.insert(point);
                self.save(at, member)
            }
            Write::RemovePoint { at, point } => {
                let mut member = self.member(at)?;
                if !member.points.remove(&point) {
                    return Err("delivery_point_not_found");
                }
                self.save(at, member)
            }
            Write::PutAsset { at, asset, sensor } => {
                let mut member = self.member(at)?;
                member.assets.insert(asset, sensor);
                self.save(at, member)
            }
            Write::RemoveAsset { at, asset } => {
                let mut member = self.member(at)?;
                member.assets.remove(&asset).ok_or("asset_not_found")?;
                self.save(at, member)
            }
        }
    }
}

fn write() -> impl Strategy<Value = Write> {
    let at = || (0..2_usize, 0..3_u8);
    let few = || 0..3_u8;
    let maybe = || proptest::option::of(0..3_u8);
    let status = || select(&STATUSES[..]);
    prop_oneof![
        5 => (at(), few(), maybe(), status(), maybe(), proptest::option::of((few(), maybe()))).prop_map(
            |(at, user, did, status, point, asset)| Write::Create { at, user, did, status, point, asset }
        ),
        1 => (at(), few()).prop_map(|(at, user)| Write::SetUser { at, user }),
        1 => (at(), maybe()).prop_map(|(at, did)| Write::SetDid { at, did }),
        3 => (at(), status()).prop_map(|(at, status)| Write::SetStatus { at, status }),
        1 => at().prop_map(|at| Write::Deactivate { at }),
        1 => at().prop_map(|at| Write::Purge { at }),
        3 => (at(), few(), maybe()).prop_map(|(at, point, replaces)| Write::PutPoint { at, point, replaces }),
        1 => (at(), few()).prop_map(|(at, point)| Write::RemovePoint { at, point }),
        3 => (at(), few(), maybe()).prop_map(|(at, asset, sensor)| Write::PutAsset { at, asset, sensor }),
        1 => (at(), few()).prop_map(|(at, asset)| Write::RemoveAsset { at, asset }),
    ]
}

fn meter(sensor: Option<u8>) -> Value {
    json!({"asset_type": "meter", "name": "M", "sensor_id": sensor.map(|sensor| format!("S{sensor}"))})
}

/// The same write over REST, and how it was answered.
async fn ask(app: &TestApp, write: &Write) -> Result<(), String> {
    let community = |at: Place| format!("/admin/communities/{}", COMMUNITIES[at.0]);
    let member = |at: Place| format!("{}/members/m{}", community(at), at.1);
    let asked = match *write {
        Write::Create { at, user, did, status, point, asset } => {
            let assets: BTreeMap<String, Value> = asset
                .into_iter()
                .map(|(key, sensor)| {
                    (format!("a{key}"), json!({"name": "M", "sensor_id": meter(sensor)["sensor_id"]}))
                })
                .collect();
            let points: Vec<Value> =
                point.map(|point| json!({"id": format!("P{point}"), "type": "pod"})).into_iter().collect();
            let body = json!({"key": format!("m{}", at.1), "user_id": format!("u{user}"), "did": did.map(|did| format!("d{did}")),
                "name": "N", "role": "consumer", "area": "a", "status": status, "delivery_points": points,
                "assets": {"meter": assets}});
            app.post_json(format!("{}/members", community(at)), &body)
        }
        Write::SetUser { at, user } => app.patch_json(member(at), &json!({"user_id": format!("u{user}")})),
        Write::SetDid { at, did } => {
            let did = did.map(|did| format!("d{did}")).unwrap_or_default();
            app.patch_json(member(at), &json!({ "did": did }))
        }
        Write::SetStatus { at, status } => {
            app.post_json(format!("{}/status", member(at)), &json!({"status": status}))
        }
        Write::Deactivate { at } => app.delete(member(at)),
        Write::Purge { at } => app.delete(format!("{}?purge=true", member(at))),
        Write::PutPoint { at, point, replaces } => {
            let replaces = replaces.map(|old| format!("?replaces=p{old}")).unwrap_or_default();
            app.put_json(
                format!("{}/delivery-points/P{point}{replaces}", member(at)),
                &json!({"type": "pod"}),
            )
        }
        Write::RemovePoint { at, point } => app.delete(format!("{}/delivery-points/p{point}", member(at))),
        Write::PutAsset { at, asset, sensor } => {
            app.put_json(format!("{}/assets/a{asset}", member(at)), &meter(sensor))
        }
        Write::RemoveAsset { at, asset } => app.delete(format!("{}/assets/a{asset}", member(at))),
    };
    let answer = asked.admin().await;
    match answer.status.is_success() {
        true => Ok(()),
        false => Err(answer.code(answer.status.as_u16())),
    }
}

/// What is stored, as the model would hold it.
async fn stored(app: &TestApp) -> Value {
    let query =
        "{ members(first: 500) { nodes { key userId did status community { key } deliveryPoints { code }
        assets { nodes { key sensorId } } } } }";
    let data = app.graphql(query, json!({})).admin().await.data();
    let mut members = data["members"]["nodes"].as_array().cloned().unwrap_or_default();
    members.sort_by_key(|member| format!("{}{}", member["community"]["key"], member["key"]));
    members.into()
}

fn held(model: &Model) -> Value {
    let rows = model.members.iter().map(|((community, key), member)| {
        let points = member.points.iter().map(|point| json!({"code": format!("P{point}")}));
        let assets = member.assets.iter().map(|(key, sensor)| {
            json!({"key": format!("a{key}"), "sensorId": sensor.map(|sensor| format!("S{sensor}"))})
        });
        json!({"key": format!("m{key}"), "userId": format!("u{}", member.user), "did": member.did.map(|did| format!("d{did}")),
            "status": member.status.to_uppercase(), "community": {"key": COMMUNITIES[*community]},
            "deliveryPoints": points.collect::<Vec<_>>(), "assets": {"nodes": assets.collect::<Vec<_>>()}})
    });
    rows.collect()
}

async fn follows_the_model(app: &TestApp, history: &[Write]) -> Result<(), TestCaseError> {
    app.import("community: {id: one, name: 1, areas: {a: {name: A}}}\n---\ncommunity: {id: two, name: 2, areas: {a: {name: A}}}\n").await;
    let mut model = Model::default();
    for write in history {
        let expected = model.apply(write).map_err(str::to_owned);
        let answered = ask(app, write).await;
        prop_assert_eq!(answered, expected, "{:?}", write);
    }
    prop_assert_eq!(stored(app).await, held(&model));
    let ctx = app.registry.context(Ok(Principal::local_operator()));
    let flaws =
        check::check(&ctx, &|_, _| {}).await.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    prop_assert_eq!(flaws, []);
    Ok(())
}

on_both_databases! {
    async fn histories_of_writes_end_where_the_model_does(app: TestApp) {
        let runtime = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| {
            let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
            let mut runner = TestRunner::new_with_rng(config, proptest::test_runner::TestRng::deterministic_rng(Default::default()));
            let outcome = runner.run(&prop::collection::vec(write(), 1..40), |history| {
                runtime.block_on(follows_the_model(&app, &history))
            });
            outcome.unwrap_or_else(|failure| panic!("{failure}"));
        });
    }
}
