//! The store on a fresh SQLite file. What both databases share is tested through the doors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::domain::asset::AssetContent;
use crate::domain::audit::{AuditFilter, Deed, Person};
use crate::domain::closed_set::{AssetType, AuditOutcome, MemberRole, MemberStatus};
use crate::domain::community::CommunityContent;
use crate::domain::delivery_point::DeliveryPointContent;
use crate::domain::digest::ContentDigest;
use crate::domain::document::Document;
use crate::domain::filter::{AssetField, DeliveryPointField, Filter, MemberField, Related, TextTest};
use crate::domain::grant::Reach;
use crate::domain::identifier::{DeliveryPointCode, SensorId, UserId};
use crate::domain::import::{CommunityGraph, MemberGraph};
use crate::domain::member::MemberContent;
use crate::domain::order::{Direction, Order, SortField};
use crate::domain::page::PageRequest;
use crate::domain::timestamp::Timestamp;

use sea_orm::{ConnectionTrait, Statement};

use super::loading::Loading;
use super::plan::{self, Plan};
use super::*;

struct Fixture {
    store: Store,
    statements: Arc<AtomicUsize>,
    _directory: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/registry.db?mode=rwc", directory.path().display());
        let statements = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&statements);
        let settings = DatabaseSettings {
            on_statement: Some(Arc::new(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
            })),
            ..DatabaseSettings::default()
        };
        let store = Store::connect(&url, &settings).await.unwrap();
        store.migrate_up().await.unwrap();
        Self { store, statements, _directory: directory }
    }

    async fn replace(&self, graph: &CommunityGraph, now: i64) -> crate::domain::import::Counts {
        let now = Timestamp::from_micros(now);
        self.store
            .write(|handle| async move {
                let digest = ContentDigest::of(graph);
                let plan = Plan::replace(&handle, (graph, &digest), now).await?;
                plan::write(&handle, std::slice::from_ref(&plan)).await?;
                Ok::<_, StoreError>(plan.unchanged)
            })
            .await
            .unwrap()
    }
}

fn graph(key: &str, members: Vec<MemberGraph>) -> CommunityGraph {
    let empty = Document::empty;
    let community = CommunityContent {
        key: key.into(),
        name: key.to_uppercase(),
        description: None,
        legal: empty(),
        links: empty(),
        contact: empty(),
        settings: empty(),
        operators: empty(),
        areas: empty(),
        topology: Document::from_stored("[]".into()),
        extra: empty(),
        envelope: empty(),
    };
    CommunityGraph { community, members }
}

