//! Grants: which operations exist, which scope each needs, and how far a caller's scopes reach. A pure
//! table; the services ask it, the doors never do.

use std::collections::BTreeSet;

use super::identifier::CommunityKey;

/// An operation that needs a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// See communities, members, assets, delivery points.
    Read,
    /// Find by a user id, a sensor id, a delivery-point code, a DID.
    Lookup,
    /// Replace communities by a bundle.
    Import,
    /// Write communities out as bundles.
    Export,
}

/// The prefix of every scope of this service.
const PREFIX: &str = "rec-registry.";

impl Operation {
    /// Every operation.
    pub const ALL: &'static [Self] = &[Self::Read, Self::Lookup, Self::Import, Self::Export];

    /// The scope that grants the operation: `rec-registry.read`.
    #[must_use]
    pub fn required_scope(self) -> &'static str {
        match self {
            Self::Read => "rec-registry.read",
            Self::Lookup => "rec-registry.lookup",
            Self::Import => "rec-registry.import",
            Self::Export => "rec-registry.export",
        }
    }

    /// The scopes that grant the operation.
    fn granted_by(self, scope: &str) -> bool {
        scope == self.required_scope()
            || scope.strip_prefix(PREFIX).is_some_and(|name| name == "admin" || name == "*")
    }
}

/// How far a grant reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every community of the registry.
    Everything,
    /// These communities alone; anything else answers as if it did not exist.
    Communities(BTreeSet<CommunityKey>),
}

impl Reach {
    /// Whether it reaches a community.
    #[must_use]
    pub fn includes(&self, community: &CommunityKey) -> bool {
        match self {
            Self::Everything => true,
            Self::Communities(keys) => keys.contains(community),
        }
    }
}

/// The scopes of a caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(Vec<String>);

impl Grants {
    /// The grants that a list of scopes stands for. Scopes that mean nothing here grant nothing.
    pub fn from_scopes<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Self {
        Self(scopes.into_iter().filter(|scope| scope.starts_with(PREFIX)).map(str::to_owned).collect())
    }

    /// Every grant: for the operator at the machine itself.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![format!("{PREFIX}admin")])
    }

    /// How far the caller may go with an operation; none when not at all.
    #[must_use]
    pub fn reach(&self, operation: Operation) -> Option<Reach> {
        let mut communities = BTreeSet::new();
        for scope in &self.0 {
            match scope.split_once(':') {
                None if operation.granted_by(scope) => return Some(Reach::Everything),
                Some((scope, key)) if operation.granted_by(scope) && CommunityKey::is_valid(key) => {
                    communities.insert(CommunityKey::from(key));
                }
                _ => {}
            }
        }
        (!communities.is_empty()).then_some(Reach::Communities(communities))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(scopes: &str, operation: Operation) -> Option<Reach> {
        Grants::from_scopes(scopes.split(' ')).reach(operation)
    }

    #[test]
    fn a_scope_grants_its_own_operation_alone() {
        for &operation in Operation::ALL {
            for &other in Operation::ALL {
                let expected = (operation == other).then_some(Reach::Everything);
                assert_eq!(reach(operation.required_scope(), other), expected);
            }
            assert_eq!(reach("rec-registry.admin", operation), Some(Reach::Everything));
            assert_eq!(reach("rec-registry.*", operation), Some(Reach::Everything));
        }
    }

    #[test]
    fn scopes_for_communities_add_up() {
        let expected = ["aurora", "valley"].map(CommunityKey::from).into();
        assert_eq!(
            reach(
                "rec-registry.read:aurora rec-registry.admin:valley rec-registry.lookup:x",
                Operation::Read
            ),
            Some(Reach::Communities(expected))
        );
    }

    #[test]
    fn what_only_looks_like_a_scope_grants_nothing() {
        for scope in [
            "rec-registry.read:",
            "rec-registry.readx",
            "Rec-Registry.read",
            "rec-registry.READ",
            "rec-registry.read:*",
            "rec-registry.read:a:b",
            "read",
            "admin",
            "",
        ] {
            assert_eq!(reach(scope, Operation::Read), None, "{scope}");
        }
    }
}
