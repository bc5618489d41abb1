//! Behind every order of a list, and behind every lookup, there is an index, and the database can use it.

use rec_registry::auth::Principal;
use rec_registry::domain::audit::AuditFilter;
use rec_registry::domain::cursor::{Cursor, ListKind, SortValue};
use rec_registry::domain::delivery_point::HoldingKind;
use rec_registry::domain::filter::Filter;
use rec_registry::domain::grant::Reach;
use rec_registry::domain::grid::AreaSet;
use rec_registry::domain::identifier::{
    AssetKey, CommunityKey, DeliveryPointCode, MemberKey, SensorId, UserId,
};
use rec_registry::domain::import::ImportOptions;
use rec_registry::domain::order::{Direction, Order, SortField};
use rec_registry::domain::page::{End, PageRequest};
use rec_registry::domain::timestamp::Timestamp;
use rec_registry::service::Registry;
use rec_registry::service::import::{Format, import};
use rec_registry::store::audit::{self, Whose};
use rec_registry::store::{
    Among, Handle, ListArgs, Store, assets, communities, delivery_points, duplicates, history, holdings,
    members, stats,
};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use uuid::Uuid;

use crate::support::federation::Federation;
use crate::support::statements::Statements;
use crate::support::{Backend, Fixture, TestDatabase, on_both_databases};

const NEWEST_FIRST: Order = Order { field: SortField::CreatedAt, direction: Direction::Descending };

on_both_databases! {
    async fn every_order_of_a_list_is_the_order_of_an_index_but_that_of_times_in_a_community(planner: Planner) {
        let handle = planner.handle();
        let community = Among::Community(Uuid::nil());
        for order in orders() {
            for page in pages(ListKind::Communities, order) {
                communities::list(&handle, &Reach::Everything, &listed(order, &page)).await.expect("a list");
                planner.expect_ordered(format!("communities {order:?} {page:?}")).await;
            }
            for (within, among) in [("everywhere", Among::Scope(&Reach::Everything)), ("in a community", community)] {
                let is_time = matches!(order.field, SortField::CreatedAt | SortField::UpdatedAt);
                let is_sorted = is_time && matches!(among, Among::Community(_));
                for page in pages(ListKind::Members, order) {
                    members::list(&handle, among, &listed(order, &page)).await.expect("a list");
                    planner.expect(is_sorted, format!("members {within} {order:?} {page:?}")).await;
                }
                for page in pages(ListKind::Assets, order) {
                    assets::list(&handle, among, &listed(order, &page)).await.expect("a list");
                    planner.expect(is_sorted, format!("assets {within} {order:?} {page:?}")).await;
                }
                for page in pages(ListKind::DeliveryPoints, order) {
                    delivery_points::list(&handle, among, &listed(order, &page)).await.expect("a list");
                    planner.expect_ordered(format!("delivery points {within} {order:?} {page:?}")).await;
                }
            }
        }
    }

    async fn every_lookup_searches_an_index(planner: Planner) {
        let handle = &planner.handle();
        let everything = &Reach::Everything;
        let id = Uuid::nil();
        let ids = [id, Uuid::max()];
        let key = CommunityKey::from("aurora");
        let some = &Reach::Communities([key.clone(), CommunityKey::from("valley")].into());
        let member = MemberKey::from("m");
        let asset = AssetKey::from("a");
        let sensor = SensorId::new("s").expect("a sensor id");
        let code = DeliveryPointCode::from("c");
        let points = [(id, "c".to_owned()), (Uuid::max(), "d".to_owned())];
        let areas = [AreaSet::one(id, "c"), AreaSet::one(Uuid::max(), "d")];
        let assets_of = [(id, asset.clone()), (Uuid::max(), asset.clone())];
        let members_of = [(id, member.clone()), (Uuid::max(), member.clone())];

        macro_rules! expect_searched {
            ($($call:expr),+ $(,)?) => {$(
                $call.await.expect("an answer");
                planner.expect_searched(stringify!($call)).await;
            )+};
        }
        for scope in [everything, some] {
            expect_searched!(
                communities::by_key(handle, scope, &key),
                communities::tag(handle, scope, &key),
                members::active_by_user_ids(handle, scope, &["u"]),
                members::active_by_user_ids(handle, scope, &["u", "v"]),
                members::active_by_dids(handle, scope, &["d"]),
                members::active_by_dids(handle, scope, &["d", "e"]),
                assets::active_by_sensor_ids(handle, scope, &["s"]),
                assets::active_by_sensor_ids(handle, scope, &["s", "t"]),
                assets::active_by_user_ids(handle, scope, &["u", "v"]),
                delivery_points::active_by_code(handle, scope, &code),
            );
        }
        expect_searched!(
            communities::by_ids(handle, &ids),
            members::by_ids(handle, &ids),
            members::by_key(handle, id, &member),
            members::by_keys(handle, &members_of),
            members::by_user_id(handle, id, &UserId::from("u")),
            members::delivery_point_counts(handle, &ids),
            members::counts_of_communities(handle, &ids, &Filter::everything()),
            members::counts_of_areas(handle, &areas, &Filter::everything()),
            members::pages_of_communities(handle, &ids, &listed(Order::default(), &PageRequest::default())),
            members::pages_of_areas(handle, &areas, &listed(Order::default(), &PageRequest::default())),
            stats::of_list(handle, Among::Community(id), &Filter::everything()),
            stats::of_communities(handle, &ids, &Filter::everything()),
            stats::of_areas(handle, &areas, &Filter::everything()),
            assets::by_ids(handle, &ids),
            assets::by_key(handle, id, &asset),
            assets::by_keys(handle, &assets_of),
            assets::by_sensor_id(handle, id, &sensor),
            assets::of_member(handle, id, None),
            assets::counts_by_type(handle, id),
            assets::measured_by(handle, &assets_of),
            assets::meters_of_points(handle, &points),
            assets::counts_of_members(handle, &ids, &Filter::everything()),
            assets::pages_of_members(handle, &ids, &listed(Order::default(), &PageRequest::default())),
            delivery_points::by_ids(handle, &ids),
            delivery_points::by_code(handle, id, &code),
            delivery_points::by_codes(handle, &points),
            delivery_points::of_members(handle, &[id]),
            delivery_points::of_members(handle, &ids),
            delivery_points::counts_of_communities(handle, &ids, &Filter::everything()),
            duplicates::of_community(handle, &Reach::Everything, id),
            holdings::held_elsewhere(handle, HoldingKind::Sensor, &["s", "t"], &ids),
            holdings::dids_elsewhere(handle, &["d", "e"], &ids),
            holdings::of_community(handle, id),
            members::of_user(handle, &UserId::from("u")),
            members::keys_in_area(handle, id, "a"),
            history::pages(handle, &[id], NEWEST_FIRST, &PageRequest::default()),
            history::pages(handle, &ids, NEWEST_FIRST, &PageRequest::default()),
            history::counts(handle, &ids),
            history::each_change_back(handle, id, 1, |_| ()),
            history::first_number(handle, id),
            history::number_at(handle, id, Timestamp::now()),
            history::holder_at(handle, everything, HoldingKind::Sensor, "s", Timestamp::now()),
        );
        let names = ["p".to_owned()];
        for (whose, reach) in [
            (Whose::ByOrAbout(&names), everything),
            (Whose::By(&names), everything),
            (Whose::About(&names), everything),
            (Whose::Anybody, some),
        ] {
            expect_searched!(
                audit::list(handle, reach, &whose, &AuditFilter::default(), NEWEST_FIRST, &PageRequest::default()),
                audit::count(handle, reach, &whose, &AuditFilter::default()),
            );
        }
    }
}