fn member(key: &str, name: &str, sensors: &[&str]) -> MemberGraph {
    MemberGraph {
        content: MemberContent {
            key: key.into(),
            user_id: format!("user-{key}").into(),
            did: None,
            name: name.into(),
            member_type: None,
            role: MemberRole::Consumer,
            area: "a".into(),
            status: MemberStatus::Active,
            extra: Document::empty(),
        },
        delivery_points: vec![DeliveryPointContent {
            code: format!("POD-{key}").into(),
            point_type: "pod".into(),
            description: None,
            address: None,
            tariff: None,
            active: true,
            extra: Document::empty(),
        }],
        assets: sensors
            .iter()
            .map(|sensor| AssetContent {
                key: format!("m-{sensor}").into(),
                asset_type: AssetType::Meter,
                name: "Meter".into(),
                sensor_id: SensorId::new(sensor),
                properties: Document::from_stored(format!(r#"{{"pod":"pod-{key}"}}"#)),
                device: Document::empty(),
                relationships: Document::from_stored(r#"{"measures":["pv-1"]}"#.into()),
                extra: Document::empty(),
            })
            .collect(),
    }
}

fn args<F>(order: Order, size: u32) -> ListArgs<F> {
    ListArgs { filter: Filter::everything(), order, page: PageRequest { size, ..PageRequest::default() } }
}

#[tokio::test]
async fn a_replace_keeps_what_is_the_same_and_the_identity_of_what_changed() {
    let fixture = Fixture::new().await;
    let first = graph("aurora", vec![member("m-1", "Ada", &["S-1", "S-2"]), member("m-2", "Bo", &["S-3"])]);
    fixture.replace(&first, 1).await;
    let handle = fixture.store.direct();
    let community = communities::tag(&handle, &Scope::Everything, &"aurora".into()).await.unwrap().unwrap();
    let ada = members::by_key(&handle, community.id, &"m-1".into()).await.unwrap().unwrap();
    let meter = assets::by_key(&handle, community.id, &"m-S-1".into()).await.unwrap().unwrap();

    let before = fixture.statements.load(Ordering::Relaxed);
    let unchanged = fixture.replace(&first, 2).await;
    assert_eq!(
        (unchanged.community, unchanged.member, unchanged.delivery_point, unchanged.asset),
        (1, 2, 2, 3)
    );
    assert_eq!(fixture.statements.load(Ordering::Relaxed) - before, 4, "an unchanged bundle is only read");

    let second = graph("aurora", vec![member("m-1", "Ada Rossi", &["S-1"]), member("m-3", "Cy", &["S-3"])]);
    let unchanged = fixture.replace(&second, 3).await;
    assert_eq!(
        (unchanged.community, unchanged.member, unchanged.delivery_point, unchanged.asset),
        (1, 0, 1, 1)
    );
    let changed = members::by_key(&handle, community.id, &"m-1".into()).await.unwrap().unwrap();
    assert_eq!((changed.id, changed.created_at, changed.version), (ada.id, ada.created_at, 2));
    assert_eq!(changed.updated_at, Timestamp::from_micros(3));
    let kept = assets::by_key(&handle, community.id, &"m-S-1".into()).await.unwrap().unwrap();
    assert_eq!((kept.id, kept.version, kept.updated_at), (meter.id, 1, Timestamp::from_micros(1)));
    let moved = assets::active_by_sensor_ids(&handle, &Scope::Everything, &["S-3"]).await.unwrap();
    assert_eq!(moved[0].owner.key, "m-3".into());
    let stored = communities::by_key(&handle, &Scope::Everything, &"aurora".into()).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.revision), (1, 2));
}

#[tokio::test]
async fn pages_in_every_order_give_each_row_once() {
    let fixture = Fixture::new().await;
    let members: Vec<_> =
        (0..23).map(|n| member(&format!("m-{n:02}"), ["B", "a", "É"][n % 3], &[])).collect();
    fixture.replace(&graph("aurora", members), 1).await;
    fixture.replace(&graph("valley", vec![member("m-00", "a", &[]).renamed("x")]), 1).await;
    let handle = fixture.store.direct();
    for field in [SortField::Key, SortField::Name, SortField::CreatedAt, SortField::UpdatedAt] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let order = Order { field, direction };
            let whole =
                members::list(&handle, Among::Scope(&Scope::Everything), &args(order, 500)).await.unwrap();
            assert_eq!(whole.rows.len(), 24);
            let mut walked = Vec::new();
            let mut next = args(order, 7);
            loop {
                let page = members::list(&handle, Among::Scope(&Scope::Everything), &next).await.unwrap();
                next.page.after = page.rows.last().map(|row| row.cursor.clone());
                walked.extend(page.rows);
                if !page.has_next {
                    break;
                }
            }
            assert_eq!(walked, whole.rows, "{order:?}");
        }
    }
}

#[tokio::test]
async fn a_page_under_each_of_many_parents_is_one_statement() {
    let fixture = Fixture::new().await;
    fixture.replace(&graph("a", (0..5).map(|n| member(&format!("a{n}"), "A", &[])).collect()), 1).await;
    fixture.replace(&graph("b", (0..2).map(|n| member(&format!("b{n}"), "B", &[])).collect()), 1).await;
    let handle = fixture.store.direct();
    let ids: Vec<_> =
        communities::tags(&handle, &Scope::Everything).await.unwrap().iter().map(|tag| tag.id).collect();
    let before = fixture.statements.load(Ordering::Relaxed);
    let pages = members::pages_of_communities(&handle, &ids, &args(Order::default(), 3)).await.unwrap();
    let counts = members::counts_of_communities(&handle, &ids, &Filter::everything()).await.unwrap();
    assert_eq!(fixture.statements.load(Ordering::Relaxed) - before, 2);
    assert_eq!(pages[&ids[0]].rows.len(), 3);
    assert!(pages[&ids[0]].has_next);
    assert_eq!(pages[&ids[1]].rows.len(), 2);
    assert!(!pages[&ids[1]].has_next);
    assert_eq!((counts[&ids[0]], counts[&ids[1]]), (5, 2));
}

