//! Reading the trail: batches are found by their marks and their times, and what else stands in them is
//! sorted out here.

use entity::audit_batch::{Column, Entity};
use entity::{audit_mark, audit_segment};
use sea_orm::sea_query::{
    Alias, Condition, Expr, ExprTrait, JoinType, Order as SqlOrder, Query, SelectStatement, SimpleExpr,
    UnionType, WindowStatement,
};
use sea_orm::{ConnectionTrait, DbBackend};
use uuid::Uuid;

use super::super::{Handle, Result, set};
use super::batch::{self, SPAN_MICROS};
use super::{behind, segments};
use crate::domain::audit::{AuditEntry, AuditFilter, batch_id, first_id};
use crate::domain::cursor::{Cursor, ListKind};
use crate::domain::grant::Reach;
use crate::domain::order::{Direction, Order};
use crate::domain::page::{End, Page, PageRequest, Row};
use crate::domain::timestamp::Timestamp;

/// Most batches that one statement reads.
const BATCHES: u64 = 501;

/// Entries that one statement reads when what is asked for is rare among them: these, and a batch more.
const ENTRIES: usize = 2_000;

/// Whose pseudonyms are asked for.
pub enum Whose<'a> {
    /// Anybody's.
    Anybody,
    /// Entries by or about one of these.
    ByOrAbout(&'a [String]),
    /// Entries by one of these.
    By(&'a [String]),
    /// Entries about one of these alone.
    About(&'a [String]),
}

impl Whose<'_> {
    fn names(&self) -> Option<&[String]> {
        match self {
            Whose::Anybody => None,
            Whose::ByOrAbout(names) | Whose::By(names) | Whose::About(names) => Some(names),
        }
    }

    fn includes(&self, entry: &AuditEntry) -> bool {
        let by = |names: &[String]| names.contains(&entry.subject);
        let about = |names: &[String]| entry.about.as_ref().is_some_and(|name| names.contains(name));
        match self {
            Whose::Anybody => true,
            Whose::ByOrAbout(names) => by(names) || about(names),
            Whose::By(names) => by(names),
            Whose::About(names) => about(names),
        }
    }
}

/// What is asked for, and where to go on.
struct Search<'a> {
    reach: &'a Reach,
    whose: &'a Whose<'a>,
    filter: &'a AuditFilter,
    /// What must lead to a batch; none when every batch may have something.
    marks: Option<Vec<&'a str>>,
    /// Batches from here on.
    from: Option<Uuid>,
    /// Batches up to here.
    to: Option<Uuid>,
    direction: Direction,
    over: bool,
}

impl<'a> Search<'a> {
    fn new(reach: &'a Reach, whose: &'a Whose<'a>, filter: &'a AuditFilter, direction: Direction) -> Self {
        let marks = match (whose.names(), &filter.community, reach) {
            (Some(names), ..) => Some(names.iter().map(|name| batch::mark(name)).collect()),
            (None, Some(key), _) => Some(vec![key.as_str()]),
            (None, None, Reach::Communities(keys)) => Some(keys.iter().map(|key| key.as_str()).collect()),
            (None, None, Reach::Everything) => None,
        };
        let from = filter.since.map(|since| {
            batch_id(first_id(Timestamp::from_micros(since.as_micros().saturating_sub(SPAN_MICROS))))
        });
        let to = filter.until.map(|until| batch_id(first_id(until)));
        Self { reach, whose, filter, marks, from, to, direction, over: false }
    }

    /// Whether every entry is asked for.
    fn is_everything(&self) -> bool {
        let unfiltered = *self.filter == AuditFilter::default();
        unfiltered && matches!(self.whose, Whose::Anybody) && matches!(self.reach, Reach::Everything)
    }

    fn includes(&self, entry: &AuditEntry) -> bool {
        let filter = self.filter;
        self.whose.includes(entry)
            && match (self.reach, &entry.community) {
                (Reach::Everything, _) => true,
                (Reach::Communities(_), None) => false,
                (reach, Some(key)) => reach.includes(key),
            }
            && filter.since.is_none_or(|since| since <= entry.at)
            && filter.until.is_none_or(|until| entry.at < until)
            && filter.community.as_ref().is_none_or(|key| entry.community.as_ref() == Some(key))
            && filter.operation.as_ref().is_none_or(|operation| *operation == entry.operation)
            && filter.outcome.is_none_or(|outcome| outcome == entry.outcome)
    }

