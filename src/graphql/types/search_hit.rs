//! What a search answers with.

use async_graphql::SimpleObject;

use super::{Asset, Community, DeliveryPoint, Member, Node};
use crate::domain::search::{self, Found};
use crate::graphql::enums::SearchField;
use crate::graphql::scope::Scope;

/// Something that a search found.
#[derive(SimpleObject)]
pub struct SearchHit {
    /// What was found.
    node: Node,
    /// The field that made it fit: the one that is the text, else begins with it, contains it, or contains
    /// a word of it.
    field: SearchField,
}

impl SearchHit {
    /// The hit, its community or member remembered for what is asked below it.
    pub async fn of(scope: &Scope, hit: search::SearchHit) -> Self {
        let node = match hit.found {
            Found::Community(community) => {
                Node::Community(Community(scope.remember_community(community).await))
            }
            Found::Member(member) => Node::Member(Member(scope.remember_member(member).await)),
            Found::DeliveryPoint(point) => Node::DeliveryPoint(DeliveryPoint::from(point)),
            Found::Asset(asset) => Node::Asset(Asset::from(asset)),
        };
        Self { node, field: hit.field.into() }
    }
}
