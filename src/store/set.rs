//! "Is one of these": a set of any size as one bound value, so that the text of a statement, and with
//! it its prepared form, does not depend on how many ids are asked for, and no bind limit is near.

use sea_orm::DbBackend;
use sea_orm::sea_query::{ArrayType, Expr, SimpleExpr, Value};
use uuid::Uuid;

/// `expr` is one of the ids.
pub(super) fn is_one_of_ids(backend: DbBackend, expr: SimpleExpr, ids: &[Uuid]) -> SimpleExpr {
    match backend {
        DbBackend::Postgres => {
            let values = ids.iter().map(|id| Value::from(*id)).collect();
            Expr::cust_with_exprs("$1 = ANY($2)", [expr, Expr::val(array(ArrayType::Uuid, values))])
        }
        _ => {
            let texts: Vec<String> = ids.iter().map(|id| id.simple().to_string()).collect();
            Expr::cust_with_exprs(
                "? IN (SELECT unhex(value) FROM json_each(?))",
                [expr, Expr::val(json(&texts))],
            )
        }
    }
}

/// `expr` is one of the texts.
pub(super) fn is_one_of_texts<S: AsRef<str>>(
    backend: DbBackend,
    expr: SimpleExpr,
    texts: &[S],
) -> SimpleExpr {
    let bound = Expr::val(self::texts(backend, texts));
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs("$1 = ANY($2)", [expr, bound]),
        _ => Expr::cust_with_exprs("? IN (SELECT value FROM json_each(?))", [expr, bound]),
    }
}

/// Texts as one bound value.
pub(super) fn texts<S: AsRef<str>>(backend: DbBackend, texts: &[S]) -> Value {
    match backend {
        DbBackend::Postgres => {
            array(ArrayType::String, texts.iter().map(|text| Value::from(text.as_ref())).collect())
        }
        _ => json(texts).into(),
    }
}

/// A table of the [`texts`] that are bound as this parameter, counted from one: its column is `value`.
pub(super) fn texts_as_rows(backend: DbBackend, parameter: u8) -> String {
    match backend {
        DbBackend::Postgres => format!("unnest(${parameter}) AS value"),
        _ => format!("json_each(?{parameter})"),
    }
}

/// A bound parameter, counted from one.
pub(super) fn parameter(backend: DbBackend, parameter: u8) -> String {
    match backend {
        DbBackend::Postgres => format!("${parameter}"),
        _ => format!("?{parameter}"),
    }
}

fn array(element: ArrayType, values: Vec<Value>) -> Value {
    Value::Array(element, Some(Box::new(values)))
}

fn json<S: AsRef<str>>(texts: &[S]) -> String {
    let nodes = texts.iter().map(|text| crate::domain::node::Node::text(text.as_ref())).collect();
    crate::domain::node::Node::List(nodes).to_json()
}