    fn sql_order(&self) -> SqlOrder {
        match self.direction {
            Direction::Ascending => SqlOrder::Asc,
            Direction::Descending => SqlOrder::Desc,
        }
    }

    /// The next batches, by their ids.
    fn found(&self, handle: &Handle) -> SelectStatement {
        let Some(marks) = &self.marks else {
            let id = Expr::col((Entity, Column::Id));
            let mut select = Query::select().from(Entity).expr_as(id.clone(), FOUND).take();
            self.within(&mut select, &id);
            return select.order_by_expr(id, self.sql_order()).limit(BATCHES).take();
        };
        let backend = handle.get_database_backend();
        let part = |part| Query::select().column(FOUND).from_subquery(part, "part").take();
        let segment = Expr::col((audit_mark::Entity, audit_mark::Column::Segment));
        let apart = self.marked(backend, marks, segment.eq(segments::NONE));
        part(self.in_segments(backend, marks))
            .union(UnionType::All, part(apart))
            .order_by(FOUND, self.sql_order())
            .limit(BATCHES)
            .take()
    }

    /// The next batches that marks lead to from segments, one segment after the other: both databases are told to go through the
    /// segments and to look into each.
    fn in_segments(&self, backend: DbBackend, marks: &[&str]) -> SelectStatement {
        let number = Expr::col((audit_segment::Entity, audit_segment::Column::Number));
        let within = Expr::col((audit_mark::Entity, audit_mark::Column::Segment)).eq(number.clone());
        let mut select = Query::select().from(audit_segment::Entity).take();
        select.and_where(number.clone().gt(segments::NONE));
        if let Some(from) = self.from {
            select.and_where(number.clone().gte(segments::segment_of(backend, from)));
        }
        if let Some(to) = self.to {
            select.and_where(number.clone().lte(segments::segment_of(backend, to)));
        }
        if backend == DbBackend::Postgres {
            let there = self.marked(backend, marks, within);
            select
                .column(("there", FOUND))
                .join_lateral(JoinType::InnerJoin, there, "there", Expr::cust("TRUE"))
                .order_by_expr(number, self.sql_order());
        } else {
            // SQLite keeps to the order of a cross join.
            select.join(JoinType::CrossJoin, audit_mark::Entity, Condition::all()).and_where(within);
            self.lead_to(backend, marks, &mut select);
            if marks.len() == 1 {
                select.order_by_expr(number, self.sql_order());
            }
        }
        select.order_by(FOUND, self.sql_order()).limit(BATCHES).take()
    }

    /// The next batches that marks lead to which stand there.
    fn marked(&self, backend: DbBackend, marks: &[&str], there: SimpleExpr) -> SelectStatement {
        let mut select = Query::select().from(audit_mark::Entity).and_where(there).take();
        self.lead_to(backend, marks, &mut select);
        select.order_by(FOUND, self.sql_order()).limit(BATCHES).take()
    }

    /// The batches that marks lead to, each once.
    fn lead_to(&self, backend: DbBackend, marks: &[&str], select: &mut SelectStatement) {
        let column = |column| Expr::col((audit_mark::Entity, column));
        let (mark, batch) = (column(audit_mark::Column::Mark), column(audit_mark::Column::Batch));
        select.expr_as(batch.clone(), FOUND);
        match marks {
            // One range of the index in each segment, in its order.
            [one] => select.and_where(mark.eq(*one)),
            several => select.distinct().and_where(set::is_one_of_texts(backend, mark, several)),
        };
        self.within(select, &batch);
    }

    /// Of the batches between the bounds of the search alone.
    fn within(&self, select: &mut SelectStatement, id: &SimpleExpr) {
        if let Some(from) = self.from {
            select.and_where(id.clone().gte(from));
        }
        if let Some(to) = self.to {
            select.and_where(id.clone().lte(to));
        }
    }