#[tokio::test]
async fn filters_reach_across_tables_and_ignore_case_where_they_say_so() {
    let fixture = Fixture::new().await;
    let members = vec![member("m-1", "Straße", &["S-1"]), member("m-2", "Éva", &[])];
    fixture.replace(&graph("aurora", members), 1).await;
    let handle = fixture.store.direct();
    let name = |test| Filter::Field(MemberField::Name(test));
    let with_meter = |sensor: &str| {
        let test = AssetField::SensorId(TextTest::Is(sensor.into()));
        Filter::Field(MemberField::Assets(Related::Some(Box::new(Filter::Field(test)))))
    };
    let point = DeliveryPointField::Code(TextTest::Is(" pod-M-2 ".into()));
    let cases = [
        (name(TextTest::Contains("STRASSE".into())), "m-1"),
        (name(TextTest::StartsWith("é".into())), "m-2"),
        (name(TextTest::OneOf(vec!["Éva".into()])), "m-2"),
        (Filter::Not(Box::new(name(TextTest::Is("Éva".into())))), "m-1"),
        (with_meter("S-1"), "m-1"),
        (Filter::Not(Box::new(with_meter("S-1"))), "m-2"),
        (Filter::Field(MemberField::DeliveryPoints(Related::Some(Box::new(Filter::Field(point))))), "m-2"),
        (Filter::Any(vec![name(TextTest::Is("Éva".into())), Filter::Any(vec![])]), "m-2"),
        (
            Filter::Field(MemberField::Did(TextTest::Is("x".into())))
                .negated_with(name(TextTest::Is("Éva".into()))),
            "m-2",
        ),
    ];
    for (filter, expected) in cases {
        let asked = ListArgs { filter, order: Order::default(), page: PageRequest::default() };
        let page = members::list(&handle, Among::Scope(&Scope::Everything), &asked).await.unwrap();
        let keys: Vec<_> = page.rows.iter().map(|row| row.value.content.key.as_str()).collect();
        assert_eq!(keys, [expected], "{:?}", asked.filter);
        let counted = members::count(&handle, Among::Scope(&Scope::Everything), &asked.filter).await.unwrap();
        assert_eq!(counted, 1);
    }
}

#[tokio::test]
async fn meters_and_points_are_found_by_each_other() {
    let fixture = Fixture::new().await;
    fixture.replace(&graph("aurora", vec![member("m-1", "Ada", &["S-1"])]), 1).await;
    let handle = fixture.store.direct();
    let meter =
        assets::active_by_sensor_ids(&handle, &Scope::Everything, &["S-1", "S-2"]).await.unwrap().remove(0);
    let code = DeliveryPointCode::from("POD-M-1").folded();
    let meters = assets::meters_of_points(&handle, &[(meter.owner.id, code.clone())]).await.unwrap();
    assert_eq!(meters[&(meter.owner.id, code.clone())], std::slice::from_ref(&meter));
    let points = delivery_points::by_codes(&handle, &[(meter.community.id, code.clone())]).await.unwrap();
    assert_eq!(points[&(meter.community.id, code)][0].member.key, "m-1".into());
    let measured = (meter.community.id, "pv-1".into());
    let by = assets::measured_by(&handle, std::slice::from_ref(&measured)).await.unwrap();
    assert_eq!(by[&measured], [meter]);
}

