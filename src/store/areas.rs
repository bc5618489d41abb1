//! Rows under sets of areas: a set is a parent like any other, and several sets may share an area.

use std::collections::HashMap;

use entity::member;
use sea_orm::DbBackend;
use sea_orm::sea_query::{
    ArrayType, Expr, ExprTrait, Func, JoinType, Query, SelectStatement, SimpleExpr, Value,
};

use super::keyset::ParentColumn;
use crate::domain::grid::AreaSet;
use crate::domain::node::Node;

/// The areas of all sets, each with the place of its set.
const LISTED: &str = "listed_area";
const PLACE: &str = "set_place";
const COMMUNITY: &str = "community_id";
const AREA: &str = "area";

/// Joins a select that has the table `member` with the sets that the members' areas are in. The areas go as
/// bound values of one statement whose text does not depend on them.
pub(super) fn join(
    backend: DbBackend,
    select: &mut SelectStatement,
    sets: &[AreaSet],
) -> ParentColumn<usize> {
    let listed = match backend {
        DbBackend::Postgres => arrays(sets),
        _ => json(sets),
    };
    let same = |listed: &'static str, column: member::Column| {
        Expr::col((LISTED, listed)).equals((member::Entity, column))
    };
    let condition = same(COMMUNITY, member::Column::CommunityId).and(same(AREA, member::Column::Area));
    select.join_subquery(JoinType::InnerJoin, listed, LISTED, condition);
    ParentColumn::place((LISTED, PLACE))
}

/// What was found by the places of sets, by the sets themselves.
pub(super) fn by_set<T>(sets: &[AreaSet], found: HashMap<usize, T>) -> HashMap<AreaSet, T> {
    found.into_iter().filter_map(|(place, value)| Some((sets.get(place)?.clone(), value))).collect()
}

fn each(sets: &[AreaSet]) -> impl Iterator<Item = (i64, uuid::Uuid, &String)> {
    let places = (0_i64..).zip(sets);
    places.flat_map(|(place, set)| set.keys.iter().map(move |key| (place, set.community, key)))
}

fn arrays(sets: &[AreaSet]) -> SelectStatement {
    let unnested = |sql: &'static str, element: ArrayType, values: Vec<Value>| -> SimpleExpr {
        Expr::cust_with_exprs(sql, [Expr::val(Value::Array(element, Some(Box::new(values))))])
    };
    let places = each(sets).map(|(place, _, _)| Value::from(place)).collect();
    let communities = each(sets).map(|(_, community, _)| Value::from(community)).collect();
    let keys = each(sets).map(|(_, _, key)| Value::from(key.as_str())).collect();
    Query::select()
        .expr_as(unnested("unnest($1::bigint[])", ArrayType::BigInt, places), PLACE)
        .expr_as(unnested("unnest($1::uuid[])", ArrayType::Uuid, communities), COMMUNITY)
        .expr_as(unnested("unnest($1::text[])", ArrayType::String, keys), AREA)
        .take()
}

fn json(sets: &[AreaSet]) -> SelectStatement {
    let row = |(place, community, key): (i64, uuid::Uuid, &String)| {
        let community = community.simple().to_string();
        Node::List(vec![
            Node::Number(place.to_string().into()),
            Node::text(community),
            Node::text(key.as_str()),
        ])
    };
    let rows = Node::List(each(sets).map(row).collect()).to_json();
    Query::select()
        .expr_as(Expr::cust("json_extract(value, '$[0]')"), PLACE)
        .expr_as(Expr::cust("unhex(json_extract(value, '$[1]'))"), COMMUNITY)
        .expr_as(Expr::cust("json_extract(value, '$[2]')"), AREA)
        .from_function(Func::cust("json_each").arg(rows), "given")
        .take()
}