fn orders() -> impl Iterator<Item = Order> {
    [SortField::Key, SortField::Name, SortField::CreatedAt, SortField::UpdatedAt].into_iter().flat_map(
        |field| [Direction::Ascending, Direction::Descending].map(|direction| Order { field, direction }),
    )
}

/// The first page, the page behind a place, the last page, the page before a place.
fn pages(list: ListKind, order: Order) -> [PageRequest; 4] {
    let text = || SortValue::Text("x".to_owned());
    let values = match (list, order.field) {
        (ListKind::DeliveryPoints, _) | (_, SortField::Name) => vec![text(), text()],
        (_, SortField::Key) => vec![text()],
        (_, SortField::CreatedAt | SortField::UpdatedAt) => vec![SortValue::Number(0), text()],
    };
    let place = || Some(Cursor::new(list, order, values.clone(), Uuid::nil()));
    [
        PageRequest::default(),
        PageRequest { after: place(), ..PageRequest::default() },
        PageRequest { end: End::Last, ..PageRequest::default() },
        PageRequest { end: End::Last, before: place(), ..PageRequest::default() },
    ]
}

fn listed<F>(order: Order, page: &PageRequest) -> ListArgs<F> {
    ListArgs { filter: Filter::everything(), order, page: page.clone() }
}

/// Asks the database how it would do the statements that the store sends, with some thousand rows in it.
struct Planner {
    store: Store,
    statements: Statements,
    connection: DatabaseConnection,
}