    /// As many of the next batches as have so many entries together, in one statement that reads no other's
    /// content. SQLite keeps to the order of cross joins: what is found is looked up, and not the other way round.
    fn batches(&self, handle: &Handle, entries: usize) -> SelectStatement {
        let window = WindowStatement::new().order_by((Entity, Column::Id), self.sql_order()).take();
        let heads = Query::select()
            .expr_as(Expr::col((Entity, Column::Id)), FOUND)
            .expr_as(Expr::col((Entity, Column::Entries)), COUNTED)
            .expr_window_as(Expr::col((Entity, Column::Entries)).sum(), window, REACHED)
            .from_subquery(self.found(handle), "found")
            .join(JoinType::CrossJoin, Entity, Condition::all())
            .and_where(Expr::col((Entity, Column::Id)).equals(("found", FOUND)))
            .take();
        let ahead = Expr::col(("heads", REACHED)).sub(Expr::col(("heads", COUNTED)));
        Query::select()
            .columns([(Entity, Column::Id), (Entity, Column::Entries), (Entity, Column::Content)])
            .from_subquery(heads, "heads")
            .join(JoinType::CrossJoin, Entity, Condition::all())
            .and_where(Expr::col((Entity, Column::Id)).equals(("heads", FOUND)))
            .and_where(ahead.lt(i64::try_from(entries).unwrap_or(i64::MAX)))
            .order_by((Entity, Column::Id), self.sql_order())
            .take()
    }

    /// The entries of the next batches that are asked for, in the order of the search.
    async fn step(&mut self, handle: &Handle, entries: usize) -> Result<Vec<AuditEntry>> {
        let rows = handle.query_all(&self.batches(handle, entries)).await?;
        let mut found = Vec::new();
        let (mut batches, mut read) = (0, 0);
        for row in &rows {
            let id: Uuid = row.try_get("", "id")?;
            let content: String = row.try_get("", "content")?;
            let mut all = batch::entries(id, &content)?;
            (batches, read) = (batches + 1, read + all.len());
            if self.direction == Direction::Descending {
                all.reverse();
                self.to = Some(before(id));
            } else {
                self.from = Some(behind(id));
            }
            found.extend(all.into_iter().filter(|entry| self.includes(entry)));
        }
        self.over = batches < BATCHES && read < entries;
        Ok(found)
    }
}

/// One page of entries of a reach.
///
/// # Errors
/// When the database fails.
pub async fn list(
    handle: &Handle,
    reach: &Reach,
    whose: &Whose<'_>,
    filter: &AuditFilter,
    order: Order,
    page: &PageRequest,
) -> Result<Page<AuditEntry>> {
    let direction = match page.end {
        End::First => order.direction,
        End::Last => order.direction.reversed(),
    };
    let mut search = Search::new(reach, whose, filter, direction);
    let (above, below) = match order.direction {
        Direction::Ascending => (&page.after, &page.before),
        Direction::Descending => (&page.before, &page.after),
    };
    let above = above.as_ref().map(Cursor::id);
    let below = below.as_ref().map(Cursor::id);
    search.from = search.from.into_iter().chain(above.map(batch_id)).max();
    search.to = search.to.into_iter().chain(below.map(batch_id)).min();
    let wanted = page.size as usize + 1;
    let mut rows = Vec::new();
    let mut entries = wanted;
    while rows.len() < wanted && !search.over {
        let found = search.step(handle, entries).await?;
        let found = found.into_iter().filter(|entry| {
            above.is_none_or(|above| entry.id > above) && below.is_none_or(|below| entry.id < below)
        });
        rows.extend(
            found.take(wanted - rows.len()).map(|value| Row {
                cursor: Cursor::new(ListKind::Audit, order, Vec::new(), value.id),
                value,
            }),
        );
        entries = ENTRIES;
    }
    Ok(Page::from_fetched(rows, page))
}

/// How many entries of a reach there are.
///
/// # Errors
/// When the database fails.
pub async fn count(handle: &Handle, reach: &Reach, whose: &Whose<'_>, filter: &AuditFilter) -> Result<u64> {
    let mut search = Search::new(reach, whose, filter, Direction::Descending);
    if search.is_everything() {
        let sum = Expr::col(Column::Entries).sum().cast_as(Alias::new("BIGINT"));
        let select = Query::select().expr_as(sum, COUNTED).from(Entity).take();
        let row = handle.query_one(&select).await?;
        let sum: Option<i64> = row.map(|row| row.try_get("", COUNTED)).transpose()?.flatten();
        return Ok(sum.unwrap_or(0).unsigned_abs());
    }
    let mut count = 0;
    while !search.over {
        count += search.step(handle, ENTRIES).await?.len() as u64;
    }
    Ok(count)
}

fn before(batch: Uuid) -> Uuid {
    Uuid::from_u128(batch.as_u128().saturating_sub(1))
}

const FOUND: &str = "found_id";
const COUNTED: &str = "counted";
const REACHED: &str = "reached";