#[tokio::test]
async fn the_loser_of_a_race_for_a_sensor_is_told_so() {
    let fixture = Fixture::new().await;
    fixture.replace(&graph("a", vec![member("m-1", "Ada", &["S-1"])]), 1).await;
    let other = graph("b", vec![member("m-2", "Bo", &["S-1"])]);
    let outcome = fixture
        .store
        .write(|handle| {
            let other = &other;
            async move {
                let digest = ContentDigest::of(other);
                let plan = Plan::replace(&handle, (other, &digest), Timestamp::from_micros(1)).await?;
                plan::write(&handle, std::slice::from_ref(&plan)).await
            }
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::Taken)));
    let handle = fixture.store.direct();
    assert!(communities::tag(&handle, &Scope::Everything, &"b".into()).await.unwrap().is_none());
}

impl MemberGraph {
    fn renamed(mut self, suffix: &str) -> Self {
        self.content.user_id = format!("{}-{suffix}", self.content.user_id).into();
        self.delivery_points.clear();
        self
    }
}

impl<F> Filter<F> {
    fn negated_with(self, other: Self) -> Self {
        Self::All(vec![Self::Not(Box::new(self)), other])
    }
}

async fn pragma(handle: &Handle, name: &str) -> i64 {
    let statement = Statement::from_string(handle.get_database_backend(), format!("PRAGMA {name}"));
    let row = handle.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn a_connection_that_was_set_for_a_large_import_is_not_used_again() {
    let fixture = Fixture::new().await;
    let before = pragma(&fixture.store.direct(), "cache_size").await;
    fixture
        .store
        .write(|handle| async move {
            let loading = Loading::begin(&handle, 20_000).await?;
            assert_ne!(pragma(&handle, "cache_size").await, before);
            assert_eq!(pragma(&handle, "wal_autocheckpoint").await, 0);
            loading.end(&handle).await
        })
        .await
        .unwrap();
    for _ in 0..10 {
        assert_eq!(pragma(&fixture.store.direct(), "cache_size").await, before);
        assert_ne!(pragma(&fixture.store.direct(), "wal_autocheckpoint").await, 0);
    }
}

#[tokio::test]
async fn a_text_that_no_door_lets_in_is_not_read_as_two() {
    let fixture = Fixture::new().await;
    fixture.replace(&graph("north", vec![member("a", "Ann", &["s1"])]), 1).await;
    let handle = fixture.store.direct();
    let community = communities::by_key(&handle, &Reach::Everything, &"north".into()).await.unwrap().unwrap();
    assert_eq!(graphs::whole(&handle, &community).await.unwrap().members.len(), 1);
    handle.execute_unprepared("UPDATE asset SET name = 'Met' || char(0) || 'er'").await.unwrap();
    let refused = graphs::whole(&handle, &community).await;
    assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
}

#[tokio::test]
async fn a_connection_keeps_few_pages() {
    let fixture = Fixture::new().await;
    assert_eq!(pragma(&fixture.store.direct(), "cache_size").await, -500);
}

#[tokio::test]
async fn old_entries_of_the_trail_go_part_by_part() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    let ann = UserId::from("ann");
    for second in 1..=3 {
        let deed = Deed {
            at: Timestamp::from_micros(second * 1_000_000),
            by: Person::User(&ann),
            about: None,
            client: None,
            operation: "member.get",
            community: None,
            rows: 1,
            outcome: AuditOutcome::Ok,
            request_id: None,
        };
        store
            .write(|handle| async move { audit::append(&handle, std::iter::once(deed)).await.map(drop) })
            .await
            .unwrap();
    }
    let is_all = async || {
        let time = Timestamp::from_micros(2_500_000);
        store.write(|handle| async move { audit::delete_before(&handle, time, 1).await }).await.unwrap()
    };
    let left = async || {
        let everything = (Reach::Everything, AuditFilter::default());
        audit::count(&store.direct(), &everything.0, &audit::Whose::Anybody, &everything.1).await.unwrap()
    };
    assert_eq!((is_all().await, left().await), (false, 2));
    assert_eq!((is_all().await, left().await), (true, 1));
    assert_eq!((is_all().await, left().await), (true, 1));
}