impl Fixture for Planner {
    async fn on(database: &TestDatabase) -> Self {
        let statements = Statements::default();
        let store = Store::connect(&database.url, &statements.watched()).await.expect("the database answers");
        store.migrate_up().await.expect("the schema goes up");
        let registry =
            Registry::connect(&database.url, &statements.watched()).await.expect("the database answers");
        let body = Federation { communities: 40, members: 20, edition: 1 }.to_yaml();
        let operator = registry.context(Ok(Principal::local_operator()));
        import(&operator, body.into(), Format::Yaml, ImportOptions::default())
            .await
            .expect("the bundles go in");
        let mut options = sea_orm::ConnectOptions::new(&database.url);
        options.max_connections(1).sqlx_logging(false);
        let connection = Database::connect(options).await.expect("the database answers");
        let planner = Self { store, statements, connection };
        if database.backend == Backend::Postgres {
            // PostgreSQL knows its tables by itself before long; SQLite does not, and nobody tells it here.
            planner.execute("ANALYZE").await;
            // What counts is whether an index can be used, not whether it pays for so few rows.
            for setting in [
                "enable_seqscan = off",
                "enable_sort = off",
                "enable_hashjoin = off",
                "enable_mergejoin = off",
                "plan_cache_mode = force_generic_plan",
            ] {
                planner.execute(&format!("SET {setting}")).await;
            }
        }
        planner.statements.take();
        planner
    }
}

impl Planner {
    fn handle(&self) -> Handle {
        self.store.direct()
    }

    /// What was just sent comes out of an index in the order asked for, or is sorted after an index gave no
    /// more rows than are asked for.
    async fn expect(&self, is_sorted: bool, what: String) {
        if is_sorted { self.expect_searched(&what).await } else { self.expect_ordered(what).await }
    }

    /// What was just sent comes out of an index in the order asked for: nothing is sorted.
    async fn expect_ordered(&self, what: String) {
        for (sql, plan) in self.plans().await {
            for step in &plan {
                let sorts = step.contains("TEMP B-TREE") || step.contains("Sort");
                assert!(
                    !sorts && !reads_a_whole_table(step),
                    "{what}: {step}\n\n{sql}\n\n{}",
                    plan.join("\n")
                );
            }
        }
    }

    /// What was just sent reads only the part of each index that it asks for.
    async fn expect_searched(&self, what: &str) {
        for (sql, plan) in self.plans().await {
            for (at, step) in plan.iter().enumerate() {
                let whole_index = reads_a_whole_index(step, plan.get(at + 1));
                assert!(
                    !whole_index && !reads_a_whole_table(step),
                    "{what}: {step}\n\n{sql}\n\n{}",
                    plan.join("\n")
                );
            }
        }
    }

    async fn plans(&self) -> Vec<(String, Vec<String>)> {
        let statements = self.statements.take();
        assert!(!statements.is_empty(), "nothing was sent");
        let mut plans = Vec::new();
        for sql in statements {
            let plan = self.plan(&sql).await;
            plans.push((sql, plan));
        }
        plans
    }

    async fn plan(&self, sql: &str) -> Vec<String> {
        match self.connection.get_database_backend() {
            DbBackend::Sqlite => self.rows(&format!("EXPLAIN QUERY PLAN {sql}"), "detail").await,
            _ => {
                self.execute(&format!("PREPARE asked AS {sql}")).await;
                let binds = (1..).take_while(|number| sql.contains(&format!("${number}"))).map(|_| "NULL");
                let binds = binds.collect::<Vec<_>>().join(", ");
                let execute = if binds.is_empty() { "asked".to_owned() } else { format!("asked({binds})") };
                let plan = self.rows(&format!("EXPLAIN (COSTS OFF) EXECUTE {execute}"), "QUERY PLAN").await;
                self.execute("DEALLOCATE asked").await;
                plan
            }
        }
    }

    async fn execute(&self, sql: &str) {
        self.connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    async fn rows(&self, sql: &str, column: &str) -> Vec<String> {
        let statement = Statement::from_string(self.connection.get_database_backend(), sql);
        let rows =
            self.connection.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.try_get("", column).expect("a text")).collect()
    }
}

/// Rows that a statement found before, a bounded number: no table.
const FOUND_BEFORE: &[&str] = &["SCAN ranked", "SCAN found", "SCAN heads", "SCAN CONSTANT ROW", "SCAN part"];

/// Whether a step of a plan reads a table from its first row to its last. The list that a statement brings along is none.
fn reads_a_whole_table(step: &str) -> bool {
    let sqlite = step.starts_with("SCAN ")
        && !step.contains(" USING ")
        && !step.contains("VIRTUAL TABLE")
        && !step.starts_with("SCAN (subquery")
        && !FOUND_BEFORE.contains(&step);
    sqlite || step.contains("Seq Scan")
}

/// Whether a step of a plan reads an index from its first entry to its last. The communities of a registry are few: to
/// walk through them is a fair way to join them.
fn reads_a_whole_index(step: &str, next: Option<&String>) -> bool {
    let sqlite = step.starts_with("SCAN ") && step.contains(" USING ") && !step.contains("VIRTUAL TABLE");
    let bounded = next.is_some_and(|next| next.trim_start().starts_with("Index Cond:"));
    let postgres = step.contains("Index") && step.contains("Scan using") && !bounded;
    (sqlite || postgres) && !step.contains("on community") && !step.starts_with("SCAN community ")
}
