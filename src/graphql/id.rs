//! Global ids: the public UUID of a row behind the name of its type.

use async_graphql::ID;
use uuid::Uuid;

use crate::domain::error::Error;

/// A row of the registry, named by its global id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GlobalId {
    /// A community.
    Community(Uuid),
    /// A member.
    Member(Uuid),
    /// An asset.
    Asset(Uuid),
    /// A delivery point.
    DeliveryPoint(Uuid),
}

/// Longest text that is looked at as an id, in bytes.
const MAX_LEN: usize = 64;

impl GlobalId {
    /// The row that an id names, whether it exists or not.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when the text was never an id of this registry.
    pub fn parse(id: &ID) -> Result<Self, Error> {
        let broken = || Error::invalid("id", &["id"], "This is no id of this registry", None);
        if id.len() > MAX_LEN {
            return Err(broken());
        }
        let (name, uuid) = id.split_once(':').ok_or_else(broken)?;
        let uuid = uuid.parse::<Uuid>().map_err(|_| broken())?;
        match name {
            "community" => Ok(Self::Community(uuid)),
            "member" => Ok(Self::Member(uuid)),
            "asset" => Ok(Self::Asset(uuid)),
            "delivery_point" => Ok(Self::DeliveryPoint(uuid)),
            _ => Err(broken()),
        }
    }
}

impl From<GlobalId> for ID {
    fn from(id: GlobalId) -> Self {
        let (name, uuid) = match id {
            GlobalId::Community(uuid) => ("community", uuid),
            GlobalId::Member(uuid) => ("member", uuid),
            GlobalId::Asset(uuid) => ("asset", uuid),
            GlobalId::DeliveryPoint(uuid) => ("delivery_point", uuid),
        };
        Self(format!("{name}:{uuid}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_row_again() {
        let uuid = Uuid::from_u128(7);
        for id in [
            GlobalId::Community(uuid),
            GlobalId::Member(uuid),
            GlobalId::Asset(uuid),
            GlobalId::DeliveryPoint(uuid),
        ] {
            assert_eq!(GlobalId::parse(&ID::from(id)).unwrap(), id);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let long = "member:".to_owned() + &"0".repeat(1_000);
        for text in ["", "member", "member:", "member:x", "meter:00000000-0000-0000-0000-000000000007", &long]
        {
            assert!(GlobalId::parse(&ID(text.to_owned())).is_err(), "{text}");
        }
    }
}
