//! How much of the registry a select may see. Every select of a list or a lookup begins with one.

use entity::community;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{DbBackend, sea_query::IntoColumnRef};

use super::set;
use crate::domain::grant::Reach;

/// The communities whose rows a select may see.
pub type Scope = Reach;

/// `column`, which holds a community's id, names a community that the scope includes.
pub(super) fn includes(backend: DbBackend, scope: &Scope, column: impl IntoColumnRef) -> Option<SimpleExpr> {
    let Reach::Communities(keys) = scope else { return None };
    let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    let key = Expr::col((community::Entity, community::Column::Key));
    let ids = Query::select()
        .column((community::Entity, community::Column::Id))
        .from(community::Entity)
        .and_where(set::is_one_of_texts(backend, key, &keys))
        .take();
    Some(Expr::col(column).in_subquery(ids))
}
