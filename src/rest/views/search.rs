//! What a search answers with.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::{SearchFieldWord, SearchKindWord, Word};
use crate::domain::closed_set::SearchKind;
use crate::domain::search::{Found, SearchHit};

/// What a search found, the closest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchHits {
    /// What was found.
    pub items: Vec<Hit>,
}

/// Something that a search found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hit {
    /// What it is.
    pub kind: SearchKindWord,
    /// Stable across re-imports of the same keys.
    #[schema(example = "0197f3a2-6f0e-7c41-9b1e-2f6f2f1c8a11")]
    pub id: String,
    /// The key, unique in the community; of a delivery point the id that the grid operator gave it.
    #[schema(example = "au-00001")]
    pub key: String,
    /// The name; of a delivery point the name of its type.
    #[schema(example = "Alice Rossi")]
    pub name: String,
    /// The field that made it fit.
    pub field: SearchFieldWord,
    /// The key of the community that it belongs to, or is.
    #[schema(example = "aurora")]
    pub community_key: String,
    /// The key of the member that it belongs to, or is; null for a community.
    #[schema(required, example = "au-00001")]
    pub member_key: Option<String>,
}

impl From<Vec<SearchHit>> for SearchHits {
    fn from(hits: Vec<SearchHit>) -> Self {
        Self { items: hits.into_iter().map(Hit::from).collect() }
    }
}

impl From<SearchHit> for Hit {
    fn from(hit: SearchHit) -> Self {
        let (kind, id, key, name, community, member) = match hit.found {
            Found::Community(found) => {
                let key = found.content.key.to_string();
                (SearchKind::Community, found.id, key.clone(), found.content.name, key, None)
            }
            Found::Member(found) => {
                let key = found.content.key.to_string();
                let community = found.community.key.to_string();
                (SearchKind::Member, found.id, key.clone(), found.content.name, community, Some(key))
            }
            Found::DeliveryPoint(found) => {
                let (code, member) = (found.content.code.to_string(), found.member.key.to_string());
                let community = found.community.key.to_string();
                (SearchKind::DeliveryPoint, found.id, code, found.content.point_type, community, Some(member))
            }
            Found::Asset(found) => {
                let (key, owner) = (found.content.key.to_string(), found.owner.key.to_string());
                let community = found.community.key.to_string();
                (SearchKind::Asset, found.id, key, found.content.name, community, Some(owner))
            }
        };
        Self {
            kind: Word(kind),
            id: id.to_string(),
            key,
            name,
            field: Word(hit.field),
            community_key: community,
            member_key: member,
        }
    }
}
